import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../../contracts/awaitable.js';
import type { BlocklistStore, SessionRecords } from '../../contracts/blocklist-store.js';

/**
 * Looks several keys up in one call and compares the values. They are copied first, because an array of another realm,
 * which test frameworks have, does not equal one of ours.
 */
export async function assertGives(
  store: BlocklistStore,
  keys: readonly string[],
  values: readonly (string | null)[],
  message?: string,
): Promise<void> {
  assert.deepEqual([...(await store.get(keys))], [...values], message);
}

/** A key that was never used, so that one database can serve all cases and runs. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}

/** A number of fresh keys, in random order. */
export function freshKeys(count: number): string[] {
  return Array.from({ length: count }, freshKey);
}

/** Text that has a meaning in some language or protocol, and must have none in a store. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...["'", '"', '`', "''", `'; DROP TABLE blocklist; --`, '$1', ':name', '?1', '${x}', '{{x}}'],
  ...['*', '?', '[a]', '{a}', '%', '_', '^', '(', '|', '\\', '\\\\', '\\0', '\\x00', '\\n'],
  ...['\r\n', '\n', '\r', '\t', ' ', '  ', '\r\nFLUSHALL\r\n', '\u00a0', '\u200b', '\ufeff'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', '0'],
  ...['..', '.', '/', '../../etc/passwd', '//', ':', '::', '-', '--', '#', '&', '=', ',', ';'],
  ...['é', 'É', 'ß', '漢字', '😀', '👩‍👩‍👧‍👦', 'مرحبا', '\u202e', '%00', '%2F', '&amp;', '<b>'],
];

/** Names of object members, and paths, which are dangerous as a whole key. */
export const HOSTILE_WHOLES: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'],
  ...['..', '.', '/', ' ', '\n', '0', '-1', 'null', 'undefined', 'true', '*', '%', '?'],
];

/** Endings that a careless comparison confuses. */
export const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['jti', 'JTI'],
  ['i', 'İ'],
  ['ß', 'ss'],
  ['é', 'e'],
  ['é', 'É'],
  ['\u00e9', 'e\u0301'],
  ['ａ', 'a'],
  ['😀', '😁'],
  ['a/b', 'a//b'],
  ['a:b', 'a'],
  ['a b', 'a+b'],
  ['a b', 'a%20b'],
  ['1', '01'],
  ['1', '1.0'],
  ['100', '1e2'],
  ['\r\n', '\n'],
  ["'", "''"],
  ['"', "'"],
  ...[
    ...['a ', 'a\n', 'a\t', 'a\u00a0', 'a\u200b'],
    ...'aa * ? % _ [a] \\a b/../a ./a'.split(' '),
  ].map((other) => ['a', other] as const),
];

/** The longest values that a store must keep, 8 KB in UTF-8, in characters of one and of three bytes. */
export const LONG_VALUES: readonly string[] = ['x'.repeat(8_192), '漢'.repeat(2_730)];

/** A number of milliseconds from now. */
export function ahead(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}

export const inTwoSeconds = (): Date => ahead(2_000);
export const inAMinute = (): Date => ahead(60_000);
export const inAnHour = (): Date => ahead(3_600_000);
/** Longer ago than any margin for clocks that disagree. */
export const longAgo = (): Date => ahead(-86_400_000);

/** A store that is ready for use, with the means to break it and to close it. */
export interface OpenedStore {
  readonly store: BlocklistStore;
  /**
   * Takes the store's backend down for good, as an outage would: closes its connection, or stops its server. It must not
   * harm what other cases share. Only a store that keeps everything in this process needs no `takeDown`; pass
   * `{ outages: false }` for it.
   */
  takeDown?(): Awaitable<void>;
  /** Called when the case has ended, passed or failed. It is called after `takeDown`, too, and must not fail then. */
  close?(): Awaitable<void>;
}

/** Starts a call for each element before it awaits the first; the answers are in the order of the elements. */
export function parallel<E, T>(
  all: readonly E[],
  call: (each: E, index: number) => Awaitable<T>,
): Promise<T[]> {
  return Promise.all(all.map(async (each, index) => call(each, index)));
}

/** The numbers from 0 to below `count`. */
export function upTo(count: number): number[] {
  return [...Array(count).keys()];
}

/** The records of an identity, sorted, because a store lists them in any order. */
export async function listed(store: BlocklistStore, identity: string): Promise<readonly string[]> {
  return [...(await sessionsOf(store).list(identity))].sort();
}

/** The sessions of a store that must have them. */
export function sessionsOf({ sessions }: BlocklistStore): SessionRecords {
  assert.ok(sessions, 'the store has no sessions; pass the feature { sessions: false }');
  return sessions;
}

/** Each sentence about a store, with a test that rejects with an `AssertionError` if the sentence is wrong. */
export type StoreCases = Readonly<
  Record<string, (store: BlocklistStore, opened: OpenedStore) => Promise<void>>
>;

/** What a store offers beyond keeping revocations. The contract requires each feature that is not set to `false`. */
export interface StoreFeatures {
  /** Whether `add` and `replace` are atomic. A store in which they are not declares `isAtomic = false`. @default true */
  readonly isAtomic?: boolean;
  /** Whether the store has `sessions`. @default true */
  readonly sessions?: boolean;
  /**
   * Whether the store has a backend that can go down. A store that keeps everything in this process has none.
   * @default true
   */
  readonly outages?: boolean;
}
