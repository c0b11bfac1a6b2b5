import type { ResolvedOptions } from '../options/resolved-options.js';
import { completeClaims, signClaims, type TestClaims } from './issue-test-token.js';
import { moduleUnderTest } from './module-under-test.js';
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
 * @param app - of several `JwtExtendedModule`s, the one that a module has: `app.select(UsersModule)`
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
  const module = await moduleUnderTest(app);
  const { options } = module.settings;
  const said = completeClaims(module, { ...claims, [options.token.identityClaim]: identity });
  const token = await signClaims(module, said);
  const [location] = options.locations;
  if (location === 'headers') return { token, headers: headerOf(token, options), cookies: {} };
  if (location === 'cookies') return { token, ...cookieOf(token, said, options) };
  throw new TypeError(
    "asIdentity knows the locations 'headers' and 'cookies': put the token of issueTestToken where the application looks",
  );
}

function headerOf(token: string, { header }: ResolvedOptions): Record<string, string> {
  return { [header.lowerCaseName]: header.type === '' ? token : `${header.type} ${token}` };
}

/** With its csrf value, in so far as there is one: a token without it is for the guards to refuse. */
function cookieOf(
  token: string,
  { type, csrf: value }: TestClaims,
  { carriers, csrf }: ResolvedOptions,
): Pick<TestCredentials, 'headers' | 'cookies'> {
  const { cookie, csrfHeaderLowerCaseName } = carriers[type === 'refresh' ? 'refresh' : 'access'];
  return {
    headers: {
      cookie: `${cookie.name}=${token}`,
      ...(csrf.protect && typeof value === 'string' && { [csrfHeaderLowerCaseName]: value }),
    },
    cookies: { [cookie.name]: token },
  };
}
