import { Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { ModuleSettings } from '../module/module-settings.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { headerFor, sign } from '../tokens/signature.js';
import { TokenKeys } from '../tokens/token-keys.js';

/** The part of an application that the kit needs: an `INestApplication`, a `TestingModule`, or the result of `select`. */
export interface TestApp {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- as Nest types it
  get<T>(token: any, options: { strict: boolean }): T;
}

/** The parts of a `JwtExtendedModule` that a test token needs. */
class ModuleUnderTest {
  constructor(
    @Inject(ModuleSettings) readonly settings: ModuleSettings,
    @Inject(TokenKeys) readonly keys: TokenKeys,
  ) {}
}

/**
 * The only `JwtExtendedModule` of the application or, if there are several, the one that the selected module imports. The
 * import may be indirect, so Nest resolves it: it builds a class inside the selected module.
 *
 * @throws TypeError - if there are several and the selected module imports none of them
 */
async function moduleUnderTest(app: TestApp): Promise<ModuleUnderTest> {
  const modules = app.get<ModuleRef>(ModuleRef, { strict: true });
  const everywhere = { strict: false, each: true } as const;
  const [settings, ...others] = modules.get(ModuleSettings, everywhere);
  if (settings && others.length === 0)
    return new ModuleUnderTest(settings, modules.get(TokenKeys, { strict: false }));
  try {
    return await modules.create(ModuleUnderTest);
  } catch (cause) {
    throw new TypeError(
      `The application has ${others.length + 1} JwtExtendedModules: pass app.select(…) with the module that imports the ` +
        'right one, instead of app',
      { cause },
    );
  }
}

/** Claims of a test token: any JSON, also in registered claims. `undefined` removes a claim that the token would have. */
export interface TestClaims {
  /** @default 'access' */
  readonly type?: unknown;
  /** @default 'test-user' */
  readonly sub?: unknown;
  readonly [name: string]: unknown;
}

/**
 * Makes a token with any claims, signed with the module's key, with an issuer and an audience that the module accepts.
 * The rules of `TokenService` for claims do not apply. The only loader that is called is `encodeKey`: pass the claims that
 * `additionalClaims` would add, and `requiredClaims`, yourself.
 *
 * @param app - the application; if it has several `JwtExtendedModule`s, `app.select(UsersModule)`
 * @returns the encoded token
 * @throws TokenCreationError - if the module has no signing key
 * @throws TypeError - if the application has several modules and none was selected
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

/** The claims of the test and, for those that it does not give, the defaults. */
function completeClaims({ settings }: ModuleUnderTest, claims: TestClaims): TestClaims {
  const all = Object.entries({ ...defaultClaims(settings.options, claims), ...claims });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

async function signClaims(
  { settings: { options }, keys }: ModuleUnderTest,
  claims: TestClaims,
): Promise<string> {
  const key = await keys.forSigning(claims[options.token.identityClaim], {});
  return sign(claims, headerFor(key), key);
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
    aud: acceptedValue(token.encodeAudience, token.decodeAudience),
    iss: acceptedValue(token.encodeIssuer, token.decodeIssuer),
    exp: lifetime === false ? undefined : now + lifetime,
  };
}

/** The value that the module writes, or the first one that it accepts if it does not accept its own. */
function acceptedValue(
  own: string | readonly string[] | undefined,
  accepted: readonly string[] | undefined,
): string | readonly string[] | undefined {
  if (!accepted || [own].flat().some((name) => accepted.some((other) => other === name)))
    return own;
  return accepted[0];
}

/** The credentials of a request, for the location in which the application expects tokens. */
export interface TestCredentials {
  /** The encoded token. */
  readonly token: string;
  /** For supertest's `set`, `inject` and `fetch`: the token in a header, or in a cookie with its CSRF value. */
  readonly headers: Record<string, string>;
  /** The cookies among these headers, by name. */
  readonly cookies: Record<string, string>;
}

/**
 * The headers of a request that an identity sends: `Authorization` or, if the module's first location is `cookies`, the
 * cookie and the header with its CSRF value. Use it instead of `overrideGuard`: the parameter decorators then work.
 *
 * @param app - the application; if it has several `JwtExtendedModule`s, `app.select(UsersModule)`
 * @param claims - claims of the token, as in `issueTestToken`
 * @throws TypeError - if the first location is neither `headers` nor `cookies`: use `issueTestToken` then
 *
 * @example
 * ```ts
 * const { headers } = await asIdentity(app, 'alice', { roles: ['admin'] });
 * await request(app.getHttpServer()).get('/me').set(headers).expect(200);
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
  if (location === 'headers') {
    const { type, lowerCaseName } = options.header;
    const value = type === '' ? token : `${type} ${token}`;
    return { token, headers: { [lowerCaseName]: value }, cookies: {} };
  }
  if (location === 'cookies') return { token, ...cookieOf(token, said, options) };
  throw new TypeError(
    "asIdentity supports the locations 'headers' and 'cookies': for others use issueTestToken",
  );
}

/** Adds the CSRF value if the token has one; the guards refuse a token without it. */
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
