import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type JwtModuleOptions, JwtService } from '@nestjs/jwt';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { KeyObject } from 'node:crypto';
import type { JwtExtendedOptions } from '../../../src/index.js';
import { Clock, forgeToken, SECRET } from '../../support/forge.js';
import {
  ALGORITHMS,
  claimsAtNow,
  claimsOf,
  forgeAs,
  keysOf,
  refusalOf,
  startTokens,
} from '../../support/tokens.js';

const clock = new Clock();

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const { options, signing, verifying } = keysOf(algorithm);

  it('mints what jose verifies', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });

    const token = await tokens.createAccessToken('alice', { additionalClaims: { roles: ['ä'] } });

    const { payload, protectedHeader } = await jwtVerify(token, verifying, {
      algorithms: [algorithm],
      currentDate: clock.now(),
    });
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT' });
    expect(payload).toEqual({ ...claimsOf(token), sub: 'alice', roles: ['ä'] });
  });

  it('verifies what jose mints', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });
    const claims = claimsAtNow({ roles: ['ä'] });

    const token = await new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: algorithm })
      .sign(signing);

    expect(await tokens.decodeToken(token)).toMatchObject({
      header: { alg: algorithm },
      claims,
      identity: 'alice',
      type: 'access',
    });
  });

  it("verifies its own, and nobody else's", async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });
    const other = await startTokens({ ...keysOf(algorithm, 'other').options, clock: clock.now });

    expect(await tokens.verifyToken(await tokens.createAccessToken('alice'))).toBe(true);
    expect(await tokens.verifyToken(await other.tokens.createAccessToken('alice'))).toBe(false);
  });

  it('is not taken for any other (R2)', async () => {
    const { tokens } = await startTokens({ ...options, clock: clock.now });

    for (const foreign of ALGORITHMS.filter((name) => name !== algorithm)) {
      expect(await refusalOf(tokens.decodeToken(forgeAs(foreign, claimsAtNow())))).toMatchObject({
        code: 'TOKEN_INVALID',
        message: 'The specified alg value is not allowed',
      });
    }
  });
});

describe('Every verification', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each<[string, JwtExtendedOptions]>([
    ['a secret', {}],
    ['a key pair', keysOf('RS256').options],
    ['several algorithms', { ...keysOf('RS256').options, decodeAlgorithms: ['RS256', 'PS256'] }],
    ['a key that a loader gives', { loaders: { decodeKey: () => SECRET } }],
  ])('names its algorithms and its key: %s (R2, F3)', async (_, options) => {
    const verify = jest.spyOn(JwtService.prototype, 'verify');
    const { tokens, blocklist } = await startTokens({ clock: clock.now, ...options });
    const token = await tokens.createAccessToken('alice');

    await tokens.decodeToken(token);
    await tokens.decodeToken(token, { allowExpired: true });
    await tokens.verifyToken(token);
    await tokens.getJti(token);
    await tokens.getCsrfToken(token);
    await blocklist.revoke(token);
    await blocklist.isRevoked(token);

    expect(verify).toHaveBeenCalledTimes(7);
    for (const [encoded, override] of verify.mock.calls) {
      expect(encoded).toBe(token);
      expect(override).toBeUndefined();
    }
    for (const service of verify.mock.contexts) {
      const { publicKey, secret, verifyOptions } = optionsOf(service);
      const algorithms = options.decodeAlgorithms ?? [options.algorithm ?? 'HS256'];
      expect(verifyOptions?.algorithms).toEqual(algorithms);
      expect(Object.isFrozen(verifyOptions?.algorithms)).toBe(true);
      expect(publicKey).toBeInstanceOf(KeyObject);
      expect(secret).toBeUndefined();
    }
  });

  it('comes after what can be refused without one (R12)', async () => {
    const verify = jest.spyOn(JwtService.prototype, 'verify');
    const { tokens } = await startTokens({ clock: clock.now });

    for (const token of ['a.b.c', forgeToken(claimsAtNow(), { alg: 'none' }), forgeToken('[]')]) {
      await refusalOf(tokens.decodeToken(token));
    }

    expect(verify).not.toHaveBeenCalled();
  });
});

/** What a service was made with; it keeps that to itself. */
function optionsOf(service: unknown): JwtModuleOptions {
  return (service as { options: JwtModuleOptions }).options;
}
