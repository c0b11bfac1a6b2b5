import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  CurrentToken,
  InsufficientClaimsError,
  type JwtContext,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  ReusedTokenError,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Output, ProbeController, throwing } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

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
  ] as const)('where no filter is installed, with the profile %j', (statusProfile, challenged) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start(adapter, { statusProfile }, { registerFilter: false });
    });
    afterAll(() => app.close());

    it.each(CASES)("$code is an HttpException in Nest's own form (R67)", async (provocation) => {
      const { code, msg } = provocation;
      const expected = (challenged as readonly string[]).includes(code) ? 401 : provocation.status;
      const { status, body } = await provoke(app, provocation);
      expect({ status, body }).toEqual({
        status: expected,
        body: { message: msg, error: code, statusCode: expected },
      });
    });
  });
});
