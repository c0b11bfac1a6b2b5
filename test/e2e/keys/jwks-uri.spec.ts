import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger, UseGuards } from '@nestjs/common';
import { createHash, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import {
  AccessGuard,
  type Algorithm,
  CurrentIdentity,
  type JwtExtendedOptions,
  KeyRing,
  type KeyRingOptions,
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Calamities, UNAVAILABLE } from '../../support/faults.js';
import { Clock } from '../../support/forge.js';
import { JwksServer, published, SystemTime } from '../../support/jwks-server.js';
import { ecPair, rsaPair, shortRsaPair } from '../../support/keys.js';
import { claimsAtNow, forgeAs } from '../../support/tokens.js';
import { configMistake, mistakeIn, ringKey } from './ring-keys.js';

const own = ringKey('own', 'ES256');
const rsa = ringKey('rsa', 'RS256');
const ec = ringKey('ec', 'ES256');
const edwards = ringKey('edwards', 'EdDSA');
const next = ringKey('next', 'ES256');
const HTTPS = 'https://issuer.example/jwks.json';
const ALGORITHMS: readonly Algorithm[] = ['RS256', 'ES256', 'EdDSA'];

const LET_IN = { status: 200, body: { identity: 'alice' } };
const REFUSED = { status: 422, body: { msg: 'Signature verification failed' } };
const NOT_ALLOWED = { status: 422, body: { msg: 'The specified alg value is not allowed' } };

let reached = 0;

@Controller()
class MeController {
  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    reached += 1;
    return { identity };
  }
}

let issuer: JwksServer;
let time: SystemTime;
let calamities: Calamities;
let app: RunningApp | undefined;

beforeEach(async () => {
  issuer = await JwksServer.start(rsa.jwk(), ec.jwk(), edwards.jwk());
  time = new SystemTime();
  calamities = new Calamities();
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  expect(await calamities.settled()).toEqual([]);
  calamities.stop();
  time.restore();
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
  await issuer.stop();
});

/** An application that accepts the issuer's tokens, and those of its own key unless it has none. */
async function start(
  adapter: AdapterName = 'express',
  keys: Partial<KeyRingOptions> = { current: own.signing },
  options: JwtExtendedOptions = {},
): Promise<RunningApp> {
  app = await createApp(adapter, {
    controllers: [MeController],
    options: {
      secret: undefined,
      keys: { jwksUri: issuer.uri, ...keys },
      decodeAlgorithms: ALGORITHMS,
      clock: new Clock().now,
      ...options,
    },
  });
  return app;
}

/** The response to a token; a refused request must not reach the handler. */
async function answerTo(token: string) {
  const before = reached;
  const { status, body } = await (app as RunningApp).send('GET', '/me', { token });
  expect(reached - before).toBe(status === 200 ? 1 : 0);
  return { status, body };
}

async function issuerIsAsked(): Promise<void> {
  while (issuer.requests === 0) await turn();
}

