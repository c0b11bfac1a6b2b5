import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ahead,
  assertGives,
  freshKey,
  HOSTILE_TEXTS,
  inAMinute,
  inAnHour,
  listed,
  LONG_VALUES,
  longAgo,
  LOOKALIKES,
  parallel,
  sessionsOf,
  type StoreCases,
  upTo,
} from './store-under-test.js';

/** The promises of `sessions`. Identities, session ids and records are used exactly as they are. */
export const sessionCases: StoreCases = {
  'lists no records for an identity without sessions': async (store) => {
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

  'gets the record of one session, and null for an absent one': async (store) => {
    const [alice, bob] = [freshKey(), freshKey()];
    await sessionsOf(store).put(alice, 'phone', 'a1', inAnHour());
    await sessionsOf(store).put(alice, 'desk', 'a2', null);
    assert.equal(await sessionsOf(store).get(alice, 'phone'), 'a1');
    assert.equal(await sessionsOf(store).get(alice, 'desk'), 'a2');
    assert.equal(await sessionsOf(store).get(alice, 'watch'), null);
    assert.equal(await sessionsOf(store).get(bob, 'phone'), null);
    await sessionsOf(store).put(alice, 'phone', 'a3', inAnHour());
    assert.equal(await sessionsOf(store).get(alice, 'phone'), 'a3');
    await sessionsOf(store).remove(alice, 'phone');
    assert.equal(await sessionsOf(store).get(alice, 'phone'), null);
  },

  'replaces the record of a session': async (store) => {
    const identity = freshKey();
    await sessionsOf(store).put(identity, 'phone', 'before', inAnHour());
    await sessionsOf(store).put(identity, 'desk', 'other', inAnHour());
    await sessionsOf(store).put(identity, 'phone', 'after', null);
    assert.deepEqual(await listed(store, identity), ['after', 'other']);
  },

  'removes a record, and an absent one without an error': async (store) => {
    const [identity, unknown] = [freshKey(), freshKey()];
    await sessionsOf(store).put(identity, 'phone', '1', inAnHour());
    await sessionsOf(store).put(identity, 'desk', '2', inAnHour());
    await sessionsOf(store).remove(identity, 'phone');
    await sessionsOf(store).remove(identity, 'phone');
    await sessionsOf(store).remove(unknown, 'phone');
    assert.deepEqual(await listed(store, identity), ['2']);
    await sessionsOf(store).remove(identity, 'desk');
    assert.deepEqual(await listed(store, identity), []);
    await sessionsOf(store).put(identity, 'phone', 'again', inAnHour());
    assert.deepEqual(await listed(store, identity), ['again']);
  },

  'lists equal records once for each session': async (store) => {
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

  'loses no record when another one expires': async (store) => {
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

  'accepts any text as an identity and as a session id': async (store) => {
    const fresh = freshKey();
    const identity = freshKey();
    for (const text of HOSTILE_TEXTS) {
      await sessionsOf(store).put(fresh + text, 'only', `of ${text}`, inAnHour());
      await sessionsOf(store).put(identity, text, `of ${text}`, inAnHour());
    }
    const all = HOSTILE_TEXTS.map((text) => `of ${text}`).sort();
    assert.deepEqual(await listed(store, identity), all);
    for (const text of HOSTILE_TEXTS) {
      assert.equal(await sessionsOf(store).get(identity, text), `of ${text}`);
      assert.equal(await sessionsOf(store).get(fresh + text, 'only'), `of ${text}`);
      assert.deepEqual(await listed(store, fresh + text), [`of ${text}`]);
      await sessionsOf(store).remove(identity, text);
    }
    assert.deepEqual(await listed(store, identity), []);
  },

  'distinguishes identities and ids that look alike': async (store) => {
    for (const [one, other] of LOOKALIKES) {
      const fresh = freshKey();
      await sessionsOf(store).put(fresh + one, one, '1', inAnHour());
      await sessionsOf(store).put(fresh + one, other, '2', inAnHour());
      assert.equal(await sessionsOf(store).get(fresh + one, one), '1');
      assert.deepEqual(await listed(store, fresh + other), [], JSON.stringify([one, other]));
      assert.deepEqual(await listed(store, fresh + one), ['1', '2'], JSON.stringify([one, other]));
    }
  },

  'does not confuse the end of an identity with the beginning of an id': async (store) => {
    const fresh = freshKey();
    for (const mark of [':', '/', '.', '|', ',', '-', '_', ' ', '\n', '%3A', '"', '\\']) {
      const [whole, part] = [`${fresh}${mark}a`, fresh];
      await sessionsOf(store).put(whole, 'b', 'of the longer', inAnHour());
      await sessionsOf(store).put(part, `a${mark}b`, 'of the shorter', inAnHour());
      assert.deepEqual(await listed(store, whole), ['of the longer']);
      assert.deepEqual(await listed(store, part), ['of the shorter']);
      await sessionsOf(store).remove(part, `a${mark}b`);
      assert.deepEqual(await listed(store, whole), ['of the longer']);
    }
  },

  'returns any record unchanged': async (store) => {
    const identity = freshKey();
    for (const value of ['', '{"a":1}', ...HOSTILE_TEXTS, ...LONG_VALUES]) {
      await sessionsOf(store).put(identity, 'only', value, inAnHour());
      assert.deepEqual(await listed(store, identity), [value]);
      assert.equal(await sessionsOf(store).get(identity, 'only'), value);
    }
  },
};

/** The promises of `sessions` to many calls at once. */
export const parallelSessionCases: StoreCases = {
  'lists each of 200 sessions that are written at once': async (store) => {
    const identity = freshKey();
    await parallel(upTo(200), (index) =>
      sessionsOf(store).put(identity, `session ${index}`, `record ${index}`, inAnHour()),
    );
    const all = upTo(200)
      .map((index) => `record ${index}`)
      .sort();
    assert.deepEqual(await listed(store, identity), all);
  },
};
