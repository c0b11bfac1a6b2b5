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

/** Fixed, so that a failure can be had again; fast-check prints it with the path to the case. */
const SEED = 20_261_121;
const RUNS = 700;

const clock = new Clock();

/** What is done to a token, one after the other. */
type Mutation = (token: string) => string;

const CHARACTERS = fc.oneof(
  fc.constantFrom(...'ABab01-_', '.', '=', '+', '/', ' ', '\n', '\0', 'é'),
  fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
);

/** What stands in tokens to make libraries stumble. */
const HOSTILE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    '',
    'none',
    'None',
    'x',
    [],
    {},
    ['x'],
    ...ALGORITHMS,
    NOW,
    NOW - 1,
    NOW + 1,
    NOW * 1000,
    'access',
    'refresh',
    'JWT',
    'at+jwt',
    '__proto__',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const HEADERS = fc.constantFrom(
  'alg',
  'typ',
  'kid',
  'crit',
  'b64',
  'zip',
  'enc',
  'cty',
  'jwk',
  'jku',
  'x5u',
  'x5c',
  '__proto__',
  'x',
);
const CLAIMS = fc.constantFrom(
  'iat',
  'nbf',
  'exp',
  'jti',
  'type',
  'fresh',
  'csrf',
  'sub',
  'iss',
  'aud',
  'sid',
  '__proto__',
  'x',
);
const JSON_TEXTS = fc.oneof(
  fc.constantFrom(
    '',
    '{}',
    '[]',
    'null',
    '{"exp":1e400}',
    '{"alg":"HS256","alg":"none"}',
    '\ufeff{}',
    '{',
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

/** Changes to the text of a token, without a new signature. */
const TEXT_MUTATIONS: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), CHARACTERS).map(([at, character]): Mutation => (token) => {
    const place = at % token.length;
    return token.slice(0, place) + character + token.slice(place + 1);
  }),
  fc.tuple(fc.nat(), CHARACTERS).map(([at, character]): Mutation => (token) => {
    const place = at % (token.length + 1);
    return token.slice(0, place) + character + token.slice(place);
  }),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })).map(([at, count]): Mutation => (token) => {
    const place = at % token.length;
    return token.slice(0, place) + token.slice(place + count);
  }),
  fc.tuple(fc.nat(2), fc.nat(2)).map(([one, other]): Mutation => (token) => {
    const segments = segmentsOf(token);
    [segments[one], segments[other]] = [segments[other] ?? '', segments[one] ?? ''];
    return segments.join('.');
  }),
  fc.nat(2).map(
    (index): Mutation =>
      (token) =>
        changeSegment(token, index, (text) => (text ? withUnusedBits(text) : text)),
  ),
  fc.nat(2).map(
    (index): Mutation =>
      (token) =>
        changeSegment(token, index, () => ''),
  ),
  fc.nat(2).map(
    (index): Mutation =>
      (token) =>
        segmentsOf(token)
          .filter((_, at) => at !== index)
          .join('.'),
  ),
  fc.nat(2).map(
    (index): Mutation =>
      (token) =>
        `${token}.${segmentsOf(token)[index]}`,
  ),
  fc.tuple(fc.nat(), fc.nat(7)).map(
    ([at, bit]): Mutation =>
      (token) =>
        changeSegment(token, 2, (text) => {
          const bytes = Buffer.from(text, 'base64url');
          if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << bit;
          return bytes.toString('base64url');
        }),
  ),
);

/** Changes to what a token says. */
const JSON_MUTATIONS: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(HEADERS, fc.option(HOSTILE, { nil: undefined })).map(
    ([name, value]): Mutation =>
      (token) =>
        changeSegment(token, 0, (text) => withMember(text, name, value)),
  ),
  fc.tuple(CLAIMS, fc.option(HOSTILE, { nil: undefined })).map(
    ([name, value]): Mutation =>
      (token) =>
        changeSegment(token, 1, (text) => withMember(text, name, value)),
  ),
  fc.tuple(fc.nat(1), JSON_TEXTS).map(
    ([index, text]): Mutation =>
      (token) =>
        changeSegment(token, index, () => segment(text)),
  ),
);

/** Signatures over whatever the token says by now: its own key's, others', and the public key's as if it were a secret. */
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

      // Or else it would prove nothing: some tokens must be good, and most of them bad.
      expect(seen.believed).toBeGreaterThan(RUNS / 50);
      expect(seen.refused).toBeGreaterThan(RUNS / 2);
    });
  },
);
