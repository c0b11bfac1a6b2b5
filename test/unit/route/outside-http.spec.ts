import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstValueFrom, isObservable, of } from 'rxjs';
import {
  AccessGuard,
  anyOf,
  FreshGuard,
  InvalidTokenError,
  JwtExceptionFilter,
  JwtExtendedConfigError,
  JwtExtendedModule,
  MissingTokenError,
  RefreshGuard,
  SlidingSessionInterceptor,
} from '../../../src/index.js';
import { plainNameOf } from '../../../src/common/describe.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

class Gateway {
  handle(): void {}
}

/** A call of `handle` over some transport. */
function callOf(type: string, args: unknown[], gateway: Type<Gateway> = Gateway): ExecutionContext {
  const { handle } = gateway.prototype as Gateway;
  const context = new ExecutionContextHost(args, gateway, handle);
  context.setType(type);
  return context;
}

/** The answer of a guard, or the error that it throws. */
async function answerOf(guard: CanActivate, context: ExecutionContext): Promise<unknown> {
  try {
    return await guard.canActivate(context);
  } catch (error) {
    return error;
  }
}

/** Finds the request as an application does that serves GraphQL. */
@Injectable()
class GraphqlGuard extends AccessGuard {
  protected override getRequest(context: ExecutionContext): unknown {
    return context.getArgByIndex<{ req: unknown } | undefined>(2)?.req;
  }
}

@Injectable()
class FriendGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getArgByIndex<{ friend?: boolean } | undefined>(0)?.friend === true;
  }
}

const authorization = `Bearer ${forgeToken(accessClaims())}`;

let testing: TestingModule;
beforeAll(async () => {
  testing = await Test.createTestingModule({
    imports: [JwtExtendedModule.forRoot({ secret: SECRET, profile: 'nest' })],
    providers: [GraphqlGuard],
  }).compile();
});
afterAll(() => testing.close());

describe.each([AccessGuard, FreshGuard, RefreshGuard])('%p', (guard) => {
  it.each<[string, string, unknown[]]>([
    ['a socket', 'ws', [{ id: 1, send() {} }, 'data']],
    ['a socket with its handshake', 'ws', [{ handshake: { headers: {} } }, 'data']],
    ['a socket with the method OPTIONS', 'ws', [{ method: 'OPTIONS', headers: {} }]],
    ['a missing socket', 'ws', []],
    ['a message', 'rpc', [{ id: 1 }, {}]],
    ['a message of text', 'rpc', ['text', {}]],
    ['a message of null', 'rpc', [null, {}]],
    ['a message with headers', 'rpc', [{ headers: {} }, {}]],
    ['a message with text as its headers', 'rpc', [{ headers: 'none' }, {}]],
    ['a message with the method OPTIONS', 'rpc', [{ method: 'OPTIONS', headers: {} }]],
    ['a GraphQL field', 'graphql', [undefined, {}, { req: {} }, {}]],
    ['a root value with the method OPTIONS', 'graphql', [{ method: 'OPTIONS', headers: {} }]],
    ['an unknown transport', 'pigeon', []],
    ['HTTP without a request', 'http', []],
  ])('refuses %s with MissingTokenError (R51)', async (_title, type, args) => {
    const refusal = await answerOf(testing.get<CanActivate>(guard), callOf(type, args));
    expect(refusal).toBeInstanceOf(MissingTokenError);
    expect((refusal as MissingTokenError).getStatus()).toBe(401);
  });
});

it.each([AccessGuard, FreshGuard, RefreshGuard, GraphqlGuard])(
  '%p explains what to do if it was created with new',
  (guard) => {
    const name = plainNameOf(guard);
    expect(() => new guard().canActivate(callOf('http', [{ headers: {} }]))).toThrow(
      new JwtExtendedConfigError(
        `${name} was created with new and not by the container: use app.useGlobalGuards(app.get(${name}))`,
      ),
    );
  },
);

describe('A subclass of a guard', () => {
  it('may find the request elsewhere', async () => {
    const req = { method: 'POST', headers: { authorization }, user: undefined };
    const context = callOf('graphql', [undefined, {}, { req }, {}]);
    expect(await testing.get(GraphqlGuard).canActivate(context)).toBe(true);
    expect(req.user).toMatchObject({ identity: 'alice', location: 'headers' });
  });

  it('refuses as its parent does', async () => {
    const req = { method: 'POST', headers: {} };
    const context = callOf('graphql', [undefined, {}, { req }, {}]);
    const refusal = await answerOf(testing.get(GraphqlGuard), context);
    expect(refusal).toBeInstanceOf(MissingTokenError);
    expect(req).toEqual({ method: 'POST', headers: {} });
  });
});