describe('A mistake in keys.jwksUri is refused at start', () => {
  const NO_ADDRESS = 'keys.jwksUri must be an absolute address: https://…';
  const NO_HTTPS =
    'keys.jwksUri must be an https address; http is allowed for loopback addresses only';

  it.each<[what: string, given: unknown, message: string]>([
    ['null', null, NO_ADDRESS],
    ['empty text', '', NO_ADDRESS],
    ['a path', '/.well-known/jwks.json', NO_ADDRESS],
    ['a host', 'issuer.example', NO_ADDRESS],
    ['a number', 443, NO_ADDRESS],
    ['an object', { href: HTTPS }, NO_ADDRESS],
    ['http', 'http://issuer.example/jwks.json', NO_HTTPS],
    ['http in a URL', new URL('http://issuer.example/jwks.json'), NO_HTTPS],
    ['http of a private network', 'http://10.0.0.1/jwks.json', NO_HTTPS],
    ['http of a name that begins with localhost', 'http://localhost.example/jwks', NO_HTTPS],
    [
      'http of a name that begins with a loopback address',
      'http://127.0.0.1.example/jwks',
      NO_HTTPS,
    ],
    ['http with localhost as a user name', 'http://localhost@issuer.example/', NO_HTTPS],
    ['http of the unspecified address', 'http://0.0.0.0/jwks', NO_HTTPS],
    ['a file', 'file:///etc/jwks.json', NO_HTTPS],
    ['data', 'data:application/json,{"keys":[]}', NO_HTTPS],
    ['ftp', 'ftp://issuer.example/jwks.json', NO_HTTPS],
  ])('%s (R26)', async (_, jwksUri, message) => {
    const options = { keys: { current: own.signing, jwksUri }, decodeAlgorithms: ['RS256'] };

    expect(await mistakeIn(options)).toEqual(configMistake(message));
  });

  it.each([
    'http://localhost:1/jwks',
    'http://127.0.0.1:1/jwks',
    'http://127.1.2.3/jwks',
    'http://[::1]:1/jwks',
    HTTPS,
    new URL(HTTPS),
  ])('but %s is accepted (R26)', async (jwksUri) => {
    await start('express', { current: own.signing, jwksUri });

    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  it('an address with a user name and a password, which the message does not repeat', async () => {
    const options = {
      keys: { jwksUri: 'https://me:pass@issuer.example/' },
      decodeAlgorithms: ['RS256'],
    };

    const { name, message } = await mistakeIn(options);

    expect(name).toBe('JwtExtendedConfigError');
    expect(message).toMatch(/^keys\.jwksUri /);
    expect(message).not.toContain('pass@');
  });

  const NEEDS =
    "keys.jwksUri needs decodeAlgorithms: the algorithms of the other issuer, such as ['RS256']";
  const hmac = ringKey('hmac', 'HS256').signing;

  it.each<[what: string, options: object, message: string]>([
    ['no algorithm', { keys: { jwksUri: HTTPS } }, NEEDS],
    ['no algorithm but that of an own secret', { keys: { current: hmac, jwksUri: HTTPS } }, NEEDS],
    [
      'an HMAC algorithm (R3)',
      { keys: { current: own.signing, jwksUri: HTTPS }, decodeAlgorithms: ['HS256'] },
      NEEDS,
    ],
    [
      'an HMAC algorithm among others (R3)',
      { keys: { jwksUri: HTTPS }, decodeAlgorithms: ['RS256', 'HS512'] },
      NEEDS,
    ],
    [
      'an empty list',
      { keys: { jwksUri: HTTPS }, decodeAlgorithms: [] },
      "decodeAlgorithms must be an array of algorithms: ['RS256']",
    ],
    [
      'text for the list (R2)',
      { keys: { jwksUri: HTTPS }, decodeAlgorithms: 'ES256' },
      "decodeAlgorithms must be an array of algorithms: ['ES256']",
    ],
    [
      'none (R1)',
      { keys: { jwksUri: HTTPS }, decodeAlgorithms: ['RS256', 'None'] },
      "decodeAlgorithms is 'none': tokens without a signature are never accepted; expected one of HS256, " +
        'HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA',
    ],
  ])('%s', async (_, options, message) => {
    expect(await mistakeIn(options)).toEqual(configMistake(message));
  });
});

describe.each(ADAPTERS)('Tokens of another issuer, on %s,', (adapter) => {
  it('are accepted by their key ids, beside those of the own key', async () => {
    await start(adapter);

    for (const key of [rsa, ec, edwards, own, rsa]) {
      expect(await answerTo(key.token())).toEqual(LET_IN);
    }
    expect(issuer.requests).toBe(1);
  });

  it('are accepted if there is no own key', async () => {
    await start(adapter, {});

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(await answerTo(own.token())).toEqual(REFUSED);
    expect(await answerTo(rsa.token({}, { kid: undefined }))).toEqual(REFUSED);
  });

  it('are refused under key ids of the ring, and tokens of the ring under theirs', async () => {
    await start(adapter);

    expect(await answerTo(ec.token({}, { kid: 'own' }))).toEqual(REFUSED);
    expect(await answerTo(own.token({}, { kid: 'ec' }))).toEqual(REFUSED);
    expect(await answerTo(ec.token({}, { kid: undefined }))).toEqual(REFUSED);
  });

  it('are checked for everything else', async () => {
    await start(adapter);

    expect(await answerTo(rsa.token({ exp: 1 }))).toEqual({
      status: 401,
      body: { msg: 'Token has expired' },
    });
    expect(await answerTo(rsa.token({ type: 'refresh' }))).toMatchObject({ status: 422 });
  });

  it('are never verified by HMAC with the public key as the secret (R3, F3)', async () => {
    const secret = ringKey('secret', 'HS256');
    await start(adapter, { current: own.signing, others: [secret.signing] });
    const publicKey = rsaPair('rsa').publicKey;
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const material = [
      pem,
      pem.trim(),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(rsa.jwk()),
      String(publicKey.export({ format: 'jwk' }).n),
    ];
    const confused = (key: KeyObject) =>
      forgeAs('HS256', claimsAtNow(), { header: { alg: 'HS256', typ: 'JWT', kid: 'rsa' }, key });

    for (const bytes of material) {
      const token = confused(createSecretKey(Buffer.from(bytes)));
      expect(await answerTo(token)).toEqual(NOT_ALLOWED);
    }
    expect(await answerTo(secret.token({}, { kid: 'rsa' }))).toEqual(NOT_ALLOWED);
    expect(await answerTo(secret.token())).toEqual(LET_IN);
  });
});

describe('An unknown key id', () => {
  it('causes one fetch in half a minute, even if ten thousand tokens have one (R27)', async () => {
    const tokens = (await start()).get(TokenService);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    const [, payload, signature] = ec.token().split('.');
    const withKid = (index: number) =>
      [
        Buffer.from(JSON.stringify({ alg: 'ES256', kid: `random ${index}` })).toString('base64url'),
        payload,
        signature,
      ].join('.');

    time.forward(31);
    issuer.forget();
    let refused = 0;
    for (let batch = 0; batch < 100; batch += 1) {
      const hundred = Array.from({ length: 100 }, (_, index) => withKid(100 * batch + index));
      for (const isGood of await Promise.all(hundred.map((token) => tokens.verifyToken(token)))) {
        if (!isGood) refused += 1;
      }
    }

    expect({ refused, requests: issuer.requests }).toEqual({ refused: 10_000, requests: 1 });
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it.each(ADAPTERS)('is answered like a bad signature, on %s (R71)', async (adapter) => {
    await start(adapter);

    expect(await answerTo(next.token())).toEqual(REFUSED);
    expect(await answerTo(ec.token({}, { kid: 'rsa' }))).toEqual(REFUSED);
  });

  it('causes one fetch for many tokens at the same time (R27)', async () => {
    await start();
    const waiting: (() => void)[] = [];
    issuer.answerBy((_, response) => {
      waiting.push(() => response.end(JSON.stringify({ keys: [rsa.jwk()] })));
    });

    const answers = Array.from({ length: 20 }, (_, index) =>
      statusOf(index % 2 === 0 ? rsa.token() : rsa.token({}, { kid: `other ${index}` })),
    );
    await issuerIsAsked();
    await pause(20);
    for (const answer of waiting) answer();

    const statuses = await Promise.all(answers);
    expect(statuses).toEqual(statuses.map((_, index) => (index % 2 === 0 ? 200 : 422)));
    expect({ requests: issuer.requests, mostAtOnce: issuer.mostAtOnce }).toEqual({
      requests: 1,
      mostAtOnce: 1,
    });
  });

  it('causes another fetch after half a minute, which finds a new key', async () => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    issuer.publish(rsa.jwk(), next.jwk());

    time.forward(29);
    expect(await answerTo(next.token())).toEqual(REFUSED);
    expect(issuer.requests).toBe(1);

    time.forward(2);
    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(2);
  });

  it('is found in a set that is fetched after ten minutes, and a removed key is not', async () => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    issuer.publish(next.jwk());

    time.forward(601);

    expect(await answerTo(rsa.token())).toEqual(REFUSED);
    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(2);
  });
});

/** Faults of an issuer that make its keys unavailable. */
const FAULTS: readonly (readonly [what: string, fail: (issuer: JwksServer) => unknown])[] = [
  ['is down', (server) => server.goAway()],
  ['hangs up', (server) => server.answerBy((request) => request.socket.destroy())],
  ['answers with status 500', (server) => server.answer(500, 'no')],
  [
    'answers with status 404',
    (server) => server.answer(404, JSON.stringify({ keys: [rsa.jwk()] })),
  ],
  ['answers with status 204', (server) => server.answer(204)],
  ['answers with an empty body', (server) => server.answer(200)],
  ['answers with a page', (server) => server.answer(200, '<html><title>Sign in</title></html>')],
  ['answers with half a document', (server) => server.answer(200, '{"keys":[{"kty":"RSA",')],
  ['answers with bytes', (server) => server.answer(200, Buffer.from([0xff, 0xfe, 0, 1]))],
  ['answers with null', (server) => server.answer(200, 'null')],
  ['answers with text', (server) => server.answer(200, '"keys"')],
  [
    'answers with a list of keys alone',
    (server) => server.answer(200, JSON.stringify([rsa.jwk()])),
  ],
  ['answers with no keys', (server) => server.answer(200, '{}')],
  [
    'answers with keys by name',
    (server) => server.answer(200, JSON.stringify({ keys: { rsa: rsa.jwk() } })),
  ],
  ['answers with null for a key', (server) => server.publish(rsa.jwk(), null)],
  ['answers with text for a key', (server) => server.publish(rsa.jwk(), 'MIIB')],
  ['answers with an array for a key', (server) => server.publish(rsa.jwk(), [rsa.jwk()])],
  [
    'answers with more than half a megabyte',
    (server) => server.publish(rsa.jwk({ x5c: 'A'.repeat(512 * 1024) })),
  ],
  [
    'answers without an end',
    (server) =>
      server.answerBy((_, response) => {
        const more = () => {
          while (response.writable && response.write(Buffer.alloc(64 * 1024, ' ')));
        };
        response.on('drain', more).writeHead(200);
        more();
      }),
  ],
  [
    'answers with more than a hundred keys',
    (server) =>
      server.publish(
        rsa.jwk(),
        ...Array.from({ length: 100 }, (_, index) => ec.jwk({ kid: `ec ${index}` })),
      ),
  ],
  [
    'answers with one id for two keys',
    (server) => server.publish(rsa.jwk(), ec.jwk({ kid: 'rsa' })),
  ],
  [
    'answers with a private key',
    (server) => server.publish(rsa.jwk(), published(ecPair().privateKey, { kid: 'private' })),
  ],
  [
    'answers with the factors of a key',
    (server) =>
      server.publish(rsa.jwk({ p: rsaPair('rsa').privateKey.export({ format: 'jwk' }).p })),
  ],
  [
    'answers with a secret',
    (server) => server.publish(rsa.jwk(), { kty: 'oct', kid: 'oct', k: 'c2VjcmV0' }),
  ],
  [
    'answers with a secret of unknown kind',
    (server) => server.publish(rsa.jwk(), { kty: 'octet', kid: 'oct', k: 'c2VjcmV0' }),
  ],
  ['redirects', (server) => server.answer(302, '', { location: `${server.uri}?elsewhere` })],
  [
    'redirects permanently, with keys in the body',
    (server) => server.answer(308, JSON.stringify({ keys: [rsa.jwk()] }), { location: server.uri }),
  ],
];

describe('If the other issuer', () => {
  it.each(FAULTS)('%s, its tokens cannot be checked, and own tokens can (R26)', async (_, fail) => {
    await start();
    await fail(issuer);

    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    expect(await answerTo(own.token())).toEqual(LET_IN);
    expect(issuer.requests).toBeLessThanOrEqual(1);

    // Nothing of the bad response was kept: as soon as the issuer works, its keys of that time count.
    if (issuer.requests === 0) await issuer.comeBack().catch(() => undefined);
    issuer.publish(ec.jwk());
    time.forward(1);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(REFUSED);
  });

  it.each(FAULTS)('%s after a good response, its last keys are used (R26)', async (_, fail) => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await fail(issuer);

    time.forward(601);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
    time.forward(31);
    expect(await answerTo(next.token())).toEqual(REFUSED);
  });

  it.each<[string, (server: JwksServer) => void]>([
    ['does not answer', (server) => server.hang()],
    ['stops in the middle', (server) => server.stall()],
  ])('%s, the fetch ends after five seconds (R26)', async (_, fail) => {
    const seconds = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      void issuerIsAsked()
        .then(() => pause(50))
        .then(() => controller.abort(new DOMException('late', 'TimeoutError')));
      return controller.signal;
    });
    await start();
    fail(issuer);

    expect(await Promise.all([statusOf(rsa.token()), statusOf(ec.token())])).toEqual([503, 503]);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);

    expect(seconds.mock.calls.every(([milliseconds]) => milliseconds === 5000)).toBe(true);
    expect(issuer.requests).toBe(1);
  });

  it.each(ADAPTERS)('is down, the response is 503 with its code, on %s', async (adapter) => {
    await start(adapter, undefined, { errorCodeKey: 'code' });
    await issuer.goAway();

    expect(await answerTo(rsa.token())).toEqual({
      status: 503,
      body: { msg: 'Token could not be checked', code: 'CHECK_UNAVAILABLE' },
    });
  });

  it('fails, the next fetch waits for a second', async () => {
    await start();
    issuer.answer(500);

    for (let time = 0; time < 20; time += 1) {
      expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    }
    expect(issuer.requests).toBe(1);

    issuer.publish(rsa.jwk());
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    time.forward(1);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(2);
  });

  it('fails and the system clock is set back, the next fetch does not wait', async () => {
    await start();
    issuer.answer(500);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    issuer.publish(rsa.jwk());

    time.forward(-3600);

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is down, its last keys are used for an hour (R26)', async () => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await issuer.goAway();

    for (let minutes = 0; minutes < 55; minutes += 5) {
      time.forward(300);
      expect(await answerTo(rsa.token())).toEqual(LET_IN);
    }
    time.forward(299);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is down for longer than an hour, its keys are no longer used (R26)', async () => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await issuer.goAway();

    time.forward(3599);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    time.forward(2);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  it('comes back, its new keys are known within half a minute', async () => {
    await start();
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await issuer.goAway();
    time.forward(601);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    issuer.publish(next.jwk());
    await issuer.comeBack();

    time.forward(31);

    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(REFUSED);
  });

  it('redirects, the other address is not called (R5, R26)', async () => {
    const elsewhere = await JwksServer.start(rsa.jwk());
    await start();
    issuer.answer(302, '', { location: elsewhere.uri });

    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);

    expect([issuer.requests, elsewhere.requests]).toEqual([1, 0]);
    await elsewhere.stop();
  });

  it('has exactly a hundred keys, they are used', async () => {
    const others = Array.from({ length: 99 }, (_, index) => ec.jwk({ kid: `ec ${index}` }));
    issuer.publish(...others, rsa.jwk());
    await start();

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(await answerTo(ec.token({}, { kid: 'ec 98' }))).toEqual(LET_IN);
  });
});

