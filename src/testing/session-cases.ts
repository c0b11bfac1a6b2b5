import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { assertGives } from './assert-gives.js';
import { freshKey } from './fresh-key.js';
import { ahead, inAMinute, inAnHour, longAgo } from './moments.js';
import { parallel, upTo } from './parallel.js';
import { listed, sessionsOf } from './session-records.js';
import type { StoreCases } from './store-cases.js';

/** What `sessions` promises. */
export const sessionCases: StoreCases = {
  'lists no sessions of somebody who has none': async (store) => {
    assert.deepEqual(await listed(store, freshKey()), []);
  },

  'lists the records of an identity, and of no other': async (store) => {
    const [alice, bob] = [freshKey(), freshKey()];
    await sessionsOf(store).put(alice, 'phone', 'a1', inAnHour());
    await sessionsOf(store).put(alice, 'desk', 'a2', null);
    await sessionsOf(store).put(bob, 'phone', 'b1', inAnHour());
    assert.deepEqual(await listed(store, alice), ['a1', 'a2']);
    assert.deepEqual(await listed(store, bob), ['b1']);
  },

  'writes a record in place of the one that is there': async (store) => {
    const identity = freshKey();
    await sessionsOf(store).put(identity, 'phone', 'before', inAnHour());
    await sessionsOf(store).put(identity, 'desk', 'other', inAnHour());
    await sessionsOf(store).put(identity, 'phone', 'after', null);
    assert.deepEqual(await listed(store, identity), ['after', 'other']);
  },

  'removes a record, and does not mind one that is not there': async (store) => {
    const [identity, nobody] = [freshKey(), freshKey()];
    await sessionsOf(store).put(identity, 'phone', '1', inAnHour());
    await sessionsOf(store).put(identity, 'desk', '2', inAnHour());
    await sessionsOf(store).remove(identity, 'phone');
    await sessionsOf(store).remove(identity, 'phone');
    await sessionsOf(store).remove(nobody, 'phone');
    assert.deepEqual(await listed(store, identity), ['2']);
    await sessionsOf(store).remove(identity, 'desk');
    assert.deepEqual(await listed(store, identity), []);
    await sessionsOf(store).put(identity, 'phone', 'again', inAnHour());
    assert.deepEqual(await listed(store, identity), ['again']);
  },

  'lists equal records of different sessions as often as there are sessions': async (store) => {
    const identity = freshKey();
    await sessionsOf(store).put(identity, 'phone', 'same', inAnHour());
    await sessionsOf(store).put(identity, 'desk', 'same', inAnHour());
    assert.deepEqual(await listed(store, identity), ['same', 'same']);
  },

  'keeps records and entries apart': async (store) => {
    const name = freshKey();
    await store.add(name, 'entry', inAnHour());
    await sessionsOf(store).put(name, name, 'record', inAnHour());
    await assertGives(store, [name], ['entry']);
    await store.delete(name);
    assert.deepEqual(await listed(store, name), ['record']);
    await sessionsOf(store).remove(name, name);
    assert.equal(await store.add(name, 'again', inAnHour()), true);
  },

  'loses no record to another that has expired or will soon': async (store) => {
    const [before, after, immortal, replaced] = [freshKey(), freshKey(), freshKey(), freshKey()];
    await sessionsOf(store).put(before, 'live', 'live', inAMinute());
    await sessionsOf(store).put(before, 'late', 'late', longAgo());
    await sessionsOf(store).put(after, 'late', 'late', longAgo());
    await sessionsOf(store).put(after, 'live', 'live', ahead(2 ** 31));
    await sessionsOf(store).put(immortal, 'live', 'live', null);
    await sessionsOf(store).put(immortal, 'late', 'late', longAgo());
    await sessionsOf(store).put(replaced, 'live', 'late', longAgo());
    await sessionsOf(store).put(replaced, 'live', 'live', new Date(8.64e15));
    for (let look = 0; look <= 5; look += 1) {
      for (const identity of [before, after, immortal, replaced]) {
        const live = (await listed(store, identity)).filter((value) => value !== 'late');
        assert.deepEqual(live, ['live'], 'a record that has not expired must be listed');
      }
      await pause(20);
    }
  },
};

/** What `sessions` promises to many who call at once. */
export const parallelSessionCases: StoreCases = {
  'lists each of 200 sessions that begin at once': async (store) => {
    const identity = freshKey();
    await parallel(upTo(200), (index) =>
      sessionsOf(store).put(identity, `session ${index}`, `record ${index}`, inAnHour()),
    );
    const all = Array.from({ length: 200 }, (_, index) => `record ${index}`).sort();
    assert.deepEqual(await listed(store, identity), all);
  },
};
