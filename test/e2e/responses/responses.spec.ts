import { Controller, Get, Res, StreamableFile, UseFilters, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  type CallbackResponse,
  CurrentToken,
  InsufficientClaimsError,
  InvalidTokenError,
  type JwtContext,
  JwtExceptionFilter,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  type JwtExtendedResponses,
  ReusedTokenError,
  TokenCheckUnavailableError,
} from '../../../src/index.js';
import {
  type AdapterName,
  ADAPTERS,
  createApp,
  type RunningApp,
  type Sent,
} from '../../support/app.js';
import {
  Calamities,
  hanging,
  Output,
  ProbeController,
  rejecting,
  teapot,
  throwing,
} from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

describe('Default responses', () => {
  @Controller()
  class RefusingController {
    @UseGuards(AccessGuard)
    @Get('scoped')
    scoped(@CurrentToken() token: JwtContext) {
      throw new InsufficientClaimsError(token, 'Missing required claim(s)');
    }

    @UseGuards(AccessGuard)
    @Get('reused')
    reused(@CurrentToken() token: JwtContext) {
      throw new ReusedTokenError(token);
    }
  }

  /** One request for each code, what is answered in Flask's profile, and the challenge where there is one. */
  const CASES: readonly Case[] = [
    {
      code: 'TOKEN_MISSING',
      status: 401,
      msg: `Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "access_token_cookie")`,
      challenge: '',
    },
    {
      code: 'CSRF_FAILED',
      inCookie: true,
      method: 'POST',
      status: 401,
      msg: 'Missing CSRF token',
      challenge: 'error="invalid_request", error_description="The CSRF token is missing or wrong"',
    },
    {
      code: 'TOKEN_INVALID',
      claims: { jti: undefined },
      status: 422,
      msg: 'Missing claim: jti',
      challenge: 'error="invalid_token", error_description="The token is not valid"',
    },
    {
      code: 'TOKEN_WRONG_TYPE',
      path: '/refresh',
      claims: {},
      status: 422,
      msg: 'Only refresh tokens are allowed',
      challenge: 'error="invalid_token", error_description="The token is of the wrong type"',
    },
    {
      code: 'TOKEN_EXPIRED',
      claims: { exp: 1 },
      status: 401,
      msg: 'Token has expired',
      challenge: 'error="invalid_token", error_description="The token has expired"',
    },
    {
      code: 'TOKEN_NOT_FRESH',
      path: '/fresh',
      claims: {},
      status: 401,
      msg: 'Fresh token required',
      challenge:
        'error="insufficient_user_authentication", ' +
        'error_description="More recent authentication is required", max_age="0"',
    },
    {
      code: 'TOKEN_NOT_FRESH',
      path: '/recent',
      claims: { fresh: true, auth_time: Math.floor(Date.now() / 1000) - 300 },
      status: 401,
      msg: 'Fresh token required',
      challenge:
        'error="insufficient_user_authentication", ' +
        'error_description="More recent authentication is required", max_age="60"',
    },
    {
      code: 'TOKEN_REVOKED',
      claims: { revoked: true },
      status: 401,
      msg: 'Token has been revoked',
      challenge: 'error="invalid_token", error_description="The token has been revoked"',
    },
    {
      code: 'TOKEN_REUSED',
      path: '/reused',
      claims: {},
      status: 401,
      msg: 'Token has been revoked',
      challenge: 'error="invalid_token", error_description="The token has been revoked"',
    },
    {
      code: 'TOKEN_REJECTED',
      claims: { odd: true },
      status: 400,
      msg: 'User claims verification failed',
      challenge: 'error="invalid_token", error_description="The token was not accepted"',
    },
    {
      code: 'USER_NOT_FOUND',
      claims: { sub: 'nobody "\r\nSet-Cookie: a=b \u2603' },
      status: 401,
      msg: 'Error loading the user nobody "\r\nSet-Cookie: a=b \u2603',
      challenge: 'error="invalid_token", error_description="The user was not found"',
    },
    {
      code: 'CLAIMS_INSUFFICIENT',
      path: '/scoped',
      claims: {},
      status: 403,
      msg: 'Missing required claim(s)',
      challenge: 'error="insufficient_scope", error_description="The token does not suffice"',
    },
    {
      code: 'CHECK_UNAVAILABLE',
      claims: { sub: 'broken' },
      status: 503,
      msg: 'Token could not be checked',
      challenge: undefined,
    },
  ];

  interface Case {
    readonly code: string;
    readonly method?: string;
    readonly path?: string;
    /** Of a token that is sent. */
    readonly claims?: Record<string, unknown>;
    readonly inCookie?: boolean;
    readonly status: number;
    readonly msg: string;
    /** What stands behind the scheme. */
    readonly challenge: string | undefined;
  }

  /** What `statusProfile: 'rfc6750'` calls a bad token. */
  const BAD_TOKENS = ['TOKEN_INVALID', 'TOKEN_WRONG_TYPE', 'TOKEN_REJECTED'];

  const OPTIONS: JwtExtendedOptions = {
    locations: ['headers', 'cookies'],
    loaders: {
      isTokenRevoked: ({ claims }) => claims.revoked === true,
      tokenVerification: ({ claims }) => claims.odd !== true,
      userLookup: ({ identity }) =>
        identity === 'broken'
          ? throwing(new Error('away'))()
          : identity.startsWith('nobody')
            ? null
            : identity,
    },
  };

  function start(
    adapter: AdapterName,
    options: JwtExtendedOptions = {},
    extras: JwtExtendedModuleExtras = {},
  ) {
    return createApp(adapter, {
      controllers: [ProbeController, RefusingController],
      options: { ...OPTIONS, ...options },
      extras,
    });
  }

  async function provoke(
    app: RunningApp,
    { method = 'GET', path = '/access', claims, inCookie }: Case,
    scheme = 'Bearer',
  ) {
    const { status, body, headers } = await app.send(method, path, {
      headers: {
        ...(claims && { authorization: `${scheme} ${forgeToken(accessClaims(claims))}` }),
        ...(inCookie && { cookie: `access_token_cookie=${forgeToken(accessClaims())}` }),
      },
    });
    return {
      status,
      body,
      challenge: headers.get('www-authenticate') ?? undefined,
      caching: headers.get('cache-control') ?? undefined,
      type: headers.get('content-type')?.replace(/;.*/, ''),
    };
  }

  describe.each(ADAPTERS)('over %s, a refusal', (adapter) => {
    const output: { current?: Output } = {};
    beforeAll(() => {
      output.current = new Output();
    });
    afterAll(() => output.current?.restore());

    describe('by default', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start(adapter);
      });
      afterAll(() => app.close());

      it.each(CASES)('$code answers $status with $msg (R67, R68)', async (provocation) => {
        const { status, msg, challenge } = provocation;
        const isChallenged = status === 401 || status === 403;
        expect(await provoke(app, provocation)).toEqual({
          status,
          body: { msg },
          challenge: isChallenged ? ['Bearer', challenge].filter(Boolean).join(' ') : undefined,
          caching: 'no-store',
          type: 'application/json',
        });
      });

      it('answers HEAD with the status and an empty body', async () => {
        const { status, body } = await app.send('HEAD', '/access');
        expect({ status, body }).toEqual({ status: 401, body: '' });
      });
    });

    describe("with errorMessageKey, errorCodeKey, realm and the profile 'rfc6750'", () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start(adapter, {
          errorMessageKey: 'message',
          errorCodeKey: 'error',
          statusProfile: 'rfc6750',
          realm: 'the "inner" \\ circle',
          headerType: 'JWT',
        });
      });
      afterAll(() => app.close());

      it.each(CASES)('$code answers so (R68)', async (provocation) => {
        const { code, msg, challenge } = provocation;
        const status = BAD_TOKENS.includes(code) ? 401 : provocation.status;
        const realm = 'realm="the \\"inner\\" \\\\ circle"';
        expect(await provoke(app, provocation, 'JWT')).toEqual({
          status,
          body: { message: msg, error: code },
          challenge:
            challenge === undefined
              ? undefined
              : `JWT ${[realm, challenge].filter(Boolean).join(', ')}`,
          caching: 'no-store',
          type: 'application/json',
        });
      });
    });

    it("names the scheme Bearer where headerType is '' and there is none", async () => {
      const app = await start(adapter, { headerType: '', locations: ['headers'] });
      const { status, body, headers } = await app.send('GET', '/access');
      expect({ status, body }).toEqual({
        status: 401,
        body: { msg: 'Missing Authorization Header' },
      });
      expect(headers.get('www-authenticate')).toBe('Bearer');
      await app.close();
    });

    describe.each([
      ['flask', [] as string[]],
      ['rfc6750', BAD_TOKENS],
    ] as const)(
      'where no filter is installed, with the profile %j',
      (statusProfile, challenged) => {
        let app: RunningApp;
        beforeAll(async () => {
          app = await start(adapter, { statusProfile }, { registerFilter: false });
        });
        afterAll(() => app.close());

        it.each(CASES)(
          "$code is an HttpException in Nest's own form (R67)",
          async (provocation) => {
            const { code, msg } = provocation;
            const expected = (challenged as readonly string[]).includes(code)
              ? 401
              : provocation.status;
            const { status, body } = await provoke(app, provocation);
            expect({ status, body }).toEqual({
              status: expected,
              body: { message: msg, error: code, statusCode: expected },
            });
          },
        );
      },
    );
  });
});

