import { describe, expect, it } from '@jest/globals';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { NOW, Clock } from '../../support/forge.js';
import { ecPair, ed25519Pair } from '../../support/keys.js';
import {
  claimsAtNow,
  claimsOf,
  describeTokens,
  forgeAs,
  headerOf,
  invalid,
  LET_IN,
  refusalOf,
  startTokens,
  UUID_V4,
  withSignature,
  withUnusedBits,
} from '../../support/tokens.js';
import { configMistake, mistakeIn, ringKey } from './ring-keys.js';

const { privateKey, publicKey } = ed25519Pair();
const options = { secret: undefined, privateKey, publicKey, algorithm: 'EdDSA' } as const;
const clock = new Clock();
const key = ringKey('first', 'EdDSA', 'first');
const stranger = ringKey('stranger', 'EdDSA');
const noKid = { kid: undefined };

describe('A token of EdDSA', () => {
  it('says what every token says, in the order of Flask-JWT-Extended', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });

    const token = await tokens.createAccessToken('alice', {
      fresh: true,
      additionalClaims: { roles: ['ä'] },
      additionalHeaders: { region: 'eu' },
    });

    expect(Object.entries(headerOf(token))).toEqual([
      ['alg', 'EdDSA'],
      ['typ', 'JWT'],
      ['region', 'eu'],
    ]);
    expect(Object.entries(claimsOf(token))).toEqual([
      ['fresh', true],
      ['iat', NOW],
      ['jti', expect.stringMatching(UUID_V4)],
      ['type', 'access'],
      ['sub', 'alice'],
      ['nbf', NOW],
      ['csrf', expect.stringMatching(UUID_V4)],
      ['exp', NOW + 900],
      ['auth_time', NOW],
      ['roles', ['ä']],
    ]);
    expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice', fresh: true });
  });

  it('is verified by jose', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });
    const pair = await tokens.createTokenPair('alice');

    for (const token of [pair.accessToken, pair.refreshToken]) {
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
        algorithms: ['EdDSA'],
        currentDate: clock.now(),
      });
      expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'JWT' });
      expect(payload).toEqual(claimsOf(token));
    }
  });

  it('may come from jose', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });
    const claims = claimsAtNow({ roles: ['ä'] });

    const token = await new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(privateKey);

    expect(await tokens.decodeToken(token)).toMatchObject({ claims, header: { alg: 'EdDSA' } });
  });

  it('is good wherever the public half is, and made by the private one alone', async () => {
    const { tokens: verifier } = await startTokens({
      ...options,
      privateKey: undefined,
      clock: clock.now,
    });
    const { tokens: signer } = await startTokens({
      ...options,
      publicKey: undefined,
      clock: clock.now,
    });

    const token = await signer.createAccessToken('alice');

    expect(await verifier.verifyToken(token)).toBe(true);
    expect(await refusalOf(verifier.createAccessToken('alice'))).toMatchObject({
      name: 'TokenCreationError',
    });
  });
});

const good = key.token({}, noKid);
const REFUSED = invalid('Signature verification failed');
const NOT_ALLOWED = invalid('The specified alg value is not allowed');

