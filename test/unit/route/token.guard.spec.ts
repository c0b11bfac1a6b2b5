import { type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';
import { MissingTokenError } from '../../../src/errors/token-errors.js';
import { JwtExtendedModule } from '../../../src/jwt-extended.module.js';
import { AccessGuard, FreshGuard, RefreshGuard } from '../../../src/route/token.guards.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

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
    ['a socket that shows its handshake', invocation('ws', { handshake: { headers: {} } }, 'data')],
    ['a socket that calls itself OPTIONS', invocation('ws', { method: 'OPTIONS', headers: {} })],
    ['no socket at all', invocation('ws')],
    ['a message', invocation('rpc', { id: 1 }, {})],
    ['a message of text', invocation('rpc', 'text', {})],
    ['a message of nothing', invocation('rpc', null, {})],
    ['a message that has headers', invocation('rpc', { headers: {} }, {})],
    ['a message that has text for headers', invocation('rpc', { headers: 'none' }, {})],
    ['a message that calls itself OPTIONS', invocation('rpc', { method: 'OPTIONS', headers: {} })],
    ['a GraphQL field', invocation('graphql', undefined, {}, { req: {} }, {})],
    [
      'a root value that calls itself OPTIONS',
      invocation('graphql', { method: 'OPTIONS', headers: {} }),
    ],
    ['a transport nobody knows', invocation('pigeon')],
    ['HTTP without a request', invocation('http')],
  ])('refuses %s with an error of its own (R51)', async (_title, context) => {
    const refusal = await Promise.resolve(testing.get(guard).canActivate(context)).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(MissingTokenError);
    expect((refusal as MissingTokenError).getStatus()).toBe(401);
  });

  it('says what to do when it was made with new', () => {
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

  it('names itself when it was made with new', () => {
    expect(() => new GraphqlGuard().canActivate(invocation('http', {}))).toThrow(
      /^GraphqlGuard was created with new/,
    );
  });
});
