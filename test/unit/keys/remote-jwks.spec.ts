import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import {
  readBounded,
  RemoteKeys,
  StaleIfErrorFetch,
  usableKeys,
} from '../../../src/keys/remote-jwks.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import { JwksServer, published, SystemTime } from '../../support/jwks-server.js';
import { ecPair, ed25519Pair, rsaPair, shortRsaPair } from '../../support/keys.js';
import { refusalOf, rejectionOf } from '../../support/tokens.js';

const rsa = published(rsaPair().publicKey, { kid: 'rsa' });
const ec = published(ecPair().publicKey, { kid: 'ec' });

let server: JwksServer;
let time: SystemTime;

beforeEach(async () => {
  server = await JwksServer.start(rsa);
  time = new SystemTime();
});
afterEach(async () => {
  time.restore();
  await server.stop();
});

describe('RemoteKeys', () => {
  const UNKNOWN = {
    name: 'InvalidTokenError',
    code: 'TOKEN_INVALID',
    message: 'Signature verification failed',
  };
  const remote = (...algorithms: readonly Algorithm[]) =>
    RemoteKeys.create(new URL(server.uri), algorithms);

  it('returns the same public key every time while the set is new', async () => {
    const keys = await remote('RS256', 'PS384');
    const { key, algorithms } = await keys.find({ alg: 'RS256', kid: 'rsa' });

    expect(key.equals(rsaPair().publicKey)).toBe(true);
    expect(algorithms).toEqual(['RS256', 'PS384']);
    expect((await keys.find({ alg: 'RS256', kid: 'rsa' })).key).toBe(key);
    time.forward(601);
    expect((await keys.find({ alg: 'RS256', kid: 'rsa' })).key.equals(key)).toBe(true);
    expect(server.requests).toBe(2);
  });

  it.each(['RS512', 'HS256', 'none', 'rs256', 'toString', ''])(
    'fetches nothing for a token whose algorithm is not allowed: "%s" (R2, R3)',
    async (alg) => {
      const keys = await remote('RS256');

      expect(await refusalOf(keys.find({ alg, kid: 'rsa' }))).toEqual({
        ...UNKNOWN,
        message: 'The specified alg value is not allowed',
      });
      expect(server.requests).toBe(0);
    },
  );

  it('refuses a token without a key id if two keys of the set fit', async () => {
    server.publish({ ...rsa, kid: undefined }, published(rsaPair('second').publicKey));

    expect(await refusalOf((await remote('RS256')).find({ alg: 'RS256' }))).toEqual(UNKNOWN);
  });

  it.each([
    ['a short key', 'RS256', () => shortRsaPair()],
    ['a curve that is not supported', 'EdDSA', () => generateKeyPairSync('ed448')],
  ] as const)('refuses a token under %s (R16)', async (_, alg, pair) => {
    server.publish(published(pair().publicKey, { kid: 'k' }));

    expect(await refusalOf((await remote(alg)).find({ alg, kid: 'k' }))).toEqual(UNKNOWN);
  });

  it.each<[what: string, fail: () => unknown]>([
    ['the issuer fails', () => server.answer(500)],
    ['the key is damaged', () => server.publish({ ...ec, x: 'AQAB' })],
  ])('reports that it cannot check, with the cause, if %s', async (_, fail) => {
    await fail();
    const error = await rejectionOf((await remote('ES256')).find({ alg: 'ES256', kid: 'ec' }));

    expect(error).toMatchObject({
      name: 'TokenCheckUnavailableError',
      code: 'CHECK_UNAVAILABLE',
      message: 'Token could not be checked',
    });
    expect((error as Error).cause).toBeDefined();
  });
});

