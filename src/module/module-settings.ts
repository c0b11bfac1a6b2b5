import { JwtExtendedConfigError } from '../errors/config.error.js';
import { Outages } from '../events/outages.js';
import { shareKeys } from '../keys/algorithms.js';
import { configureKeys } from '../keys/configure-keys.js';
import { KeyRing, RingContents, type RingRules } from '../keys/key-ring.js';
import { LoadedKeys } from '../keys/loaded-keys.js';
import { RemoteKeys } from '../keys/remote-jwks.js';
import { RingKey } from '../keys/ring-key.js';
import type { JwtExtendedOptions } from '../options/jwt-extended-options.js';
import type { Algorithm } from '../options/key-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** The options for a single key, which contradict `keys`. */
const SINGLE_KEY = [
  ...(['secret', 'privateKey', 'publicKey', 'passphrase'] as const),
  ...(['algorithm', 'decodeAlgorithms'] as const),
];

/**
 * The token of a function with which `JwtExtendedTestingModule` replaces some of the options. A global symbol, so that
 * two copies of this library in one process agree.
 */
export const OPTIONS_REPLACEMENT = Symbol.for('nestjs-jwt-extended:options-replacement');

/** The token of the settings as the options make them; all others get them as `ModuleSettings`, after `ModuleCheck`. */
export const CONFIGURED = 'JwtExtendedModule.forRootAsync';

/** What the class of `useClass` or `useExisting` implements. */
export const FACTORY_METHOD = 'createJwtExtendedOptions';

export type OptionsReplacement = (options: JwtExtendedOptions) => JwtExtendedOptions;

/** The checked options and the imported keys; printing it shows no key. */
export class ModuleSettings {
  private constructor(
    readonly options: ResolvedOptions,
    readonly ring: KeyRing,
    readonly loadedKeys: LoadedKeys,
    readonly issuers: readonly RemoteKeys[],
    readonly outages: Outages,
  ) {}

  /** The longer of the two configured lifetimes, in seconds; `Infinity` for ever. */
  get maxTokenLifetime(): number {
    const { access, refresh } = this.options.token.expires;
    return access === false || refresh === false ? Infinity : Math.max(access, refresh);
  }

  /** Whether a token of the other module is a good one here, because nothing but the key tells them apart. */
  accepts({ ring: { contents }, options }: ModuleSettings): boolean {
    const key = contents.current?.verificationKey;
    const isSame = key && this.ring.contents.current?.verificationKey?.equals(key);
    const { decodeAudience, decodeIssuer } = this.options.token;
    return (
      isSame === true &&
      !areApart(decodeAudience, options.token.decodeAudience) &&
      !areApart(decodeIssuer, options.token.decodeIssuer)
    );
  }

  /** @throws JwtExtendedConfigError - for the first mistake in the options */
  static async from(given: JwtExtendedOptions): Promise<ModuleSettings> {
    const options = resolveOptions(given);
    const ring = ringOf(given, options);
    const outages = new Outages();
    const issuers = await Promise.all(
      options.issuers.map((each) => RemoteKeys.create(each, outages)),
    );
    return new ModuleSettings(options, ring, new LoadedKeys(given), issuers, outages);
  }
}

/** Whether both have a list, and the lists have no value in common. */
function areApart(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): boolean {
  return one !== undefined && other !== undefined && !one.some((value) => other.includes(value));
}

function ringOf(given: JwtExtendedOptions, options: ResolvedOptions): KeyRing {
  const { encodeKey, decodeKey } = options.loaders;
  const rules = ringRules(given, options);
  if (given.keys === undefined) {
    // With other issuers alone, the module only verifies.
    const hasOwn = encodeKey ?? decodeKey ?? SINGLE_KEY.some((name) => given[name] !== undefined);
    if (!hasOwn && options.issuers.length > 0)
      return new KeyRing(new RingContents(undefined), rules);
    const keys = configureKeys(given, { encodeKey: !!encodeKey, decodeKey: !!decodeKey });
    return new KeyRing(new RingContents(new RingKey(keys)), rules);
  }
  const extra = SINGLE_KEY.find((name) => given[name] !== undefined);
  if (extra)
    throw new JwtExtendedConfigError(`keys and ${extra} are both given: leave out ${extra}`);
  const ring = KeyRing.from(given.keys, rules);
  if (decodeKey) requireOneFamily(ring.contents.algorithms);
  return ring;
}

/** The key that `decodeKey` returns must fit every algorithm of the ring. */
function requireOneFamily([first, ...others]: readonly Algorithm[]): void {
  const mismatch = others.find((other) => first && !shareKeys(first, other));
  if (!mismatch) return;
  throw new JwtExtendedConfigError(
    `loaders.decodeKey is given beside keys for ${first} and ${mismatch}: no key that it returns can fit both`,
  );
}

function ringRules(given: JwtExtendedOptions, { token, clock }: ResolvedOptions): RingRules {
  const { access, refresh } = token.expires;
  const { allowWeakSecret } = given;
  return {
    allowWeakSecret,
    clock,
    maxTokenLifetime:
      access === false || refresh === false ? undefined : Math.max(access, refresh) + token.leeway,
  };
}
