import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  NotFoundException,
  Param,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  InvalidTokenError,
  JwtExceptionFilter,
  TokenError,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { ErrorLog, routeAt } from '../../support/routes.js';

const guarded = routeAt('/', { handler: [UseGuards(AccessGuard)] });

/** An exception that each route of {@link ThrowingController} throws. */
const THROWN: Record<string, () => Error> = {
  gone: () => new NotFoundException('no such thing'),
  teapot: () => new HttpException({ own: 'body' }, 418),
  strict: () => new InvalidTokenError('Tokens are not taken today'),
};

@Controller()
class ThrowingController {
  constructor(
    private readonly tokens: TokenService,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get('throws/:name')
  throws(@Param('name') name: string) {
    throw THROWN[name]?.() ?? new Error('unknown');
  }

  @Get('decodes')
  decodes() {
    return this.tokens.decodeToken('a.b');
  }

  @Get('responds')
  async responds(@Res() response: unknown) {
    this.host.httpAdapter.reply(response, { first: true }, 202);
    await new Promise(setImmediate);
    await this.tokens.decodeToken('a.b');
  }
}

@Catch(TokenError)
class OwnFilter implements ExceptionFilter<TokenError> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch({ code }: TokenError, host: ArgumentsHost) {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { own: code }, 418);
  }
}

const own = routeAt('own', {
  controller: [UseFilters(OwnFilter)],
  handler: [UseGuards(AccessGuard)],
});
const named = routeAt('named', {
  controller: [UseFilters(JwtExceptionFilter)],
  handler: [UseGuards(AccessGuard)],
});

describe.each(ADAPTERS)('On %s,', (adapter) => {
  const call = async (app: RunningApp, path: string, token?: string) => {
    const { status, body } = await app.send('GET', path, { token });
    return { status, body };
  };

  it('a controller that names the filter has its response without registerFilter', async () => {
    const app = await createApp(adapter, {
      controllers: [guarded, named],
      extras: { registerFilter: false },
      options: { errorMessageKey: 'fault' },
    });
    const missing = 'Missing Authorization Header';
    const body = { statusCode: 401, error: 'TOKEN_MISSING', message: missing };
    expect(await call(app, '/')).toEqual({ status: 401, body });
    expect(await call(app, '/named')).toEqual({ status: 401, body: { fault: missing } });
    await app.close();
  });

  describe('the filter', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [ThrowingController, own],
        options: { errorCodeKey: 'code' },
      });
    });
    afterAll(() => app.close());

    const NOT_FOUND = { statusCode: 404, message: 'no such thing', error: 'Not Found' };
    it.each<[string, string, number, object]>([
      ['ignores other errors', '/throws/gone', 404, NOT_FOUND],
      ['ignores other bodies', '/throws/teapot', 418, { own: 'body' }],
      [
        'responds to a refusal that a handler causes',
        '/decodes',
        422,
        { msg: 'Not enough segments', code: 'TOKEN_INVALID' },
      ],
      [
        'responds to a refusal that the application creates',
        '/throws/strict',
        422,
        { msg: 'Tokens are not taken today', code: 'TOKEN_INVALID' },
      ],
      ['runs after a filter of the application', '/own', 418, { own: 'TOKEN_MISSING' }],
    ])('%s', async (_title, path, status, body) => {
      expect(await call(app, path)).toEqual({ status, body });
    });

    it('sends nothing if the handler has already responded', async () => {
      const first = { status: 202, body: { first: true } };
      expect(await call(app, '/responds')).toEqual(first);
      expect(await call(app, '/responds')).toEqual(first);
    });
  });

  it('the filter works as a global filter that the application takes from the container', async () => {
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

  it('the filter responds with 500 if a body cannot be sent', async () => {
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
