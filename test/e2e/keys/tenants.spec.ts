import { afterEach, beforeAll, afterAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger, Post, Req, UseGuards } from '@nestjs/common';
import { createHmac, createSecretKey, KeyObject, randomBytes } from 'node:crypto';
import {
  AccessGuard,
  Claims,
  type HttpRequest,
  type JwtExtendedLoaders,
  type LoadedKey,
  TokenService,
  type UnverifiedToken,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, startEndpoints } from '../../support/endpoints.js';
import { hanging, postponed, rejecting, throwing } from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, SECRET } from '../../support/forge.js';
import { ecPair, rsaPair, strongSecret } from '../../support/keys.js';
import { claimsAtNow, forgeAs, headerOf, refusalOf, startTokens } from '../../support/tokens.js';

const REFUSED = { status: 422, body: { msg: 'Signature verification failed' } };
const TENANTS = Array.from({ length: 2000 }, (_, index) => `tenant-${index}.example`);

const SEALED = new Error('the vault is sealed');

/** The subject of a token. */
interface Account {
  readonly tenant: string;
  readonly id: string;
}

const secrets = new Map(
  TENANTS.map((tenant) => [tenant, createHmac('sha256', SECRET).update(tenant).digest()]),
);

/** Each tenant's own secret, by the key id. */
const byKeyId: JwtExtendedLoaders = {
  userIdentity: (account: Account) => account.id,
  encodeKey: ({ tenant }: Account) => ({ key: secrets.get(tenant) as LoadedKey, kid: tenant }),
  additionalHeaders: () => ({ tenancy: 'many' }),
  decodeKey: ({ header }: UnverifiedToken) => secrets.get(String(header.kid)) as LoadedKey,
};

describe('Two thousand tenants with a key each', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('have tokens that are valid for one of them only, and their keys are imported once', async () => {
    const imports = jest.spyOn(prototypeOf(createSecretKey(randomBytes(32))), 'export');
    const { tokens } = await startTokens({ loaders: byKeyId });
    const mintAll = () =>
      Promise.all(TENANTS.map((tenant) => tokens.createAccessToken({ tenant, id: 'alice' })));
    const minted = await mintAll();

    for (const [index, token] of minted.entries()) {
      const { header, identity } = await tokens.decodeToken(token);
      expect({ header, identity }).toEqual({
        header: { alg: 'HS256', typ: 'JWT', kid: TENANTS[index], tenancy: 'many' },
        identity: 'alice',
      });
    }
    expect(imports.mock.calls.length).toBeGreaterThanOrEqual(TENANTS.length);
    imports.mockClear();

    for (const token of await mintAll()) expect(await tokens.verifyToken(token)).toBe(true);
    for (const [index, token] of minted.slice(1).entries()) {
      const [, payload, signature] = token.split('.');
      const [neighbour] = (minted[index] as string).split('.');
      expect(await tokens.verifyToken(`${neighbour}.${payload}.${signature}`)).toBe(false);
    }
    expect(imports).not.toHaveBeenCalled();
  });
});

@Controller()
class TenantController {
  constructor(private readonly tokens: TokenService) {}

  @Post('token')
  async token(@Req() request: HttpRequest) {
    return { token: await this.tokens.createAccessToken('alice', { request }) };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@Claims() { sub, iss }: Record<string, unknown>) {
    return { sub, iss };
  }
}

