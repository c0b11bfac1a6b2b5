import { Controller, Get, StreamableFile, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  type CallbackResponse,
  CurrentToken,
  InsufficientClaimsError,
  type JwtContext,
  type JwtExtendedResponses,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import { hanging, Output, ProbeController, rejecting, throwing } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

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

  it.each(CASES)('$name: $usually.1 that fails leaves the default answer', async (provocation) => {
    const { name, usually } = provocation;
    const [status, msg] = usually;
    const already = output.lines.length;
    for (const fault of [throwing(new Error('no idea')), rejecting(new Error('no idea'))]) {
      responses[name].mockImplementation(fault);
      expect(await provoke(provocation)).toMatchObject({ status, body: { msg } });
    }
    const said = output.lines.slice(already).filter((line) => line.includes(`responses.${name}`));
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('no idea');
  });

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

  it.each(NONSENSE)('that gives %s is logged and answered by the default', async (_, nonsense) => {
    invalidToken.mockReturnValue(nonsense);
    expect(await outcome()).toEqual(byDefault);
  });

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
      options: { responses: { unauthorized: Answers.prototype.unauthorized.bind(new Answers()) } },
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
