import { Controller, Get, Module, Param, UseGuards, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessGuard, JwtRequired, MatchParam, RequireClaims } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

@UseGuards(AccessGuard)
@Controller()
class UsersController {
  @MatchParam('username', { claim: 'sub', override: { roles: 'admin' } })
  @Get('users/:username')
  user(@Param('username') username: string) {
    return { username };
  }

  @JwtRequired({ params: { sub: 'username', tenant: 'tenant' }, override: { roles: 'admin' } })
  @Get('tenants/:tenant/:username')
  both(@Param() { tenant, username }: Record<string, string>) {
    return { tenant, username };
  }

  @MatchParam('tenant')
  @Get('named/:tenant')
  named(@Param('tenant') tenant: string) {
    return { tenant };
  }

  @MatchParam('username', { claim: 'sub' })
  @RequireClaims({ plan: 'pro' })
  @Get('plans/:username')
  plan(@Param('username') username: string) {
    return { username };
  }

  @MatchParam('username', { claim: 'sub' })
  @Get(['me', 'me/:username'])
  me(@Param('username') username?: string) {
    return { username };
  }

  @MatchParam('constructor', { claim: 'constructor' })
  @Get('own/:constructor')
  own() {
    return { read: true };
  }
}

@UseGuards(AccessGuard)
@MatchParam('tenant')
@Controller({ path: ':tenant/books', version: '1' })
class BooksController {
  @Get(':id')
  book(@Param('id') id: string) {
    return { id };
  }
}

@UseGuards(AccessGuard)
@MatchParam('tenant')
@Controller('shelves')
class ShelvesController {
  @Get()
  shelves() {
    return { read: true };
  }
}

@Module({ controllers: [ShelvesController] })
class ShelvesModule {}

const LACKING = { status: 403, body: { msg: 'Missing required claim(s)' } };

function tokenWith(claims: Record<string, unknown>): string {
  return forgeToken(accessClaims(claims));
}

