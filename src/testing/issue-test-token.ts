import { randomUUID } from 'node:crypto';
import type { TokenType } from '../contracts/token.js';
import { ModuleSettings } from '../jwt-extended.module-settings.js';
import { sign } from '../tokens/signature.js';
import { TokenKeys } from '../tokens/token-keys.js';
import type { TestApp } from './test-app.js';

/**
 * Claims of a test token: whatever a test needs, the registered ones included. `undefined` leaves a claim out that would
 * be there otherwise.
 */
export interface TestClaims {
  /** @default 'access' */
  readonly type?: TokenType | (string & {}) | undefined;
  /** @default 'test-user' */
  readonly sub?: string | undefined;
  readonly [name: string]: unknown;
}

/**
 * Makes a token that the application believes, with any claims at all: signed with the module's own key, without asking
 * its loaders, and without the rules that `TokenService` has for what a token may say.
 *
 * @returns the encoded token
 * @throws TokenCreationError - when the module only verifies tokens
 *
 * @example
 * ```ts
 * const expired = await issueTestToken(app, { sub: 'alice', exp: 0 });
 * const admin = await issueTestToken(app, { sub: 'alice', roles: ['admin'] });
 * const refresh = await issueTestToken(app, { sub: 'alice', type: 'refresh' });
 * ```
 */
export async function issueTestToken(app: TestApp, claims: TestClaims = {}): Promise<string> {
  const settings = app.get<ModuleSettings>(ModuleSettings, { strict: false });
  const keys = app.get<TokenKeys>(TokenKeys, { strict: false });
  const key = await keys.forSigning(claims.sub, {});
  return sign({ ...defaultClaims(settings, claims), ...present(claims) }, {}, key);
}

/** What every token of the module says, in so far as the test leaves it to the kit. */
function defaultClaims({ options }: ModuleSettings, claims: TestClaims): object {
  const { token, clock } = options;
  const now = Math.floor(clock().getTime() / 1000);
  const lifetime = token.expires[claims.type === 'refresh' ? 'refresh' : 'access'];
  const defaults = {
    fresh: false,
    iat: now,
    jti: randomUUID(),
    type: 'access',
    [token.identityClaim]: claims.sub ?? 'test-user',
    nbf: now,
    ...(token.encodeCsrf && { csrf: randomUUID() }),
    ...(token.encodeAudience && { aud: token.encodeAudience }),
    ...(token.encodeIssuer && { iss: token.encodeIssuer }),
    ...(lifetime !== false && { exp: now + lifetime }),
  };
  const named = Object.keys(claims);
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !named.includes(name)));
}

function present(claims: TestClaims): object {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
