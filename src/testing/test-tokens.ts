import { Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { ModuleSettings } from '../module/module-settings.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { sign } from '../tokens/signature.js';
import { TokenKeys } from '../tokens/token-keys.js';

/** As much of an application as the kit needs: an `INestApplication`, a `TestingModule`, or a module of several by `select`. */
export interface TestApp {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- as Nest types it
  get<T>(token: any, options: { strict: boolean }): T;
}

/** As much of a `JwtExtendedModule` as a test token needs. */
class ModuleUnderTest {
  constructor(
    @Inject(ModuleSettings) readonly settings: ModuleSettings,
    @Inject(TokenKeys) readonly keys: TokenKeys,
  ) {}
}

/**
 * The application's only `JwtExtendedModule`, or, of several, the one whose guards the selected module has. Nest alone
 * knows that one, by imports that may lead through other modules, so that Nest is made to build something there.
 *
 * @throws TypeError - when there are several, and the selected module has none of them
 */
async function moduleUnderTest(app: TestApp): Promise<ModuleUnderTest> {
  const modules = app.get<ModuleRef>(ModuleRef, { strict: true });
  const everywhere = { strict: false, each: true } as const;
  const [settings, ...others] = modules.get(ModuleSettings, everywhere);
  if (settings && others.length === 0) {
    return new ModuleUnderTest(settings, modules.get(TokenKeys, { strict: false }));
  }
  try {
    return await modules.create(ModuleUnderTest);
  } catch (cause) {
    throw new TypeError(
      `The application has ${others.length + 1} JwtExtendedModules: give app.select(…) of the module that imports the ` +
        'one which is meant, in place of app',
      { cause },
    );
  }
}

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
function completeClaims(
  { settings: { options } }: ModuleUnderTest,
  claims: TestClaims,
): TestClaims {
  const given = Object.keys(claims);
  const defaults = Object.entries(defaultClaims(options, claims));
  const all = [...defaults.filter(([name]) => !given.includes(name)), ...Object.entries(claims)];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

async function signClaims(
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
