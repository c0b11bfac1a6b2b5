import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenCreationError, type TokenService } from '../../src/index.js';
import { RESERVED_CLAIMS } from '../../src/options/token-options.js';
import { startTokens } from '../support/tokens.js';

/** Fixed, so that a failure can be had again; fast-check prints it with the path to the case. */
const SEED = 20_261_121;

/** Any text that JavaScript can hold, half a surrogate pair included. */
const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 8 })
    .map((codes) => String.fromCharCode(...codes)),
);
const NAMES = fc.oneof(
  { weight: 8, arbitrary: TEXT },
  fc.constantFrom(...RESERVED_CLAIMS, ...Object.getOwnPropertyNames(Object.prototype)),
);
const VALUES = fc.oneof(fc.jsonValue({ maxDepth: 4 }), TEXT);
const CLAIMS = fc
  .array(fc.tuple(NAMES, VALUES), { maxLength: 8 })
  .map((entries) => Object.fromEntries(entries));

describe('Custom claims of any shape', () => {
  let tokens: TokenService;

  beforeAll(async () => {
    ({ tokens } = await startTokens({ maxTokenLength: 1024 * 1024 }));
  });

  it(`come back unchanged, or createAccessToken refuses them (seed ${SEED})`, async () => {
    let accepted = 0;

    await fc.assert(
      fc.asyncProperty(CLAIMS, async (additionalClaims) => {
        const asJson = JSON.stringify(additionalClaims);
        const minted = await tokens
          .createAccessToken('alice', { additionalClaims })
          .catch((fault: unknown) => fault);
        if (typeof minted !== 'string') {
          if (minted instanceof TokenCreationError) return;
          throw minted;
        }
        accepted++;
        const { claims } = await tokens.decodeToken(minted);
        const custom = Object.entries(claims).filter(([name]) =>
          Object.hasOwn(additionalClaims, name),
        );
        if (JSON.stringify(Object.fromEntries(custom)) !== asJson)
          throw new Error('They were changed');
      }),
      { seed: SEED, numRuns: 500 },
    );

    expect(accepted).toBeGreaterThan(100);
  });
});