describe('A member of a key of another issuer', () => {
  const other = (members: Readonly<Record<string, unknown>>) => rsa.jwk(members);
  const ps256 = () =>
    forgeAs('PS256', claimsAtNow(), {
      header: { alg: 'PS256', typ: 'JWT', kid: 'rsa' },
      key: rsaPair('rsa').privateKey,
    });
  const es384 = ringKey('es384', 'ES384');

  it.each<[what: string, jwk: object, token: string, answer: object]>([
    ['is accepted: use "sig"', other({ use: 'sig' }), rsa.token(), LET_IN],
    ['is accepted: no use', other({ use: undefined }), rsa.token(), LET_IN],
    ['is refused: use "enc"', other({ use: 'enc' }), rsa.token(), REFUSED],
    ['is refused: an unknown use', other({ use: 'SIG' }), rsa.token(), REFUSED],
    ['is accepted: key_ops with verify', other({ key_ops: ['verify'] }), rsa.token(), LET_IN],
    ['is refused: key_ops without verify', other({ key_ops: ['encrypt'] }), rsa.token(), REFUSED],
    ['is refused: empty key_ops', other({ key_ops: [] }), rsa.token(), REFUSED],
    ['is refused: key_ops as text', other({ key_ops: 'verify' }), rsa.token(), REFUSED],
    ['is accepted: the alg of the token', other({ alg: 'RS256' }), rsa.token(), LET_IN],
    ['is refused: another alg', other({ alg: 'RS512' }), rsa.token(), REFUSED],
    ['is refused: an alg for encryption', other({ alg: 'RSA-OAEP' }), rsa.token(), REFUSED],
    [
      'is refused: an alg that the options do not allow (R2)',
      other({ alg: 'PS256' }),
      ps256(),
      NOT_ALLOWED,
    ],
    ['is refused: another kind of key', ec.jwk({ kid: 'rsa' }), rsa.token(), REFUSED],
    ['is refused: an unknown kind of key', { kty: 'quantum', kid: 'rsa' }, rsa.token(), REFUSED],
    ['is refused: a number for the kid', other({ kid: 1 }), rsa.token({}, { kid: '1' }), REFUSED],
    ['is refused: no kid', other({ kid: undefined }), rsa.token(), REFUSED],
    ['is refused: another curve', es384.jwk({ kid: 'ec' }), ec.token(), REFUSED],
    [
      'makes the key unusable: a curve that is not its own',
      es384.jwk({ kid: 'ec', crv: 'P-256' }),
      ec.token(),
      UNAVAILABLE,
    ],
    [
      'is refused: a curve for key agreement',
      published(generateKeyPairSync('x25519').publicKey, { kid: 'edwards' }),
      edwards.token(),
      REFUSED,
    ],
  ])('%s (R24)', async (_, jwk, token, answer) => {
    issuer.publish(jwk);
    await start();

    expect(await answerTo(token)).toEqual(answer);
  });

  it('is ignored: a certificate, or its address (R5)', async () => {
    const elsewhere = await JwksServer.start();
    issuer.publish(rsa.jwk({ x5u: elsewhere.uri, x5c: ['MIIB'], x5t: 'x' }));
    await start();

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(elsewhere.requests).toBe(0);
    await elsewhere.stop();
  });
});

