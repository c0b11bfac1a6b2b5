import assert from 'node:assert/strict';
import {
  assertGives,
  freshKey,
  freshKeys,
  HOSTILE_TEXTS,
  HOSTILE_WHOLES,
  inAnHour,
  LONG_VALUES,
  longAgo,
  LOOKALIKES,
  parallel,
  type StoreCases,
  upTo,
} from './store-under-test.js';

/** What `add` and `delete` promise. */
export const addCases: StoreCases = {
  'adds an entry where there is none, and says so': async (store) => {
    const key = freshKey();
    assert.equal(await store.add(key, 'value', inAnHour()), true);
    await assertGives(store, [key], ['value']);
  },

  'adds nothing where an entry is, and says so': async (store) => {
    const key = freshKey();
    await store.add(key, 'first', inAnHour());
    assert.equal(await store.add(key, 'second', inAnHour()), false);
    await assertGives(store, [key], ['first']);
  },

  'leaves the expiry of an entry alone when it is added again': async (store) => {
    const [mortal, immortal] = [freshKey(), freshKey()];
    await store.add(mortal, 'kept', inAnHour());
    await store.add(immortal, 'kept', null);
    assert.equal(await store.add(mortal, 'late', longAgo()), false);
    assert.equal(await store.add(immortal, 'late', longAgo()), false);
    await assertGives(store, [mortal, immortal], ['kept', 'kept']);
  },

  'deletes an entry, and no other': async (store) => {
    const [gone, kept] = [freshKey(), freshKey()];
    await store.add(gone, '1', inAnHour());
    await store.add(kept, '2', null);
    await store.delete(gone);
    await assertGives(store, [gone, kept], [null, '2']);
  },

  'does not mind deleting what is not there': async (store) => {
    const key = freshKey();
    await store.delete(key);
    await store.delete(key);
    await assertGives(store, [key], [null]);
  },

  'adds an entry again once it was deleted': async (store) => {
    const key = freshKey();
    await store.add(key, 'before', null);
    await store.delete(key);
    assert.equal(await store.add(key, 'after', inAnHour()), true);
    await assertGives(store, [key], ['after']);
  },

  'gives a value back as it was, whatever is in it': async (store) => {
    for (const value of ['', '1', ...HOSTILE_TEXTS, ...LONG_VALUES]) {
      const key = freshKey();
      await store.add(key, value, inAnHour());
      await assertGives(store, [key], [value]);
    }
  },
};

/** What `add` promises to many who call at once. */
export const parallelAddCases: StoreCases = {
  'lets one of 1,000 add an entry, and gives the value of that one': async (store) => {
    const key = freshKey();
    const answers = await parallel(upTo(1_000), (index) => store.add(key, `${index}`, inAnHour()));
    const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));
    assert.equal(winners.length, 1, 'exactly one of the calls must say that it added the entry');
    await assertGives(store, [key], winners);
  },

  'lets one of 100 add an entry without an expiry': async (store) => {
    const key = freshKey();
    const answers = await parallel(upTo(100), (index) => store.add(key, `${index}`, null));
    const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));
    assert.equal(winners.length, 1, 'exactly one of the calls must say that it added the entry');
    await assertGives(store, [key], winners);
  },
};

/** What `get` promises. */
export const getCases: StoreCases = {
  'gives null for what is not there': async (store) => {
    await assertGives(store, freshKeys(3), [null, null, null]);
  },

  'gives nothing to whom asks for nothing': async (store) => {
    await assertGives(store, [], []);
  },

  'gives values in the order of the keys, with null in the place of an absent one': async (
    store,
  ) => {
    const [one, two, three] = [freshKey(), freshKey(), freshKey()];
    const none = freshKey();
    await store.add(one, '1', inAnHour());
    await store.add(two, '2', null);
    await store.add(three, '3', inAnHour());
    await assertGives(store, [three, none, one, two], ['3', null, '1', '2']);
    await assertGives(store, [two, one, none, three], ['2', '1', null, '3']);
  },

  'answers a key as often as it is asked': async (store) => {
    const [key, none] = [freshKey(), freshKey()];
    await store.add(key, '1', inAnHour());
    await assertGives(store, [key, none, key, none], ['1', null, '1', null]);
  },

  'answers 200 keys at once': async (store) => {
    const keys = freshKeys(200);
    const values = keys.map((_, index) => (index % 3 === 0 ? null : `${index}`));
    await parallel(keys, async (key, index) => {
      const value = values[index];
      if (value != null) await store.add(key, value, inAnHour());
    });
    await assertGives(store, keys, values);
  },

  'answers many who ask at once, each with what is theirs': async (store) => {
    const keys = freshKeys(50);
    await parallel(keys, (key, index) => store.add(key, `${index}`, inAnHour()));
    const answers = await parallel(keys, (key) => store.get([key]));
    assert.deepEqual(
      answers,
      keys.map((_, index) => [`${index}`]),
    );
  },
};

