import { randomBytes } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { OPTIONS_REPLACEMENT, type OptionsReplacement } from '../module/module-settings.js';
import type { JwtExtendedOptions } from '../options/jwt-extended-options.js';

/** What a {@link JwtExtendedTestingModule} replaces besides the keys and the store. */
export interface JwtExtendedTestingOptions {
  /**
   * The clock of every module: `new TestClock().now`.
   *
   * @default the application's own
   */
  readonly clock?: () => Date;
}

/**
 * Import it beside the application's modules in a test: every `JwtExtendedModule` among them then has keys of its own
 * that are good for this test alone, keeps revocations in memory, and, if wanted, goes by a clock that the test moves.
 * All other options stay as the application has them.
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
  static register({ clock }: JwtExtendedTestingOptions = {}): DynamicModule {
    const replace: OptionsReplacement = (options) => forTests(options, clock);
    return {
      module: JwtExtendedTestingModule,
      global: true,
      providers: [{ provide: OPTIONS_REPLACEMENT, useValue: replace }],
      exports: [OPTIONS_REPLACEMENT],
    };
  }
}

/** Keys of the application's own have no business in a test. */
const NO_KEYS = {
  keys: undefined,
  privateKey: undefined,
  publicKey: undefined,
  passphrase: undefined,
  algorithm: undefined,
  decodeAlgorithms: undefined,
} satisfies Partial<JwtExtendedOptions>;

/** Each module has a secret of its own, so that none takes another's tokens in a test, either. */
function forTests(options: JwtExtendedOptions, clock?: () => Date): JwtExtendedOptions {
  return {
    ...options,
    ...NO_KEYS,
    secret: randomBytes(64),
    loaders: { ...options.loaders, encodeKey: undefined, decodeKey: undefined },
    blocklist: { ...options.blocklist, store: undefined },
    ...(clock && { clock }),
  };
}
