/** What a store offers beyond keeping revocations. The contract asks for all of it unless it is told otherwise. */
export interface StoreFeatures {
  /**
   * Whether `add` and `raise` are atomic. A store of which they are not says so itself: `isAtomic = false`.
   *
   * @default true
   */
  readonly isAtomic?: boolean;
  /**
   * Whether the store has `sessions`.
   *
   * @default true
   */
  readonly sessions?: boolean;
  /**
   * Whether the store has a backend that may go down. A store that keeps everything in this process has none.
   *
   * @default true
   */
  readonly outages?: boolean;
}
