import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { createCache } from 'cache-manager';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { JwtExtendedConfigError } from '../../../src/index.js';
import { KeyvBlocklistStore } from '../../../src/stores/keyv-blocklist.store.js';
import { createApp } from '../../support/app.js';
import { Output, ProbeController, UNAVAILABLE } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { Backend, BulkBackend } from './keyv-backends.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);

afterEach(() => {
  jest.useRealTimers();
});

describe('KeyvBlocklistStore', () => {
  it('keeps an entry for some minutes after its expiry, and no longer (R74)', async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate'] });
    const store = new KeyvBlocklistStore(new Keyv());
    await store.add('jti:one', '1', ahead(DAY));
    await store.add('jti:late', '1', ahead(-DAY));

    jest.setSystemTime(ahead(4 * MINUTE));
    expect(await store.get(['jti:one', 'jti:late'])).toEqual(['1', '1']);
    jest.setSystemTime(ahead(2 * MINUTE));
    expect(await store.get(['jti:one', 'jti:late'])).toEqual(['1', null]);
    jest.setSystemTime(ahead(DAY - 2 * MINUTE));
    expect(await store.get(['jti:one'])).toEqual(['1']);
    jest.setSystemTime(ahead(6 * MINUTE));
    expect(await store.get(['jti:one'])).toEqual([null]);
  });

  it('gives lifetimes in whole milliseconds, and none for ever, whatever the Keyv was made with', async () => {
    jest.useFakeTimers({ now: 1_800_000_000_000, doNotFake: ['nextTick', 'setImmediate'] });
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend, { ttl: 1_000 }));
    await store.get(['jti:none']);
    backend.lifetimes.length = 0;

    await store.add('jti:month', '1', ahead(30 * DAY));
    await store.add('jti:gone', '1', new Date(0));
    await store.add('jti:forever', '1', null);
    await store.raise('cut:forever', 1, null);
    expect(backend.lifetimes).toEqual([
      ...[30 * DAY + 5 * MINUTE, 5 * MINUTE, undefined, undefined],
    ]);
  });

  it('refuses an expiry that is no date', async () => {
    const store = new KeyvBlocklistStore(new Keyv());

    await expect(store.add('jti:one', '1', new Date(NaN))).rejects.toThrow('a date that is valid');
    expect(await store.get(['jti:one'])).toEqual([null]);
  });

  it('asks a backend that can once for all keys', async () => {
    const backend = new BulkBackend();
    const getMany = jest.spyOn(backend, 'getMany');
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.get(['jti:first']);
    getMany.mockClear();

    expect(await store.get(['jti:one', 'sid:two', 'sub:three', 'all'])).toHaveLength(4);
    expect(getMany).toHaveBeenCalledTimes(1);
  });

  it('calls entries what they are, and hostile keys by a digest, so that any backend takes them', async () => {
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend), { prefix: 'shop:' });
    const plain = 'jti:0f3a8a52-1d9e-4f6b-9a57-3f9f1a2b3c4d';
    const hostile = ['jti:UPPER', 'jti:a b', 'jti:\0', 'jti:\ud800', 'jti:\ud801', 'j'.repeat(512)];
    for (const key of [plain, ...hostile]) expect(await store.add(key, '1', null)).toBe(true);

    const names = [...backend.entries.keys()];
    expect(names).toContain(`keyv:shop:entry:${plain}`);
    expect(names.filter((name) => /^keyv:shop:entry:#[0-9a-f]{64}$/.test(name))).toHaveLength(6);
    expect(names).toHaveLength(1 + 6 + 1);
  });

  it('lets stores of different prefixes live in one Keyv', async () => {
    const keyv = new Keyv();
    const [one, other] = ['one:', 'other:'].map(
      (prefix) => new KeyvBlocklistStore(keyv, { prefix }),
    );
    await one?.add('jti:one', '1', null);

    expect(await one?.get(['jti:one'])).toEqual(['1']);
    expect(await other?.get(['jti:one'])).toEqual([null]);
  });

  it('tells of a prefix that is the namespace again, which Keyv would write once and read twice', async () => {
    const keyv = new Keyv(new BulkBackend(), { namespace: 'jwt' });

    await expect(new KeyvBlocklistStore(keyv).get(['jti:one'])).rejects.toThrow('written');
    await expect(new KeyvBlocklistStore(keyv).add('jti:one', '1', null)).rejects.toThrow('written');
  });

  it('sees through tiers what another process has revoked', async () => {
    const shared = new Keyv();
    const processes = [1, 2].map(() => createCache({ stores: [new Keyv(), shared] }));
    const [here, there] = processes.map((cache) => new KeyvBlocklistStore(cache));
    await here?.add('jti:before', '1', null);
    expect(await there?.get(['jti:before', 'jti:after'])).toEqual(['1', null]);

    await here?.add('jti:after', '1', null);
    await here?.delete('jti:before');
    expect(await there?.get(['jti:before', 'jti:after'])).toEqual([null, '1']);
  });

  it('takes the secondary of a cache that has one, and the primary of one that has not', async () => {
    const [primary, secondary] = [new Keyv(), new Keyv()];
    const methods = { get: primary.get, getMany: primary.getMany, set: primary.set };
    const layered = { ...methods, delete: primary.delete, primary, secondary };
    await new KeyvBlocklistStore({ stores: [layered] }).add('jti:two', '1', null);
    const single = { ...layered, secondary: undefined };
    await new KeyvBlocklistStore(single).add('jti:one', '1', null);

    expect(await new KeyvBlocklistStore(secondary).get(['jti:one', 'jti:two'])).toEqual([
      null,
      '1',
    ]);
    expect(await new KeyvBlocklistStore(primary).get(['jti:one', 'jti:two'])).toEqual(['1', null]);
  });

  it('leaves what it was handed as it was', async () => {
    const keyv = new Keyv();
    const before = { ...keyv.opts, throwOnErrors: keyv.throwOnErrors, ttl: keyv.ttl };
    await new KeyvBlocklistStore(keyv).add('jti:one', '1', null);

    expect({ ...keyv.opts, throwOnErrors: keyv.throwOnErrors, ttl: keyv.ttl }).toEqual(before);
  });

  it('says what it was told instead of a Keyv, and what to give', () => {
    const whole = 'give a Keyv of the package keyv (5 or newer), or the CACHE_MANAGER';
    const given: readonly (readonly [unknown, string])[] = [
      [undefined, 'undefined'],
      [null, 'null'],
      ['redis://user:secret@localhost', 'a string of 29 characters'],
      [{}, 'an object'],
      [new Map(), 'new Keyv({ store: … }) around it'],
      [Keyv, 'the Keyv itself, not its class'],
      [Promise.resolve(new Keyv()), 'await the promise of it first'],
      [{ stores: [] }, 'an object'],
      [{ stores: [new Map()] }, 'an object'],
      [{ get() {}, mget() {}, set() {}, del() {} }, 'an object'],
      [{ get() {}, set() {}, delete() {} }, 'an object'],
    ];
    for (const [client, words] of given) {
      const make = () => new KeyvBlocklistStore(client as Keyv);
      expect(make).toThrow(JwtExtendedConfigError);
      expect(make).toThrow(whole);
      expect(make).toThrow(words);
    }
  });

  it.each([[''], ['é'], ['a\nb'], ['x'.repeat(65)], [17], [null]])(
    'refuses the prefix %j',
    (prefix) => {
      const make = () => new KeyvBlocklistStore(new Keyv(), { prefix: prefix as string });

      expect(make).toThrow(JwtExtendedConfigError);
      expect(make).toThrow('KeyvBlocklistStore.prefix was given');
    },
  );

  it('refuses options that it does not know', () => {
    const options = { prefx: 'jwt:' } as object;

    expect(() => new KeyvBlocklistStore(new Keyv(), options)).toThrow('prefx');
  });
});