describe('anyOf outside HTTP', () => {
  /** Writes to the request that resolvers share, and throws. */
  const careless = (error: Error): CanActivate => ({
    canActivate(context: ExecutionContext): boolean {
      context.getArgByIndex<{ req: { user?: unknown } }>(2).req.user = 'impostor';
      throw error;
    },
  });
  const refusing = anyOf(careless(new ForbiddenException()), GraphqlGuard);

  /** Calls a guard for a handler on which it stands. */
  async function ask(guard: Type<CanActivate>, type: string, ...args: unknown[]): Promise<unknown> {
    class OwnGateway extends Gateway {}
    UseGuards(guard)(OwnGateway);
    const own = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
      providers: [guard, GraphqlGuard],
    }).compile();
    await own.init();
    const answer = await answerOf(own.get<CanActivate>(guard), callOf(type, args, OwnGateway));
    await own.close();
    return answer;
  }

  it.each(['ws', 'rpc', 'graphql', 'pigeon'])(
    'calls guards of other kinds over %s too, and finds no token there (R51)',
    async (type) => {
      const guard = anyOf(AccessGuard, FriendGuard);
      expect(await ask(guard, type, { friend: true })).toBe(true);
      expect(await ask(guard, type, { friend: false })).toBeInstanceOf(MissingTokenError);
      expect(await ask(anyOf(FriendGuard), type, { friend: true })).toBe(true);
      expect(await ask(anyOf(FriendGuard), type)).toBe(false);
    },
  );

  it('removes what a refusing guard wrote to the request that a token guard finds', async () => {
    const req = { method: 'POST', headers: {} };
    expect(await ask(refusing, 'graphql', {}, {}, { req })).toBeInstanceOf(MissingTokenError);
    expect(req).toEqual({ method: 'POST', headers: {} });

    const withToken = { method: 'POST', headers: { authorization }, user: 'before' };
    expect(await ask(refusing, 'graphql', {}, {}, { req: withToken })).toBe(true);
    expect(withToken.user).toMatchObject({ identity: 'alice' });
  });

  it('restores the user that was there before if a guard refuses or fails', async () => {
    const req = { method: 'POST', headers: {}, user: 'before' };
    await ask(refusing, 'graphql', {}, {}, { req });
    expect(req).toEqual({ method: 'POST', headers: {}, user: 'before' });

    const fault = new TypeError('broken');
    const failing = anyOf(careless(fault), GraphqlGuard);
    expect(await ask(failing, 'graphql', {}, {}, { req })).toEqual(fault);
    expect(req.user).toBe('before');
  });
});

describe('JwtExceptionFilter outside HTTP', () => {
  const refusal = new InvalidTokenError('Not for this tenant');
  const caughtOver = (type: string, error: Error = refusal): unknown =>
    testing
      .get(JwtExceptionFilter)
      .catch(error as InvalidTokenError, callOf(type, [{ id: 1 }, 'data']));

  it.each(['ws', 'graphql', 'pigeon'])('returns a refusal to %s (R51)', (type) => {
    expect(caughtOver(type)).toBe(refusal);
  });

  it.each(['ws', 'graphql'])('returns any other error to %s, if a filter hands it on', (type) => {
    const other = new Error('away');
    expect(caughtOver(type, other)).toBe(other);
  });

  it("gives an error of the application the status of the module's profile", () => {
    caughtOver('graphql');
    const response = { statusCode: 401, message: refusal.message, error: 'TOKEN_INVALID' };
    expect(refusal).toMatchObject({ status: 401, response });
  });

  it('returns a refusal to a microservice as an error of its stream (R51)', async () => {
    const answer = caughtOver('rpc');
    if (!isObservable(answer)) throw new Error('It returned no stream');
    await expect(firstValueFrom(answer)).rejects.toBe(refusal);
  });
});

describe('SlidingSessionInterceptor outside HTTP', () => {
  it.each(['rpc', 'ws', 'graphql'])('leaves %s unchanged, which has no cookies', (type) => {
    const answer = of('in');
    const next: CallHandler = { handle: () => answer };
    expect(new SlidingSessionInterceptor().intercept(callOf(type, []), next)).toBe(answer);
  });
});
