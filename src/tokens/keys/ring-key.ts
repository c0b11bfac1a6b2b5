import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/key-ring-options.js';
import type { ConfiguredKeys } from './configure-keys.js';

/** What a ring knows of a key besides the key. */
export interface RingKeyTraits {
  /** Absent in the one key of a module without `keys`. */
  readonly kid?: string;
  /** The moment from which it is retired. */
  readonly retireAt?: Date | undefined;
  /** Whether it signed until another took its place. */
  readonly isFormer?: boolean;
}

/** A key of a ring, imported and bound to what it may do. */
export class RingKey {
  readonly #keys: ConfiguredKeys;
  readonly #traits: RingKeyTraits;

  constructor(keys: ConfiguredKeys, traits: RingKeyTraits = {}) {
    this.#keys = keys;
    this.#traits = traits;
  }

  get kid(): string | undefined {
    return this.#traits.kid;
  }

  get isFormer(): boolean {
    return this.#traits.isFormer ?? false;
  }

  get algorithm(): Algorithm {
    return this.#keys.algorithm;
  }

  get algorithms(): readonly Algorithm[] {
    return this.#keys.algorithms;
  }

  get signingKey(): KeyObject | undefined {
    return this.#keys.signingKey;
  }

  get verificationKey(): KeyObject | undefined {
    return this.#keys.verificationKey;
  }

  isRetired(now: Date): boolean {
    return this.#traits.retireAt !== undefined && this.#traits.retireAt <= now;
  }

  /** The same key once another signs: it verifies what it has signed for as long as that can live. */
  former(retireAt: Date | undefined): RingKey {
    return new RingKey(this.#keys, { ...this.#traits, retireAt, isFormer: true });
  }
}

/** A key that signs, and what the header says of it. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly kid?: string | undefined;
}

/** A key that verifies, and the algorithms it may be used with. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
}
