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
import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';
import { FreshGuard, RefreshGuard } from '../../../src/route/token.guards.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import {
  AccessGuard,
  anyOf,
  JwtExtendedModule,
  MissingTokenError,
  SlidingSessionInterceptor,
} from '../../../src/index.js';
import { JwtExceptionFilter } from '../../../src/route/jwt-exception.filter.js';

describe('Token guards outside HTTP', () => {
  class Gateway {
    handle(): void {}
  }

  /** An invocation of `Gateway.handle` over some transport. */
  function invocation(type: string, ...args: unknown[]): ExecutionContext {
    const context = new ExecutionContextHost(args, Gateway, Gateway.prototype.handle);
    context.setType(type);
    return context;
  }

  const GUARDS: readonly [string, Type<AccessGuard>][] = [
    ['AccessGuard', AccessGuard],
    ['FreshGuard', FreshGuard],
    ['RefreshGuard', RefreshGuard],
  ];

  describe.each(GUARDS)('%s', (name, guard) => {
    let testing: TestingModule;
    beforeAll(async () => {
      testing = await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
      }).compile();
    });
    afterAll(() => testing.close());

    it.each<[string, ExecutionContext]>([
      ['a socket', invocation('ws', { id: 1, send() {} }, 'data')],
      [
        'a socket that shows its handshake',
        invocation('ws', { handshake: { headers: {} } }, 'data'),
      ],
      ['a socket that calls itself OPTIONS', invocation('ws', { method: 'OPTIONS', headers: {} })],
      ['no socket at all', invocation('ws')],
      ['a message', invocation('rpc', { id: 1 }, {})],
      ['a message of text', invocation('rpc', 'text', {})],
      ['a message of nothing', invocation('rpc', null, {})],
      ['a message that has headers', invocation('rpc', { headers: {} }, {})],
      ['a message that has text for headers', invocation('rpc', { headers: 'none' }, {})],
      [
        'a message that calls itself OPTIONS',
        invocation('rpc', { method: 'OPTIONS', headers: {} }),
      ],
      ['a GraphQL field', invocation('graphql', undefined, {}, { req: {} }, {})],
      [
        'a root value that calls itself OPTIONS',
        invocation('graphql', { method: 'OPTIONS', headers: {} }),
      ],
      ['an unknown transport', invocation('pigeon')],
      ['HTTP without a request', invocation('http')],
    ])('refuses %s with an error of its own (R51)', async (_title, context) => {
      const refusal = await Promise.resolve(testing.get(guard).canActivate(context)).catch(
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(MissingTokenError);
      expect((refusal as MissingTokenError).getStatus()).toBe(401);
    });

    it('explains what to do if it was created with new', () => {
      expect(() => new guard().canActivate(invocation('http', { headers: {} }))).toThrow(
        new JwtExtendedConfigError(
          `${name} was created with new and not by the container: use app.useGlobalGuards(app.get(${name}))`,
        ),
      );
    });
  });

  describe('a subclass of a guard', () => {
    /** As an application that serves GraphQL writes it. */
    @Injectable()
    class GraphqlGuard extends AccessGuard {
      protected override getRequest(context: ExecutionContext): unknown {
        return context.getArgByIndex<{ req: unknown }>(2).req;
      }
    }

    let testing: TestingModule;
    beforeAll(async () => {
      testing = await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
        providers: [GraphqlGuard],
      }).compile();
    });
    afterAll(() => testing.close());

    it('may find the request elsewhere', async () => {
      const authorization = `Bearer ${forgeToken(accessClaims())}`;
      const request = { method: 'POST', headers: { authorization }, user: undefined };
      const context = invocation('graphql', undefined, {}, { req: request }, {});
      expect(await testing.get(GraphqlGuard).canActivate(context)).toBe(true);
      expect(request.user).toMatchObject({ identity: 'alice', location: 'headers' });
    });

    it('refuses as its parent does', async () => {
      const request = { method: 'POST', headers: {} };
      const context = invocation('graphql', undefined, {}, { req: request }, {});
      await expect(
        Promise.resolve(testing.get(GraphqlGuard).canActivate(context)),
      ).rejects.toBeInstanceOf(MissingTokenError);
      expect(request).toEqual({ method: 'POST', headers: {} });
    });

    it('names its class if it was created with new', () => {
      expect(() => new GraphqlGuard().canActivate(invocation('http', {}))).toThrow(
        /^GraphqlGuard was created with new/,
      );
    });
  });
});

describe('anyOf outside HTTP', () => {
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
      const guard = anyOf(careless, GraphqlGuard);
      const req = { method: 'POST', headers: {} };
      expect(await ask(guard, 'graphql', {}, {}, { req })).toBeInstanceOf(MissingTokenError);
      expect(req).toEqual({ method: 'POST', headers: {} });

      const authorization = `Bearer ${forgeToken(accessClaims())}`;
      const withToken = { method: 'POST', headers: { authorization }, user: 'somebody' };
      expect(await ask(guard, 'graphql', {}, {}, { req: withToken })).toBe(true);
      expect(withToken.user).toMatchObject({ identity: 'alice' });
    });

    it('restores the user that was there before', async () => {
      const req = { method: 'POST', headers: {}, user: 'somebody' };
      await ask(anyOf(careless, GraphqlGuard), 'graphql', {}, {}, { req });
      expect(req).toEqual({ method: 'POST', headers: {}, user: 'somebody' });
    });

    it('restores the user if a guard fails, too', async () => {
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
});

describe('The exception filter outside HTTP', () => {
  describe('JwtExceptionFilter', () => {
    let testing: TestingModule;
    beforeAll(async () => {
      testing = await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
      }).compile();
    });
    afterAll(() => testing.close());

    const caughtOver = (type: string) => {
      const refusal = new MissingTokenError('Missing token');
      const host = new ExecutionContextHost([{ id: 1 }, 'data']);
      host.setType(type);
      return { refusal, answer: testing.get(JwtExceptionFilter).catch(refusal, host) };
    };

    it.each(['ws', 'graphql', 'pigeon'])('passes a refusal on to %s (R51)', (type) => {
      const { refusal, answer } = caughtOver(type);
      expect(answer).toBe(refusal);
    });

    it('passes a refusal on to a microservice as an error of its stream (R51)', async () => {
      const { refusal, answer } = caughtOver('rpc');
      if (!isObservable(answer)) throw new Error('It gave no stream');
      await expect(firstValueFrom(answer)).rejects.toBe(refusal);
    });
  });
});

describe('The interceptor outside HTTP', () => {
  describe('SlidingSessionInterceptor', () => {
    it.each(['rpc', 'ws', 'graphql'])('leaves %s alone, which has no cookies', (type) => {
      const answer = of('in');
      const context = { getType: () => type } as ExecutionContext;
      const next: CallHandler = { handle: () => answer };

      expect(new SlidingSessionInterceptor().intercept(context, next)).toBe(answer);
    });
  });
});
