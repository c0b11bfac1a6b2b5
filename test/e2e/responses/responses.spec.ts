import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type HttpException,
  Inject,
  Res,
  StreamableFile,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  type CallbackResponse,
  CurrentToken,
  InsufficientClaimsError,
  InvalidTokenError,
  JwtExceptionFilter,
  type JwtContext,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  type JwtExtendedResponses,
  ReusedTokenError,
  TokenCheckUnavailableError,
  TokenError,
  type TokenErrorCode,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  Calamities,
  hanging,
  Output,
  ProbeController,
  rejecting,
  teapot,
  throwing,
  UNAVAILABLE,
  SkippedTime,
} from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { said } from '../../support/transport.js';

interface RawResponse {
  end(text: string): void;
}

/** Routes whose handlers refuse or fail by themselves. */
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
    (response.raw ?? response).end('sent before');
    throw new InvalidTokenError('too late');
  }
}

type ResponseName = keyof JwtExtendedResponses;

/** A request that is refused, how it is answered by default, and which callback may answer it. */
interface Case {
  readonly code: TokenErrorCode;
  readonly name: ResponseName;
  readonly status: number;
  readonly msg: string;
  readonly path?: string;
  /** Of the access token that is sent. */
  readonly claims?: Record<string, unknown>;
  /** Sent in place of an access token; nothing if it is empty. */
  readonly token?: string;
  /** Whether an access token is sent as a cookie, with POST. */
  readonly isCookie?: boolean;
  readonly method?: 'POST';
  readonly maxAge?: number;
}

const STRANGER = 'unknown "\r\nSet-Cookie: a=b \u2603';
const NO_TOKEN =
  'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "access_token_cookie")';
const ONLY_REFRESH = 'Only refresh tokens are allowed';
const NO_REFRESH = 'Only non-refresh tokens are allowed';
const STALE = 'Fresh token required';
const REVOKED = 'Token has been revoked';
const ODD = 'User claims verification failed';
const UNKNOWN = `Error loading the user ${STRANGER}`;
const UNSCOPED = 'Missing required claim(s)';
const UNCHECKED = 'Token could not be checked';
const BAD_LOGIN = 'Bad username or password';

function row(
  code: TokenErrorCode,
  name: ResponseName,
  status: number,
  msg: string,
  request: Omit<Case, 'code' | 'name' | 'status' | 'msg'>,
): Case {
  return { code, name, status, msg, ...request };
}

const CASES: readonly Case[] = [
  row('TOKEN_MISSING', 'unauthorized', 401, NO_TOKEN, { token: '' }),
  row('CSRF_FAILED', 'unauthorized', 401, 'Missing CSRF token', { token: '', isCookie: true }),
  row('CREDENTIALS_INVALID', 'unauthorized', 401, BAD_LOGIN, {
    path: '/auth',
    token: '',
    method: 'POST',
  }),
  row('TOKEN_INVALID', 'invalidToken', 422, 'Not enough segments', { token: 'garbage' }),
  row('TOKEN_INVALID', 'invalidToken', 422, 'Missing claim: jti', { claims: { jti: undefined } }),
  row('TOKEN_WRONG_TYPE', 'invalidToken', 422, ONLY_REFRESH, { path: '/refresh' }),
  row('TOKEN_WRONG_TYPE', 'invalidToken', 422, NO_REFRESH, { claims: { type: 'refresh' } }),
  row('TOKEN_EXPIRED', 'expiredToken', 401, 'Token has expired', { claims: { exp: 1 } }),
  row('TOKEN_NOT_FRESH', 'needsFreshToken', 401, STALE, { path: '/fresh', maxAge: 0 }),
  row('TOKEN_NOT_FRESH', 'needsFreshToken', 401, STALE, {
    path: '/recent',
    claims: { fresh: true, auth_time: Math.floor(Date.now() / 1000) - 300 },
    maxAge: 60,
  }),
  row('TOKEN_REVOKED', 'revokedToken', 401, REVOKED, { claims: { revoked: true } }),
  row('TOKEN_REUSED', 'revokedToken', 401, REVOKED, { path: '/reused' }),
  row('TOKEN_REJECTED', 'tokenVerificationFailed', 400, ODD, { claims: { odd: true } }),
  row('USER_NOT_FOUND', 'userLookupError', 401, UNKNOWN, { claims: { sub: STRANGER } }),
  row('CLAIMS_INSUFFICIENT', 'insufficientClaims', 403, UNSCOPED, { path: '/scoped' }),
  row('CHECK_UNAVAILABLE', 'unavailable', 503, UNCHECKED, { claims: { sub: 'broken' } }),
];

