import { randomBytes } from 'node:crypto';
import { type DynamicModule, Inject, Module, Optional } from '@nestjs/common';
import { type Callback, checkFunction, isObject } from '../common/checks.js';
import { isProduction } from '../common/environment.js';
import { readOptions, type Rows } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { OPTIONS_REPLACEMENT } from '../module/module-settings.js';
import { type JwtExtendedLoaders, LOADER_ROWS } from '../options/callbacks.js';
import type { CookieOptions } from '../options/cookie-options.js';
import type { JwtExtendedOptions } from '../options/jwt-extended-options.js';
import { OPTION_ROWS } from '../options/resolve-options.js';

/** Options of {@link JwtExtendedTestingModule.register}. */
export interface JwtExtendedTestingOptions {
  /** The clock of every `JwtExtendedModule`: `new TestClock().now`. @default the application's clock */
  readonly clock?: () => Date;
}

const TESTING_ROWS = { clock: [checkFunction] } as const satisfies Rows<JwtExtendedTestingOptions>;

/**
 * Import it in a test, next to the modules of the application. Every `JwtExtendedModule` then gets a random secret,
 * trusts no other issuer, keeps revocations in memory, sets cookies without `Secure`, reports nothing at start and, if you
 * pass a clock, uses it. All other options stay.
 *
 * Cookies lose `Secure` (and `sameSite: 'none'`, which needs it, becomes `'lax'`), because the `agent` of supertest keeps
 * no such cookies of an application that it calls over plain HTTP. If the name of a cookie starts with `__Host-` or
 * `__Secure-`, which browsers accept with `Secure` only, all cookies stay as they are.
 *
 * It is refused at start unless `NODE_ENV` is `test` or `development`: Jest and Vitest set it to `test`, `node --test`
 * and Mocha do not set it.
 *
 * @example
 * ```ts
 * const clock = new TestClock();
 * const testing = await Test.createTestingModule({
 *   imports: [AppModule, JwtExtendedTestingModule.register({ clock: clock.now })],
 * }).compile();
 * ```
 */
@Module({})
export class JwtExtendedTestingModule {
  /** @internal */
  constructor(@Optional() @Inject(OPTIONS_REPLACEMENT) replacement: unknown) {
    if (replacement !== undefined) return;
    throw new JwtExtendedConfigError(
      'JwtExtendedTestingModule is imported without register, so that the real keys and stores would be used: import ' +
        'JwtExtendedTestingModule.register()',
    );
  }

  /**
   * @throws JwtExtendedConfigError - at once for a mistake in the options, and at start unless `NODE_ENV` is `test` or
   * `development`
   */
  static register(given: JwtExtendedTestingOptions = {}): DynamicModule {
    readOptions('JwtExtendedTestingModule.register', TESTING_ROWS, given);
    // The module itself refuses what is no object.
    const useValue = (options: JwtExtendedOptions) =>
      isObject(options) ? forTests(options, given) : options;
    return {
      module: JwtExtendedTestingModule,
      global: true,
      providers: [{ provide: OPTIONS_REPLACEMENT, useValue }],
      exports: [OPTIONS_REPLACEMENT],
    };
  }
}

function forTests(
  options: JwtExtendedOptions,
  { clock }: JwtExtendedTestingOptions,
): JwtExtendedOptions {
  if (isProduction())
    throw new JwtExtendedConfigError(
      'JwtExtendedTestingModule is imported, which replaces keys and stores, and NODE_ENV is neither test nor ' +
        'development: import it in tests only, and run them with NODE_ENV=test',
    );
  const given = withMembers(options, OPTION_ROWS);
  return {
    ...given,
    ...(clock && { clock }),
    // Tests have nothing to learn from it.
    report: false,
    // A test never uses the application's keys, nor those of other issuers.
    keys: undefined,
    issuers: undefined,
    privateKey: undefined,
    publicKey: undefined,
    passphrase: undefined,
    algorithm: undefined,
    decodeAlgorithms: undefined,
    loaders: { ...boundLoaders(given.loaders), encodeKey: undefined, decodeKey: undefined },
    // Each module gets its own secret, so that it refuses the tokens of the others as in production.
    secret: randomBytes(64),
    blocklist: given.blocklist !== false && { ...given.blocklist, store: undefined },
    cookies:
      given.cookies === undefined || isObject(given.cookies)
        ? cookiesOverHttp(given)
        : given.cookies,
  };
}

/** A copy that has also the members that an instance of a class has from its prototype. */
function withMembers<T extends object>(given: T, rows: object): T {
  const members = Object.keys(rows).map((name) => [name, given[name as keyof T]]);
  return { ...given, ...(Object.fromEntries(members) as Partial<T>) };
}

function boundLoaders(loaders: JwtExtendedLoaders = {}): JwtExtendedLoaders {
  const members = Object.entries(withMembers(loaders, LOADER_ROWS)).map(([name, loader]) => [
    name,
    typeof loader === 'function' ? (loader as Callback).bind(loaders) : (loader as unknown),
  ]);
  return Object.fromEntries(members) as JwtExtendedLoaders;
}

/** Names of cookies that browsers accept with `Secure` only. */
const NEEDS_SECURE = /^__(Host|Secure)-/i;

function cookiesOverHttp({ cookies = {}, csrf }: JwtExtendedOptions): CookieOptions {
  const values: unknown[] = Object.values({ ...cookies, ...csrf });
  const isFixed = values.some((value) => typeof value === 'string' && NEEDS_SECURE.test(value));
  if (isFixed) return cookies;
  const sameSite = cookies.sameSite === 'none' ? 'lax' : cookies.sameSite;
  return { ...withoutPartitions(cookies), sameSite, secure: false };
}

/** Browsers keep a cookie for each site only if it is `Secure`. */
function withoutPartitions(cookies: CookieOptions): CookieOptions {
  return Object.fromEntries(Object.entries(cookies).filter(([name]) => name !== 'partitioned'));
}
