import { describe, expect, it } from '@jest/globals';
import { jwksAddress, readBounded, usableKeys } from '../../../../src/keys/remote-jwks.js';
import { published } from '../../../support/jwks-server.js';
import { ecPair, ed25519Pair, rsaPair } from '../../../support/keys.js';
import { rejectionOf } from '../../../support/tokens.js';
import { mistakeOf } from './mistake.js';

const LIMIT = 512 * 1024;
const rsa = published(rsaPair().publicKey, { kid: 'rsa' });
const ec = published(ecPair().publicKey, { kid: 'ec' });
const setOf = (...keys: readonly unknown[]) => JSON.stringify({ keys });

describe('The address of a key set', () => {
  it.each([
    'https://issuer.example/jwks',
    'http://localhost/',
    'http://127.9.9.9:80/a',
    'http://[::1]/',
  ])('may be %s (R26)', (address) => {
    expect(jwksAddress(address).href).toBe(new URL(address).href);
    expect(jwksAddress(new URL(address)).href).toBe(new URL(address).href);
  });

  it.each(['http://issuer.example/', 'http://127.0.0.1.example/', 'http://localhost.example/'])(
    'may not be %s: plain http is for this machine alone (R26)',
    (address) => {
      expect(mistakeOf(() => jwksAddress(address))).toBe(
        'keys.jwksUri must be an https address; http is for this machine alone',
      );
    },
  );

  it.each([undefined, null, '', 'jwks', '/jwks', 7, {}, ['https://issuer.example/']])(
    'is no address: %p',
    (address) => {
      expect(mistakeOf(() => jwksAddress(address))).toBe(
        'keys.jwksUri must be an absolute address: https://…',
      );
    },
  );
});

describe('The body of an answer', () => {
  const bytes = (length: number) => Buffer.alloc(length, 'a');

  it('is read to its end, up to half a megabyte', async () => {
    expect(await readBounded(new Response('{"keys":[]}'))).toBe('{"keys":[]}');
    expect(await readBounded(new Response('ключ'))).toBe('ключ');
    expect(await readBounded(new Response(null))).toBe('');
    expect(await readBounded(new Response(bytes(LIMIT)))).toHaveLength(LIMIT);
  });

  it('is dropped as soon as it is longer, whatever it says of its length (R26)', async () => {
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

describe('The keys of a set', () => {
  it('are those of known kinds, as they stand', () => {
    const ed = published(ed25519Pair().publicKey, { kid: 'ed' });

    expect(usableKeys(setOf(rsa, { kty: 'NEW', kid: 'new' }, ec, {}, ed))).toEqual([rsa, ec, ed]);
    expect(usableKeys(setOf())).toEqual([]);
  });

  it('may be without ids, as many as there are', () => {
    const nameless = { ...rsa, kid: undefined };

    expect(usableKeys(setOf(nameless, nameless))).toHaveLength(2);
  });

  it.each<[what: string, text: string, message: string]>([
    ['null', 'null', 'The key set has no keys'],
    ['a number', '7', 'The key set has no keys'],
    ['an object', '{}', 'The key set has no keys'],
    ['a list', JSON.stringify([rsa]), 'The key set has no keys'],
    ['keys by name', JSON.stringify({ keys: { rsa } }), 'The key set has no keys'],
    [
      'too many of them',
      setOf(...Array.from({ length: 101 }, () => ({ kty: 'NEW' }))),
      'The key set has too many keys',
    ],
    ['null among them', setOf(rsa, null), 'The key set has a key that is no object'],
    ['text among them', setOf('rsa'), 'The key set has a key that is no object'],
    ['a list among them', setOf([rsa]), 'The key set has a key that is no object'],
    ['one id twice', setOf(rsa, { ...ec, kid: 'rsa' }), 'The key set has two keys with one kid'],
    [
      'one id twice, once of an unknown kind',
      setOf(rsa, { kty: 'NEW', kid: 'rsa' }),
      'The key set has two keys with one kid',
    ],
  ])('are refused: %s (R24)', (_, text, message) => {
    expect(() => usableKeys(text)).toThrow(new TypeError(message));
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'are refused, all of them, where one has a private member: %s (R24)',
    (member) => {
      expect(() => usableKeys(setOf(rsa, { ...ec, [member]: 'AQAB' }))).toThrow(
        new TypeError('The key set holds a private or a secret key'),
      );
    },
  );

  it('are refused where one is a secret (R24)', () => {
    expect(() => usableKeys(setOf(rsa, { kty: 'oct', k: 'AQAB' }))).toThrow(
      new TypeError('The key set holds a private or a secret key'),
    );
  });

  it('are refused where the text is no JSON', () => {
    expect(() => usableKeys('<html>')).toThrow(SyntaxError);
  });
});
