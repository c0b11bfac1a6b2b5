import assert from 'node:assert/strict';
import {
  assertGives,
  freshKey,
  HOSTILE_TEXTS,
  inAnHour,
  LONG_VALUES,
  longAgo,
  LOOKALIKES,
  parallel,
  type StoreCases,
  upTo,
} from './store-under-test.js';

/** The promises of `replace`. */
export const replaceCases: StoreCases = {
  'replaces an expected value, and returns true': async (store) => {
    const key = freshKey();
    await store.add(key, 'first', inAnHour());
    assert.equal(await store.replace(key, 'first', 'second', inAnHour()), true);
    await assertGives(store, [key], ['second']);
    assert.equal(await store.replace(key, 'second', 'third', null), true);
    await assertGives(store, [key], ['third']);
  },

  'leaves a value that differs from the expected one, and returns false': async (store) => {
    const key = freshKey();
    await store.add(key, 'held', inAnHour());
    for (const expected of ['other', '', 'HELD', 'held ', ' held', 'hel'])
      assert.equal(await store.replace(key, expected, 'new', inAnHour()), false);
    await assertGives(store, [key], ['held']);
  },

  'does not replace an absent entry, whatever value is expected': async (store) => {
    const [absent, deleted] = [freshKey(), freshKey()];
    await store.add(deleted, 'held', inAnHour());
    await store.delete(deleted);
    for (const expected of ['', 'held', 'null', 'undefined', 'false']) {
      assert.equal(await store.replace(absent, expected, 'new', inAnHour()), false);
      assert.equal(await store.replace(deleted, expected, 'new', inAnHour()), false);
    }
    await assertGives(store, [absent, deleted], [null, null]);
  },

  'replaces a value by the same one': async (store) => {
    const key = freshKey();
    await store.add(key, 'same', inAnHour());
    assert.equal(await store.replace(key, 'same', 'same', null), true);
    await assertGives(store, [key], ['same']);
  },

  'replaces each key separately': async (store) => {
    const [one, two] = [freshKey(), freshKey()];
    await store.add(one, 'held', inAnHour());
    await store.add(two, 'held', inAnHour());
    assert.equal(await store.replace(one, 'held', 'new', inAnHour()), true);
    await assertGives(store, [one, two], ['new', 'held']);
  },

  'leaves the expiry of a value that it does not replace': async (store) => {
    const [mortal, immortal] = [freshKey(), freshKey()];
    await store.add(mortal, 'held', inAnHour());
    await store.add(immortal, 'held', null);
    assert.equal(await store.replace(mortal, 'other', 'new', longAgo()), false);
    assert.equal(await store.replace(immortal, 'other', 'new', longAgo()), false);
    await assertGives(store, [mortal, immortal], ['held', 'held']);
  },

  'expects and writes any text exactly as it is': async (store) => {
    for (const text of [...HOSTILE_TEXTS, ...LONG_VALUES]) {
      const key = freshKey();
      await store.add(key, text, inAnHour());
      assert.equal(await store.replace(key, `${text}x`, 'wrong', inAnHour()), false);
      assert.equal(await store.replace(key, text, 'plain', inAnHour()), true);
      assert.equal(await store.replace(key, 'plain', text, inAnHour()), true);
      await assertGives(store, [key], [text]);
    }
  },

  'distinguishes expected values that look alike': async (store) => {
    for (const [one, other] of LOOKALIKES) {
      const key = freshKey();
      await store.add(key, one, inAnHour());
      const message = JSON.stringify([one, other]);
      assert.equal(await store.replace(key, other, 'new', inAnHour()), false, message);
      await assertGives(store, [key], [one], message);
    }
  },

  'replaces exactly the given key, with any text in it': async (store) => {
    const fresh = freshKey();
    const keys = HOSTILE_TEXTS.map((text) => fresh + text);
    await parallel(keys, (key) => store.add(key, 'held', inAnHour()));
    await parallel(keys, (key, index) => store.replace(key, 'held', `${index}`, inAnHour()));
    const numbers = keys.map((_, index) => `${index}`);
    await assertGives(store, keys, numbers);
  },
};

/** The promises of `replace` to many calls at once. */
export const parallelReplaceCases: StoreCases = {
  'lets one of 200 calls replace a value, and keeps its value': async (store) => {
    const key = freshKey();
    await store.add(key, 'held', inAnHour());
    const answers = await parallel(upTo(200), (index) =>
      store.replace(key, 'held', `${index}`, index % 2 === 0 ? null : inAnHour()),
    );
    const winners = answers.flatMap((replaced, index) => (replaced ? [`${index}`] : []));
    assert.equal(winners.length, 1, 'exactly one of the calls must return true');
    await assertGives(store, [key], winners);
  },

  'loses no step if 20 calls count together': async (store) => {
    const key = freshKey();
    await store.add(key, '0', inAnHour());
    await parallel(upTo(20), async () => {
      for (;;) {
        const [held] = await store.get([key]);
        assert.ok(typeof held === 'string', 'the entry must stay');
        if (await store.replace(key, held, `${Number(held) + 1}`, inAnHour())) return;
      }
    });
    await assertGives(store, [key], ['20']);
  },
};