describe('An application that keeps revocations in its cache', () => {
  it('logs out, and answers 503 when the cache is down, however silently (R56, R57)', async () => {
    const output = new Output();
    const backend = new BulkBackend();
    const cacheModule = CacheModule.register({ stores: [backend] });
    const cache = (await Test.createTestingModule({ imports: [cacheModule] }).compile()).get<Cache>(
      CACHE_MANAGER,
    );
    const app = await createApp('express', {
      options: { blocklist: { store: new KeyvBlocklistStore(cache) } },
      controllers: [ProbeController],
    });
    try {
      const [gone, here] = [1, 2].map(() => forgeToken(accessClaims()));
      expect(await app.send('POST', '/logout', { token: gone })).toMatchObject({ status: 201 });
      expect(await app.send('GET', '/access', { token: gone })).toMatchObject({ status: 401 });
      expect(await app.send('GET', '/access', { token: here })).toMatchObject({ status: 200 });

      backend.getMany = async (keys) => keys.map(() => undefined as never);
      expect(await app.send('GET', '/access', { token: gone })).toMatchObject(UNAVAILABLE);
      expect(await app.send('GET', '/access', { token: here })).toMatchObject(UNAVAILABLE);
      delete (backend as Partial<BulkBackend>).getMany;
      backend.set = async () => true;
      expect(await app.send('POST', '/logout', { token: here })).toMatchObject(UNAVAILABLE);
      expect(await app.send('GET', '/access', { token: here })).toMatchObject({ status: 200 });
    } finally {
      await app.close();
      output.restore();
    }
  });
});
