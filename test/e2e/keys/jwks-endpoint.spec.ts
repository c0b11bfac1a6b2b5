import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  Post,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  AccessGuard,
  CurrentIdentity,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  KeyRing,
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Clock, NOW, SECRET } from '../../support/forge.js';
import { SystemTime } from '../../support/jwks-server.js';
import { rsaPair, rsaPssPair } from '../../support/keys.js';
import { keysOf } from '../../support/tokens.js';
import { mistakesOf } from '../../unit/keys/mistake.js';
import { after, ringKey, ringOptions } from './ring-keys.js';

const PATH = '/.well-known/jwks.json';
/** Members that only private keys and secrets have (RFC 7518 section 6). */
const PRIVATE_MEMBERS = /"(?:d|p|q|dp|dq|qi|oth|k)"\s*:/;

const current = ringKey('current', 'ES256');
const announced = ringKey('announced', 'RS256');
const edwards = ringKey('edwards', 'EdDSA');
const es512 = ringKey('es512', 'ES512');
const hmac = ringKey('hmac', 'HS256');
const retiring = ringKey('retiring', 'ES384');
const retired = ringKey('retired', 'ES256');

const ring = {
  current: current.signing,
  // Some of them with their private keys, which must not be published.
  others: [
    announced.signing,
    edwards.verifying,
    es512.signing,
    hmac.signing,
    { ...retiring.verifying, retireAt: after(60) },
    { ...retired.signing, retireAt: after(0) },
  ],
};

/** The options of a module with one key. */
const CURRENT = ringOptions({ current: current.signing });
const ALICE = { status: 200, body: { identity: 'alice' } };

@Controller('me')
class MeController {
  @UseGuards(AccessGuard)
  @Get()
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }
}

interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

function start(
  adapter: AdapterName,
  options: JwtExtendedOptions,
  extras: JwtExtendedModuleExtras,
  configure?: (app: INestApplication) => unknown,
): Promise<RunningApp> {
  return createApp(adapter, { controllers: [MeController], options, extras, configure });
}

const kidsOf = (body: unknown) => (body as KeySet).keys.map(({ kid }) => kid);

describe.each(ADAPTERS)('The key set of a module, on %s,', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    app = await start(
      adapter,
      { ...ringOptions(ring), clock: clock.now },
      { endpoints: { jwks: true }, globalGuard: true },
      (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    );
  });
  afterAll(() => app.close());

  it('has a fixed address, whatever prefix and versions the routes have', async () => {
    const token = current.token();

    expect((await app.send('GET', PATH)).status).toBe(200);
    for (const prefix of ['/api', '/v1', '/api/v1']) {
      expect((await app.send('GET', prefix + PATH)).status).toBe(404);
    }
    expect(await app.send('GET', '/api/v1/me', { token })).toMatchObject(ALICE);
  });

  it('is open under the global guard', async () => {
    expect(await app.send('GET', '/api/v1/me')).toMatchObject({ status: 401 });
    for (const token of [undefined, 'a.b.c', current.token({ exp: NOW - 1 })]) {
      expect((await app.send('GET', PATH, { token })).status).toBe(200);
    }
  });

  it('has only the public members of every key (R25)', async () => {
    const text = await (await fetch(app.url + PATH)).text();

    expect(text).not.toMatch(PRIVATE_MEMBERS);
    expect(JSON.parse(text)).toEqual({
      keys: [
        current.jwk({ alg: 'ES256' }),
        announced.jwk({ alg: 'RS256' }),
        edwards.jwk({ alg: 'EdDSA' }),
        es512.jwk({ alg: 'ES512' }),
        retiring.jwk({ alg: 'ES384' }),
      ],
    });
  });

  it('has headers for its cache time and its content type', async () => {
    const { headers } = await app.send('GET', PATH);

    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-type')).toMatch(/^application\/jwk-set\+json(?:; charset=utf-8)?$/);
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('accepts GET and HEAD only', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await app.send(method, PATH, { json: { keys: [] } })).status).toBe(404);
    }
    const { status, body } = await app.send('HEAD', PATH);
    expect({ status, body }).toEqual({ status: 200, body: '' });
  });

  it('has a retiring key until it retires', async () => {
    const before = await app.send('GET', PATH);
    clock.forward(59);
    const still = await app.send('GET', PATH);
    clock.forward(1);
    const without = await app.send('GET', PATH);
    clock.forward(-60);

    expect(kidsOf(before.body)).toContain('retiring');
    expect(still.body).toEqual(before.body);
    expect(kidsOf(without.body)).toEqual(['current', 'announced', 'edwards', 'es512']);
  });

  it('equals the set that the ring returns', async () => {
    const { body } = await app.send('GET', PATH);

    expect(body).toEqual(app.get(KeyRing).jwks());
  });
});

