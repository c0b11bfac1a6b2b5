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
import { createApp, type RunningApp } from '../../support/app.js';
import { Calamities, UNAVAILABLE } from '../../support/faults.js';
import { Clock, segment } from '../../support/forge.js';
import { JwksServer, published, SystemTime } from '../../support/jwks-server.js';
import { ecPair, rsaPair } from '../../support/keys.js';
import { claimsAtNow, forgeAs, withSignature } from '../../support/tokens.js';
import { mistakesOf } from '../../unit/keys/mistake.js';
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
  keys: Partial<KeyRingOptions> = { current: own.signing },
  options: JwtExtendedOptions = {},
): Promise<RunningApp> {
  app = await createApp('express', {
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

async function expectAnswer(answer: object, ...tokens: readonly string[]): Promise<void> {
  for (const token of tokens) expect(await answerTo(token)).toEqual(answer);
}

/** An application that has fetched the issuer's keys, because it has accepted one of its tokens. */
async function startInUse(keys?: Partial<KeyRingOptions>): Promise<RunningApp> {
  const started = await start(keys);
  expect(await answerTo(rsa.token())).toEqual(LET_IN);
  return started;
}

/** A token under a key id of the issuer, signed with any key. */
function signedAs(alg: Algorithm, kid: string, key: KeyObject): string {
  return forgeAs(alg, claimsAtNow(), { header: { alg, typ: 'JWT', kid }, key });
}

async function issuerHasRequest(): Promise<void> {
  while (issuer.requests === 0) await turn();
}

/** The options of a module that accepts the tokens of an issuer at this address. */
const trusting = (jwksUri: unknown, decodeAlgorithms?: unknown, current = own.signing) => ({
  keys: { current, jwksUri },
  decodeAlgorithms,
});

describe('A mistake in keys.jwksUri is refused at start', () => {
  const mistakes = mistakesOf({
    'keys.jwksUri must be an absolute address: https://…': {
      null: null,
      'empty text': '',
      'a path': '/.well-known/jwks.json',
      'a host': 'issuer.example',
      'a number': 443,
      'an object': { href: HTTPS },
    },
    'keys.jwksUri must be an https address; http is allowed for loopback addresses only': {
      http: 'http://issuer.example/jwks.json',
      'http in a URL': new URL('http://issuer.example/jwks.json'),
      'http of a private network': 'http://10.0.0.1/jwks.json',
      'http of a name that begins with localhost': 'http://localhost.example/jwks',
      'http of a name that begins with a loopback address': 'http://127.0.0.1.example/jwks',
      'http with localhost as a user name': 'http://localhost@issuer.example/',
      'http of the unspecified address': 'http://0.0.0.0/jwks',
      'a file': 'file:///etc/jwks.json',
      data: 'data:application/json,{"keys":[]}',
      ftp: 'ftp://issuer.example/jwks.json',
    },
    'keys.jwksUri must not contain a user name or password: key sets are public': {
      'a user name and a password': 'https://me:pass@issuer.example/',
    },
  });
  it.each(mistakes)('%s (R26)', async (_, jwksUri, message) => {
    expect(await mistakeIn(trusting(jwksUri, ['RS256']))).toEqual(configMistake(message));
  });

  it.each([
    'http://localhost:1/jwks',
    'http://127.0.0.1:1/jwks',
    'http://127.1.2.3/jwks',
    'http://[::1]:1/jwks',
    HTTPS,
    new URL(HTTPS),
  ])('but %s is accepted (R26)', async (jwksUri) => {
    await start({ current: own.signing, jwksUri });

    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  const list = mistakesOf({
    "keys.jwksUri needs decodeAlgorithms: the algorithms of the other issuer, such as ['RS256']": {
      'no algorithm': { keys: { jwksUri: HTTPS } },
      'no algorithm but that of an own secret': trusting(
        HTTPS,
        undefined,
        ringKey('hmac', 'HS256').signing,
      ),
      'an HMAC algorithm (R3)': trusting(HTTPS, ['HS256']),
      'an HMAC algorithm among others (R3)': trusting(HTTPS, ['RS256', 'HS512']),
    },
    "decodeAlgorithms must be an array of algorithms: ['RS256']": {
      'an empty list': trusting(HTTPS, []),
    },
    "decodeAlgorithms must be an array of algorithms: ['ES256']": {
      'text for the list (R2)': trusting(HTTPS, 'ES256'),
    },
    ["decodeAlgorithms is 'none': tokens without a signature are never accepted; expected one of HS256, " +
    'HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA']: {
      'none (R1)': trusting(HTTPS, ['RS256', 'None']),
    },
  });
  it.each(list)('%s', async (_, options, message) => {
    expect(await mistakeIn(options)).toEqual(configMistake(message));
  });
});

describe('Tokens of another issuer', () => {
  it('are accepted by their key ids, beside those of the own key', async () => {
    await start();

    const keys = [rsa, ec, edwards, own, rsa];
    await expectAnswer(LET_IN, ...keys.map((key) => key.token()));
    expect(issuer.requests).toBe(1);
  });

  it('are accepted if there is no own key', async () => {
    await start({});

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await expectAnswer(REFUSED, own.token(), rsa.token({}, { kid: undefined }));
  });

  it('are refused under key ids of the ring, and tokens of the ring under theirs', async () => {
    await start();

    await expectAnswer(
      REFUSED,
      ec.token({}, { kid: 'own' }),
      own.token({}, { kid: 'ec' }),
      ec.token({}, { kid: undefined }),
    );
  });

  it('are checked for everything else', async () => {
    await start();

    expect(await answerTo(rsa.token({ exp: 1 }))).toEqual({
      status: 401,
      body: { msg: 'Token has expired' },
    });
    expect(await answerTo(rsa.token({ type: 'refresh' }))).toMatchObject({ status: 422 });
  });

  it('are never verified by HMAC with the public key as the secret (R3, F3)', async () => {
    const secret = ringKey('secret', 'HS256');
    await start({ current: own.signing, others: [secret.signing] });
    const publicKey = rsaPair('rsa').publicKey;
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const material = [
      pem,
      pem.trim(),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(rsa.jwk()),
      String(publicKey.export({ format: 'jwk' }).n),
    ];
    for (const bytes of material) {
      const token = signedAs('HS256', 'rsa', createSecretKey(Buffer.from(bytes)));
      expect(await answerTo(token)).toEqual(NOT_ALLOWED);
    }
    expect(await answerTo(secret.token({}, { kid: 'rsa' }))).toEqual(NOT_ALLOWED);
    expect(await answerTo(secret.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(0);
  });

  it.each(['RS512', 'HS256', 'none', 'rs256', 'toString', ''])(
    'cause no fetch if their algorithm is not allowed: "%s" (R2, R3)',
    async (alg) => {
      await start();

      expect(await answerTo(rsa.token({}, { alg }))).toEqual(NOT_ALLOWED);
      expect(issuer.requests).toBe(0);
    },
  );
});

describe('An unknown key id', () => {
  it('causes one fetch in half a minute, even if ten thousand tokens have one (R27)', async () => {
    const tokens = (await startInUse()).get(TokenService);
    const rest = ec.token().split('.').slice(1).join('.');
    const withKid = (index: number) =>
      `${segment({ alg: 'ES256', kid: `random ${index}` })}.${rest}`;

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

  it('is answered like a bad signature (R71)', async () => {
    await start();

    await expectAnswer(REFUSED, next.token(), ec.token({}, { kid: 'rsa' }));
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
    await issuerHasRequest();
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
    await startInUse();
    issuer.publish(rsa.jwk(), next.jwk());

    time.forward(29);
    expect(await answerTo(next.token())).toEqual(REFUSED);
    expect(issuer.requests).toBe(1);

    time.forward(2);
    await expectAnswer(LET_IN, next.token(), rsa.token());
    expect(issuer.requests).toBe(2);
  });

  it('is found in a set that is fetched after ten minutes, and a removed key is not', async () => {
    await startInUse();
    issuer.publish(next.jwk());

    time.forward(601);

    expect(await answerTo(rsa.token())).toEqual(REFUSED);
    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(2);
  });
});

type Fault = readonly [what: string, fail: (issuer: JwksServer) => unknown];

const body = (text: string | Buffer) => (server: JwksServer) => server.answer(200, text);
const keySet = (...keys: readonly unknown[]) => body(JSON.stringify({ keys }));
const secret = { kid: 'oct', k: 'c2VjcmV0' };
const ecKeys = (count: number) =>
  Array.from({ length: count }, (_, index) => ec.jwk({ kid: `ec ${index}` }));

/** Faults of an issuer that make its keys unavailable. */
const FAULTS: readonly Fault[] = [
  ['is down', (server) => server.goAway()],
  ['hangs up', (server) => server.answerBy((request) => request.socket.destroy())],
  ...[201, 204, 206, 304, 401, 404, 429, 500, 503].map((status): Fault => [
    `answers with status ${status}`,
    (server) =>
      server.answer(
        status,
        status === 204 || status === 304 ? '' : JSON.stringify({ keys: [rsa.jwk()] }),
      ),
  ]),
  ...[301, 302, 307, 308].map((status): Fault => [
    `redirects with status ${status}, and has keys in the body`,
    (server) =>
      server.answer(status, JSON.stringify({ keys: [rsa.jwk()] }), {
        location: `${server.uri}?elsewhere`,
      }),
  ]),
  ['answers with an empty body', body('')],
  ['answers with a page', body('<html><title>Sign in</title></html>')],
  ['answers with half a document', body('{"keys":[{"kty":"RSA",')],
  ['answers with bytes', body(Buffer.from([0xff, 0xfe, 0, 1]))],
  ['answers with null', body('null')],
  ['answers with text', body('"keys"')],
  ['answers with a list of keys alone', body(JSON.stringify([rsa.jwk()]))],
  ['answers with no keys', body('{}')],
  ['answers with keys by name', body(JSON.stringify({ keys: { rsa: rsa.jwk() } }))],
  ['answers with null for a key', keySet(rsa.jwk(), null)],
  ['answers with text for a key', keySet(rsa.jwk(), 'MIIB')],
  ['answers with an array for a key', keySet(rsa.jwk(), [rsa.jwk()])],
  ['answers with more than half a megabyte', keySet(rsa.jwk({ x5c: 'A'.repeat(512 * 1024) }))],
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
  ['answers with more than a hundred keys', keySet(rsa.jwk(), ...ecKeys(100))],
  ['answers with one id for two keys', keySet(rsa.jwk(), ec.jwk({ kid: 'rsa' }))],
  [
    'answers with a private key',
    keySet(rsa.jwk(), published(ecPair().privateKey, { kid: 'private' })),
  ],
  [
    'answers with the factors of a key',
    keySet(rsa.jwk({ p: rsaPair('rsa').privateKey.export({ format: 'jwk' }).p })),
  ],
  ['answers with a secret', keySet(rsa.jwk(), { kty: 'oct', ...secret })],
  ['answers with a secret of unknown kind', keySet(rsa.jwk(), { kty: 'octet', ...secret })],
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
    await startInUse();
    await fail(issuer);

    time.forward(601);
    await expectAnswer(LET_IN, rsa.token(), ec.token());
    time.forward(31);
    expect(await answerTo(next.token())).toEqual(REFUSED);
  });

  it.each<[string, (server: JwksServer) => void]>([
    ['does not answer', (server) => server.hang()],
    ['stops in the middle', (server) => server.stall()],
  ])('%s, the fetch ends after five seconds (R26)', async (_, fail) => {
    const seconds = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      void issuerHasRequest()
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

  it('is down, the response is 503 with its code', async () => {
    await start(undefined, { errorCodeKey: 'code' });
    await issuer.goAway();

    expect(await answerTo(rsa.token())).toEqual({
      status: 503,
      body: { msg: 'Token could not be checked', code: 'CHECK_UNAVAILABLE' },
    });
  });

  it('fails, the next fetch waits for a second', async () => {
    await start();
    issuer.answer(500);

    await expectAnswer(UNAVAILABLE, ...Array<string>(20).fill(rsa.token()));
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
    await startInUse();
    await issuer.goAway();

    for (let minutes = 0; minutes < 55; minutes += 5) {
      time.forward(300);
      expect(await answerTo(rsa.token())).toEqual(LET_IN);
    }
    time.forward(299);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is down, the hour of its last keys counts from their own fetch (R26)', async () => {
    await startInUse();
    issuer.publish(ec.jwk());
    time.forward(3000);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
    await issuer.goAway();

    time.forward(3000);

    expect(await answerTo(ec.token())).toEqual(LET_IN);
  });

  it('is down for longer than an hour, its keys are no longer used (R26)', async () => {
    await startInUse();
    await issuer.goAway();

    time.forward(3599);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    time.forward(2);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  it('comes back, its new keys are known within half a minute', async () => {
    await startInUse();
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
    issuer.publish(...ecKeys(99), rsa.jwk());
    await start();

    await expectAnswer(LET_IN, rsa.token(), ec.token({}, { kid: 'ec 98' }));
  });
});

describe('A member of a key of another issuer', () => {
  const es384 = ringKey('es384', 'ES384');
  const ofKind = (kind: 'x25519' | 'ed448') =>
    published(generateKeyPairSync(kind as 'ed448').publicKey, { kid: 'edwards' });

  it.each<[what: string, jwk: object, token: string, answer: object]>([
    ...Object.entries({
      'is accepted: use "sig"': { use: 'sig' },
      'is accepted: no use': { use: undefined },
      'is refused: use "enc"': { use: 'enc' },
      'is refused: an unknown use': { use: 'SIG' },
      'is accepted: key_ops with verify': { key_ops: ['verify'] },
      'is refused: key_ops without verify': { key_ops: ['encrypt'] },
      'is refused: empty key_ops': { key_ops: [] },
      'is refused: key_ops as text': { key_ops: 'verify' },
      'is accepted: the alg of the token': { alg: 'RS256' },
      'is refused: another alg': { alg: 'RS512' },
      'is refused: an alg for encryption': { alg: 'RSA-OAEP' },
      'is refused: no kid': { kid: undefined },
    }).map(([what, members]): [string, object, string, object] => [
      what,
      rsa.jwk(members),
      rsa.token(),
      what.startsWith('is accepted') ? LET_IN : REFUSED,
    ]),
    [
      'is refused: an alg that the options do not allow (R2)',
      rsa.jwk({ alg: 'PS256' }),
      signedAs('PS256', 'rsa', rsaPair('rsa').privateKey),
      NOT_ALLOWED,
    ],
    ['is refused: another kind of key', ec.jwk({ kid: 'rsa' }), rsa.token(), REFUSED],
    ['is refused: an unknown kind of key', { kty: 'quantum', kid: 'rsa' }, rsa.token(), REFUSED],
    ['is refused: a number for the kid', rsa.jwk({ kid: 1 }), rsa.token({}, { kid: '1' }), REFUSED],
    ['is refused: another curve', es384.jwk({ kid: 'ec' }), ec.token(), REFUSED],
    [
      'makes the key unusable: a curve that is not its own',
      es384.jwk({ kid: 'ec', crv: 'P-256' }),
      ec.token(),
      UNAVAILABLE,
    ],
    ['is refused: a curve for key agreement', ofKind('x25519'), edwards.token(), REFUSED],
    ['is refused: a curve that is not supported', ofKind('ed448'), edwards.token(), REFUSED],
  ])('%s (R24)', async (_, jwk, token, answer) => {
    issuer.publish(jwk);
    await start();

    expect(await answerTo(token)).toEqual(answer);
  });

  it('is ignored: an unknown kind of key beside a known one', async () => {
    issuer.publish({ kty: 'NEW' }, rsa.jwk());
    await start();

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
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
  it.each([1024, 2047])('is never used: an RSA key of %i bits (R16)', async (modulusLength) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
    issuer.publish(published(publicKey, { kid: 'weak' }), ec.jwk());
    await start();

    expect(await answerTo(signedAs('RS256', 'weak', privateKey))).toEqual(REFUSED);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
  });

  it('is never used: an RSA key with an exponent of 1, whose signatures can be forged (R16)', async () => {
    issuer.publish(rsa.jwk({ e: 'AQ' }));
    await start();
    const text = rsa.token().split('.').slice(0, 2).join('.');

    expect(await statusOf(`${text}.${paddedDigest(text)}`)).toBe(422);
  });

  it('is never used: a point of small order (R16)', async () => {
    const x = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url');
    issuer.publish(edwards.jwk({ x }));
    await start();
    const forge = () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);

    expect(await answerTo(withSignature(edwards.token(), forge))).toEqual(REFUSED);
  });
});

describe('Keys of another issuer in a ring that rotates', () => {
  it('stay, and are not fetched again', async () => {
    const ring = (await startInUse()).get(KeyRing);
    await issuer.goAway();

    await ring.rotate({ current: next.signing, jwksUri: new URL(issuer.uri) });

    for (const key of [rsa, own, next]) expect(await answerTo(key.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(1);
  });

  it('are no longer used if the new ring does not name them', async () => {
    const ring = (await startInUse()).get(KeyRing);

    await ring.rotate({ current: own.signing });

    expect(await answerTo(rsa.token())).toEqual(NOT_ALLOWED);
    expect(await answerTo(ec.token())).toEqual(REFUSED);
  });

  it('are fetched from the address that the new ring names', async () => {
    const successor = await JwksServer.start(next.jwk());
    const ring = (await startInUse({})).get(KeyRing);

    await ring.rotate({ jwksUri: successor.uri });

    expect(await answerTo(rsa.token())).toEqual(REFUSED);
    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect([issuer.requests, successor.requests]).toEqual([1, 1]);
    await successor.stop();
  });

  it('use the algorithm of the current key if the options name none', async () => {
    await start({ current: own.signing }, { decodeAlgorithms: undefined });

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
    await start(undefined, { clock: clock.now });
    await (app as RunningApp).get(KeyRing).rotate({
      current: next.signing,
      others: [{ ...own.verifying, retireAt: clock.now() }],
      jwksUri: issuer.uri,
    });

    await expectAnswer(REFUSED, ringKey('own', 'ES256', 'impostor').token(), own.token());
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
