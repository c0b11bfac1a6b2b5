import assert from 'node:assert/strict';
import { assertGives } from './assert-gives.js';
import { freshKey } from './fresh-key.js';
import { HOSTILE_TEXTS, HOSTILE_WHOLES, LOOKALIKES } from './hostile-texts.js';
import { inAnHour } from './moments.js';
import { parallel } from './parallel.js';
import type { StoreCases } from './store-cases.js';

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
