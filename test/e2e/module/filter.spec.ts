import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  NotFoundException,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  InvalidTokenError,
  JwtExceptionFilter,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ErrorLog, routeAt } from '../../support/routes.js';

const guarded = routeAt('/', { handler: [UseGuards(AccessGuard)] });

const BAD: readonly [string, string | undefined, number, string, string][] = [
  ['no token', undefined, 401, 'TOKEN_MISSING', 'Missing Authorization Header'],
  ['no real token', 'a.b', 422, 'TOKEN_INVALID', 'Not enough segments'],
  [
    'an expired token',
    forgeToken(accessClaims({ exp: 1 })),
    401,
    'TOKEN_EXPIRED',
    'Token has expired',
  ],
  [
    'a refresh token',
    forgeToken(accessClaims({ type: 'refresh' })),
    422,
    'TOKEN_WRONG_TYPE',
    'Only non-refresh tokens are allowed',
  ],
  [
    'a rejected token',
    forgeToken(accessClaims({ verified: false })),
    400,
    'TOKEN_REJECTED',
    'User claims verification failed',
  ],
  [
    'a token of an unknown user',
    forgeToken(accessClaims({ sub: 'unknown' })),
    401,
    'USER_NOT_FOUND',
    'Error loading the user unknown',
  ],
];