/** The `error` and `error_description` of the challenge for each code. */
const CHALLENGES: Readonly<Partial<Record<TokenErrorCode, readonly [string, string]>>> = {
  CSRF_FAILED: ['invalid_request', 'The CSRF token is missing or wrong'],
  TOKEN_INVALID: ['invalid_token', 'The token is not valid'],
  TOKEN_WRONG_TYPE: ['invalid_token', 'The token is of the wrong type'],
  TOKEN_EXPIRED: ['invalid_token', 'The token has expired'],
  TOKEN_NOT_FRESH: ['insufficient_user_authentication', 'More recent authentication is required'],
  TOKEN_REVOKED: ['invalid_token', 'The token has been revoked'],
  TOKEN_REUSED: ['invalid_token', 'The token has been revoked'],
  TOKEN_REJECTED: ['invalid_token', 'The token was not accepted'],
  USER_NOT_FOUND: ['invalid_token', 'The user was not found'],
  CLAIMS_INSUFFICIENT: ['insufficient_scope', 'The token does not suffice'],
};

/** The challenge of a refusal with this status. */
function challengeOf({ code, maxAge }: Case, status: number, scheme = 'Bearer', realm = '') {
  if (status !== 401 && status !== 403) return null;
  const [error, description] = CHALLENGES[code] ?? [];
  const parameters = [
    realm && `realm="${realm}"`,
    error && `error="${error}"`,
    description && `error_description="${description}"`,
    maxAge !== undefined && `max_age="${maxAge}"`,
  ];
  return `${scheme} ${parameters.filter(Boolean).join(', ')}`.trim();
}

const PROFILES = ['flask', 'rfc6750', 'nest'] as const;

/** What `profile: 'rfc6750'` calls a bad token. */
const BAD_TOKENS = ['TOKEN_INVALID', 'TOKEN_WRONG_TYPE', 'TOKEN_REJECTED'];

function statusOf({ code, status }: Case, profile: (typeof PROFILES)[number]): number {
  return profile !== 'flask' && BAD_TOKENS.includes(code) ? 401 : status;
}

/** Callbacks answer through the filter alone. */
const EXPIRED: JwtExtendedResponses = { expiredToken: () => ({ status: 419, body: 'expired' }) };

/** Reads the fields of an error as well as its methods, as libraries for other transports do. */
@Catch()
class ReadingFilter implements ExceptionFilter<HttpException> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: HttpException, host: ArgumentsHost): void {
    const { status, response } = error as unknown as { status: number; response: unknown };
    const read = {
      status,
      response,
      got: { status: error.getStatus(), body: error.getResponse() },
    };
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), read, 200);
  }
}

/** Hands everything to the filter of the library, which leaves other errors to Nest. */
@Catch()
class HandingFilter implements ExceptionFilter<TokenError> {
  @Inject(JwtExceptionFilter)
  private readonly refusals!: JwtExceptionFilter;

  catch(error: TokenError, host: ArgumentsHost): unknown {
    return this.refusals.catch(error, host);
  }
}

