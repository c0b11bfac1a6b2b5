import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { identityKey, prefixOf, sessionKey, tokenKey } from '../../../src/revocation/store-keys.js';
import { sessionIdOf } from '../../../src/tokens/session.js';
import {
  AuthenticatedToken,
  revocationIdOf,
  SHARES_REVOCATIONS,
  VerifiedToken,
} from '../../../src/tokens/verified-token.js';

type Content = ConstructorParameters<typeof VerifiedToken>[0];

function tokenOf(content: Partial<Content> = {}): VerifiedToken {
  return new VerifiedToken({
    encoded: 'header.payload.signature',
    header: { alg: 'HS256' },
    claims: { sub: 'alice' },
    identity: 'alice',
    type: 'access',
    fresh: false,
    ...content,
  });
}

const ISSUER = 'https://issuer.example';

describe('The name space of a token', () => {
  it('is one for tokens of this module, one for each tenant and one for each issuer (R84)', () => {
    const texts = ['plain', 'iss:plain', ISSUER, `iss:${ISSUER}`, '', 'a/b', '#x', 'é', 'iss'];
    const prefixes = [
      prefixOf(tokenOf()),
      ...texts.filter((text) => text !== '').map((namespace) => prefixOf({ namespace })),
      ...texts.map((issuer) => prefixOf({ issuer })),
    ];

    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^$|^(iss:)?[\w.@#-]+\/$/);
  });

  it('cannot be reached by a hostile id of a token, a session or an identity of this module', () => {
    const theirs = prefixOf({ issuer: 'other' });
    const ours = prefixOf({});
    for (const makeKey of [tokenKey, sessionKey, identityKey]) {
      expect(makeKey(theirs, 'id')).toContain('iss:other/id');
      expect(makeKey(ours, 'iss:other/id')).not.toContain('iss:other/id');
    }
  });

  it('is that of this module for an issuer that shares it, in the context of a request too', () => {
    for (const [shares, prefix] of [
      [true, ''],
      [false, prefixOf({ issuer: ISSUER })],
    ] as const) {
      const token = tokenOf({ issuer: ISSUER, [SHARES_REVOCATIONS]: shares });

      expect(prefixOf(token)).toBe(prefix);
      expect(prefixOf(new AuthenticatedToken(token, 'headers', undefined))).toBe(prefix);
    }
  });

  it('adds nothing to what a token shows', () => {
    const [own, shared] = [false, true].map((shares) =>
      tokenOf({ issuer: ISSUER, [SHARES_REVOCATIONS]: shares }),
    ) as [VerifiedToken, VerifiedToken];

    expect(Reflect.ownKeys(shared)).toEqual([]);
    expect(JSON.stringify(shared)).toBe(JSON.stringify(own));
    expect(inspect(shared)).toBe(inspect(own));
  });
});

describe('What a token is revoked by', () => {
  it('is its jti, and its session is its sid', () => {
    const token = tokenOf({ claims: { jti: 'id', sid: 'session' } });

    expect([revocationIdOf(token), sessionIdOf(token)]).toEqual(['id', 'session']);
    expect(sessionIdOf(tokenOf({ claims: { jti: 'id' } }))).toBe('id');
  });

  it.each([undefined, ''])('is a digest of header and payload if its jti is %j (C7)', (jti) => {
    const idOf = (encoded: string) => revocationIdOf(tokenOf({ encoded, claims: { jti } }));
    const token = tokenOf({ claims: { jti } });

    expect(revocationIdOf(token)).toMatch(/^=[\w-]{43}$/);
    expect(sessionIdOf(token)).toBe(revocationIdOf(token));
    expect(idOf('header.payload.another')).toBe(revocationIdOf(token));
    expect(idOf('header.other.signature')).not.toBe(revocationIdOf(token));
    expect(idOf('other.payload.signature')).not.toBe(revocationIdOf(token));
  });
});
