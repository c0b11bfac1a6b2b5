import { Controller, Get, Options, ParseIntPipe, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  type JwtContext,
  JwtOptional,
  Public,
  RefreshGuard,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ErrorLog } from '../../support/routes.js';

const claims = accessClaims({ roles: ['admin'], iss: 'flask', level: '7', nothing: null });
const header = { alg: 'HS256', typ: 'JWT' };
const token = forgeToken(claims, header);

/** JSON has no `undefined`. */
function told(value: unknown): object {
  return value === undefined ? { isUndefined: true } : { value };
}

@UseGuards(AccessGuard)
@Controller('protected')
class ProtectedController {
  @Get('identity')
  identity(@CurrentIdentity() identity: string) {
    return told(identity);
  }

  @Get('claims')
  claims(@Claims() all: Claims) {
    return told(all);
  }

  @Get('roles')
  roles(@Claims('roles') roles: string[]) {
    return told(roles);
  }

  @Get('nothing')
  nothing(@Claims('nothing') nothing: unknown) {
    return told(nothing);
  }

  @Get('absent')
  absent(@Claims('absent') absent: unknown) {
    return told(absent);
  }

  @Get('proto')
  proto(@Claims('__proto__') proto: unknown) {
    return told(proto);
  }

  @Get('to-string')
  method(@Claims('toString') method: unknown) {
    return told(method);
  }

  @Get('constructor')
  made(@Claims('constructor') made: unknown) {
    return told(made);
  }

  @Get('piped')
  piped(@Claims('level', ParseIntPipe) level: number) {
    return told(level);
  }

  @Get('token')
  token(@CurrentToken() context: JwtContext) {
    return {
      encoded: context.encoded,
      header: context.header,
      claims: context.claims,
      identity: context.identity,
      type: context.type,
      jti: context.jti,
      fresh: context.fresh,
      issuedAt: context.issuedAt,
      expiresAt: context.expiresAt,
      location: context.location,
      user: context.user ?? null,
    };
  }

  @Get('user')
  user(@CurrentUser() user: unknown) {
    return told(user);
  }

  @UseGuards(RefreshGuard)
  @Get('refresh')
  refresh(@CurrentIdentity() identity: string, @CurrentToken() { type }: JwtContext) {
    return { identity, type };
  }

  @Options('all')
  options(
    @CurrentIdentity() identity: unknown,
    @Claims() all: unknown,
    @Claims('sub') claim: unknown,
    @CurrentUser() user: unknown,
    @CurrentToken() context: unknown,
  ) {
    return [identity, all, claim, user, context].map(told);
  }
}

@UseGuards(AccessGuard)
@JwtOptional()
@Controller('optional')
class OptionalController {
  @Get('all')
  all(
    @CurrentIdentity() identity: unknown,
    @Claims() all: unknown,
    @Claims('sub') claim: unknown,
    @CurrentUser() user: unknown,
    @CurrentToken() context: unknown,
  ) {
    return [identity, all, claim, user, context].map(told);
  }

  @Get('identity')
  identity(@CurrentIdentity() identity: unknown) {
    return told(identity);
  }

  @Get('user')
  user(@CurrentUser() user: unknown) {
    return told(user);
  }
}

@Controller('unprotected')
class UnprotectedController {
  @Get('identity')
  identity(@CurrentIdentity() identity: unknown) {
    return told(identity);
  }

  @Get('claims')
  claims(@Claims() all: unknown) {
    return told(all);
  }

  @Get('claim')
  claim(@Claims('sub') claim: unknown) {
    return told(claim);
  }

  @Get('user')
  user(@CurrentUser() user: unknown) {
    return told(user);
  }

  @Get('token')
  token(@CurrentToken() context: unknown) {
    return told(context);
  }

  @Options('identity')
  options(@CurrentIdentity() identity: unknown) {
    return told(identity);
  }
}

@UseGuards(AccessGuard)
@Controller('released')
class ReleasedController {
  @Public()
  @Get('identity')
  identity(@CurrentIdentity() identity: unknown) {
    return told(identity);
  }
}