function start(
  adapter: AdapterName,
  options: JwtExtendedOptions = {},
  extras: JwtExtendedModuleExtras = {},
  filter?: Type,
) {
  return createApp(adapter, {
    controllers: [ProbeController, RefusingController],
    providers: filter ? [{ provide: APP_FILTER, useClass: filter }] : [],
    options: {
      locations: ['headers', 'cookies'],
      loaders: {
        isTokenRevoked: ({ claims }) => claims.revoked === true,
        tokenVerification: ({ claims }) => claims.odd !== true,
        userLookup: ({ identity }) => {
          if (identity === 'broken') throw new Error('the database is away');
          return identity === STRANGER ? null : identity;
        },
      },
      login: { authenticate: () => null },
      ...options,
    },
    extras: { endpoints: { login: true }, ...extras },
  });
}

function provoke(app: RunningApp, given: Case, scheme = 'Bearer') {
  const { path = '/access', claims, isCookie } = given;
  const token = given.token ?? forgeToken(accessClaims({ jti: 'one', ...claims }));
  return app.send(isCookie ? 'POST' : (given.method ?? 'GET'), path, {
    headers: {
      ...(token && { authorization: `${scheme} ${token}` }),
      ...(isCookie && { cookie: `access_token_cookie=${forgeToken(accessClaims())}` }),
    },
  });
}

/** The parts of a refusal that the library decides about. */
function partsOf(answer: Awaited<ReturnType<typeof provoke>>) {
  return {
    ...said(answer),
    challenge: answer.headers.get('www-authenticate'),
    caching: answer.headers.get('cache-control'),
    type: answer.headers.get('content-type')?.replace(/;.*/, ''),
  };
}

