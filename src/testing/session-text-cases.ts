import assert from 'node:assert/strict';
import { freshKey } from './fresh-key.js';
import { HOSTILE_TEXTS, LONG_VALUES, LOOKALIKES } from './hostile-texts.js';
import { inAnHour } from './moments.js';
import { listed, sessionsOf } from './session-records.js';
import type { StoreCases } from './store-cases.js';

/** That identities, ids and records of sessions are taken as they are, and for nothing else. */
export const sessionTextCases: StoreCases = {
  'takes any text for an identity and for the id of a session': async (store) => {
    const fresh = freshKey();
    const identity = freshKey();
    for (const text of HOSTILE_TEXTS) {
      await sessionsOf(store).put(fresh + text, 'only', `of ${text}`, inAnHour());
      await sessionsOf(store).put(identity, text, `of ${text}`, inAnHour());
    }
    const all = HOSTILE_TEXTS.map((text) => `of ${text}`).sort();
    assert.deepEqual(await listed(store, identity), all);
    for (const text of HOSTILE_TEXTS) {
      assert.deepEqual(await listed(store, fresh + text), [`of ${text}`]);
      await sessionsOf(store).remove(identity, text);
    }
    assert.deepEqual(await listed(store, identity), []);
  },

  'tells identities and ids apart that look alike': async (store) => {
    for (const [one, other] of LOOKALIKES) {
      const fresh = freshKey();
      await sessionsOf(store).put(fresh + one, one, '1', inAnHour());
      await sessionsOf(store).put(fresh + one, other, '2', inAnHour());
      assert.deepEqual(await listed(store, fresh + other), [], JSON.stringify([one, other]));
      assert.deepEqual(await listed(store, fresh + one), ['1', '2'], JSON.stringify([one, other]));
    }
  },

  'never takes the end of an identity for the beginning of an id': async (store) => {
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

  'gives a record back as it was, whatever is in it': async (store) => {
    const identity = freshKey();
    for (const value of ['', '{"a":1}', ...HOSTILE_TEXTS, ...LONG_VALUES]) {
      await sessionsOf(store).put(identity, 'only', value, inAnHour());
      assert.deepEqual(await listed(store, identity), [value]);
    }
  },
};
