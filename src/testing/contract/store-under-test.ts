import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../../contracts/awaitable.js';
import type { BlocklistStore, SessionRecords } from '../../contracts/blocklist-store.js';

/**
 * Asks a store for several keys at once and holds the values against what is expected. They are copied first, since an
 * array from another realm, as test frameworks have them, is not equal to one of ours.
 */
export async function assertGives(
  store: BlocklistStore,
  keys: readonly string[],
  values: readonly (string | null)[],
  message?: string,
): Promise<void> {
  assert.deepEqual([...(await store.get(keys))], [...values], message);
}

/** A key that nobody has used, so that one database may serve every case and every run. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}

/** As many as are asked for, in no order that a store could come upon by itself. */
export function freshKeys(count: number): string[] {
  return Array.from({ length: count }, freshKey);
}

/** Text that means something to a language or a protocol somewhere, and must mean nothing to a store. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...["'", '"', '`', "''", `'; DROP TABLE blocklist; --`, '$1', ':name', '?1', '${x}', '{{x}}'],
  ...['*', '?', '[a]', '{a}', '%', '_', '^', '(', '|', '\\', '\\\\', '\\0', '\\x00', '\\n'],
  ...['\r\n', '\n', '\r', '\t', ' ', '  ', '\r\nFLUSHALL\r\n', '\u00a0', '\u200b', '\ufeff'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', '0'],
  ...['..', '.', '/', '../../etc/passwd', '//', ':', '::', '-', '--', '#', '&', '=', ',', ';'],
  ...['é', 'É', 'ß', '漢字', '😀', '👩‍👩‍👧‍👦', 'مرحبا', '\u202e', '%00', '%2F', '&amp;', '<b>'],
];

/** Names that every object answers to, and paths: hostile when they are the whole key. */
export const HOSTILE_WHOLES: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'],
  ...['..', '.', '/', ' ', '\n', '0', '-1', 'null', 'undefined', 'true', '*', '%', '?'],
];

/** Endings that a careless comparison takes for the same. */
export const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['jti', 'JTI'],
  ['i', 'İ'],
  ['ß', 'ss'],
  ['é', 'e'],
  ['é', 'É'],
  ['\u00e9', 'e\u0301'],
  ['ａ', 'a'],
  ['😀', '😁'],
  ['a', 'a '],
  ['a', 'a\n'],
  ['a', 'a\t'],
  ['a', 'a\u00a0'],
  ['a', 'a\u200b'],
  ['a', 'aa'],
  ['a', '*'],
  ['a', '?'],
  ['a', '%'],
  ['a', '_'],
  ['a', '[a]'],
  ['a', '\\a'],
  ['a/b', 'a//b'],
  ['a', 'b/../a'],
  ['a', './a'],
  ['a:b', 'a'],
  ['a b', 'a+b'],
  ['a b', 'a%20b'],
  ['1', '01'],
  ['1', '1.0'],
  ['100', '1e2'],
  ['\r\n', '\n'],
  ["'", "''"],
  ['"', "'"],
];

/** 8 KB in UTF-8, the longest value there is, in characters of one and of three bytes. */
export const LONG_VALUES: readonly string[] = ['x'.repeat(8_192), '漢'.repeat(2_730)];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** So many milliseconds from now. */
export function ahead(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}

export const inTwoSeconds = (): Date => ahead(2 * SECOND);
export const inAMinute = (): Date => ahead(MINUTE);
export const inAnHour = (): Date => ahead(HOUR);
/** Longer ago than any margin for clocks that disagree. */
export const longAgo = (): Date => ahead(-24 * HOUR);

/** A store that is ready for use, how to break it and how to put it away again. */
export interface OpenedStore {
  readonly store: BlocklistStore;
  /**
   * Takes the store's backend away for good, as an outage would: closes its connection, or stops its server. Of what
   * other cases share nothing may be lost with it. Only a store that keeps everything in this process does without, and
   * tells the contract so: `{ outages: false }`.
   */
  takeDown?(): Awaitable<void>;
  /** Called once the case is over, however it ended; after `takeDown` too, so it must not mind what is closed. */
  close?(): Awaitable<void>;
}

/** Calls for each of many before the first answer is awaited; the answers are in the order of the calls. */
export function parallel<E, T>(
  all: readonly E[],
  call: (each: E, index: number) => Awaitable<T>,
): Promise<T[]> {
  return Promise.all(all.map(async (each, index) => call(each, index)));
}

/** As many numbers, from 0 on. */
export function upTo(count: number): number[] {
  return [...Array(count).keys()];
}

/** The records of an identity, sorted, since a store lists them in any order. */
export async function listed(store: BlocklistStore, identity: string): Promise<readonly string[]> {
  return [...(await sessionsOf(store).list(identity))].sort();
}

/** The sessions of a store that has any. */
export function sessionsOf({ sessions }: BlocklistStore): SessionRecords {
  assert.ok(sessions, 'the store has no sessions; tell the contract so: { sessions: false }');
  return sessions;
}

/** What a store must do, by the sentence that says so; rejects with an `AssertionError` where it does not. */
export type StoreCases = Readonly<
  Record<string, (store: BlocklistStore, opened: OpenedStore) => Promise<void>>
>;

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