describe('Tenants by a request header', () => {
  const pairs = new Map([
    ['blue.example', ecPair('P-256', 'blue')],
    ['green.example', ecPair('P-256', 'green')],
  ]);
  const pairOf = ({ headers }: HttpRequest) => pairs.get(String(headers['x-tenant']));
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [TenantController],
      options: {
        secret: undefined,
        algorithm: 'ES256',
        loaders: {
          encodeKey: (_, { request }) => pairOf(request)?.privateKey as KeyObject,
          decodeKey: (_, { request }) => pairOf(request)?.publicKey as KeyObject,
        },
      },
    });
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await app.close();
  });

  const answerTo = async (tenant: string, method: string, path: string, token?: string) => {
    const headers = { 'x-tenant': tenant };
    const { status, body } = await app.send(method, path, { headers, token });
    return { status, body: body as { token: string } };
  };

  it('make and accept their own tokens only', async () => {
    const { token: blue } = (await answerTo('blue.example', 'POST', '/token')).body;
    const { token: green } = (await answerTo('green.example', 'POST', '/token')).body;

    for (const [host, token, answer] of [
      ['blue.example', blue, { status: 200, body: { sub: 'alice' } }],
      ['green.example', green, { status: 200, body: { sub: 'alice' } }],
      ['blue.example', green, REFUSED],
      ['green.example', blue, REFUSED],
      ['red.example', blue, REFUSED],
      ['__proto__', blue, REFUSED],
    ] as const) {
      expect(await answerTo(host, 'GET', '/me', token)).toEqual(answer);
    }
  });

  it('get no token under an unknown name', async () => {
    expect(await answerTo('red.example', 'POST', '/token')).toMatchObject({ status: 500 });
  });
});

describe('Tenants by issuer', () => {
  let app: RunningApp;
  const token = (iss: unknown, secret: string | Buffer | undefined) =>
    forgeToken(accessClaims({ iss }), undefined, secret);

  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [TenantController],
      options: {
        loaders: { decodeKey: ({ claims }) => secrets.get(claims.iss as string) as LoadedKey },
      },
    });
  });
  afterAll(() => app.close());

  it('accept only tokens that are signed with their own key (F14)', async () => {
    const [blue = '', green = ''] = TENANTS;

    for (const [presented, answer] of [
      [token(blue, secrets.get(blue)), { status: 200, body: { sub: 'alice', iss: blue } }],
      [token(green, secrets.get(green)), { status: 200, body: { sub: 'alice', iss: green } }],
      [token(blue, secrets.get(green)), REFUSED],
      [token(blue, SECRET), REFUSED],
      [token('unknown.example', SECRET), REFUSED],
      [token(undefined, SECRET), REFUSED],
      [token(['unknown'], SECRET), REFUSED],
      [token('__proto__', SECRET), REFUSED],
      [token('constructor', ''), REFUSED],
    ] as const) {
      const { status, body } = await app.send('GET', '/me', { token: presented });
      expect({ status, body }).toEqual(answer);
    }
  });
});

describe('A key that a loader returns for every call', () => {
  const { privateKey, publicKey } = rsaPair();

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each<[form: string, form: (key: KeyObject) => LoadedKey]>([
    ['text', pemOf],
    ['bytes', (key) => Buffer.from(pemOf(key))],
    ['a JWK', (key) => key.export({ format: 'jwk' })],
    ['a KeyObject', (key) => key],
  ])('is imported and checked once: %s', async (_, form) => {
    const [signing, verifying] = [form(privateKey), form(publicKey)];
    // The check of its strength exports the key.
    const checks = [privateKey, publicKey].map((key) => jest.spyOn(prototypeOf(key), 'export'));
    const { tokens } = await startTokens({
      secret: undefined,
      algorithm: 'RS256',
      loaders: { encodeKey: () => copyOf(signing), decodeKey: () => copyOf(verifying) },
    });
    const roundTrip = async () => tokens.decodeToken(await tokens.createAccessToken('alice'));

    await roundTrip();
    for (const check of checks) {
      expect(check).toHaveBeenCalled();
      check.mockClear();
    }
    for (let time = 0; time < 5; time += 1) await roundTrip();

    for (const check of checks) expect(check).not.toHaveBeenCalled();
  });
});