describe('A weak key of another issuer', () => {
  it.each<
    [what: string, algorithm: Algorithm, key: () => { privateKey: KeyObject; publicKey: KeyObject }]
  >([
    ['an RSA key of 1024 bits', 'RS256', shortRsaPair],
    ['an RSA key of 2047 bits', 'RS256', () => generateKeyPairSync('rsa', { modulusLength: 2047 })],
  ])('is never used: %s (R16)', async (_, algorithm, make) => {
    const { privateKey, publicKey } = make();
    issuer.publish(published(publicKey, { kid: 'weak' }), ec.jwk());
    await start();
    const header = { alg: algorithm, typ: 'JWT', kid: 'weak' };

    expect(await answerTo(forgeAs(algorithm, claimsAtNow(), { header, key: privateKey }))).toEqual(
      REFUSED,
    );
    expect(await answerTo(ec.token())).toEqual(LET_IN);
  });

  it('is never used: an RSA key with an exponent of 1, whose signatures can be forged (R16)', async () => {
    issuer.publish(rsa.jwk({ e: 'AQ' }));
    await start();
    const [header, payload] = rsa.token().split('.');

    expect(
      (await answerTo(`${header}.${payload}.${paddedDigest(`${header}.${payload}`)}`)).status,
    ).toBe(422);
  });

  it('is never used: a point of small order (R16)', async () => {
    const x = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url');
    issuer.publish(edwards.jwk({ x }));
    await start();
    const [header, payload] = edwards.token().split('.');
    const signature = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]).toString('base64url');

    expect(await answerTo(`${header}.${payload}.${signature}`)).toEqual(REFUSED);
  });
});

