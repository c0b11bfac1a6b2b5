import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Outages } from '../../../src/events/outages.js';
import { readBounded, RemoteKeys, usableKeys } from '../../../src/keys/remote-jwks.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import type { ResolvedIssuer } from '../../../src/options/issuer-options.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import { JwksServer, published } from '../../support/jwks-server.js';
import { ecPair, ed25519Pair, rsaPair } from '../../support/keys.js';
import { refusalOf, rejectionOf } from '../../support/tokens.js';
import { mistakesOf } from './mistake.js';

const rsa = published(rsaPair().publicKey, { kid: 'rsa' });
const ec = published(ecPair().publicKey, { kid: 'ec' });

describe('RemoteKeys', () => {
  let server: JwksServer;
  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    server = await JwksServer.start(rsa);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await server.stop();
  });

  const remote = (...algorithms: readonly Exclude<Algorithm, `HS${string}`>[]) => {
    const entry = { issuer: 'https://issuer.example', audience: 'api', algorithms };
    const { issuers } = resolveOptions({ issuers: [{ ...entry, jwksUri: server.uri }] });
    return RemoteKeys.create(issuers[0] as ResolvedIssuer, new Outages());
  };

  it('returns the same public key every time', async () => {
    const keys = await remote('RS256', 'PS384');
    const { key, algorithms } = await keys.find({ alg: 'RS256', kid: 'rsa' });

    expect(algorithms).toEqual(['RS256', 'PS384']);
    expect((await keys.find({ alg: 'RS256', kid: 'rsa' })).key).toBe(key);
  });

  it('refuses an algorithm that the options do not allow, and fetches nothing (R2)', async () => {
    const keys = await remote('RS256');

    expect(await refusalOf(keys.find({ alg: 'PS256', kid: 'rsa' }))).toMatchObject({
      code: 'TOKEN_INVALID',
      message: 'The specified alg value is not allowed',
    });
    expect(server.requests).toBe(0);
  });

  it('refuses a token without a key id if two keys of the set fit', async () => {
    server.publish({ ...rsa, kid: undefined }, published(rsaPair('second').publicKey));

    expect(await refusalOf((await remote('RS256')).find({ alg: 'RS256' }))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message: 'Token has no kid',
    });
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

  it('names the issuer whose keys cannot be fetched, for the log', async () => {
    server.answer(500);
    const error = await rejectionOf((await remote('ES256')).find({ alg: 'ES256', kid: 'ec' }));

    expect(((error as Error).cause as Error).message).toBe(
      'The keys of https://issuer.example could not be fetched: The key set was answered with status 500',
    );
  });
});

describe('readBounded', () => {
  const LIMIT = 512 * 1024;
  const WHAT = 'The key set';
  const bytes = (length: number) => Buffer.alloc(length, 'a');

  it('reads a body of up to half a megabyte', async () => {
    expect(await readBounded(new Response('{"keys":[]}'), WHAT)).toBe('{"keys":[]}');
    expect(await readBounded(new Response('ключ'), WHAT)).toBe('ключ');
    expect(await readBounded(new Response(null), WHAT)).toBe('');
    expect(await readBounded(new Response(bytes(LIMIT)), WHAT)).toHaveLength(LIMIT);
  });

  it('stops as soon as the body is longer (R26)', async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1;
        controller.enqueue(bytes(64 * 1024));
      },
    });

    const tooLarge = new TypeError('The key set is too large');
    expect(await rejectionOf(readBounded(new Response(endless), WHAT))).toEqual(tooLarge);
    expect(given).toBeLessThan(12);
    expect(await rejectionOf(readBounded(new Response(bytes(LIMIT + 1)), WHAT))).toEqual(tooLarge);
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

  const mistakes = mistakesOf({
    'The key set has no keys': { 'a number': '7', 'a list': JSON.stringify([rsa]) },
    'The key set has too many keys': {
      'too many keys': setOf(...Array.from({ length: 101 }, () => ({ kty: 'NEW' }))),
    },
    'The key set has a key that is not an object': { 'null for a key': setOf(rsa, null) },
    'The key set has two keys with one kid': {
      'one id twice': setOf(rsa, { ...ec, kid: 'rsa' }),
      'one id twice, once for a key of unknown kind': setOf(rsa, { kty: 'NEW', kid: 'rsa' }),
    },
    'The key set has a private or secret key': {
      'a secret key': setOf(rsa, { kty: 'oct', k: 'AQAB' }),
    },
  });
  it.each(mistakes)('refuses %s (R24)', (_, text, message) => {
    expect(() => usableKeys(text as string)).toThrow(new TypeError(message));
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