describe('A key loader that fails', () => {
  beforeAll(() => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });

  const clock = new Clock();
  const ofTheModule = () => forgeAs('HS256', claimsAtNow());
  const rsa = rsaPair();

  /** A module with its own secret, which must not replace a key that a loader fails to return. */
  async function startWith(loaders: object) {
    return (await startTokens({ loaders, loaderTimeout: '20ms', clock: clock.now })).tokens;
  }

  const CANNOT_CHECK = {
    name: 'TokenCheckUnavailableError',
    code: 'CHECK_UNAVAILABLE',
    message: 'Token could not be checked',
  };

  const circle: { self?: object } = {};
  circle.self = circle;

  const FAILURES: [what: string, loader: () => unknown][] = [
    ['never answers', hanging],
    ['answers too late', () => new Promise((resolve) => setTimeout(resolve, 60, SECRET))],
    ['throws', throwing(SEALED)],
    ['rejects', rejecting(SEALED)],
    ['returns empty text', () => ''],
    ['returns blanks', () => ' \n'],
    ['returns empty bytes', () => Buffer.alloc(0)],
    ['returns an empty KeyObject', () => createSecretKey(Buffer.alloc(0))],
    ['returns true', () => true],
    ['returns a number', () => 7],
    ['returns an array', () => [SECRET]],
    ['returns a function', () => () => SECRET],
    ['returns a symbol', () => Symbol('secret')],
    ['returns a circle', () => circle],
    ['returns an object with a bigint', () => ({ kty: 'RSA', n: 7n })],
    ['returns an object without a key', () => ({ secret: SECRET })],
    ['returns a public key for a secret', () => rsa.publicKey],
    ['returns the text of a public key for a secret', () => pemOf(rsa.publicKey)],
    ['returns a private key for a secret', () => rsa.privateKey],
    ['returns a promise of a promise of nothing', async () => Promise.resolve('')],
  ];

  it.each(FAILURES)(
    'accepts no token under the secret of the options: decodeKey %s (F14, R4, R28)',
    async (_, decodeKey) => {
      const tokens = await startWith({ decodeKey });

      expect(await refusalOf(tokens.decodeToken(ofTheModule()))).toEqual(CANNOT_CHECK);
    },
  );

  it.each<[what: string, loader: () => unknown]>([
    ...FAILURES,
    ['returns undefined', () => undefined],
    ['returns null', () => null],
    ['returns no key beside an id', () => ({ key: undefined, kid: 'k' })],
    ['returns empty text beside an id', () => ({ key: '', kid: 'k' })],
    ['returns an id that is a number', () => ({ key: SECRET, kid: 7 })],
    ['returns an id that is null', () => ({ key: SECRET, kid: null })],
    ['returns an id that is empty, which no token may have', () => ({ key: SECRET, kid: '' })],
    ['returns an id that is too long', () => ({ key: SECRET, kid: 'k'.repeat(257) })],
    ['returns an id beyond ASCII', () => ({ key: SECRET, kid: 'ключ' })],
    ['returns an id with a line end', () => ({ key: SECRET, kid: 'a\nb' })],
  ])(
    'signs no token with the secret of the options: encodeKey %s (F14, R4, R6, R28)',
    async (what, encodeKey) => {
      const tokens = await startWith({ encodeKey });

      expect(await refusalOf(tokens.createAccessToken('alice'))).toEqual(
        what.startsWith('returns')
          ? {
              name: 'TokenCreationError',
              code: undefined,
              message: expect.stringMatching(/^loaders\.encodeKey\b/) as unknown,
            }
          : CANNOT_CHECK,
      );
    },
  );

  it('delays only the token that it is called for', async () => {
    const slow = postponed<string>();
    const loaders: JwtExtendedLoaders = {
      decodeKey: ({ claims }) => (claims.sub === 'slow' ? slow.promise : SECRET),
    };
    const { tokens } = await startTokens({ loaders, clock: clock.now });
    const waiting = tokens.verifyToken(forgeAs('HS256', claimsAtNow({ sub: 'slow' })));

    expect(await tokens.verifyToken(ofTheModule())).toBe(true);
    slow.resolve(strongSecret());
    expect(await waiting).toBe(false);
  });
});

