import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObject } from '../common/checks.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { parseAlgorithms, shareKeys } from '../keys/algorithms.js';
import { configureKeys } from '../keys/configure-keys.js';
import { KeyRing, RingContents, type RingRules } from '../keys/key-ring.js';
import { LoadedKeys } from '../keys/loaded-keys.js';
import { RingKey } from '../keys/ring-key.js';
import type { JwtExtendedOptions } from '../options/jwt-extended-options.js';
import type { Algorithm } from '../options/key-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** Options for one key, which a ring has no use for. */
const SINGLE_KEY = ['secret', 'privateKey', 'publicKey', 'passphrase', 'algorithm'] as const;

/**
 * Where the application's tests put a function that replaces some of the options before they are settled. A global
 * symbol, so that two copies of this library in one process agree.
 */
export const OPTIONS_REPLACEMENT = Symbol.for('nestjs-jwt-extended:options-replacement');

export type OptionsReplacement = (options: JwtExtendedOptions) => JwtExtendedOptions;

/** All that is left of the options once they are settled: nothing of it shows a key. */
export class ModuleSettings {
  private constructor(
    readonly options: ResolvedOptions,
    readonly ring: KeyRing,
    readonly loadedKeys: LoadedKeys,
  ) {}

  /** How long any token lives that no one asked to live longer, in seconds; `Infinity` for ever. */
  get maxTokenLifetime(): number {
    const { access, refresh } = this.options.token.expires;
    return access === false || refresh === false ? Infinity : Math.max(access, refresh);
  }

  /** @throws JwtExtendedConfigError - for the first mistake in the options */
  static async from(given: JwtExtendedOptions): Promise<ModuleSettings> {
    const options = resolveOptions(given);
    const ring = await ringOf(given, options);
    return new ModuleSettings(options, ring, new LoadedKeys(given));
  }
}

async function ringOf(given: JwtExtendedOptions, options: ResolvedOptions): Promise<KeyRing> {
  const { encodeKey, decodeKey } = options.loaders;
  const rules = ringRules(given, options);
  if (given.keys === undefined) {
    const keys = configureKeys(given, { encodeKey: !!encodeKey, decodeKey: !!decodeKey });
    return new KeyRing(new RingContents(new RingKey(keys)), rules);
  }
  const extra = SINGLE_KEY.find((name) => given[name] !== undefined);
  if (extra) {
    throw new JwtExtendedConfigError(`keys and ${extra} are both given: leave out ${extra}`);
  }
  if (given.decodeAlgorithms !== undefined && isWithoutRemote(given.keys)) {
    throw new JwtExtendedConfigError(
      'decodeAlgorithms beside keys is for jwksUri alone: each key has its own algorithm',
    );
  }
  const ring = await KeyRing.from(given.keys, rules);
  if (decodeKey) requireOneFamily(ring.contents.algorithms);
  return ring;
}

/** One key that a loader gives has to serve for whatever the ring accepts. */
function requireOneFamily([first, ...others]: readonly Algorithm[]): void {
  const mismatch = others.find((other) => first && !shareKeys(first, other));
  if (!mismatch) return;
  throw new JwtExtendedConfigError(
    `loaders.decodeKey is given beside keys for ${first} and ${mismatch}, which no key that it gives can serve both`,
  );
}

/** What is no ring at all is told as that, and later. */
function isWithoutRemote(keys: unknown): boolean {
  return isObject(keys) && keys.jwksUri === undefined;
}

function ringRules(given: JwtExtendedOptions, { token, clock }: ResolvedOptions): RingRules {
  const { access, refresh } = token.expires;
  const { decodeAlgorithms, allowWeakSecret } = given;
  return {
    allowWeakSecret,
    clock,
    remoteAlgorithms:
      decodeAlgorithms && parseAlgorithms(decodeAlgorithms, 'decodeAlgorithms', 'RS256'),
    maxTokenLifetime:
      access === false || refresh === false ? undefined : Math.max(access, refresh) + token.leeway,
  };
}

/**
 * Options that depend on a request would be settled anew for each, and with them the blocklist that remembers what was
 * revoked. Nest itself finds it where the filter or a guard is registered for the application, and not everywhere.
 */
@Injectable()
export class ModuleScope implements OnModuleInit {
  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  /** @throws JwtExtendedConfigError */
  onModuleInit(): void {
    if (this.#settings() instanceof ModuleSettings) return;
    throw new JwtExtendedConfigError(
      'forRootAsync injects something request-scoped, and options are settled once, at start: inject what is not, ' +
        'and let loaders find out about a request by what they are given last, { request }',
    );
  }

  /** Nest throws where there is none to be had outside of a request; older versions give nothing. */
  #settings(): unknown {
    try {
      return this.modules.get(ModuleSettings);
    } catch {
      return undefined;
    }
  }
}