describe('StaleIfErrorFetch', () => {
  let fetchKeys: () => Promise<unknown>;

  beforeEach(() => {
    const fetchJwks = new StaleIfErrorFetch().fetch;
    fetchKeys = async () => {
      const { signal } = new AbortController();
      const answer = await fetchJwks(server.uri, { signal });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/json',
      ]);
      return answer.json();
    };
  });

  it('returns the keys of known kinds that the issuer has now', async () => {
    server.publish(rsa, { kty: 'NEW' });
    expect(await fetchKeys()).toEqual({ keys: [rsa] });

    server.publish(ec);
    expect(await fetchKeys()).toEqual({ keys: [ec] });
    expect(server.requests).toBe(2);
  });

  it.each([201, 204, 206, 301, 302, 307, 308, 304, 401, 404, 429, 500, 503])(
    'refuses a response of status %i (R26)',
    async (status) => {
      const location = server.uri;
      server.answer(status, status === 204 || status === 304 ? '' : '{"keys":[]}', { location });

      expect(await rejectionOf(fetchKeys())).toEqual(
        new TypeError(`The key set was answered with status ${status}`),
      );
      expect(server.requests).toBe(1);
    },
  );

  it('counts the hour of the last good set from its own fetch', async () => {
    await fetchKeys();
    server.publish(ec);
    time.forward(3000);
    await fetchKeys();
    await server.goAway();

    time.forward(3000);

    expect(await fetchKeys()).toEqual({ keys: [ec] });
  });
});

describe('readBounded', () => {
  const LIMIT = 512 * 1024;
  const bytes = (length: number) => Buffer.alloc(length, 'a');

  it('reads a body of up to half a megabyte', async () => {
    expect(await readBounded(new Response('{"keys":[]}'))).toBe('{"keys":[]}');
    expect(await readBounded(new Response('ключ'))).toBe('ключ');
    expect(await readBounded(new Response(null))).toBe('');
    expect(await readBounded(new Response(bytes(LIMIT)))).toHaveLength(LIMIT);
  });

  it('stops as soon as the body is longer (R26)', async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1;
        controller.enqueue(bytes(64 * 1024));
      },
    });

    expect(await rejectionOf(readBounded(new Response(endless)))).toEqual(
      new TypeError('The key set is too large'),
    );
    expect(given).toBeLessThan(12);
    expect(await rejectionOf(readBounded(new Response(bytes(LIMIT + 1))))).toEqual(
      new TypeError('The key set is too large'),
    );
  });
});

describe('usableKeys', () => {
  const setOf = (...keys: readonly unknown[]) => JSON.stringify({ keys });

  it('returns keys of known kinds unchanged', () => {
    const ed = published(ed25519Pair().publicKey, { kid: 'ed' });

    expect(usableKeys(setOf(rsa, { kty: 'NEW', kid: 'new' }, ec, {}, ed))).toEqual([rsa, ec, ed]);
    expect(usableKeys(setOf())).toEqual([]);
  });

  it('accepts any number of keys without ids', () => {
    const nameless = { ...rsa, kid: undefined };

    expect(usableKeys(setOf(nameless, nameless))).toHaveLength(2);
  });

  it.each<[what: string, text: string, message: string]>([
    ['a number', '7', 'The key set has no keys'],
    ['a list', JSON.stringify([rsa]), 'The key set has no keys'],
    [
      'too many keys',
      setOf(...Array.from({ length: 101 }, () => ({ kty: 'NEW' }))),
      'The key set has too many keys',
    ],
    ['null for a key', setOf(rsa, null), 'The key set has a key that is not an object'],
    ['one id twice', setOf(rsa, { ...ec, kid: 'rsa' }), 'The key set has two keys with one kid'],
    [
      'one id twice, once for a key of unknown kind',
      setOf(rsa, { kty: 'NEW', kid: 'rsa' }),
      'The key set has two keys with one kid',
    ],
    [
      'a secret key',
      setOf(rsa, { kty: 'oct', k: 'AQAB' }),
      'The key set has a private or secret key',
    ],
  ])('refuses %s (R24)', (_, text, message) => {
    expect(() => usableKeys(text)).toThrow(new TypeError(message));
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'refuses a set in which one key has the private member %s (R24)',
    (member) => {
      expect(() => usableKeys(setOf(rsa, { ...ec, [member]: 'AQAB' }))).toThrow(
        new TypeError('The key set has a private or secret key'),
      );
    },
  );

  it('refuses text that is not JSON', () => {
    expect(() => usableKeys('<html>')).toThrow(SyntaxError);
  });
});