const CONTROLLERS = [
  ProtectedController,
  OptionalController,
  UnprotectedController,
  ReleasedController,
];
const FAULT = { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
const NOTHING = [
  { isUndefined: true },
  { value: {} },
  { isUndefined: true },
  { isUndefined: true },
  { isUndefined: true },
];

describe.each(ADAPTERS)('parameter decorators on %s', (adapter) => {
  describe.each([true, false])('with a userLookup loader: %s', (looksUp) => {
    const log = new ErrorLog();
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: CONTROLLERS,
        options: looksUp ? { loaders: { userLookup: ({ identity }) => ({ name: identity }) } } : {},
        configure: (nest) => nest.useLogger(log),
      });
    });
    afterAll(() => app.close());

    const call = async (path: string, sent = { token }, method = 'GET') => {
      const { status, body } = await app.send(method, path, sent);
      return { status, body };
    };

    it.each<[string, unknown]>([
      ['identity', { value: 'alice' }],
      ['claims', { value: claims }],
      ['roles', { value: ['admin'] }],
      ['nothing', { value: null }],
      ['absent', { isUndefined: true }],
      ['proto', { isUndefined: true }],
      ['to-string', { isUndefined: true }],
      ['constructor', { isUndefined: true }],
      ['piped', { value: 7 }],
    ])('give what the token says: %s', async (path, body) => {
      expect(await call(`/protected/${path}`)).toEqual({ status: 200, body });
    });

    it('give the whole token, and where it was found', async () => {
      const { iat, exp } = claims as { iat: number; exp: number };
      expect(await call('/protected/token')).toEqual({
        status: 200,
        body: {
          encoded: token,
          header,
          claims,
          identity: 'alice',
          type: 'access',
          jti: claims.jti,
          fresh: false,
          issuedAt: new Date(iat * 1000).toISOString(),
          expiresAt: new Date(exp * 1000).toISOString(),
          location: 'headers',
          user: looksUp ? { name: 'alice' } : null,
        },
      });
    });

    it('give what a refresh token says behind RefreshGuard', async () => {
      const refresh = forgeToken(accessClaims({ type: 'refresh', sub: 'bob' }));
      expect(await call('/protected/refresh', { token: refresh })).toEqual({
        status: 200,
        body: { identity: 'bob', type: 'refresh' },
      });
    });

    it('give nothing on an optional route without a token', async () => {
      const { status, body } = await app.send('GET', '/optional/all');
      expect({ status, body }).toEqual({ status: 200, body: NOTHING });
    });

    it('give nothing for OPTIONS', async () => {
      expect(await call('/protected/all', { token }, 'OPTIONS')).toEqual({
        status: 200,
        body: NOTHING,
      });
    });

    it('give what a token says on an optional route, too', async () => {
      expect(await call('/optional/identity')).toEqual({ status: 200, body: { value: 'alice' } });
    });

    it.each([
      ['/unprotected/identity', '@CurrentIdentity() on UnprotectedController.identity'],
      ['/unprotected/claims', '@Claims() on UnprotectedController.claims'],
      ['/unprotected/claim', '@Claims() on UnprotectedController.claim'],
      ['/unprotected/user', '@CurrentUser() on UnprotectedController.user'],
      ['/unprotected/token', '@CurrentToken() on UnprotectedController.token'],
      ['/released/identity', '@CurrentIdentity() on ReleasedController.identity'],
    ])('fail on a route that nothing protects: %s', async (path, where) => {
      log.errors.length = 0;
      expect(await call(path)).toEqual(FAULT);
      expect(log.errors).toEqual([
        `${where} found no token, because no token guard ran: ` +
          'add @UseGuards(AccessGuard), RefreshGuard or FreshGuard to the route',
      ]);
    });

    it('fail for OPTIONS, too, on a route that nothing protects', async () => {
      log.errors.length = 0;
      expect(await call('/unprotected/identity', { token }, 'OPTIONS')).toEqual(FAULT);
      expect(log.errors).toHaveLength(1);
    });

    it.each(['/protected/user', '/optional/user'])(
      looksUp ? 'give the user that was looked up: %s' : 'fail for a user that nobody looks up: %s',
      async (path) => {
        log.errors.length = 0;
        expect(await call(path)).toEqual(
          looksUp ? { status: 200, body: { value: { name: 'alice' } } } : FAULT,
        );
        expect(log.errors).toEqual(
          looksUp ? [] : ['@CurrentUser() needs a user: add loaders.userLookup to the options'],
        );
      },
    );

    it('give no user on an optional route without a token, with or without that loader', async () => {
      const { status, body } = await app.send('GET', '/optional/user');
      expect({ status, body }).toEqual({ status: 200, body: { isUndefined: true } });
    });
  });

  describe('with another claim for the identity', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: CONTROLLERS,
        options: { identityClaim: 'level' },
      });
    });
    afterAll(() => app.close());

    it('@CurrentIdentity() gives that claim', async () => {
      const { status, body } = await app.send('GET', '/protected/identity', { token });
      expect({ status, body }).toEqual({ status: 200, body: { value: '7' } });
    });
  });
});