describeTokens('A signature of EdDSA (R14)', { options }, [
  ['lets in the right one', good, LET_IN],
  ['refuses none at all', withSignature(good, () => Buffer.alloc(0)), REFUSED],
  ['refuses half of it', withSignature(good, (bytes) => bytes.subarray(0, 32)), REFUSED],
  [
    'refuses it without its last byte',
    withSignature(good, (bytes) => bytes.subarray(0, -1)),
    REFUSED,
  ],
  [
    'refuses it with a byte more',
    withSignature(good, (bytes) => Buffer.concat([bytes, bytes.subarray(0, 1)])),
    REFUSED,
  ],
  ['refuses nothing but zeros', withSignature(good, () => Buffer.alloc(64)), REFUSED],
  ['refuses it with one bit changed', withSignature(good, flipped), REFUSED],
  [
    'refuses its other half grown by the order of the group',
    withSignature(good, withOrderAdded),
    REFUSED,
  ],
  ['refuses that of another key', stranger.token({}, noKid), REFUSED],
  ['refuses that of other claims', grafted(), REFUSED],
  ['refuses another spelling of it (F12)', withUnusedBits(good), invalid('Invalid crypto padding')],
  [
    'refuses the name Ed25519, which is not configured (R2)',
    key.token({}, { ...noKid, alg: 'Ed25519' }),
    NOT_ALLOWED,
  ],
  ['refuses the name in lower case (R2)', key.token({}, { ...noKid, alg: 'eddsa' }), NOT_ALLOWED],
  [
    'refuses an expired one as that',
    key.token({ exp: NOW }, noKid),
    { status: 401, code: 'TOKEN_EXPIRED', msg: 'Token has expired', error: 'invalid_token' },
  ],
  [
    'refuses HMAC with the public key for a secret (R3)',
    forgeAs('HS256', claimsAtNow(), {
      key: createSecretKey(publicKey.export({ format: 'der', type: 'spki' })),
    }),
    NOT_ALLOWED,
  ],
  ['refuses ES256', forgeAs('ES256', claimsAtNow(), { key: ecPair().privateKey }), NOT_ALLOWED],
  [
    'refuses a signature of ES256 that calls itself EdDSA',
    forgeAs('ES256', claimsAtNow(), {
      header: { alg: 'EdDSA', typ: 'JWT' },
      key: ecPair().privateKey,
    }),
    REFUSED,
  ],
]);

describeTokens(
  'A key of EdDSA that a loader gives',
  {
    isVariant: true,
    options: {
      secret: undefined,
      algorithm: 'EdDSA',
      loaders: { decodeKey: () => publicKey.export({ format: 'jwk' }) },
    },
  },
  [
    ['lets in a token of it', good, LET_IN],
    ['refuses a token of another', stranger.token({}, noKid), REFUSED],
  ],
);

describe('A key that EdDSA has no use for', () => {
  it.each([
    ['an EC key', ecPair(), 'an EC key; EdDSA needs an Ed25519 key'],
    [
      'an Ed448 key',
      generateKeyPairSync('ed448'),
      'an Ed448 key, which is not supported; EdDSA needs an Ed25519 key',
    ],
    [
      'an X25519 key',
      generateKeyPairSync('x25519'),
      'an X25519 key, which is for key agreement and not for signatures; EdDSA needs an Ed25519 key',
    ],
  ])('is refused at start: %s (R16)', async (_, pair, message) => {
    const given = { ...pair, algorithm: 'EdDSA' };

    expect(await mistakeIn({ publicKey: given.publicKey, algorithm: 'EdDSA' })).toEqual(
      configMistake(`publicKey is ${message}`),
    );
  });

  it('is a secret, and EdDSA beside another algorithm has no one key to serve both', async () => {
    const secret = 'k'.repeat(64);

    expect((await mistakeIn({ secret, algorithm: 'EdDSA' })).message).toContain(
      'algorithm EdDSA needs',
    );
    expect(await mistakeIn({ ...options, decodeAlgorithms: ['EdDSA', 'ES256'] })).toEqual(
      configMistake('decodeAlgorithms mixes EdDSA and ES256: one key cannot serve both'),
    );
  });
});

function flipped(signature: Buffer): Buffer {
  const changed = Buffer.from(signature);
  changed.writeUInt8(changed.readUInt8(3) ^ 1, 3);
  return changed;
}

/** (R, S + L) for (R, S), which a verifier that does not check its range takes too (RFC 8032 section 5.1.7). */
function withOrderAdded(signature: Buffer): Buffer {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
  const grown = Buffer.from((s + order).toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), grown]);
}

/** The signature of one token under the claims of another. */
function grafted(): string {
  const [header, payload] = key.token({ sub: 'bob' }, noKid).split('.');
  return `${header}.${payload}.${good.split('.')[2]}`;
}