describe.each(ADAPTERS)('over %s, a refusal', (adapter) => {
  const type = 'application/json';
  const realm = 'the \\"inner\\" \\\\ circle';
  let output: Output;
  let usual: RunningApp;
  let named: RunningApp;
  let nest: RunningApp;

  beforeAll(async () => {
    output = new Output();
    usual = await start(adapter);
    nest = await start(adapter, { profile: 'nest' });
    named = await start(adapter, {
      errorMessageKey: 'message',
      errorCodeKey: 'error',
      profile: 'rfc6750',
      realm: 'the "inner" \\ circle',
      headerType: 'JWT',
    });
  });
  afterAll(async () => {
    await Promise.all([usual, named, nest].map((app) => app.close()));
    output.restore();
  });

  it.each(CASES)('$code answers $status with $msg by default (R67, R68)', async (given) => {
    const { status, msg } = given;
    const challenge = challengeOf(given, status);
    const expected = { status, body: { msg }, challenge, caching: 'no-store', type };
    expect(partsOf(await provoke(usual, given))).toEqual(expected);
  });

  it('answers HEAD with the status and an empty body', async () => {
    expect(said(await usual.send('HEAD', '/access'))).toEqual({ status: 401, body: '' });
  });

  it.each(CASES)(
    "$code ($msg) follows errorMessageKey, errorCodeKey, realm, headerType and the profile 'rfc6750' (R68)",
    async (given) => {
      const status = statusOf(given, 'rfc6750');
      const challenge = challengeOf(given, status, 'JWT', realm);
      const body = { message: given.msg, error: given.code };
      const expected = { status, body, challenge, caching: 'no-store', type };
      expect(partsOf(await provoke(named, given, 'JWT'))).toEqual(expected);
    },
  );

  it("names the scheme Bearer if headerType is ''", async () => {
    const app = await start(adapter, { headerType: '', locations: ['headers'] });
    const answer = await app.send('GET', '/access');
    await app.close();
    expect(said(answer)).toEqual({ status: 401, body: { msg: 'Missing Authorization Header' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(CASES)("$code ($msg) has a body as Nest's with the profile 'nest'", async (given) => {
    const status = statusOf(given, 'nest');
    const body = { statusCode: status, message: given.msg, error: given.code };
    const expected = { challenge: challengeOf(given, status), caching: 'no-store', type };
    expect(partsOf(await provoke(nest, given))).toEqual({ status, body, ...expected });
  });

  describe.each(PROFILES)('with registerFilter: false and the profile %j', (profile) => {
    const apps = {} as Record<'none' | 'reading' | 'handing', RunningApp>;
    beforeAll(async () => {
      const startWith = (filter?: Type) =>
        start(adapter, { profile, responses: EXPIRED }, { registerFilter: false }, filter);
      apps.none = await startWith();
      apps.reading = await startWith(ReadingFilter);
      apps.handing = await startWith(HandingFilter);
    });
    afterAll(() => Promise.all(Object.values(apps).map((app) => app.close())));

    it.each(CASES)("$code ($msg) is an HttpException in Nest's own form (R67)", async (given) => {
      const status = statusOf(given, profile);
      const body = { message: given.msg, error: given.code, statusCode: status };
      const read = { status, response: body, got: { status, body } };
      expect(said(await provoke(apps.none, given))).toEqual({ status, body });
      expect(said(await provoke(apps.reading, given))).toEqual({ status: 200, body: read });
    });

    it.each(CASES)('$code ($msg) is answered as usual if a filter hands it on', async (given) => {
      const status = statusOf(given, profile);
      const body = {
        flask: { msg: given.msg },
        rfc6750: { msg: given.msg },
        nest: { message: given.msg, error: given.code, statusCode: status },
      }[profile];
      const isTheirs = given.name === 'expiredToken';
      expect(said(await provoke(apps.handing, given))).toEqual(
        isTheirs ? { status: 419, body: 'expired' } : { status, body },
      );
    });

    it('what is no refusal is answered by Nest if a filter hands it on', async () => {
      const body = { statusCode: 404, error: 'Not Found', message: 'Cannot GET /nowhere' };
      expect(said(await apps.handing.send('GET', '/nowhere'))).toEqual({ status: 404, body });
    });
  });
});

const NAMES = [...new Set(CASES.map(({ name }) => name))];

/** Called with the reason. */
const WITH_REASON = ['unauthorized', 'invalidToken', 'insufficientClaims', 'unavailable'];
/** Called with the token, which is verified by then. */
const WITH_TOKEN = [
  'expiredToken',
  'needsFreshToken',
  'revokedToken',
  'tokenVerificationFailed',
  'userLookupError',
  'insufficientClaims',
];

const circle: Record<string, unknown> = {};
circle.self = circle;

/** Values that are not a response. */
const UNUSABLE: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['text', 'no'],
  ['a number', 418],
  ['an empty object', {}],
  ['a status that is text', { status: '418' }],
  ['a status below 100', { status: 99 }],
  ['a status above 599', { status: 600 }],
  ['a status with a fraction', { status: 418.5 }],
  ['a status that is not a number', { status: NaN }],
  ['a negative status', { status: -1 }],
  ['headers that are text', { status: 418, headers: 'X-Why: no' }],
  ['headers that are null', { status: 418, headers: null }],
  ['a header name with a blank', { status: 418, headers: { 'X Why': 'no' } }],
  ['a header name with a line break', { status: 418, headers: { 'X-Why\r\nX-Evil': 'no' } }],
  ['an empty header name', { status: 418, headers: { '': 'no' } }],
  ['a header value with a line break', { status: 418, headers: { 'X-Why': 'no\r\nX-Evil: 1' } }],
  ['a header value that HTTP cannot carry', { status: 418, headers: { 'X-Why': '\u2603' } }],
  ['a header without a value', { status: 418, headers: { 'X-Why': undefined } }],
  ['a body that contains itself (R67)', { status: 418, body: circle }],
  ['a body that holds a bigint (R67)', { status: 418, body: { size: 5n } }],
  [
    'a body that fails when it is written (R67)',
    { status: 418, body: { toJSON: throwing(new Error('no')) } },
  ],
];

describe.each(ADAPTERS)('over %s, a response callback', (adapter) => {
  const responses = Object.fromEntries(NAMES.map((name) => [name, jest.fn()])) as Record<
    ResponseName,
    jest.Mock<(...args: unknown[]) => unknown>
  >;
  let app: RunningApp;
  let output: Output;
  let time: SkippedTime;

  beforeAll(async () => {
    output = new Output();
    time = new SkippedTime();
    app = await start(adapter, {
      responses: responses as JwtExtendedResponses,
      loaderTimeout: '20ms',
    });
  });
  beforeEach(() => {
    for (const name of NAMES) responses[name].mockReset().mockReturnValue({ status: 418 });
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
  });

  it.each(CASES)('$name answers $code ($msg), at once or with a promise', async (given) => {
    const answer = {
      status: 418,
      body: { sub_status: 101, said: given.name },
      headers: { 'X-Why': given.name, 'Retry-After': '60' },
    };
    for (const value of [answer, Promise.resolve(answer)]) {
      responses[given.name].mockReturnValue(value);
      const { status, body, headers } = await provoke(app, given);
      expect({ status, body }).toEqual({ status: 418, body: answer.body });
      expect(headers.get('x-why')).toBe(given.name);
      expect(headers.get('retry-after')).toBe('60');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('www-authenticate')).toBeNull();
    }
  });

  it.each(CASES)('$name is called for $code ($msg) with reason and request', async (given) => {
    const { name, msg, path = '/access', claims } = given;
    await provoke(app, given);
    expect(responses[name]).toHaveBeenCalledTimes(1);
    const args = responses[name].mock.lastCall ?? [];
    const context = args.at(-1) as { request: { url: string }; type?: string };
    const type = claims?.type ?? 'access';
    const reason = WITH_REASON.includes(name) ? [msg] : [];
    const token = WITH_TOKEN.includes(name) ? [expect.objectContaining({ jti: 'one', type })] : [];
    expect(args).toEqual([...reason, ...token, context]);
    expect(context.request.url).toBe(path);
    expect(context.type).toBe(token.length > 0 ? type : undefined);
    const others = NAMES.filter((other) => other !== name);
    expect(others.filter((other) => responses[other].mock.calls.length > 0)).toEqual([]);
  });

  it.each(CASES)('$name leaves the default for $code ($msg) if it fails', async (given) => {
    const { name, status, msg } = given;
    await endOutage(given);
    const already = output.lines.length;
    for (const fault of [throwing(new Error('no idea')), rejecting(new Error('no idea'))]) {
      responses[name].mockImplementation(fault);
      expect(await provoke(app, given)).toMatchObject({ status, body: { msg } });
    }
    const logged = output.lines.slice(already).filter((line) => line.includes(`responses.${name}`));
    expect(logged).toEqual([expect.stringContaining(`responses.${name} failed: no idea`)]);
  });

  /** Lets the callback of a case answer once, so that its next failure is reported again. */
  async function endOutage(given: Case) {
    const { [given.name]: callback } = responses;
    const failing = callback.getMockImplementation();
    callback.mockReturnValue({ status: 418 });
    await provoke(app, given);
    time.skip(1_000);
    callback.mockImplementation(failing ?? (() => undefined));
  }

  const INVALID = CASES.find(({ token }) => token) as Case;
  const { invalidToken } = responses;

  /** What the client gets, and how many lines are logged about it. */
  async function outcome() {
    await endOutage(INVALID);
    const already = output.lines.length;
    const { status, body, headers } = await provoke(app, INVALID);
    const logged = output.lines.slice(already).filter((line) => line.includes('invalidToken'));
    return { status, body, evil: headers.get('x-evil'), logged: logged.length };
  }

  const byDefault = { status: 422, body: { msg: 'Not enough segments' }, evil: null, logged: 1 };

  it('leaves the default at its deadline if it hangs (R28)', async () => {
    invalidToken.mockImplementation(hanging);
    expect(await outcome()).toEqual(byDefault);
    expect(output.text).toContain('responses.invalidToken did not answer within 20 ms');
  });

  it.each(UNUSABLE)('that gives %s is logged, and the default answers', async (_, value) => {
    invalidToken.mockReturnValue(value);
    expect(await outcome()).toEqual(byDefault);
  });

  it.each([
    [200, { fine: true }],
    [204, undefined],
    [302, undefined],
    [400, ['an', 'array']],
    [451, 'plain text'],
    [500, { own: 'body' }],
    [599, undefined],
  ])('may answer %i with %j', async (status, body) => {
    invalidToken.mockReturnValue({ status, body } satisfies CallbackResponse);
    expect(await outcome()).toEqual({ status, body: body ?? '', evil: null, logged: 0 });
  });

  it('may answer with a file', async () => {
    invalidToken.mockReturnValue({ status: 418, body: new StreamableFile(Buffer.from('no')) });
    expect(await outcome()).toEqual({ status: 418, body: 'no', evil: null, logged: 0 });
  });

  it('may replace the headers of the library, whatever their case', async () => {
    const headers = { 'www-authenticate': 'Own realm="x"', 'CACHE-CONTROL': 'private' };
    invalidToken.mockReturnValue({ status: 401, headers });
    const answer = partsOf(await provoke(app, INVALID));
    expect(answer).toMatchObject({ challenge: 'Own realm="x"', caching: 'private' });
  });

  it.each([401, 403])('that answers with %i gets the challenge on top', async (status) => {
    invalidToken.mockReturnValue({ status });
    const { challenge } = partsOf(await provoke(app, INVALID));
    expect(challenge).toBe(challengeOf(INVALID, status));
  });

  it('may be a bound method of an object', async () => {
    class Answers {
      readonly #words = 'who are you?';

      unauthorized(reason: string): CallbackResponse {
        return { status: 401, body: { msg: this.#words, reason } };
      }
    }
    const unauthorized = Answers.prototype.unauthorized.bind(new Answers());
    const own = await start(adapter, { responses: { unauthorized } });
    const body = { msg: 'who are you?', reason: NO_TOKEN };
    expect(await own.send('GET', '/access')).toMatchObject({ status: 401, body });
    await own.close();
  });
});

describe.each(ADAPTERS)('over %s, JwtExceptionFilter', (adapter) => {
  let output: Output;
  let calamities: Calamities;
  let app: RunningApp;

  beforeAll(async () => {
    calamities = new Calamities();
    output = new Output();
    app = await start(adapter, { profile: 'rfc6750' });
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  const INTERNAL = { statusCode: 500, message: 'Internal server error' };

  it.each([
    ['renders a TokenError of the application', 'token-error', 401, { msg: 'Not for this tenant' }],
    ['leaves an HttpException to Nest', 'teapot', 418, { msg: 'out of coffee' }],
    ['leaves any other error to Nest', 'error', 500, INTERNAL],
    ['sends nothing if an answer is on its way (R73)', 'answered', 200, 'sent before'],
  ])('%s', async (_what, path, status, body) => {
    expect(said(await app.send('GET', `/${path}`))).toEqual({ status, body });
    expect(await calamities.settled()).toEqual([]);
  });

  it.each([
    ['logs why a check failed and hides it from the client (R67)', 'unavailable', 1],
    ['logs nothing for a check that failed without a cause', 'silent', 0],
  ])('%s', async (_what, path, count) => {
    const already = output.lines.length;
    expect(said(await app.send('GET', `/${path}`))).toEqual(UNAVAILABLE);
    const logged = output.lines.slice(already);
    const line = 'The check of a token failed: the directory is away';
    expect(logged).toEqual(Array(count).fill(expect.stringContaining(line)));
  });
});
