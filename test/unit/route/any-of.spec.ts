import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { AccessGuard, anyOf, JwtExtendedModule, MissingTokenError } from '../../../src/index.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

/** Finds the request where an application that serves GraphQL has it. */
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

/** Writes to the request that resolvers share, and refuses. */
const careless: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    const { req } = context.getArgByIndex<{ req: { user?: unknown } }>(2);
    req.user = 'impostor';
    throw new ForbiddenException();
  },
};

/** Asks a guard about an invocation of a handler that it stands on, over some transport. */
async function ask(guard: Type<CanActivate>, type: string, ...args: unknown[]): Promise<unknown> {
  class Gateway {
    handle(): void {}
  }
  UseGuards(guard)(Gateway);
  const testing = await Test.createTestingModule({
    imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    providers: [guard, GraphqlGuard],
  }).compile();
  await testing.init();
  const context = new ExecutionContextHost(args, Gateway, Gateway.prototype.handle);
  context.setType(type);
  try {
    return await testing.get<CanActivate>(guard).canActivate(context);
  } catch (error) {
    return error;
  } finally {
    await testing.close();
  }
}

describe('anyOf', () => {
  it.each(['ws', 'rpc', 'graphql', 'pigeon'])(
    'asks guards of other kinds over %s too, and has no token there (R51)',
    async (type) => {
      const guard = anyOf(AccessGuard, FriendGuard);
      expect(await ask(guard, type, { friend: true })).toBe(true);
      expect(await ask(guard, type, { friend: false })).toBeInstanceOf(MissingTokenError);
      expect(await ask(anyOf(FriendGuard), type, { friend: true })).toBe(true);
      expect(await ask(anyOf(FriendGuard), type)).toBe(false);
    },
  );

  it('leaves nothing of a guard that refused on the request that a token guard finds', async () => {
    const guard = anyOf(careless, GraphqlGuard);
    const req = { method: 'POST', headers: {} };
    expect(await ask(guard, 'graphql', {}, {}, { req })).toBeInstanceOf(MissingTokenError);
    expect(req).toEqual({ method: 'POST', headers: {} });

    const authorization = `Bearer ${forgeToken(accessClaims())}`;
    const withToken = { method: 'POST', headers: { authorization }, user: 'somebody' };
    expect(await ask(guard, 'graphql', {}, {}, { req: withToken })).toBe(true);
    expect(withToken.user).toMatchObject({ identity: 'alice' });
  });

  it('puts back who was there before', async () => {
    const req = { method: 'POST', headers: {}, user: 'somebody' };
    await ask(anyOf(careless, GraphqlGuard), 'graphql', {}, {}, { req });
    expect(req).toEqual({ method: 'POST', headers: {}, user: 'somebody' });
  });

  it('puts it back where a guard breaks, too', async () => {
    const broken: CanActivate = {
      canActivate(context: ExecutionContext): boolean {
        context.getArgByIndex<{ req: { user?: unknown } }>(2).req.user = 'impostor';
        throw new TypeError('broken');
      },
    };
    const req = { method: 'POST', headers: {}, user: 'somebody' };
    const fault = await ask(anyOf(broken, GraphqlGuard), 'graphql', {}, {}, { req });
    expect(fault).toEqual(new TypeError('broken'));
    expect(req.user).toBe('somebody');
  });
});