/** That a key is taken as it is, and for nothing else. */
export const keyCases: StoreCases = {
  'takes any text for a key, and mixes none up': async (store) => {
    const fresh = freshKey();
    const keys = HOSTILE_TEXTS.flatMap((text) => [fresh + text, text + fresh, fresh + text + 'x']);
    await assertGives(
      store,
      keys,
      keys.map(() => null),
    );
    for (const key of keys) {
      assert.equal(await store.add(key, `of ${key}`, inAnHour()), true, inWords(key));
    }
    await assertGives(
      store,
      keys,
      keys.map((key) => `of ${key}`),
    );
  },

  'deletes the very key, whatever is in it': async (store) => {
    const fresh = freshKey();
    const keys = HOSTILE_TEXTS.flatMap((text) => [fresh + text, text + fresh]);
    await parallel(keys, (key) => store.add(key, '1', null));
    for (const [index, key] of keys.entries()) {
      await store.delete(key);
      const [deleted, next] = await store.get([key, keys[index + 1] ?? fresh]);
      assert.equal(deleted, null, inWords(key));
      assert.equal(next, index + 1 < keys.length ? '1' : null, inWords(key));
    }
  },

  'raises the very key, whatever is in it': async (store) => {
    const fresh = freshKey();
    const keys = HOSTILE_TEXTS.map((text) => fresh + text);
    await parallel(keys, (key, index) => store.raise(key, index, inAnHour()));
    await assertGives(
      store,
      keys,
      keys.map((_, index) => `${index}`),
    );
  },

  'tells keys apart that look alike': async (store) => {
    for (const pair of LOOKALIKES) {
      const fresh = freshKey();
      const [one, other] = [fresh + pair[0], fresh + pair[1]];
      await store.add(one, 'one', inAnHour());
      await assertGives(store, [one, other], ['one', null], inWords(pair));
      assert.equal(await store.add(other, 'other', inAnHour()), true, inWords(pair));
      await assertGives(store, [one, other], ['one', 'other'], inWords(pair));
      await store.delete(other);
      await assertGives(store, [one, other], ['one', null], inWords(pair));
    }
  },

  'tells keys apart by a blank in front of them': async (store) => {
    const key = freshKey();
    await store.add(key, '1', inAnHour());
    await assertGives(store, [` ${key}`, `\t${key}`, `\n${key}`], [null, null, null]);
  },

  'takes the names that every object answers to for keys like any other': async (store) => {
    for (const key of HOSTILE_WHOLES) {
      await store.delete(key);
      await assertGives(store, [key], [null], inWords(key));
      assert.equal(await store.add(key, 'mine', inAnHour()), true, inWords(key));
      await assertGives(store, [key], ['mine'], inWords(key));
      await store.delete(key);
      await assertGives(store, [key], [null], inWords(key));
    }
  },

  'takes a key of 512 characters, and tells it from one that differs in the last': async (
    store,
  ) => {
    for (const filling of ['k', '漢', '😀']) {
      const stem = freshKey() + filling.repeat((512 - 46) / filling.length);
      const [one, other] = [`${stem}1`, `${stem}2`];
      await store.add(one, 'one', inAnHour());
      assert.equal(await store.add(other, 'other', inAnHour()), true);
      await assertGives(store, [one, other, stem], ['one', 'other', null]);
    }
  },
};

function inWords(key: unknown): string {
  return `the key ${JSON.stringify(key)} must be taken as it is, and for no other`;
}
