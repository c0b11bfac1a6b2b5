import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Algorithm, TokenError, type TokenService } from '../../src/index.js';
import { Clock, NOW, segment } from '../support/forge.js';
import {
  ALGORITHMS,
  claimsAtNow,
  forgeAs,
  keysOf,
  signText,
  startTokens,
  withUnusedBits,
} from '../support/tokens.js';

/** Fixed, so that a failure can be repeated; fast-check prints it with the path to the case. */
const SEED = 20_261_121;
const RUNS = 700;

const clock = new Clock();

/** A change to a token. */
type Mutation = (token: string) => string;

const CHARACTERS = fc.oneof(
  fc.constantFrom(...'ABab01-_', '.', '=', '+', '/', ' ', '\n', '\0', 'é'),
  fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
);

/** Values in tokens that libraries may not expect. */
const HOSTILE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, 0, -1, 1e308, [], {}, ['x'], NOW, NOW - 1, NOW + 1, NOW * 1000],
    ...['', 'none', 'None', 'x', 'access', 'refresh', 'JWT', 'at+jwt', '__proto__', ...ALGORITHMS],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const HEADERS = fc.constantFrom(
  ...'alg typ kid crit b64 zip enc cty jwk jku x5u x5c __proto__ x'.split(' '),
);
const CLAIMS = fc.constantFrom(
  ...'iat nbf exp jti type fresh csrf sub iss aud sid __proto__ x'.split(' '),
);
const JSON_TEXTS = fc.oneof(
  fc.constantFrom(
    ...['', '{}', '[]', 'null', '{', '\ufeff{}', '{"exp":1e400}', '{"alg":"HS256","alg":"none"}'],
  ),
  fc.json({ maxDepth: 2 }),
);

function segmentsOf(token: string): string[] {
  return token.split('.');
}

function changeSegment(token: string, index: number, change: (text: string) => string): string {
  return segmentsOf(token)
    .map((text, at) => (at === index ? change(text) : text))
    .join('.');
}

