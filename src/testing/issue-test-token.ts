import { randomUUID } from 'node:crypto';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { sign } from '../tokens/signature.js';
import { type ModuleUnderTest, moduleUnderTest } from './module-under-test.js';
import type { TestApp } from './test-app.js';

/**
 * Claims of a test token: whatever JSON a test needs, in the registered ones, too. `undefined` leaves a claim out that
 * would be there otherwise.
 */
export interface TestClaims {
  /** @default 'access' */
  readonly type?: unknown;
  /** @default 'test-user' */
  readonly sub?: unknown;
  readonly [name: string]: unknown;
}

/**
 * Makes a token that the application believes, with any claims at all: signed with the module's own key, for an issuer
 * and an audience that it accepts, and without the rules that `TokenService` has for what a token may say. No loader is
 * asked but `encodeKey`: claims that `additionalClaims` would add, and other `requiredClaims`, are the test's to give.
 *
 * @param app - of several `JwtExtendedModule`s, the one that a module has: `app.select(UsersModule)`
 * @returns the encoded token
 * @throws TokenCreationError - when the module only verifies tokens
 * @throws TypeError - when it is not clear which of several modules is meant
 *
 * @example
 * ```ts
 * const expired = await issueTestToken(app, { sub: 'alice', exp: 0 });
 * const admin = await issueTestToken(app, { sub: 'alice', roles: ['admin'] });
 * const refresh = await issueTestToken(app, { sub: 'alice', type: 'refresh' });
 * ```
 */
export async function issueTestToken(app: TestApp, claims: TestClaims = {}): Promise<string> {
  const module = await moduleUnderTest(app);
  return signClaims(module, completeClaims(module, claims));
}

/** What the test says, and what every token of the module says, in so far as the test leaves it to the kit. */
export function completeClaims(
  { settings: { options } }: ModuleUnderTest,
  claims: TestClaims,
): TestClaims {
  const given = Object.keys(claims);
  const defaults = Object.entries(defaultClaims(options, claims));
  const all = [...defaults.filter(([name]) => !given.includes(name)), ...Object.entries(claims)];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

export async function signClaims(
  { settings: { options }, keys }: ModuleUnderTest,
  claims: TestClaims,
): Promise<string> {
  const key = await keys.forSigning(claims[options.token.identityClaim], {});
  return sign(claims, {}, key);
}

function defaultClaims({ token, clock }: ResolvedOptions, { type, sub }: TestClaims): object {
  const now = Math.floor(clock().getTime() / 1000);
  const lifetime = token.expires[type === 'refresh' ? 'refresh' : 'access'];
  return {
    fresh: false,
    iat: now,
    jti: randomUUID(),
    type: 'access',
    [token.identityClaim]: sub ?? 'test-user',
    nbf: now,
    csrf: token.encodeCsrf ? randomUUID() : undefined,
    aud: believed(token.encodeAudience, token.decodeAudiences),
    iss: believed(token.encodeIssuer, token.decodeIssuers),
    exp: lifetime === false ? undefined : now + lifetime,
  };
}

/** What the module's own tokens name, unless it believes those of others alone. */
function believed(
  own: string | readonly string[] | undefined,
  accepted: readonly string[] | undefined,
): string | readonly string[] | undefined {
  if (!accepted || [own].flat().some((name) => accepted.some((other) => other === name)))
    return own;
  return accepted[0];
}
