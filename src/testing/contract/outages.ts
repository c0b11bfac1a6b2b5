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

/** Shorter than the time-out of test frameworks, so that the message below is the one that is shown. */
const DEADLINE_SECONDS = 3;

/** A store rejects if it cannot reach its backend. */
export const outageCases: StoreCases = {
  'rejects every call when its backend is down': async (store, opened) => {
    const key = freshKey();
    await store.add(key, '1', inAnHour());
    await takeDown(opened);
    await assertReject({
      add: () => store.add(freshKey(), '1', inAnHour()),
      replace: () => store.replace(key, '1', '2', inAnHour()),
      get: () => store.get([key, freshKey()]),
      delete: () => store.delete(key),
    });
  },
};

/** The same for `sessions`. */
export const sessionOutageCases: StoreCases = {
  'rejects every call of sessions when its backend is down': async (store, opened) => {
    const identity = freshKey();
    await sessionsOf(store).put(identity, 'phone', '1', inAnHour());
    await takeDown(opened);
    await assertReject({
      put: () => sessionsOf(store).put(identity, 'phone', '2', inAnHour()),
      get: () => sessionsOf(store).get(identity, 'phone'),
      list: () => sessionsOf(store).list(identity),
      remove: () => sessionsOf(store).remove(identity, 'phone'),
    });
  },
};

async function takeDown(opened: OpenedStore): Promise<void> {
  if (!opened.takeDown) {
    assert.fail(
      'the backend cannot be taken down; give takeDown beside store, or, if the store has no backend, ' +
        'the feature { outages: false }',
    );
  }
  await opened.takeDown();
}

async function assertReject(
  calls: Readonly<Record<string, () => Awaitable<unknown>>>,
): Promise<void> {
  const outcomes = await parallel(
    Object.entries(calls),
    async ([method, call]) => `${method} ${await outcomeOf(call)}`,
  );
  const mistakes = outcomes.filter((outcome) => !outcome.endsWith(' rejected')).join(', ');
  assert.equal(mistakes, '', `every call must reject when the backend is down: ${mistakes}`);
}

/** How a call ended, or that it did not end in time. */
async function outcomeOf(call: () => Awaitable<unknown>): Promise<string> {
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
