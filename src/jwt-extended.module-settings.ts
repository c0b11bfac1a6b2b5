import type { JwtExtendedOptions } from './options/jwt-extended-options.js';
import { resolveOptions } from './options/resolve-options.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import { type ConfiguredKeys, configureKeys } from './tokens/keys/configure-keys.js';
import { LoadedKeys } from './tokens/keys/loaded-keys.js';

/** All that is left of the options once they are settled: nothing of it shows a key. */
export class ModuleSettings {
  readonly #keys: ConfiguredKeys;
  readonly #loadedKeys: LoadedKeys;

  private constructor(
    readonly options: ResolvedOptions,
    keys: ConfiguredKeys,
    loadedKeys: LoadedKeys,
  ) {
    this.#keys = keys;
    this.#loadedKeys = loadedKeys;
  }

  /** @throws JwtExtendedConfigError - for the first mistake in the options */
  static from(given: JwtExtendedOptions): ModuleSettings {
    const options = resolveOptions(given);
    const { encodeKey, decodeKey } = options.loaders;
    const keys = configureKeys(given, { encodeKey: !!encodeKey, decodeKey: !!decodeKey });
    return new ModuleSettings(options, keys, new LoadedKeys(given));
  }

  get keys(): ConfiguredKeys {
    return this.#keys;
  }

  get loadedKeys(): LoadedKeys {
    return this.#loadedKeys;
  }
}