describe.each(ADAPTERS)('On %s,', (adapter) => {
  const loaders = {
    tokenVerification: ({ claims }: { claims: { verified?: boolean } }) =>
      claims.verified !== false,
    userLookup: ({ identity }: { identity: string }) => (identity === 'unknown' ? null : identity),
  };

  describe('a refusal without the filter', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [guarded],
        extras: { registerFilter: false },
        options: { loaders, errorMessageKey: 'fault' },
      });
    });
    afterAll(() => app.close());

    it.each(BAD)(
      'has the right status and the form of Nest: %s',
      async (_title, token, statusCode, error, message) => {
        const { status, body } = await app.send('GET', '/', { token });
        expect({ status, body }).toEqual({
          status: statusCode,
          body: { statusCode, error, message },
        });
      },
    );

    it('has the right status for a revoked token too', async () => {
      const token = await app.get(TokenService).createAccessToken('alice');
      await app.get(BlocklistService).revoke(token);
      const { status, body } = await app.send('GET', '/', { token });
      expect({ status, body }).toEqual({
        status: 401,
        body: { statusCode: 401, error: 'TOKEN_REVOKED', message: 'Token has been revoked' },
      });
    });
  });

  it('a refusal without the filter has the status of the profile', async () => {
    const app = await createApp(adapter, {
      controllers: [guarded],
      extras: { registerFilter: false },
      options: { loaders, statusProfile: 'rfc6750' },
    });
    for (const [, token, , error, message] of BAD) {
      const { status, body } = await app.send('GET', '/', { token });
      expect({ status, body }).toEqual({ status: 401, body: { statusCode: 401, error, message } });
    }
    await app.close();
  });

  describe('the filter', () => {
    it('answers on the controllers that name it if it is not registered', async () => {
      @UseFilters(JwtExceptionFilter)
      @Controller('own')
      class OwnController {
        @UseGuards(AccessGuard)
        @Get()
        get(@CurrentIdentity() identity: string) {
          return { identity };
        }
      }
      const app = await createApp(adapter, {
        controllers: [guarded, OwnController],
        extras: { registerFilter: false },
      });
      expect(await app.send('GET', '/own')).toMatchObject({
        status: 401,
        body: { msg: 'Missing Authorization Header' },
      });
      expect(await app.send('GET', '/')).toMatchObject({
        status: 401,
        body: { message: 'Missing Authorization Header', error: 'TOKEN_MISSING' },
      });
      await app.close();
    });

    it('answers as a global filter that the application takes from the container', async () => {
      const app = await createApp(adapter, {
        controllers: [guarded],
        extras: { registerFilter: false },
        configure: (nest) => nest.useGlobalFilters(nest.get(JwtExceptionFilter)),
      });
      const { status, body, headers } = await app.send('GET', '/');
      expect({ status, body, challenge: headers.get('www-authenticate') }).toEqual({
        status: 401,
        body: { msg: 'Missing Authorization Header' },
        challenge: 'Bearer',
      });
      await app.close();
    });

    it('ignores all other errors', async () => {
      @Controller()
      class FailingController {
        @Get('gone')
        gone() {
          throw new NotFoundException('no such thing');
        }
        @Get('teapot')
        teapot() {
          throw new HttpException({ own: 'body' }, 418);
        }
      }
      const app = await createApp(adapter, { controllers: [FailingController] });
      expect(await app.send('GET', '/gone')).toMatchObject({
        status: 404,
        body: { message: 'no such thing' },
      });
      expect(await app.send('GET', '/teapot')).toMatchObject({
        status: 418,
        body: { own: 'body' },
      });
      await app.close();
    });

    it('answers a refusal that a handler causes', async () => {
      @Controller()
      class DecodingController {
        constructor(private readonly tokens: TokenService) {}

        @Get()
        decode() {
          return this.tokens.decodeToken('a.b');
        }
      }
      const app = await createApp(adapter, {
        controllers: [DecodingController],
        options: { errorCodeKey: 'code' },
      });
      const { status, body } = await app.send('GET', '/');
      expect({ status, body }).toEqual({
        status: 422,
        body: { msg: 'Not enough segments', code: 'TOKEN_INVALID' },
      });
      await app.close();
    });

    it('answers a refusal that the application creates', async () => {
      @Controller()
      class StrictController {
        @Get()
        get() {
          throw new InvalidTokenError('Tokens are not taken today');
        }
      }
      const app = await createApp(adapter, {
        controllers: [StrictController],
        options: { errorCodeKey: 'code' },
      });
      const { status, body } = await app.send('GET', '/');
      expect({ status, body }).toEqual({
        status: 422,
        body: { msg: 'Tokens are not taken today', code: 'TOKEN_INVALID' },
      });
      await app.close();
    });

    it('sends nothing if the handler has answered already', async () => {
      @Controller()
      class HastyController {
        constructor(
          private readonly tokens: TokenService,
          private readonly host: HttpAdapterHost,
        ) {}

        @Get()
        async answer(@Res() response: unknown) {
          this.host.httpAdapter.reply(response, { first: true }, 202);
          await new Promise(setImmediate);
          await this.tokens.decodeToken('a.b');
        }
      }
      const app = await createApp(adapter, { controllers: [HastyController] });
      const first = { status: 202, body: { first: true } };
      expect(await app.send('GET', '/')).toMatchObject(first);
      expect(await app.send('GET', '/')).toMatchObject(first);
      await app.close();
    });

    it('answers 500 if a body cannot be sent', async () => {
      const log = new ErrorLog();
      const app = await createApp(adapter, {
        controllers: [guarded],
        options: { responses: { unauthorized: () => ({ status: 401, body: writtenOnce() }) } },
        configure: (nest) => nest.useLogger(log),
      });
      expect(await app.send('GET', '/')).toMatchObject({ status: 500 });
      if (adapter === 'express')
        expect(log.errors).toEqual([expect.stringMatching(/once is enough/)]);
      await app.close();
    });

    it('gives way to a filter of the application', async () => {
      @Catch(TokenError)
      class OwnFilter implements ExceptionFilter<TokenError> {
        constructor(private readonly host: HttpAdapterHost) {}

        catch({ code }: TokenError, host: ArgumentsHost) {
          this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { own: code }, 418);
        }
      }
      @UseFilters(OwnFilter)
      @Controller()
      class OwnController {
        @UseGuards(AccessGuard)
        @Get()
        get() {}
      }
      const app = await createApp(adapter, { controllers: [OwnController] });
      const { status, body } = await app.send('GET', '/');
      expect({ status, body }).toEqual({ status: 418, body: { own: 'TOKEN_MISSING' } });
      await app.close();
    });
  });
});

/** A body that passes the check and fails when it is sent. */
function writtenOnce(): object {
  let times = 0;
  return {
    toJSON() {
      if (times++ > 0) throw new Error('once is enough');
      return {};
    },
  };
}
