import type { Type } from '@nestjs/common';
import { checkBoolean, isObject, optional } from '../common/checks.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { EndpointOptions } from '../options/endpoint-options.js';
import { BlocklistService } from '../revocation/blocklist.service.js';

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
   * Ready-made endpoints for login, refresh, logout and the public keys; only what is named is mounted.
   *
   * @default none
   */
  endpoints?: EndpointOptions;
  /** A class that extends `BlocklistService` and replaces it; the container builds it, with its own dependencies. */
  blocklistService?: Type<BlocklistService>;
}

/** An extra left out here would be taken for an option. */
export const EXTRAS_DEFAULTS: JwtExtendedModuleExtras = {
  isGlobal: true,
  globalGuard: false,
  registerFilter: true,
  endpoints: undefined,
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

const WAYS = ['useFactory', 'useClass', 'useExisting'];

/** @throws JwtExtendedConfigError */
export function checkExtras(extras: JwtExtendedModuleExtras): void {
  optional(extras.isGlobal, 'isGlobal', checkBoolean);
  optional(extras.globalGuard, 'globalGuard', checkBoolean);
  optional(extras.registerFilter, 'registerFilter', checkBoolean);
  const { blocklistService } = extras;
  if (blocklistService !== undefined && !extendsBlocklistService(blocklistService)) {
    throw new JwtExtendedConfigError(
      'blocklistService must be a class that extends BlocklistService',
    );
  }
}

function extendsBlocklistService(given: unknown): boolean {
  return typeof given === 'function' && given.prototype instanceof BlocklistService;
}

/** What `forRootAsync` itself was given; the options proper come from its factory. */
export function checkAsyncOptions(options: unknown): void {
  requireOptions(options, 'forRootAsync');
  const known = [...ASYNC_NAMES, ...Object.keys(EXTRAS_DEFAULTS)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new JwtExtendedConfigError(
      `forRootAsync has no option '${unknown}': return it from useFactory if it is an option of the module; ` +
        `beside useFactory stand ${known.join(', ')}`,
    );
  }
  const [way, ...others] = WAYS.filter((name) => options[name] !== undefined);
  if (way === undefined || others.length > 0) {
    throw new JwtExtendedConfigError(
      `forRootAsync takes one of useFactory, useClass and useExisting, and was given ${[way ?? 'none', ...others].join(' and ')}`,
    );
  }
  if (typeof options[way] === 'object' || typeof options[way] === 'function') return;
  throw new JwtExtendedConfigError(`forRootAsync was given a ${way} that is none`);
}

/** @throws JwtExtendedConfigError */
export function requireOptions(
  options: unknown,
  method: 'forRoot' | 'forRootAsync',
): asserts options is Readonly<Record<string, unknown>> {
  if (isObject(options)) return;
  throw new JwtExtendedConfigError(`${method} must be given an object of options`);
}