describe('An encodeKey loader beside a ring', () => {
  it('signs with its own key and id, and the ring verifies with the keys that it has', async () => {
    const current = { kid: 'ring', algorithm: 'ES256', privateKey: ecPair().privateKey } as const;
    const blue = ecPair('P-256', 'blue');
    const others = [{ kid: 'blue', algorithm: 'ES256', publicKey: blue.publicKey } as const];
    const encodeKey = (subject: string) =>
      subject === 'blue'
        ? { key: blue.privateKey, kid: 'blue' }
        : { key: ecPair('P-256', 'green').privateKey, kid: 'green' };
    const keys = { current, others };
    const { tokens } = await startTokens({ secret: undefined, keys, loaders: { encodeKey } });

    for (const [kid, isKnown] of [
      ['blue', true],
      ['green', false],
    ] as const) {
      const token = await tokens.createAccessToken(kid);
      expect(headerOf(token).kid).toBe(kid);
      expect(await tokens.verifyToken(token)).toBe(isKnown);
    }
  });
});

/** The prototype with a key's own methods, on which a spy sees the calls. */
function prototypeOf(key: KeyObject): KeyObject {
  return Object.getPrototypeOf(key) as KeyObject;
}

/** The same material in another object, as if a loader had read it again from a file. */
function copyOf(material: LoadedKey): LoadedKey {
  if (Buffer.isBuffer(material)) return Buffer.from(material);
  return material instanceof KeyObject || typeof material === 'string' ? material : { ...material };
}

function pemOf(key: KeyObject): string {
  const type = key.type === 'private' ? 'pkcs8' : 'spki';
  return key.export({ format: 'pem', type }) as string;
}

describe('A tenant that the request names', () => {
  /** Each tenant's secret, and its name space. */
  const keyOf = ({ request }: { request?: unknown }) => {
    const { headers = {}, tenant = String(headers['x-tenant'] ?? 'a') } = (request ?? {}) as {
      tenant?: string;
      headers?: Record<string, unknown>;
    };
    return {
      key: secrets.get(TENANTS[tenant.charCodeAt(0) - 97]!) as LoadedKey,
      namespace: tenant,
    };
  };
  const ofRequest: JwtExtendedLoaders = {
    encodeKey: (_account: unknown, context) => keyOf(context),
    decodeKey: (_token, context) => keyOf(context),
  };

  it('keeps its tokens at a rotation, which is refused without the request and spends nothing', async () => {
    const { tokens } = await startTokens({ algorithm: 'HS256', loaders: ofRequest });
    const request = { tenant: 'b' };
    const { refreshToken } = await tokens.createTokenPair('alice', { request });
    const token = await tokens.authenticate(refreshToken, { type: 'refresh', request });

    expect(await refusalOf(tokens.rotateRefreshToken(token))).toMatchObject({
      name: 'TokenCreationError',
      message: expect.stringContaining('another namespace') as unknown,
    });
    const next = await tokens.rotateRefreshToken(token, { request });
    expect((await tokens.authenticate(next.accessToken, { request })).namespace).toBe('b');
  });

  it.each(ADAPTERS)('keeps its tokens in cookies, from login to logout, on %s', async (adapter) => {
    const app = await startEndpoints(adapter, {
      options: { algorithm: 'HS256', locations: ['cookies'], loaders: ofRequest },
    });
    const browser = new Browser(app);
    const send = (method: string, path: string, tenant: string, more = {}) =>
      browser.send(method, path, { headers: { 'x-tenant': tenant }, ...more });
    try {
      expect((await send('POST', '/auth', 'b', { json: ALICE })).status).toBe(200);
      expect((await send('GET', '/room', 'a')).status).toBe(422);
      expect((await send('GET', '/room', 'b')).status).toBe(200);
      const csrf = { csrf: 'csrf_refresh_token' };
      expect((await send('POST', '/auth/refresh', 'b', csrf)).status).toBe(200);
      const left = await send('POST', '/auth/logout', 'b', { csrf: 'csrf_access_token' });
      expect([left.status, browser.cookies]).toEqual([200, []]);
    } finally {
      await app.close();
    }
  });
});