function withMember(text: string, name: string, value: unknown): string {
  const members = parsed(text).filter(([other]) => other !== name);
  const all = value === undefined ? members : [...members, [name, value] as const];
  return segment(
    `{${all.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`).join()}}`,
  );
}

function parsed(text: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(Buffer.from(text, 'base64url').toString()) as object);
  } catch {
    return [];
  }
}

/** Replaces some characters from a place on, which is counted modulo the length. */
function splice(token: string, at: number, count: number, text: string): string {
  const place = at % (token.length + (count === 0 ? 1 : 0));
  return token.slice(0, place) + text + token.slice(place + count);
}

const without = (segments: readonly string[], index: number) =>
  segments.filter((_, at) => at !== index);

function changeBit(text: string, at: number, bit: number): string {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << bit;
  return bytes.toString('base64url');
}

/** Arguments for a change to a token, drawn from arbitraries. */
function mutation<Drawn extends unknown[]>(
  change: (token: string, ...drawn: Drawn) => string,
  ...arbitraries: { [Index in keyof Drawn]: fc.Arbitrary<Drawn[Index]> }
): fc.Arbitrary<Mutation> {
  return fc.tuple(...arbitraries).map((drawn) => (token) => change(token, ...(drawn as Drawn)));
}

const PLACE = fc.nat();
const SEGMENT = fc.nat(2);

/** Changes to the text of a token, without a new signature. */
const TEXT_MUTATIONS: fc.Arbitrary<Mutation> = fc.oneof(
  mutation((token, at, character) => splice(token, at, 1, character), PLACE, CHARACTERS),
  mutation((token, at, character) => splice(token, at, 0, character), PLACE, CHARACTERS),
  mutation(
    (token, at, count) => splice(token, at, count, ''),
    PLACE,
    fc.integer({ min: 1, max: 40 }),
  ),
  mutation(
    (token, one, other) => {
      const segments = segmentsOf(token);
      [segments[one], segments[other]] = [segments[other] ?? '', segments[one] ?? ''];
      return segments.join('.');
    },
    SEGMENT,
    SEGMENT,
  ),
  mutation(
    (token, index) => changeSegment(token, index, (text) => (text ? withUnusedBits(text) : text)),
    SEGMENT,
  ),
  mutation((token, index) => changeSegment(token, index, () => ''), SEGMENT),
  mutation((token, index) => without(segmentsOf(token), index).join('.'), SEGMENT),
  mutation((token, index) => `${token}.${segmentsOf(token)[index]}`, SEGMENT),
  mutation(
    (token, at, bit) => changeSegment(token, 2, (text) => changeBit(text, at, bit)),
    PLACE,
    fc.nat(7),
  ),
);

const VALUES = fc.option(HOSTILE, { nil: undefined });

/** Changes to the header or the claims of a token. */
const JSON_MUTATIONS: fc.Arbitrary<Mutation> = fc.oneof(
  ...[HEADERS, CLAIMS].map((names, index) =>
    mutation(
      (token, name, value) => changeSegment(token, index, (text) => withMember(text, name, value)),
      names,
      VALUES,
    ),
  ),
  mutation(
    (token, index, text) => changeSegment(token, index, () => segment(text)),
    fc.nat(1),
    JSON_TEXTS,
  ),
);

/** New signatures of the changed token: by its own key, by other keys, and by the public key as a secret. */
function signingMutations(algorithm: Algorithm): fc.Arbitrary<Mutation> {
  const { signing, verifying } = keysOf(algorithm);
  const material =
    verifying.type === 'secret' ? 'public' : verifying.export({ format: 'pem', type: 'spki' });
  const asSecret = createSecretKey(Buffer.from(material as string));
  const resigned =
    (under: Algorithm, key: KeyObject): Mutation =>
    (token) => {
      const input = segmentsOf(token).slice(0, 2).join('.');
      return `${input}.${signText(input, under, key)}`;
    };
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(resigned(algorithm, signing)) },
    fc.constant(resigned(algorithm, keysOf(algorithm, 'other').signing)),
    fc.constant(resigned('HS256', asSecret)),
    fc.constantFrom(...ALGORITHMS).map((other) => resigned(other, keysOf(other).signing)),
  );
}

describe.each(['HS256', 'RS256', 'ES256'] as const)(
  'A token of %s that was tampered with',
  (algorithm) => {
    const { options, verifying } = keysOf(algorithm);
    let tokens: TokenService;

    beforeAll(async () => {
      ({ tokens } = await startTokens({ ...options, clock: clock.now }));
    });

    it(`is accepted only if jose accepts it, and refused only with a TokenError (seed ${SEED})`, async () => {
      const good = forgeAs(algorithm, claimsAtNow({ roles: ['user'] }));
      const signing = signingMutations(algorithm);
      const mutations = fc.oneof(
        fc.array(TEXT_MUTATIONS, { minLength: 1, maxLength: 3 }),
        fc
          .tuple(fc.array(JSON_MUTATIONS, { maxLength: 3 }), signing)
          .map(([changes, sign]) => [...changes, sign]),
        fc
          .tuple(fc.array(JSON_MUTATIONS, { minLength: 1, maxLength: 2 }), signing, TEXT_MUTATIONS)
          .map(([changes, sign, text]) => [...changes, sign, text]),
        fc.array(JSON_MUTATIONS, { minLength: 1, maxLength: 3 }),
      );
      const seen = { believed: 0, refused: 0 };

      await fc.assert(
        fc.asyncProperty(mutations, async (steps) => {
          const token = steps.reduce((text, step) => step(text), good);
          const error = await tokens.decodeToken(token).then(
            () => undefined,
            (fault: unknown) => fault,
          );
          if (error === undefined) {
            seen.believed++;
            await jwtVerify(token, verifying, {
              algorithms: [algorithm],
              currentDate: clock.now(),
            });
          } else {
            seen.refused++;
            if (!(error instanceof TokenError)) throw error;
            if (error.getStatus() >= 500) throw new Error(`${error.getStatus()} for ${token}`);
          }
          if (Object.keys(Object.prototype).length > 0) throw new Error('A prototype was touched');
        }),
        { seed: SEED, numRuns: RUNS },
      );

      // Otherwise the test would prove nothing: some tokens must be good, and most of them bad.
      expect(seen.believed).toBeGreaterThan(RUNS / 50);
      expect(seen.refused).toBeGreaterThan(RUNS / 2);
    });
  },
);
