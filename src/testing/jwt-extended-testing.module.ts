import { randomBytes } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { OPTIONS_REPLACEMENT, type OptionsReplacement } from '../module/module-settings.js';

/** Options of {@link JwtExtendedTestingModule.register}. */
export interface JwtExtendedTestingOptions {
  /** The clock of every `JwtExtendedModule`: `new TestClock().now`. @default the application's clock */
  readonly clock?: () => Date;
}

/**
 * Import it in a test, next to the modules of the application. Every `JwtExtendedModule` then gets a random secret,
 * trusts no other issuer, keeps revocations in memory and, if you pass a clock, uses it. All other options stay.
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
    const replace: OptionsReplacement = (options) => ({
      ...options,
      ...(clock && { clock }),
      // A test never uses the application's keys, nor those of other issuers.
      keys: undefined,
      issuers: undefined,
      privateKey: undefined,
      publicKey: undefined,
      passphrase: undefined,
      algorithm: undefined,
      decodeAlgorithms: undefined,
      loaders: { ...options.loaders, encodeKey: undefined, decodeKey: undefined },
      // Each module gets its own secret, so that it refuses the tokens of the others as in production.
      secret: randomBytes(64),
      blocklist: { ...options.blocklist, store: undefined },
    });
    return {
      module: JwtExtendedTestingModule,
      global: true,
      providers: [{ provide: OPTIONS_REPLACEMENT, useValue: replace }],
      exports: [OPTIONS_REPLACEMENT],
    };
  }
}
