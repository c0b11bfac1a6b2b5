import assert from 'node:assert/strict';
import type { BlocklistStore } from '../../contracts/blocklist-store.js';
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

/** The promises of `add` and `delete`. */
export const addCases: StoreCases = {
  'adds an absent entry, and returns true': async (store) => {
    const key = freshKey();
    assert.equal(await store.add(key, 'value', inAnHour()), true);
    await assertGives(store, [key], ['value']);
  },

  'leaves an existing entry, and returns false': async (store) => {
    const key = freshKey();
    await store.add(key, 'first', inAnHour());
    assert.equal(await store.add(key, 'second', inAnHour()), false);
    await assertGives(store, [key], ['first']);
  },

  'leaves the expiry of an existing entry': async (store) => {
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

  'deletes an absent entry without an error': async (store) => {
    const key = freshKey();
    await store.delete(key);
    await store.delete(key);
    await assertGives(store, [key], [null]);
  },

  'adds an entry again after it was deleted': async (store) => {
    const key = freshKey();
    await store.add(key, 'before', null);
    await store.delete(key);
    assert.equal(await store.add(key, 'after', inAnHour()), true);
    await assertGives(store, [key], ['after']);
  },

  'gives in a look-up that it prepared what was added, replaced and deleted since': async (
    store,
  ) => {
    const keys = freshKeys(2);
    const [key, other] = keys as [string, string];
    const look = store.prepare?.(keys) ?? (() => store.get(keys));
    const gives = async (...values: readonly (string | null)[]) =>
      assert.deepEqual([...(await look())], values);
    await gives(null, null);
    await store.add(key, 'added', inAnHour());
    await gives('added', null);
    await store.add(other, 'other', null);
    await gives('added', 'other');
    await store.replace(key, 'added', 'replaced', inAnHour());
    await gives('replaced', 'other');
    await store.delete(other);
    await gives('replaced', null);
  },

  'returns any value unchanged': async (store) => {
    for (const value of ['', '1', ...HOSTILE_TEXTS, ...LONG_VALUES]) {
      const key = freshKey();
      await store.add(key, value, inAnHour());
      await assertGives(store, [key], [value]);
    }
  },
};

/** The promises of `add` to many calls at once. */
export const parallelAddCases: StoreCases = {
  'lets one of 1,000 calls add an entry, and keeps its value': (store) =>
    assertOneAdds(store, 1_000, inAnHour()),

  'lets one of 100 calls add an entry without an expiry': (store) =>
    assertOneAdds(store, 100, null),
};

async function assertOneAdds(
  store: BlocklistStore,
  calls: number,
  expiresAt: Date | null,
): Promise<void> {
  const key = freshKey();
  const answers = await parallel(upTo(calls), (index) => store.add(key, `${index}`, expiresAt));
  const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));
  assert.equal(winners.length, 1, 'exactly one of the calls must return true');
  await assertGives(store, [key], winners);
}

/** The promises of `get`. */
export const getCases: StoreCases = {
  'returns null for an absent entry': async (store) => {
    await assertGives(store, freshKeys(3), [null, null, null]);
  },

  'returns no values for no keys': async (store) => {
    await assertGives(store, [], []);
  },

  'returns values in the order of the keys, with null for an absent entry': async (store) => {
    const [one, two, three] = [freshKey(), freshKey(), freshKey()];
    const none = freshKey();
    await store.add(one, '1', inAnHour());
    await store.add(two, '2', null);
    await store.add(three, '3', inAnHour());
    await assertGives(store, [three, none, one, two], ['3', null, '1', '2']);
    await assertGives(store, [two, one, none, three], ['2', '1', null, '3']);
  },

  'returns a value for each key, even if a key is repeated': async (store) => {
    const [key, none] = [freshKey(), freshKey()];
    await store.add(key, '1', inAnHour());
    await assertGives(store, [key, none, key, none], ['1', null, '1', null]);
  },

  'looks up 200 keys in one call': async (store) => {
    const keys = freshKeys(200);
    const values = keys.map((_, index) => (index % 3 === 0 ? null : `${index}`));
    await parallel(keys, async (key, index) => {
      const value = values[index];
      if (value != null) await store.add(key, value, inAnHour());
    });
    await assertGives(store, keys, values);
  },

  'answers many calls at once, each with its own values': async (store) => {
    const keys = freshKeys(50);
    await parallel(keys, (key) => store.add(key, `of ${key}`, inAnHour()));
    await parallel(keys, (key) => assertGives(store, [key], [`of ${key}`]));
  },
};

/** A store uses each key exactly as it is. */
export const keyCases: StoreCases = {
  'accepts any text as a key, and confuses no two keys': async (store) => {
    const fresh = freshKey();
    const keys = HOSTILE_TEXTS.flatMap((text) => [fresh + text, text + fresh, fresh + text + 'x']);
    const nothing = keys.map(() => null);
    await assertGives(store, keys, nothing);
    for (const key of keys)
      assert.equal(await store.add(key, `of ${key}`, inAnHour()), true, inWords(key));
    const values = keys.map((key) => `of ${key}`);
    await assertGives(store, keys, values);
  },

  'deletes exactly the given key, with any text in it': async (store) => {
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

  'distinguishes keys that look alike': async (store) => {
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

  'distinguishes keys by a leading blank': async (store) => {
    const key = freshKey();
    await store.add(key, '1', inAnHour());
    await assertGives(store, [` ${key}`, `\t${key}`, `\n${key}`], [null, null, null]);
  },

  'accepts the names of object members as keys': async (store) => {
    for (const key of HOSTILE_WHOLES) {
      await store.delete(key);
      await assertGives(store, [key], [null], inWords(key));
      assert.equal(await store.add(key, 'mine', inAnHour()), true, inWords(key));
      await assertGives(store, [key], ['mine'], inWords(key));
      await store.delete(key);
      await assertGives(store, [key], [null], inWords(key));
    }
  },

  'accepts a key of 512 characters, and distinguishes two by the last one': async (store) => {
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
  return `the key ${JSON.stringify(key)} must be used as it is, and confused with no other`;
}
