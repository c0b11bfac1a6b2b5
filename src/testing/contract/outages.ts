import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Awaitable } from '../../contracts/awaitable.js';
import {
  freshKey,
  inAnHour,
  type OpenedStore,
  parallel,
  sessionsOf,
  type StoreCases,
} from './store-under-test.js';

/** Less than test frameworks give a test, so that it is this that says what is wrong. */
const DEADLINE_SECONDS = 3;

/** That a store says so when it cannot know what is revoked, nor write it. */
export const outageCases: StoreCases = {
  'rejects whatever it is asked when its backend is gone': async (store, opened) => {
    const key = freshKey();
    await store.raise(key, 1, inAnHour());
    await takeDown(opened);
    await assertReject({
      add: () => store.add(freshKey(), '1', inAnHour()),
      raise: () => store.raise(key, 2, inAnHour()),
      get: () => store.get([key, freshKey()]),
      delete: () => store.delete(key),
    });
  },
};

/** The same of `sessions`. */
export const sessionOutageCases: StoreCases = {
  'rejects whatever it is asked of sessions when its backend is gone': async (store, opened) => {
    const identity = freshKey();
    await sessionsOf(store).put(identity, 'phone', '1', inAnHour());
    await takeDown(opened);
    await assertReject({
      put: () => sessionsOf(store).put(identity, 'phone', '2', inAnHour()),
      list: () => sessionsOf(store).list(identity),
      remove: () => sessionsOf(store).remove(identity, 'phone'),
    });
  },
};

type Call = () => Awaitable<unknown>;

async function takeDown(opened: OpenedStore): Promise<void> {
  if (!opened.takeDown) {
    assert.fail(
      'the backend cannot be taken away; give takeDown beside store, or tell the contract that there is none: ' +
        '{ outages: false }',
    );
  }
  await opened.takeDown();
}

async function assertReject(calls: Readonly<Record<string, Call>>): Promise<void> {
  const outcomes = await parallel(Object.entries(calls), async ([method, call]) => ({
    method,
    outcome: await outcomeOf(call),
  }));
  const mistakes = outcomes
    .filter(({ outcome }) => outcome !== 'rejected')
    .map(({ method, outcome }) => `${method} ${outcome}`);
  assert.equal(
    mistakes.length,
    0,
    `every call must reject when the backend is gone: ${mistakes.join(', ')}`,
  );
}

/** What became of a call, which is given up when it takes too long. */
async function outcomeOf(call: Call): Promise<string> {
  const waiting = new AbortController();
  const outcome = await Promise.race([
    (async () => call())().then(
      () => 'resolved',
      () => 'rejected',
    ),
    pause(DEADLINE_SECONDS * 1_000, `did not answer for ${DEADLINE_SECONDS} seconds`, {
      signal: waiting.signal,
    }),
  ]);
  waiting.abort();
  return outcome;
}
