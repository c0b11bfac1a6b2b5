import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Hmac } from 'node:crypto';
import type { Algorithm, JwtExtendedOptions, TokenService } from '../../../src/index.js';
import { Clock, forgeToken, SECRET } from '../../support/forge.js';
import { accepts, eachOf, refuses } from '../../support/token-rows.js';
import {
  ALGORITHMS,
  claimsAtNow,
  claimsOf,
  describeTokens,
  forgeAs,
  invalid,
  keysOf,
  refusalOf,
  startTokens,
  type TokenTools,
  withSignature,
} from '../../support/tokens.js';

const NOT_ALLOWED = 'The specified alg value is not allowed';
const FAILED = 'Signature verification failed';
const clock = new Clock();

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const { options, signing, verifying } = keysOf(algorithm);
  let tokens: TokenService;
  beforeAll(async () => {
    ({ tokens } = await startTokens({ ...options, clock: clock.now }));
  });

  it('gives tokens that jose verifies', async () => {
    const token = await tokens.createAccessToken('alice', { additionalClaims: { roles: ['ä'] } });

    const { payload, protectedHeader } = await jwtVerify(token, verifying, {
      algorithms: [algorithm],
      currentDate: clock.now(),
    });
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT' });
    expect(payload).toEqual({ ...claimsOf(token), sub: 'alice', roles: ['ä'] });
  });

  it('verifies the tokens of jose', async () => {
    const header = { alg: algorithm };
    const claims = claimsAtNow({ roles: ['ä'] });
    const token = await new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(signing);

    const decoded = { header, claims, identity: 'alice', type: 'access' };
    expect(await tokens.decodeToken(token)).toMatchObject(decoded);
  });

  it('verifies tokens of its own key, and of no other', async () => {
    const other = await startTokens({ ...keysOf(algorithm, 'other').options, clock: clock.now });

    expect(await tokens.verifyToken(await tokens.createAccessToken('alice'))).toBe(true);
    expect(await tokens.verifyToken(await other.tokens.createAccessToken('alice'))).toBe(false);
  });

  it('is the only algorithm that is accepted (R2)', async () => {
    for (const foreign of ALGORITHMS.filter((name) => name !== algorithm)) {
      const refusal = await refusalOf(tokens.decodeToken(forgeAs(foreign, claimsAtNow())));
      expect(refusal).toMatchObject({ code: 'TOKEN_INVALID', message: NOT_ALLOWED });
    }
  });
});

describe('A signature', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Everything that reads a token from its text; `verifyToken` answers `false` for a refusal. */
  const READERS: Readonly<
    Record<string, (tools: TokenTools, encoded: string) => Promise<unknown>>
  > = {
    decodeToken: ({ tokens }, encoded) => tokens.decodeToken(encoded),
    'decodeToken of an expired token': ({ tokens }, encoded) =>
      tokens.decodeToken(encoded, { allowExpired: true }),
    verifyToken: async ({ tokens }, encoded) => {
      if (!(await tokens.verifyToken(encoded))) await tokens.decodeToken(encoded);
    },
    getJti: ({ tokens }, encoded) => tokens.getJti(encoded),
    getCsrfToken: ({ tokens }, encoded) => tokens.getCsrfToken(encoded),
    isRevoked: ({ blocklist }, encoded) => blocklist.isRevoked(encoded),
    revoke: ({ blocklist }, encoded) => blocklist.revoke(encoded),
  };

  it.each<[string, JwtExtendedOptions]>([
    ['a secret', {}],
    ['a key pair', keysOf('RS256').options],
    ['several algorithms', { ...keysOf('RS256').options, decodeAlgorithms: ['RS256', 'PS256'] }],
    ['a key that a loader gives', { loaders: { decodeKey: () => SECRET } }],
  ])('is verified by everything that reads a token, under %s (R2, F3)', async (_, options) => {
    const tools = await startTokens({ clock: clock.now, ...options });
    const token = await tools.tokens.createAccessToken('alice');
    const forged = withSignature(token, (bytes) => bytes.reverse());
    const ofAnotherAlgorithm = forgeAs('ES256', claimsAtNow());

    for (const [name, read] of Object.entries(READERS)) {
      for (const [presented, message] of [
        [forged, FAILED],
        [ofAnotherAlgorithm, NOT_ALLOWED],
      ] as const) {
        const refusal = await refusalOf(read(tools, presented));
        expect([name, refusal]).toMatchObject([name, { code: 'TOKEN_INVALID', message }]);
      }
      await read(tools, token);
    }
  });

  it('is not computed for a token that is refused without it (R12)', async () => {
    const { tokens } = await startTokens({ clock: clock.now });
    const unsigned = ['a.b.c', forgeToken(claimsAtNow(), { alg: 'none' }), forgeToken('[]')];
    const expired = forgeToken(claimsAtNow({ exp: 1 }));
    const digest = jest.spyOn(Hmac.prototype, 'digest');

    for (const token of unsigned) await refusalOf(tokens.decodeToken(token));
    expect(digest).not.toHaveBeenCalled();
    await refusalOf(tokens.decodeToken(expired));
    expect(digest).toHaveBeenCalledTimes(1);
  });
});

const TWO = { ...keysOf('RS256').options, decodeAlgorithms: ['RS256', 'PS256'] as const };

describeTokens('Two algorithms in decodeAlgorithms', { isVariant: true, options: TWO }, [
  ...accepts(eachOf('the algorithm', ['RS256', 'PS256'] as const, forged)),
  ...refuses(invalid(NOT_ALLOWED), { PS384: forged('PS384') }),
  ...refuses(invalid(FAILED), {
    'a signature of PS256 under the name RS256': forgeAs('PS256', claimsAtNow(), {
      header: { alg: 'RS256' },
    }),
  }),
]);

describeTokens(
  'A signature of ES256',
  { isVariant: true, options: keysOf('ES256').options },
  accepts({
    'the other s, so that the text of a token is no key of the blocklist (F12)': mirrored(),
  }),
);

function forged(algorithm: Algorithm): string {
  return forgeAs(algorithm, claimsAtNow());
}

/** With (r, n - s) for (r, s): the one other signature that follows from a good one. */
function mirrored(): string {
  const orderOfP256 = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  return withSignature(forgeAs('ES256', claimsAtNow()), (signature) => {
    const s = orderOfP256 - BigInt(`0x${signature.subarray(32).toString('hex')}`);
    return Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
    ]);
  });
}