describe('The key set of rotating keys', () => {
  it('verifies with jose before and after each rotation (R25)', async () => {
    const time = new SystemTime();
    const options = ringOptions({ current: current.signing, others: [edwards.verifying] });
    const app = await start('fastify', options, { endpoints: { jwks: true } });
    const keySet = createRemoteJWKSet(new URL(app.url + PATH));
    const tokens = app.get(TokenService);
    const verifiedBy = async (token: string) =>
      (await jwtVerify(token, keySet, { algorithms: ['ES256', 'EdDSA'] })).protectedHeader.kid;

    const old = await tokens.createAccessToken('alice');
    expect(await verifiedBy(old)).toBe('current');

    // The new key was announced, so jose knows it already.
    await app.get(KeyRing).rotate({ current: edwards.signing });
    expect(await verifiedBy(await tokens.createAccessToken('alice'))).toBe('edwards');
    expect(await verifiedBy(old)).toBe('current');

    await app.get(KeyRing).rotate({ current: es512.signing, others: [edwards.verifying] });
    time.forward(601);
    expect(kidsOf((await app.send('GET', PATH)).body)).toEqual(['es512', 'edwards', 'current']);
    expect(await verifiedBy(old)).toBe('current');

    const others = [{ ...current.verifying, retireAt: new Date(0) }];
    await app.get(KeyRing).rotate({ current: es512.signing, others });
    time.forward(601);
    await expect(verifiedBy(old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    time.restore();
    await app.close();
  });

  it('can be the jwksUri of another module', async () => {
    const iss = 'https://login.example.com';
    const made = { ...CURRENT, encodeIssuer: iss, encodeAudience: 'api' };
    const issuer = await start('express', made, { endpoints: { jwks: '/keys' } });
    const entry = { issuer: iss, audience: 'api', algorithms: ['ES256'] as const };
    const issuers = [{ ...entry, jwksUri: `${issuer.url}/keys` }];
    const consumer = await start('fastify', { secret: undefined, issuers }, {});
    const token = await issuer.get(TokenService).createAccessToken('alice');

    expect(await consumer.send('GET', '/me', { token })).toMatchObject(ALICE);
    await Promise.all([issuer.close(), consumer.close()]);
  });
});

describe('The key set without a ring', () => {
  it.each<[what: string, options: JwtExtendedOptions, keys: readonly object[]]>([
    ['has no secret', { secret: SECRET }, []],
    [
      'has the public key of the only pair, without an id',
      keysOf('RS256').options,
      [publicJwkOf('RS256')],
    ],
    [
      'has the public key of a service that only verifies',
      { secret: undefined, publicKey: keysOf('ES384').verifying, algorithm: 'ES384' },
      [publicJwkOf('ES384')],
    ],
    [
      'has no key that is bound to PSS, which has no JWK form',
      { secret: undefined, ...rsaPssPair('sha256'), algorithm: 'PS256' },
      [],
    ],
    [
      'has no keys from loaders',
      { secret: undefined, algorithm: 'RS256', loaders: { decodeKey: () => rsaPair().publicKey } },
      [],
    ],
    [
      'has no keys of another issuer',
      { secret: undefined, issuers: [{ issuer: 'https://issuer.invalid', audience: 'api' }] },
      [],
    ],
  ])('%s', async (_, options, keys) => {
    const app = await start('express', options, { endpoints: { jwks: true } });

    const { status, body } = await app.send('GET', PATH);

    expect({ status, body }).toEqual({ status: 200, body: { keys } });
    await app.close();
  });
});

describe.each(ADAPTERS)('The address of the key set, on %s,', (adapter) => {
  it('may be any plain path, and stays open under the global guard', async () => {
    const app = await start(
      adapter,
      CURRENT,
      { endpoints: { jwks: '/~oauth/v2.1/the_public-keys.json' }, globalGuard: true },
      (nest) => nest.setGlobalPrefix('api', { exclude: [] }),
    );

    expect(await app.send('GET', '/~oauth/v2.1/the_public-keys.json')).toMatchObject({
      status: 200,
      body: { keys: [current.jwk({ alg: 'ES256' })] },
    });
    expect((await app.send('GET', PATH)).status).toBe(404);
    await app.close();
  });

  it.each<[string, JwtExtendedModuleExtras]>([
    ['no endpoints', {}],
    ['empty endpoints', { endpoints: {} }],
    ['jwks: false', { endpoints: { jwks: false } }],
    ['jwks: undefined', { endpoints: { jwks: undefined } }],
  ])('does not exist with %s', async (_, extras) => {
    const app = await start(adapter, CURRENT, extras);

    expect((await app.send('GET', PATH)).status).toBe(404);
    await app.close();
  });

  it('may be a different one for each module', async () => {
    const options = { ...ringOptions({ current: edwards.signing }), isGlobal: false };
    const second = JwtExtendedModule.forRoot({ ...options, endpoints: { jwks: '/second' } });
    const app = await createApp(adapter, {
      options: CURRENT,
      extras: { endpoints: { jwks: '/first' } },
      imports: [second],
    });

    expect(kidsOf((await app.send('GET', '/first')).body)).toEqual(['current']);
    expect(kidsOf((await app.send('GET', '/second')).body)).toEqual(['edwards']);
    await app.close();
  });

  it('leaves other methods and paths to the routes of the application', async () => {
    @Controller('.well-known')
    class WellKnownController {
      @Get('openid-configuration')
      configuration() {
        return { jwks_uri: PATH };
      }

      @Post('jwks.json')
      post() {
        return 'own';
      }
    }
    const app = await createApp(adapter, {
      controllers: [WellKnownController],
      options: CURRENT,
      extras: { endpoints: { jwks: true } },
    });

    expect(await app.send('GET', '/.well-known/openid-configuration')).toMatchObject({
      status: 200,
      body: { jwks_uri: PATH },
    });
    expect(await app.send('POST', PATH)).toMatchObject({ status: 201, body: 'own' });
    expect((await app.send('GET', PATH)).status).toBe(200);
    await app.close();
  });
});

describe('A mistake in the option endpoints', () => {
  const given = (endpoints: unknown) => () =>
    JwtExtendedModule.forRoot({ secret: SECRET, endpoints } as JwtExtendedModuleExtras);

  const needsPath = (given: string, more = '') =>
    `endpoints.jwks was given ${given}; give true, or a path that starts with '/'${more}`;
  const PLAIN = ", of letters, digits, '-', '.', '_', '~' and '/' alone";
  const mistakes = mistakesOf({
    'endpoints must be an object: { jwks: true }': { null: null, true: true, 'a path': '/jwks' },
    'endpoints was given an array; give an object of options': { 'a name': ['jwks'] },
    'endpoints.jwk is not an option; did you mean endpoints.jwks?': {
      'a misspelt name': { jwk: true },
    },
    ['endpoints.introspection is not an option; remove it, or use one of endpoints.path, ' +
    'endpoints.login, endpoints.refresh, endpoints.logout, endpoints.jwks']: {
      'an unknown name': { introspection: true },
    },
    [needsPath("'keys'")]: { 'a path without a leading slash': { jwks: 'keys' } },
    [needsPath("'https://example.com/'", PLAIN)]: {
      'an address': { jwks: 'https://example.com/' },
    },
    [needsPath("'/:x'", PLAIN)]: { 'a path with a parameter': { jwks: '/:x' } },
    [needsPath("''")]: { 'no path': { jwks: '' } },
    [needsPath('1')]: { 'a number': { jwks: 1 } },
    [needsPath('null')]: { 'null for it': { jwks: null } },
  });
  it.each(mistakes)('is refused by forRoot: %s', (_, endpoints, message) => {
    expect(given(endpoints)).toThrow(
      expect.objectContaining({ name: 'JwtExtendedConfigError', message }),
    );
  });
});

describe('An application without HTTP', () => {
  it('starts although the endpoint is configured', async () => {
    const module = JwtExtendedModule.forRoot({ ...CURRENT, endpoints: { jwks: true } });
    const context = await NestFactory.createApplicationContext(module, { logger: false });

    expect(context.get(KeyRing).jwks()).toEqual({ keys: [current.jwk({ alg: 'ES256' })] });
    await context.close();
  });
});

function publicJwkOf(algorithm: 'RS256' | 'ES384'): object {
  const { verifying } = keysOf(algorithm);
  return { ...verifying.export({ format: 'jwk' }), use: 'sig', alg: algorithm };
}
