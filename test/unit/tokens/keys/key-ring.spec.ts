import { describe, expect, it } from '@jest/globals';
import { KeyRing, type RingRules } from '../../../../src/keys/key-ring.js';
import type { KeyRingOptions } from '../../../../src/options/key-options.js';
import { Clock, NOW } from '../../../support/forge.js';
import { ecPair, rsaPair, strongSecret } from '../../../support/keys.js';
import { rejectionOf } from '../../../support/tokens.js';

const clock = new Clock();
const RULES: RingRules = { maxTokenLifetime: 60, clock: clock.now };
const URI = 'https://issuer.example/jwks.json';

const pairOf = (kid: string) => ({ kid, algorithm: 'ES256', ...ecPair('P-256', kid) }) as const;
const open = (given: KeyRingOptions, rules: Partial<RingRules> = {}) =>
  KeyRing.from(given, { ...RULES, ...rules });

describe('A key ring', () => {
  it('counts the life of a former key from the moment of its successor', async () => {
    const ring = await open({ current: pairOf('a') });

    await ring.rotate({ current: pairOf('b') });

    const kidAt = (seconds: number) =>
      ring.contents.find('a', new Date((NOW + seconds) * 1000))?.kid;
    expect([kidAt(0), kidAt(59), kidAt(60)]).toEqual(['a', 'a', undefined]);
  });

  it('lists what can be published, the current key first', async () => {
    const hmac = { kid: 'hmac', algorithm: 'HS256', secret: strongSecret() } as const;
    const gone = { ...pairOf('gone'), retireAt: clock.now() };
    const ring = await open({ current: pairOf('a'), others: [hmac, pairOf('b'), gone] });

    expect(ring.jwks().keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
  });

  it("takes another issuer's algorithms from the options, else from its current key", async () => {
    const current = pairOf('a');
    const rsa = { kid: 'rsa', algorithm: 'PS256', ...rsaPair() } as const;
    const remoteOf = (ring: KeyRing) => ring.contents.remote?.algorithms;

    const named = await open({ current, jwksUri: URI }, { remoteAlgorithms: ['RS256', 'RS512'] });
    expect(remoteOf(named)).toEqual(['RS256', 'RS512']);
    expect(remoteOf(await open({ current, jwksUri: URI }))).toEqual(['ES256']);
    expect(remoteOf(await open({ current: rsa, jwksUri: new URL(URI) }))).toEqual(['PS256']);
    expect(remoteOf(await open({ current }))).toBeUndefined();
  });

  it.each<[string, KeyRingOptions, Partial<RingRules>]>([
    ['no algorithm', { jwksUri: URI }, {}],
    ['an empty list of them', { current: pairOf('a'), jwksUri: URI }, { remoteAlgorithms: [] }],
    ['an algorithm of secrets', { jwksUri: URI }, { remoteAlgorithms: ['ES256', 'HS256'] }],
  ])("has no use for another issuer's keys with %s (R3)", async (_, given, rules) => {
    expect(await rejectionOf(open(given, rules))).toMatchObject({
      name: 'JwtExtendedConfigError',
      message:
        "keys.jwksUri needs decodeAlgorithms: what the other issuer signs with, such as ['RS256']",
    });
  });

  it("keeps what it has fetched of another issuer's keys as long as address and algorithms stay", async () => {
    const ring = await open({ current: pairOf('a'), jwksUri: URI });
    const { remote } = ring.contents;
    const rotated = async (given: KeyRingOptions) => {
      await ring.rotate(given);
      return ring.contents.remote;
    };

    expect(remote).toBeDefined();
    expect(await rotated({ current: pairOf('b'), jwksUri: new URL(URI) })).toBe(remote);
    const elsewhere = await rotated({ current: pairOf('b'), jwksUri: `${URI}?v=2` });
    expect(elsewhere).not.toBe(remote);
    expect(elsewhere?.address.href).toBe(`${URI}?v=2`);
    const rsa = { kid: 'rsa', algorithm: 'RS256', ...rsaPair() } as const;
    const otherwise = await rotated({ current: rsa, jwksUri: `${URI}?v=2` });
    expect(otherwise).not.toBe(elsewhere);
    expect(await rotated({ current: rsa })).toBeUndefined();
  });

  it('of another issuer alone may come to sign', async () => {
    const ring = await open({ jwksUri: URI }, { remoteAlgorithms: ['ES256'] });

    await ring.rotate({ current: pairOf('a') });

    expect(ring.contents.current?.kid).toBe('a');
  });
});
