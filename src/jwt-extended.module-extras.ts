import type { Type } from '@nestjs/common';
import { JwtExtendedConfigError } from './errors/config.error.js';
import { checkBoolean, checkNonEmptyString, optional } from './options/checks.js';
import { BlocklistService } from './revocation/blocklist.service.js';

/** What shapes the module itself: it stands beside the options of `forRoot`, or beside `useFactory`. */
export interface JwtExtendedModuleExtras {
  /**
   * Whether the module's services and guards are there for every module of the application.
   *
   * @default true
   */
  isGlobal?: boolean;
  /**
   * Closes every route: `AccessGuard` is registered for the whole application, and `@Public()` opens one.
   *
   * @default false
   */
  globalGuard?: boolean;
  /**
   * Whether `JwtExceptionFilter` is registered for the whole application.
   *
   * @default true
   */
  registerFilter?: boolean;
  /**
   * Registers passport strategies named `<prefix>-access`, `<prefix>-fresh` and `<prefix>-refresh`, for
   * `AuthGuard('jwt-access')`.
   *
   * @default none
   */
  strategyPrefix?: string;
  /** A class that extends `BlocklistService` and replaces it; the container builds it, with its own dependencies. */
  blocklistService?: Type<BlocklistService>;
}

/** An extra left out here would be taken for an option. */
export const EXTRAS_DEFAULTS: JwtExtendedModuleExtras = {
  isGlobal: true,
  globalGuard: false,
  registerFilter: true,
  strategyPrefix: undefined,
  blocklistService: undefined,
};

const ASYNC_NAMES = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
];

/** @throws JwtExtendedConfigError */
export function checkExtras(extras: JwtExtendedModuleExtras): void {
  checkBoolean(extras.isGlobal, 'isGlobal');
  checkBoolean(extras.globalGuard, 'globalGuard');
  checkBoolean(extras.registerFilter, 'registerFilter');
  optional(extras.strategyPrefix, 'strategyPrefix', checkNonEmptyString);
  const { blocklistService } = extras;
  if (blocklistService && !(blocklistService.prototype instanceof BlocklistService)) {
    throw new JwtExtendedConfigError(
      'blocklistService must be a class that extends BlocklistService',
    );
  }
}

/** What `forRootAsync` itself was given; the options proper come from its factory. */
export function checkAsyncOptions(options: object): void {
  const known = [...ASYNC_NAMES, ...Object.keys(EXTRAS_DEFAULTS)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new JwtExtendedConfigError(
      `forRootAsync has no option '${unknown}': return it from useFactory if it is an option of the module; ` +
        `beside useFactory stand ${known.join(', ')}`,
    );
  }
  const ways = ['useFactory', 'useClass', 'useExisting'].filter((name) =>
    Object.hasOwn(options, name),
  );
  if (ways.length !== 1) {
    throw new JwtExtendedConfigError(
      `forRootAsync takes one of useFactory, useClass and useExisting, and was given ${ways.join(' and ') || 'none'}`,
    );
  }
}