describe('Response callbacks', () => {
  type ResponseName = keyof JwtExtendedResponses;
  type Callback = jest.Mock<(...args: unknown[]) => unknown>;

  @Controller()
  class ScopedController {
    @UseGuards(AccessGuard)
    @Get('scoped')
    scoped(@CurrentToken() token: JwtContext) {
      throw new InsufficientClaimsError(token, 'Missing required scope(s)');
    }
  }

  /** How each callback is provoked, what it is called with, and what is answered without it. */
  const CASES: readonly Case[] = [
    {
      name: 'unauthorized',
      sent: {},
      reason: 'Missing Authorization Header',
      usually: [401, 'Missing Authorization Header'],
    },
    {
      name: 'invalidToken',
      sent: { token: 'garbage' },
      reason: 'Not enough segments',
      usually: [422, 'Not enough segments'],
    },
    {
      name: 'invalidToken',
      claims: { type: 'refresh' },
      reason: 'Only non-refresh tokens are allowed',
      usually: [422, 'Only non-refresh tokens are allowed'],
    },
    { name: 'expiredToken', claims: { exp: 1 }, usually: [401, 'Token has expired'] },
    { name: 'needsFreshToken', path: '/fresh', usually: [401, 'Fresh token required'] },
    { name: 'revokedToken', claims: { revoked: true }, usually: [401, 'Token has been revoked'] },
    {
      name: 'tokenVerificationFailed',
      claims: { odd: true },
      usually: [400, 'User claims verification failed'],
    },
    {
      name: 'userLookupError',
      claims: { sub: 'nobody' },
      usually: [401, 'Error loading the user nobody'],
    },
    {
      name: 'insufficientClaims',
      path: '/scoped',
      reason: 'Missing required scope(s)',
      usually: [403, 'Missing required scope(s)'],
    },
    {
      name: 'unavailable',
      claims: { sub: 'broken' },
      reason: 'Token could not be checked',
      usually: [503, 'Token could not be checked'],
    },
  ];

  interface Case {
    readonly name: ResponseName;
    readonly sent?: Sent;
    /** Of a token that is sent. */
    readonly claims?: object;
    readonly path?: string;
    /** What the callback is told, where it is told a reason. */
    readonly reason?: string;
    readonly usually: readonly [status: number, message: string];
  }

  const NAMES = [...new Set(CASES.map(({ name }) => name))];
  /** Those who are told of a token. */
  const TOLD_OF_TOKENS: readonly ResponseName[] = [
    'expiredToken',
    'needsFreshToken',
    'revokedToken',
    'tokenVerificationFailed',
    'userLookupError',
    'insufficientClaims',
  ];

  const NONSENSE: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'no'],
    ['a number', 418],
    ['an empty object', {}],
    ['a status that is text', { status: '418' }],
    ['a status below 100', { status: 99 }],
    ['a status above 599', { status: 600 }],
    ['a status with a fraction', { status: 418.5 }],
    ['a status that is no number', { status: NaN }],
    ['a negative status', { status: -1 }],
    ['headers that are text', { status: 418, headers: 'X-Why: no' }],
    ['headers that are null', { status: 418, headers: null }],
    ['a header name with a blank', { status: 418, headers: { 'X Why': 'no' } }],
    ['a header name with a line break', { status: 418, headers: { 'X-Why\r\nX-Evil': 'no' } }],
    ['an empty header name', { status: 418, headers: { '': 'no' } }],
    ['a header value with a line break', { status: 418, headers: { 'X-Why': 'no\r\nX-Evil: 1' } }],
    ['a header value that HTTP cannot carry', { status: 418, headers: { 'X-Why': '\u2603' } }],
    ['a header without a value', { status: 418, headers: { 'X-Why': undefined } }],
  ];

  const UNWRITABLE: readonly (readonly [string, unknown])[] = [
    ['contains itself', circle()],
    ['holds a bigint', { size: 5n }],
    ['fails when it is written', { toJSON: throwing(new Error('no')) }],
  ];

  describe.each(ADAPTERS)('over %s, a response callback', (adapter) => {
    const responses = Object.fromEntries(NAMES.map((name) => [name, jest.fn()])) as Record<
      ResponseName,
      Callback
    >;
    let app: RunningApp;
    let output: Output;

    beforeAll(async () => {
      output = new Output();
      app = await createApp(adapter, {
        controllers: [ProbeController, ScopedController],
        options: {
          responses: responses as JwtExtendedResponses,
          loaderTimeout: '20ms',
          loaders: {
            isTokenRevoked: ({ claims }) => claims.revoked === true,
            tokenVerification: ({ claims }) => claims.odd !== true,
            userLookup: ({ identity }) => {
              if (identity === 'broken') throw new Error('the database is away');
              return identity === 'nobody' ? null : identity;
            },
          },
        },
      });
    });
    beforeEach(() => {
      for (const name of NAMES) responses[name].mockReset().mockReturnValue({ status: 418 });
    });
    afterAll(async () => {
      await app.close();
      output.restore();
    });

    function provoke({ path = '/access', claims, sent }: Case) {
      const token = forgeToken(accessClaims({ jti: 'one', ...claims }));
      return app.send('GET', path, {
        token,
        ...sent,
        ...(sent && !sent.token && { token: undefined }),
      });
    }

    describe.each([
      ['at once', (answer: unknown) => answer],
      ['with a promise', (answer: unknown) => Promise.resolve(answer)],
    ])('that answers %s', (_, give) => {
      it.each(CASES)('$name: $usually.1 is answered as it says', async (provocation) => {
        responses[provocation.name].mockImplementation(() =>
          give({
            status: 418,
            body: { sub_status: 101, said: provocation.name },
            headers: { 'X-Why': provocation.name, 'Retry-After': '60' },
          }),
        );
        const { status, body, headers } = await provoke(provocation);
        expect({ status, body }).toEqual({
          status: 418,
          body: { sub_status: 101, said: provocation.name },
        });
        expect(headers.get('x-why')).toBe(provocation.name);
        expect(headers.get('retry-after')).toBe('60');
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('www-authenticate')).toBeNull();
      });
    });

    it.each(CASES)('$name: $usually.1 is told why, and of which request', async (provocation) => {
      const { name, reason, path = '/access' } = provocation;
      await provoke(provocation);
      expect(responses[name]).toHaveBeenCalledTimes(1);
      const args = responses[name].mock.lastCall ?? [];
      const context = args.at(-1) as { request: { url: string }; type?: string };
      const token = expect.objectContaining({ jti: 'one', type: 'access' });
      const told = TOLD_OF_TOKENS.includes(name) ? [token] : [];
      expect(args).toEqual([...(reason === undefined ? [] : [reason]), ...told, context]);
      expect(context.request.url).toBe(path);
      expect(context.type).toBe(told.length > 0 ? 'access' : undefined);
      const others = NAMES.filter((other) => other !== name);
      expect(others.filter((other) => responses[other].mock.calls.length > 0)).toEqual([]);
    });

    it.each(CASES)(
      '$name: $usually.1 that fails leaves the default answer',
      async (provocation) => {
        const { name, usually } = provocation;
        const [status, msg] = usually;
        const already = output.lines.length;
        for (const fault of [throwing(new Error('no idea')), rejecting(new Error('no idea'))]) {
          responses[name].mockImplementation(fault);
          expect(await provoke(provocation)).toMatchObject({ status, body: { msg } });
        }
        const said = output.lines
          .slice(already)
          .filter((line) => line.includes(`responses.${name}`));
        expect(said).toHaveLength(2);
        expect(said[0]).toContain('no idea');
      },
    );

    const INVALID = CASES.find(({ sent }) => sent?.token) as Case;
    const { invalidToken } = responses;

    /** What the client gets, and what is logged of it. */
    async function outcome() {
      const already = output.lines.length;
      const { status, body, headers } = await provoke(INVALID);
      const logged = output.lines.slice(already).filter((line) => line.includes('invalidToken'));
      return { status, body, evil: headers.get('x-evil'), logged: logged.length };
    }

    const byDefault = { status: 422, body: { msg: 'Not enough segments' }, evil: null, logged: 1 };

    it('that hangs is answered by the default at its deadline (R28)', async () => {
      invalidToken.mockImplementation(hanging);
      expect(await outcome()).toEqual(byDefault);
      expect(output.text).toContain('responses.invalidToken did not answer within 20 ms');
    });

    it('may answer with a file', async () => {
      invalidToken.mockReturnValue({ status: 418, body: new StreamableFile(Buffer.from('no')) });

      expect(await outcome()).toEqual({ status: 418, body: 'no', evil: null, logged: 0 });
    });

    it.each(NONSENSE)(
      'that gives %s is logged and answered by the default',
      async (_, nonsense) => {
        invalidToken.mockReturnValue(nonsense);
        expect(await outcome()).toEqual(byDefault);
      },
    );

    it.each(UNWRITABLE)(
      'whose body %s is logged and answered by the default (R67)',
      async (_, body) => {
        invalidToken.mockReturnValue({ status: 418, body });
        expect(await outcome()).toEqual(byDefault);
      },
    );

    it.each([
      [200, { fine: true }],
      [302, undefined],
      [400, ['an', 'array']],
      [451, 'plain text'],
      [500, { own: 'body' }],
      [599, undefined],
    ])('may answer %i with %j', async (status, body) => {
      invalidToken.mockReturnValue({ status, body } satisfies CallbackResponse);
      const answer = await outcome();
      expect(answer).toMatchObject({ status, body: body ?? '', logged: 0 });
    });

    it('may answer with nothing: 204', async () => {
      invalidToken.mockReturnValue({ status: 204 });
      expect(await outcome()).toEqual({ status: 204, body: '', evil: null, logged: 0 });
    });

    it('may replace the headers that we would set, whatever their case', async () => {
      invalidToken.mockReturnValue({
        status: 401,
        headers: { 'www-authenticate': 'Own realm="x"', 'CACHE-CONTROL': 'private' },
      });
      const { headers } = await provoke(INVALID);
      expect(headers.get('www-authenticate')).toBe('Own realm="x"');
      expect(headers.get('cache-control')).toBe('private');
    });

    it.each([401, 403])('that answers with %i gets the challenge on top', async (status) => {
      invalidToken.mockReturnValue({ status });
      const { headers } = await provoke(INVALID);
      expect(headers.get('www-authenticate')).toBe(
        'Bearer error="invalid_token", error_description="The token is not valid"',
      );
    });
  });

  describe.each(ADAPTERS)('over %s, response callbacks', (adapter) => {
    it('may be the methods of an object of their own', async () => {
      class Answers {
        readonly #words = 'who are you?';

        unauthorized(reason: string): CallbackResponse {
          return { status: 401, body: { msg: this.#words, reason } };
        }
      }
      const app = await createApp(adapter, {
        controllers: [ProbeController],
        options: {
          responses: { unauthorized: Answers.prototype.unauthorized.bind(new Answers()) },
        },
      });
      expect(await app.send('GET', '/access')).toMatchObject({
        status: 401,
        body: { msg: 'who are you?', reason: 'Missing Authorization Header' },
      });
      await app.close();
    });

    it('answer for csrf too, which has none of its own', async () => {
      const unauthorized = jest.fn((reason: string) => ({ status: 418, body: { mine: reason } }));
      const app = await createApp(adapter, {
        controllers: [ProbeController],
        options: { locations: ['cookies'], responses: { unauthorized } },
      });
      const cookie = `access_token_cookie=${forgeToken(accessClaims())}`;
      expect(await app.send('POST', '/access', { headers: { cookie } })).toMatchObject({
        status: 418,
        body: { mine: 'Missing CSRF token' },
      });
      await app.close();
    });
  });

  function circle(): object {
    const body: Record<string, unknown> = {};
    body.self = body;
    return body;
  }
});