describe.each(ADAPTERS)('a route parameter on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [UsersController, BooksController],
      imports: [
        ShelvesModule,
        RouterModule.register([{ path: 'of/:tenant', module: ShelvesModule }]),
      ],
      configure: (nest) => nest.enableVersioning({ type: VersioningType.URI }),
    });
  });
  afterAll(() => app.close());
  const call = async (path: string, claims: Record<string, unknown>) => {
    const { status, body } = await app.send('GET', path, { token: tokenWith(claims) });
    return { status, body };
  };

  it.each<[string, Record<string, unknown>, object]>([
    ['/users/alice', { sub: 'alice' }, { username: 'alice' }],
    ['/users/%61lice', { sub: 'alice' }, { username: 'alice' }],
    ['/users/J%C3%B6rg%20B', { sub: 'Jörg B' }, { username: 'Jörg B' }],
    ['/users/a%2Fb', { sub: 'a/b' }, { username: 'a/b' }],
    ['/users/%2561lice', { sub: '%61lice' }, { username: '%61lice' }],
    ['/users/bob', { sub: 'alice', roles: ['admin'] }, { username: 'bob' }],
    [
      '/tenants/acme/alice',
      { sub: 'alice', tenant: 'acme' },
      { tenant: 'acme', username: 'alice' },
    ],
    ['/tenants/7/alice', { sub: 'alice', tenant: 7 }, { tenant: '7', username: 'alice' }],
    ['/tenants/b/alice', { sub: 'alice', tenant: ['a', 'b'] }, { tenant: 'b', username: 'alice' }],
    ['/tenants/x/y', { sub: 'alice', roles: 'admin' }, { tenant: 'x', username: 'y' }],
    ['/named/acme', { tenant: 'acme' }, { tenant: 'acme' }],
    ['/plans/alice', { sub: 'alice', plan: 'pro' }, { username: 'alice' }],
    ['/me/alice', { sub: 'alice' }, { username: 'alice' }],
    ['/v1/acme/books/5', { tenant: 'acme' }, { id: '5' }],
    ['/of/acme/shelves', { tenant: 'acme' }, { read: true }],
  ])('lets in whom it names: %s for %j', async (path, claims, body) => {
    expect(await call(path, claims)).toEqual({ status: 200, body });
  });

  it.each<[string, Record<string, unknown>]>([
    ['/users/bob', { sub: 'alice' }],
    ['/users/ALICE', { sub: 'alice' }],
    ['/users/alice%20', { sub: 'alice' }],
    ['/users/%2561lice', { sub: 'alice' }],
    ['/users/%00', { sub: 'alice' }],
    ['/users/__proto__', { sub: 'alice' }],
    ['/users/constructor', { sub: 'alice' }],
    ['/users/undefined', { sub: 'alice' }],
    ['/users/*', { sub: 'alice' }],
    ['/users/bob', { sub: 'alice', roles: ['user'] }],
    ['/tenants/acme/bob', { sub: 'alice', tenant: 'acme' }],
    ['/tenants/other/alice', { sub: 'alice', tenant: 'acme' }],
    ['/tenants/acme/alice', { sub: 'alice' }],
    ['/tenants/07/alice', { sub: 'alice', tenant: 7 }],
    ['/tenants/true/alice', { sub: 'alice', tenant: true }],
    ['/tenants/null/alice', { sub: 'alice', tenant: null }],
    ['/tenants/undefined/alice', { sub: 'alice' }],
    ['/tenants/a,b/alice', { sub: 'alice', tenant: ['a', 'b'] }],
    ['/tenants/[object%20Object]/alice', { sub: 'alice', tenant: {} }],
    ['/tenants/a/alice', { sub: 'alice', tenant: [['a']] }],
    ['/named/acme', { sub: 'acme' }],
    ['/plans/alice', { sub: 'alice', plan: 'free' }],
    ['/plans/bob', { sub: 'alice', plan: 'pro' }],
    ['/me', { sub: 'alice' }],
    ['/v1/other/books/5', { tenant: 'acme' }],
    ['/of/other/shelves', { tenant: 'acme' }],
  ])('refuses everybody else: %s for %j (R35)', async (path, claims) => {
    expect(await call(path, claims)).toEqual(LACKING);
  });

  it('called like a member of every object is one of its own (R35)', async () => {
    const claims = JSON.stringify(accessClaims()).replace(/}$/, ',"constructor":"x"}');
    expect((await app.send('GET', '/own/x', { token: forgeToken(claims) })).status).toBe(200);
    expect((await app.send('GET', '/own/y', { token: forgeToken(claims) })).status).toBe(403);
    expect(await call('/own/Object', {})).toEqual(LACKING);
  });

  it.each(['/users/%', '/users/%zz', '/users/%c3%28', '/users/%E0%A4%A'])(
    'that cannot be decoded lets nobody in, and breaks nothing: %s',
    async (path) => {
      const { status } = await call(path, { sub: 'alice', roles: 'admin' });
      expect([400, 404]).toContain(status);
      expect(await call('/users/alice', { sub: 'alice' })).toMatchObject({ status: 200 });
    },
  );
});

describe('a wildcard', () => {
  const wildcard = (path: string, name: string) =>
    routeAt(path, { handler: [UseGuards(AccessGuard), MatchParam(name, { claim: 'sub' })] });
  const statusOf = async (app: RunningApp, path: string, sub: string) =>
    (await app.send('GET', path, { token: tokenWith({ sub }) })).status;

  it('is nobody on Express, which gives its segments', async () => {
    const app = await createApp('express', { controllers: [wildcard('files/*rest', 'rest')] });
    expect(await statusOf(app, '/files/alice', 'alice')).toBe(403);
    expect(await statusOf(app, '/files/a/b', 'a,b')).toBe(403);
    expect(await statusOf(app, '/files/a/b', 'a/b')).toBe(403);
    await app.close();
  });

  it('is a text like any other on Fastify, which gives one', async () => {
    const app = await createApp('fastify', { controllers: [wildcard('files/*', '*')] });
    expect(await statusOf(app, '/files/a/b', 'a/b')).toBe(200);
    expect(await statusOf(app, '/files/a/b', 'a')).toBe(403);
    expect(await statusOf(app, '/files/', 'alice')).toBe(403);
    await app.close();
  });
});
