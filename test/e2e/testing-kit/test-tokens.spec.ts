import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  type JwtExtendedOptions,
  type TokenErrorCode,
} from '../../../src/index.js';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  type TestClaims,
} from '../../../src/testing/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { ed25519Pair } from '../../support/keys.js';
import { claimsOf, headerOf, keysOf } from '../../support/tokens.js';

@Controller()
class MeController {
  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @UseGuards(AccessGuard)
  @Post('notes')
  write() {
    return {};
  }
}

/** Names that every object knows, though nobody gave it such a member. */
const INHERITED = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];

/** As `JSON.parse` makes it: an own member, also where the name is `__proto__`. */
function claimNamed(name: string, value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify({ [name]: value })) as Record<string, unknown>;
}

describe.each(ADAPTERS)('A test token over %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    const options = { decodeIssuer: 'https://id.example', decodeAudience: 'notes' };
    app = await createApp(adapter, { controllers: [MeController], options });
  });
  afterAll(() => app.close());

  const me = (token: string) => app.send('GET', '/me', { token });

  it.each([
    ['exp', 'x', 'Expiration Time claim (exp) must be an integer.'],
    ['exp', null, 'Expiration Time claim (exp) must be an integer.'],
    ['nbf', '1', 'Not Before claim (nbf) must be an integer.'],
    ['iat', [], 'Issued At claim (iat) must be an integer.'],
    ['iss', 5, 'Payload Issuer (iss) must be a string'],
    ['aud', { notes: true }, 'Invalid claim format in token'],
    ['sub', {}, 'Subject must be a string'],
    ['jti', 7, 'JWT ID must be a string'],
    ['sid', false, 'Invalid claim format in token'],
    ['type', ['access'], 'Missing or invalid claim: type'],
  ])('may say nonsense: %s is %j, and is refused for it', async (name, value, msg) => {
    const token = await issueTestToken(app.nest, { [name]: value });

    expect(claimsOf(token)).toMatchObject({ [name]: value });
    expect(await me(token)).toMatchObject({ status: 422, body: { msg } });
  });

  it.each(INHERITED)('may have a claim by the name of %s', async (name) => {
    const token = await issueTestToken(app.nest, claimNamed(name, 'x'));

    expect(Object.entries(claimsOf(token))).toContainEqual([name, 'x']);
    expect((await me(token)).status).toBe(200);
  });

  it.each(['exp', 'iat', 'nbf', 'sub', 'jti', 'type', 'iss', 'aud', 'fresh'])(
    'says nothing of %s where the test leaves it out',
    async (name) => {
      const token = await issueTestToken(app.nest, { [name]: undefined });

      expect(claimsOf(token)).not.toHaveProperty(name);
    },
  );
});

describe.each<[string, JwtExtendedOptions]>([
  ['HS512', keysOf('HS512').options],
  ['PS256', keysOf('PS256').options],
  ['ES384', keysOf('ES384').options],
  ['EdDSA', { secret: undefined, ...ed25519Pair(), algorithm: 'EdDSA' }],
])('A test token under %s', (algorithm, options) => {
  it('has the header of any other, whatever it claims', async () => {
    const app = await createApp('express', { controllers: [MeController], options });
    const token = await issueTestToken(app.nest, { sub: 'alice', exp: null, toString: 'x' });

    expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'JWT' });
    await expectRefusal(
      await fetch(`${app.url}/me`, { headers: { authorization: `Bearer ${token}` } }),
      'TOKEN_INVALID',
    );
    await app.close();
  });
});

describe.each<[string, JwtExtendedOptions, object]>([
  [
    'are made elsewhere',
    { decodeIssuer: 'https://idp', decodeAudience: ['api', 'web'] },
    { iss: 'https://idp', aud: 'api' },
  ],
  [
    'are for others',
    {
      encodeIssuer: 'https://here',
      decodeIssuer: ['https://idp', 'https://other'],
      encodeAudience: ['elsewhere'],
      decodeAudience: 'api',
    },
    { iss: 'https://idp', aud: 'api' },
  ],
  [
    'are made here, too',
    {
      encodeIssuer: 'https://here',
      decodeIssuer: ['https://idp', 'https://here'],
      encodeAudience: ['web', 'api'],
      decodeAudience: ['api'],
    },
    { iss: 'https://here', aud: ['web', 'api'] },
  ],
])('Where tokens %s', (_, options, expected) => {
  it('a test token names whom the application believes', async () => {
    const app = await createApp('express', { controllers: [MeController], options });
    const { token, headers } = await asIdentity(app.nest, 'alice');

    expect(claimsOf(token)).toMatchObject(expected);
    expect((await app.send('GET', '/me', { headers })).status).toBe(200);
    await app.close();
  });
});

describe('Somebody whose token is in a cookie', () => {
  const options: JwtExtendedOptions = { locations: ['cookies'], errorCodeKey: 'code' };
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp('express', { controllers: [MeController], options });
  });
  afterAll(() => app.close());

  it.each<[TokenErrorCode, TestClaims, string[]]>([
    ['TOKEN_INVALID', { nbf: 'x' }, ['cookie', 'x-csrf-token']],
    ['CSRF_FAILED', { csrf: undefined }, ['cookie']],
    ['CSRF_FAILED', { csrf: 5 }, ['cookie']],
    ['TOKEN_EXPIRED', { exp: 1 }, ['cookie', 'x-csrf-token']],
  ])('is refused as %s where the test says %j', async (code, claims, names) => {
    const { headers } = await asIdentity(app.nest, 'alice', claims);

    expect(Object.keys(headers)).toEqual(names);
    await expectRefusal(await fetch(`${app.url}/notes`, { method: 'POST', headers }), code);
  });

  it('has a refresh token where that one belongs', async () => {
    const { token, headers, cookies } = await asIdentity(app.nest, 'alice', { type: 'refresh' });

    expect(cookies).toEqual({ refresh_token_cookie: token });
    expect(headers).toEqual({
      cookie: `refresh_token_cookie=${token}`,
      'x-csrf-token': claimsOf(token).csrf,
    });
  });
});

it('A claim that the application requires is the test’s to give', async () => {
  const options = { requiredClaims: ['tenant'] };
  const app = await createApp('express', { controllers: [MeController], options });
  const without = await asIdentity(app.nest, 'alice');
  const { headers } = await asIdentity(app.nest, 'alice', { tenant: 'acme' });

  await expectRefusal(await fetch(`${app.url}/me`, { headers: without.headers }), 'TOKEN_INVALID');
  expect((await app.send('GET', '/me', { headers })).status).toBe(200);
  await app.close();
});
