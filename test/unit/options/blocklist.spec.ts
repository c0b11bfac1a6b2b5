import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

class Store {
  add = () => Promise.resolve(true);
  raise = () => Promise.resolve();
  get = () => Promise.resolve([]);
  delete() {
    return Promise.resolve();
  }
}

describe('blocklist.store', () => {
  it('is kept as it is', () => {
    const store = new Store();
    expect(resolve({ blocklist: { store } }).blocklist.store).toBe(store);
  });

  const fix = 'give an object with the methods add, raise, get and delete';
  it.each([
    ['null', null, `null; ${fix}`],
    ['a connection string', 'redis://user:canary@host', `a string of 24 characters; ${fix}`],
    ['an object without methods', { add: 1, raise: 2, get: 3, delete: 4 }, `an object; ${fix}`],
    ['a Map, which has no add', new Map(), `an object of type Map; ${fix}`],
    ['a promise', Promise.resolve(new Store()), `an object of type Promise; ${fix}`],
    ['the class itself', Store, `a function; ${fix} (new …Store(client) rather than the class)`],
  ])('is not %s', (_, store, message) => {
    expect(mistakeOf({ blocklist: { store } })).toBe(`blocklist.store was given ${message}`);
  });
});

describe('blocklist.checks', () => {
  it.each([[[]], [['access']], [['refresh', 'access']]])('may be %j', (checks) => {
    expect([...resolve({ blocklist: { checks } }).blocklist.checks]).toEqual(checks);
  });

  it.each([
    ['access', "blocklist.checks was given 'access'; give an array with it: ['access']"],
    [['acess'], "blocklist.checks[0] was given 'acess'; give one of 'access', 'refresh'"],
    [['access', 'access'], "blocklist.checks was given 'access' twice; name each only once"],
  ])('may not be %j', (checks, message) => {
    expect(mistakeOf({ blocklist: { checks } })).toBe(message);
  });
});

describe('blocklist.store', () => {
  const store = { add() {}, raise() {}, get() {}, delete() {} };

  it.each([
    [
      { ...store, sessions: { put() {} } },
      'blocklist.store.sessions was given an object; give an object with the methods put, list and remove, or none',
    ],
    [{ ...store, isAtomic: 'no' }, "blocklist.store.isAtomic was given 'no'; give true or false"],
    [{ ...store, check: 1 }, 'blocklist.store.check was given a number; give a function'],
  ])('is whole or refused: %j', (half, message) => {
    expect(mistakeOf({ blocklist: { store: half } })).toContain(message);
  });
});

describe('blocklist.onStoreError', () => {
  it.each([
    ['ignore', "'ignore'"],
    [true, 'true'],
  ])('may not be %j', (onStoreError, given) => {
    expect(mistakeOf({ blocklist: { onStoreError } })).toBe(
      `blocklist.onStoreError was given ${given}; give one of 'deny', 'allow'`,
    );
  });
});
