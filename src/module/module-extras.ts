import type { Provider, Type } from '@nestjs/common';
import { checkBoolean, isObject } from '../common/checks.js';
import { pick, readOptions, type Rows, type Values } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type EndpointOptions, readEndpoints } from '../options/endpoint-options.js';
import { BlocklistService } from '../revocation/blocklist.service.js';
import { CONFIGURED, FACTORY_METHOD } from './module-settings.js';

/** What shapes the module itself: give it with the options of `forRoot`, or next to `useFactory`. */
export interface JwtExtendedModuleExtras {
  /** Whether every module of the application can inject the module's services and guards. @default true */
  isGlobal?: boolean;
  /** Registers `AccessGuard` for the whole application; `@Public()` opens a route. @default false */
  globalGuard?: boolean;
  /** Whether `JwtExceptionFilter` is registered for the whole application. @default true */
  registerFilter?: boolean;
  /** Ready-made endpoints for login, refresh, logout and public keys; only those named are mounted. @default none */
  endpoints?: EndpointOptions;
  /** A class that extends `BlocklistService` and replaces it. The container builds it and injects its dependencies. */
  blocklistService?: Type<BlocklistService>;
}

export const EXTRA_ROWS = {
  isGlobal: [checkBoolean, true],
  globalGuard: [checkBoolean, false],
  registerFilter: [checkBoolean, true],
  endpoints: [readEndpoints],
  blocklistService: [checkBlocklistService],
} satisfies Rows<JwtExtendedModuleExtras>;

/** For Nest, which takes every name that is missing here for an option. */
export const NO_EXTRAS: JwtExtendedModuleExtras = Object.fromEntries(
  Object.keys(EXTRA_ROWS).map((name) => [name, undefined]),
);

/** @throws JwtExtendedConfigError */
export function readExtras(extras: JwtExtendedModuleExtras): Values<typeof EXTRA_ROWS> {
  return readOptions('', EXTRA_ROWS, pick(extras, EXTRA_ROWS));
}

function checkBlocklistService(value: unknown, name: string): Type<BlocklistService> {
  if (typeof value === 'function' && value.prototype instanceof BlocklistService)
    return value as Type<BlocklistService>;
  throw new JwtExtendedConfigError(`${name} must be a class that extends BlocklistService`);
}

const WAYS = ['useFactory', 'useClass', 'useExisting'];
const ASYNC_NAMES = ['imports', 'inject', ...WAYS, 'provideInjectionTokensFrom'];

/** @throws JwtExtendedConfigError - for a mistake in the argument of `forRootAsync`; its factory returns the options */
export function checkAsyncOptions(options: unknown): void {
  requireOptions(options, 'forRootAsync');
  const known = [...ASYNC_NAMES, ...Object.keys(EXTRA_ROWS)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new JwtExtendedConfigError(
      `forRootAsync has no option '${unknown}': if it is an option of the module, return it from useFactory; ` +
        `next to useFactory it takes ${known.join(', ')}`,
    );
  const [way, ...others] = WAYS.filter((name) => options[name] !== undefined);
  if (way === undefined || others.length > 0)
    throw new JwtExtendedConfigError(
      `forRootAsync takes one of useFactory, useClass and useExisting, and was given ${[way ?? 'none', ...others].join(' and ')}`,
    );
  // Nest's own messages do not name the option.
  const type = typeof options[way];
  if (way === 'useFactory' && type !== 'function')
    throw new JwtExtendedConfigError('useFactory must be a function that returns the options');
  if (type !== 'function' && (type !== 'object' || way === 'useClass'))
    throw new JwtExtendedConfigError(`${way} must be a class with the method ${FACTORY_METHOD}()`);
}

/**
 * The provider of the options, which checks what `useClass` or `useExisting` gives before Nest calls it.
 *
 * @throws JwtExtendedConfigError - at start
 */
export function checkedFactory(provider: Provider, way: 'useClass' | 'useExisting'): Provider {
  if (!('useFactory' in provider) || provider.provide !== CONFIGURED) return provider;
  const useFactory = (replace: unknown, factory: unknown): unknown => {
    if (isObject(factory) && typeof factory[FACTORY_METHOD] === 'function')
      return provider.useFactory(replace, factory) as unknown;
    throw new JwtExtendedConfigError(
      `${way} was given a class without the method ${FACTORY_METHOD}(): add it, and return the options from it`,
    );
  };
  return { ...provider, useFactory };
}

/** @throws JwtExtendedConfigError */
export function requireOptions(
  options: unknown,
  method: 'forRoot' | 'forRootAsync',
): asserts options is Readonly<Record<string, unknown>> {
  if (isObject(options)) return;
  throw new JwtExtendedConfigError(`${method} must be given an object of options`);
}