describe('Keys of another issuer in a ring that rotates', () => {
  it('stay, and are not fetched again', async () => {
    const ring = (await start()).get(KeyRing);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await issuer.goAway();

    await ring.rotate({ current: next.signing, jwksUri: new URL(issuer.uri) });

    for (const key of [rsa, own, next]) expect(await answerTo(key.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(1);
  });

  it('are no longer used if the new ring does not name them', async () => {
    const ring = (await start()).get(KeyRing);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);

    await ring.rotate({ current: own.signing });

    expect(await answerTo(rsa.token())).toEqual(NOT_ALLOWED);
    expect(await answerTo(ec.token())).toEqual(REFUSED);
  });

  it('are fetched from the address that the new ring names', async () => {
    const successor = await JwksServer.start(next.jwk());
    const ring = (await start('express', {})).get(KeyRing);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);

    await ring.rotate({ jwksUri: successor.uri });

    expect(await answerTo(rsa.token())).toEqual(REFUSED);
    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect([issuer.requests, successor.requests]).toEqual([1, 1]);
    await successor.stop();
  });

  it('use the algorithm of the current key if the options name none', async () => {
    await start('express', { current: own.signing }, { decodeAlgorithms: undefined });

    expect(await answerTo(ec.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(NOT_ALLOWED);

    const ring = (app as RunningApp).get(KeyRing);
    await ring.rotate({ current: ringKey('rsa 2', 'RS256', 'rsa').signing, jwksUri: issuer.uri });

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(await answerTo(ec.token())).toEqual(NOT_ALLOWED);
    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  it('do not replace a retired key of the ring', async () => {
    issuer.publish(rsa.jwk(), ringKey('own', 'ES256', 'impostor').jwk());
    const clock = new Clock();
    await start('express', undefined, { clock: clock.now });
    await (app as RunningApp).get(KeyRing).rotate({
      current: next.signing,
      others: [{ ...own.verifying, retireAt: clock.now() }],
      jwksUri: issuer.uri,
    });

    expect(await answerTo(ringKey('own', 'ES256', 'impostor').token())).toEqual(REFUSED);
    expect(await answerTo(own.token())).toEqual(REFUSED);
    expect(issuer.requests).toBe(0);
  });
});

it('An application starts while the other issuer is down, and fetches nothing until a token of it comes', async () => {
  await issuer.goAway();
  await start();
  expect(await answerTo(own.token())).toEqual(LET_IN);
  await issuer.comeBack();

  expect(issuer.requests).toBe(0);
  expect(await answerTo(rsa.token())).toEqual(LET_IN);
});

/** As `answerTo`, for several requests at once. */
async function statusOf(token: string): Promise<number> {
  return (await (app as RunningApp).send('GET', '/me', { token })).status;
}

/** The block of RS256 before it is raised to a power (RFC 8017 section 9.2). */
function paddedDigest(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  const info = Buffer.concat([
    Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    digest,
  ]);
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info]).toString(
    'base64url',
  );
}
