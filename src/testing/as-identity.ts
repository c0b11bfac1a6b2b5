import { ModuleSettings } from '../jwt-extended.module-settings.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { csrfClaimOf } from '../tokens/csrf-claim.js';
import { TokenReader } from '../tokens/token-reader.js';
import { issueTestToken, type TestClaims } from './issue-test-token.js';
import type { TestApp } from './test-app.js';

/** What makes a request come from somebody, wherever the application expects its tokens. */
export interface TestCredentials {
  /** The encoded token. */
  readonly token: string;
  /** For supertest's `set`, `inject` and `fetch`: the token in a header, or in a cookie with its csrf value. */
  readonly headers: Record<string, string>;
  /** The cookies among these headers, by name. */
  readonly cookies: Record<string, string>;
}

/**
 * The headers of a request that comes from an identity: an `Authorization` header, or, where the module's first location
 * is `cookies`, a cookie and the header with its csrf value.
 *
 * @param claims - claims for the token, as `issueTestToken` takes them
 * @throws TypeError - where the first location is neither `headers` nor `cookies`: put `issueTestToken`'s token there
 *
 * @example
 * ```ts
 * const { headers } = await asIdentity(app, 'alice', { roles: ['admin'] });
 * await request(app.getHttpServer()).get('/me').set(headers).expect(200);
 * await fastify.inject({ url: '/me', headers });
 * await fetch(`${url}/me`, { headers });
 * ```
 */
export async function asIdentity(
  app: TestApp,
  identity: string,
  claims: TestClaims = {},
): Promise<TestCredentials> {
  const { options } = app.get<ModuleSettings>(ModuleSettings, { strict: false });
  const token = await issueTestToken(app, { ...claims, [options.token.identityClaim]: identity });
  const [location] = options.locations;
  if (location === 'headers') return { token, headers: headerOf(token, options), cookies: {} };
  if (location === 'cookies') {
    const reader = app.get<TokenReader>(TokenReader, { strict: false });
    return { token, ...(await cookieOf(token, options, reader)) };
  }
  throw new TypeError(
    "asIdentity knows the locations 'headers' and 'cookies': put the token of issueTestToken where the application looks",
  );
}

function headerOf(token: string, { header }: ResolvedOptions): Record<string, string> {
  return { [header.lowerCaseName]: header.type === '' ? token : `${header.type} ${token}` };
}

async function cookieOf(
  token: string,
  { carriers, csrf }: ResolvedOptions,
  reader: TokenReader,
): Promise<Pick<TestCredentials, 'headers' | 'cookies'>> {
  const { type, claims } = await reader.read(token, { allowExpired: true });
  const { cookie, csrfHeaderLowerCaseName } = carriers[type];
  return {
    headers: {
      cookie: `${cookie.name}=${token}`,
      ...(csrf.protect && { [csrfHeaderLowerCaseName]: csrfClaimOf(claims) }),
    },
    cookies: { [cookie.name]: token },
  };
}