describe('The exception filter', () => {
  interface RawResponse {
    end(text: string): void;
  }

  @Controller('filtered')
  @UseFilters(JwtExceptionFilter)
  class FilteredController {
    @UseGuards(AccessGuard)
    @Get()
    guarded() {
      return { fine: true };
    }
  }

  @Controller('plain')
  class PlainController {
    @UseGuards(AccessGuard)
    @Get()
    guarded() {
      return { fine: true };
    }

    @Get('token-error')
    tokenError() {
      throw new InvalidTokenError('Not for this tenant');
    }

    @Get('unavailable')
    unavailable() {
      throw new TokenCheckUnavailableError(new Error('the directory is away'));
    }

    @Get('silent')
    silent() {
      throw new TokenCheckUnavailableError();
    }

    @Get('teapot')
    teapot() {
      throw teapot();
    }

    @Get('error')
    error() {
      throw new TypeError('secret detail');
    }

    @Get('answered')
    answered(@Res() response: RawResponse & { raw?: RawResponse }) {
      (response.raw ?? response).end('said already');
      throw new InvalidTokenError('too late');
    }
  }

  describe.each(ADAPTERS)('over %s, JwtExceptionFilter', (adapter) => {
    let output: Output;
    let calamities: Calamities;
    let app: RunningApp;
    beforeAll(async () => {
      calamities = new Calamities();
      output = new Output();
      app = await createApp(adapter, { controllers: [PlainController] });
    });
    afterAll(async () => {
      await app.close();
      output.restore();
      expect(await calamities.settled()).toEqual([]);
      calamities.stop();
    });

    it('renders a TokenError that the application throws itself', async () => {
      const { status, body } = await app.send('GET', '/plain/token-error');
      expect({ status, body }).toEqual({ status: 422, body: { msg: 'Not for this tenant' } });
    });

    it('tells the client that a check failed, and the log why (R67)', async () => {
      const { status, body } = await app.send('GET', '/plain/unavailable');
      expect({ status, body }).toEqual({
        status: 503,
        body: { msg: 'Token could not be checked' },
      });
      expect(output.text).toContain('A token could not be checked: the directory is away');
    });

    it('logs nothing where there is nothing to tell', async () => {
      const already = output.lines.length;
      const { status, body } = await app.send('GET', '/plain/silent');
      expect({ status, body }).toEqual({
        status: 503,
        body: { msg: 'Token could not be checked' },
      });
      expect(output.lines.slice(already)).toEqual([]);
    });

    it('leaves what is no TokenError to others', async () => {
      expect(await app.send('GET', '/plain/teapot')).toMatchObject({
        status: 418,
        body: { msg: 'out of coffee' },
      });
      const { status, body } = await app.send('GET', '/plain/error');
      expect({ status, body }).toEqual({
        status: 500,
        body: { statusCode: 500, message: 'Internal server error' },
      });
    });

    it('says nothing where the answer is already on its way (R73)', async () => {
      const { status, body } = await app.send('GET', '/plain/answered');
      expect({ status, body }).toEqual({ status: 200, body: 'said already' });
      expect(await calamities.settled()).toEqual([]);
    });

    it('stands where it is put, if the module does not register it', async () => {
      const chosen = await createApp(adapter, {
        controllers: [FilteredController, PlainController],
        extras: { registerFilter: false },
      });
      const msg = 'Missing Authorization Header';
      expect(await chosen.send('GET', '/filtered')).toMatchObject({ status: 401, body: { msg } });
      expect(await chosen.send('GET', '/plain')).toMatchObject({
        status: 401,
        body: { message: msg, error: 'TOKEN_MISSING', statusCode: 401 },
      });
      expect(
        await chosen.send('GET', '/filtered', { token: forgeToken(accessClaims()) }),
      ).toMatchObject({ status: 200, body: { fine: true } });
      await chosen.close();
    });
  });
});
