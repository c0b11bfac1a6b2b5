import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { createCache } from 'cache-manager';
import { Test } from '@nestjs/testing';
import { EventEmitter } from 'node:events';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { JwtExtendedConfigError, KeyvBlocklistStore, type KeyvClient } from '../../../src/index.js';
import { blocklistStoreContract, type OpenedStore } from '../../../src/testing/index.js';
import { failureOf, throwing } from '../../support/faults.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AWAY = new Error('connect ECONNREFUSED');
const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);

/** A backend of Keyv that asks for one key at a time, and of which every method may be replaced. */
class Backend extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly entries = new Map<string, string>();
  /** The lifetimes that it was given, in milliseconds. */
  readonly lifetimes: (number | undefined)[] = [];

  async get<T>(key: string): Promise<T | undefined> {
    return this.entries.get(key) as T | undefined;
  }

  async set(key: string, value: string, lifetime?: number): Promise<unknown> {
    this.entries.set(key, value);
    return this.lifetimes.push(lifetime);
  }

  async delete(key: string): Promise<boolean> {
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    this.entries.clear();
  }

  /** From here on, every method rejects. */
  takeDown(): void {
    const reject = () => Promise.reject(new Error('connect ECONNREFUSED'));
    Object.assign(this, { get: reject, getMany: reject, set: reject, delete: reject });
  }
}

/** A backend of Keyv that asks for many keys at once. */
class BulkBackend extends Backend {
  async getMany<T>(keys: string[]): Promise<T[]> {
    return keys.map((key) => this.entries.get(key) as T);
  }
}

afterEach(() => {
  jest.useRealTimers();
});

type Openers = Readonly<Record<string, () => OpenedStore | Promise<OpenedStore>>>;

const IN_MEMORY: Openers = {
  'a Keyv in memory': () => ({ store: new KeyvBlocklistStore(new Keyv()) }),
  'a Keyv with a lifetime and a namespace of its own': () => ({
    store: new KeyvBlocklistStore(new Keyv({ ttl: 1, namespace: 'revocations' })),
  }),
  'a Keyv that compresses': () => ({
    store: new KeyvBlocklistStore(
      new Keyv({
        compression: {
          compress: async (value: unknown) => Buffer.from(String(value)).toString('base64'),
          decompress: async (value: unknown) => Buffer.from(String(value), 'base64').toString(),
        },
      } as object),
    ),
  }),
  'the CACHE_MANAGER of a CacheModule': async () => ({
    store: new KeyvBlocklistStore(await cacheOf({})),
  }),
};

const OVER_BACKENDS: Openers = {
  'a backend that reads one key at a time': () => openKeyv(new Backend()),
  'a backend that reads many keys at once': () => openKeyv(new BulkBackend()),
  'the CACHE_MANAGER of a CacheModule with a lifetime and two tiers': async () => {
    const last = new BulkBackend();
    const cache = await cacheOf({ ttl: 1, stores: [new BulkBackend(), last] });
    return { store: new KeyvBlocklistStore(cache), takeDown: () => last.takeDown() };
  },
};

describe.each([
  ...Object.entries(IN_MEMORY).map(([over, open]) => ({ over, open, outages: false })),
  ...Object.entries(OVER_BACKENDS).map(([over, open]) => ({ over, open, outages: true })),
])('KeyvBlocklistStore contract over $over', ({ open, outages }) => {
  const features = { isAtomic: false, sessions: false, outages };

  it.each(blocklistStoreContract(open, features))('$name', ({ run }) => run());
});

function openKeyv(backend: Backend): OpenedStore {
  return {
    store: new KeyvBlocklistStore(new Keyv(backend)),
    takeDown: () => backend.takeDown(),
  };
}

/** The CACHE_MANAGER of an application. */
async function cacheOf(options: Parameters<typeof CacheModule.register>[0]): Promise<Cache> {
  const imports = [CacheModule.register(options)];
  const app = await Test.createTestingModule({ imports }).compile();
  return app.get<Cache>(CACHE_MANAGER);
}

describe('KeyvBlocklistStore', () => {
  it('keeps an entry for five minutes after its expiry, and no longer (R74)', async () => {
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

  it('gives lifetimes in whole milliseconds, and none for ever, even if the Keyv has a default lifetime', async () => {
    jest.useFakeTimers({ now: 1_800_000_000_000, doNotFake: ['nextTick', 'setImmediate'] });
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend, { ttl: 1_000 }));
    await store.get(['jti:none']);
    backend.lifetimes.length = 0;

    await store.add('jti:month', '1', ahead(30 * DAY));
    await store.add('jti:gone', '1', new Date(0));
    await store.add('jti:forever', '1', null);
    await store.replace('jti:forever', '1', '2', ahead(DAY));
    await store.replace('jti:forever', '2', '3', null);
    await store.replace('jti:forever', '2', '4', ahead(DAY));
    const day = DAY + 5 * MINUTE;
    const lifetimes = [30 * DAY + 5 * MINUTE, 5 * MINUTE, undefined, day, undefined];
    expect(backend.lifetimes).toEqual(lifetimes);
  });

  it('rejects an invalid date, and writes nothing', async () => {
    const store = new KeyvBlocklistStore(new Keyv());
    const adding = store.add('jti:one', '1', new Date(NaN));

    await expect(adding).rejects.toThrow('KeyvBlocklistStore: expiresAt must be a valid date');
    expect(await store.get(['jti:one'])).toEqual([null]);
    await store.add('jti:two', '1', null);
    const replacing = store.replace('jti:two', '1', '2', new Date(NaN));
    await expect(replacing).rejects.toThrow('KeyvBlocklistStore: expiresAt must be a valid date');
    expect(await store.get(['jti:two'])).toEqual(['1']);
  });

  it('declares that it is not atomic, because two calls at once may both replace a value', async () => {
    const store = new KeyvBlocklistStore(new Keyv(new Backend()));
    await store.add('jti:one', '0', null);
    const values = ['1', '1'];
    const answers = await Promise.all(
      values.map((value) => store.replace('jti:one', '0', value, null)),
    );

    expect(store.isAtomic).toBe(false);
    expect(answers).toEqual([true, true]);
  });

  it.each([
    ['add', (store: KeyvBlocklistStore) => store.add('jti:new', 'ours', null)],
    ['replace', (store: KeyvBlocklistStore) => store.replace('jti:one', '0', 'ours', null)],
  ])('answers %s with false if it reads back what another process wrote', async (_, write) => {
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.add('jti:one', '0', null);
    const { set } = backend;
    backend.set = (key, value, lifetime) =>
      set.call(backend, key, value.replace('ours', 'theirs'), lifetime);

    expect(await write(store)).toBe(false);
    const values = [...(await store.get(['jti:new', 'jti:one']))];
    expect(values).toContain('theirs');
    expect(values).not.toContain('ours');
  });

  it('reads before it replaces, and writes nothing if the value differs', async () => {
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.add('jti:one', '0', null);
    const set = jest.spyOn(backend, 'set');

    expect(await store.replace('jti:one', '1', '2', null)).toBe(false);
    expect(await store.replace('jti:none', '', '2', null)).toBe(false);

    expect(set).not.toHaveBeenCalled();
  });

  it('reads texts both bare and as a Keyv stores them beside their expiry', async () => {
    const stored = { value: 'stored', expires: 1_800_000_000_000 };
    const answers = ['bare', stored, null, undefined, 'the landmark'];
    const [get, set] = [jest.fn(), jest.fn()];
    const client = { get, set, delete: jest.fn(), getMany: async () => answers };
    const store = new KeyvBlocklistStore(client as unknown as KeyvClient);

    expect(await store.get(['a', 'b', 'c', 'd'])).toEqual(['bare', 'stored', null, null]);
  });

  it('reads all keys in one call if the backend can', async () => {
    const backend = new BulkBackend();
    const getMany = jest.spyOn(backend, 'getMany');
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.get(['jti:first']);
    getMany.mockClear();

    expect(await store.get(['jti:one', 'sid:two', 'sub:three', 'all'])).toHaveLength(4);
    expect(getMany).toHaveBeenCalledTimes(1);
  });

  it('names entries by their keys, and unusual keys by a digest, so that any backend takes them', async () => {
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

  it('keeps stores with different prefixes apart in one Keyv', async () => {
    const keyv = new Keyv();
    const [one, other] = ['one:', 'other:'].map(
      (prefix) => new KeyvBlocklistStore(keyv, { prefix }),
    );
    await one?.add('jti:one', '1', null);

    expect(await one?.get(['jti:one'])).toEqual(['1']);
    expect(await other?.get(['jti:one'])).toEqual([null]);
  });

  it('rejects if the prefix equals the namespace, which Keyv would write once and read twice', async () => {
    const keyv = new Keyv(new BulkBackend(), { namespace: 'jwt' });

    await expect(new KeyvBlocklistStore(keyv).get(['jti:one'])).rejects.toThrow('written');
    await expect(new KeyvBlocklistStore(keyv).add('jti:one', '1', null)).rejects.toThrow('written');
  });

  it('reads the last tier, so that it sees what another process has revoked', async () => {
    const shared = new Keyv();
    const processes = [1, 2].map(() => createCache({ stores: [new Keyv(), shared] }));
    const [here, there] = processes.map((cache) => new KeyvBlocklistStore(cache));
    await here?.add('jti:before', '1', null);
    expect(await there?.get(['jti:before', 'jti:after'])).toEqual(['1', null]);

    await here?.add('jti:after', '1', null);
    await here?.delete('jti:before');
    expect(await there?.get(['jti:before', 'jti:after'])).toEqual([null, '1']);
  });

  it('uses the secondary of a cache, or the primary if there is no secondary', async () => {
    const [primary, secondary] = [new Keyv(), new Keyv()];
    const methods = { get: primary.get, getMany: primary.getMany, set: primary.set };
    const layered = { ...methods, delete: primary.delete, primary, secondary };
    await new KeyvBlocklistStore({ stores: [layered] }).add('jti:two', '1', null);
    const single = { ...layered, secondary: undefined };
    await new KeyvBlocklistStore(single).add('jti:one', '1', null);

    const entriesOf = (keyv: Keyv) => new KeyvBlocklistStore(keyv).get(['jti:one', 'jti:two']);
    expect(await entriesOf(secondary)).toEqual([null, '1']);
    expect(await entriesOf(primary)).toEqual(['1', null]);
  });

  it('does not change the settings of the Keyv', async () => {
    const keyv = new Keyv();
    const before = { ...keyv.opts, throwOnErrors: keyv.throwOnErrors, ttl: keyv.ttl };
    await new KeyvBlocklistStore(keyv).add('jti:one', '1', null);

    expect({ ...keyv.opts, throwOnErrors: keyv.throwOnErrors, ttl: keyv.ttl }).toEqual(before);
  });

  it('rejects with an error that has a cause, and names neither a key nor a value', async () => {
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.add('jti:secret', 'canary', null);
    backend.get = async () => void backend.emit('error', AWAY) as undefined;

    const error = await failureOf(store.get(['jti:secret']));
    expect(error).toMatchObject({ message: expect.stringContaining('failed'), cause: AWAY });
    expect((error as Error).stack).not.toMatch(/secret|canary/);
  });

  it('names what it was given instead of a Keyv, and what to give', () => {
    const whole = 'give a Keyv of the package keyv (5 or newer), or the CACHE_MANAGER';
    const given: readonly (readonly [unknown, string])[] = [
      [undefined, 'undefined'],
      [null, 'null'],
      ['redis://user:secret@localhost', 'a string of 29 characters'],
      [{}, 'an object'],
      [new Map(), 'new Keyv({ store: … }) around the Map'],
      [Keyv, 'an instance, not the class'],
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

  it.each([
    ...['', 'é', 'a\nb', 'x'.repeat(65), 17, null].map((prefix) => ({ prefix })),
    { prefx: 'jwt:' },
  ])('rejects the options %j', (options) => {
    const make = () => new KeyvBlocklistStore(new Keyv(), options as object);

    expect(make).toThrow(JwtExtendedConfigError);
    expect(make).toThrow(/^KeyvBlocklistStore\.(prefix was given|prefx is not an option)/);
  });
});

type Break = (backend: Backend) => unknown;
type Ways = Readonly<Record<string, Break>>;
type Method = 'get' | 'getMany' | 'set' | 'delete';

/** Replaces one method of a backend. */
const breaking =
  (method: Method, act: (backend: Backend) => unknown): Break =>
  (backend) =>
    Object.assign(backend, { [method]: async () => act(backend) });

/** Ways in which one method of a backend fails on every call. */
const failing = (method: Method, nothing: unknown): Ways => ({
  [`${method} throws`]: (backend) => Object.assign(backend, { [method]: throwing(AWAY) }),
  [`${method} rejects`]: breaking(method, throwing(AWAY)),
  [`${method} emits an error, and resolves`]: breaking(method, (backend) => {
    backend.emit('error', AWAY);
    return nothing;
  }),
  [`${method} does nothing, and resolves`]: breaking(method, () => nothing),
  [`${method} gives false`]: breaking(method, () => false),
});

const answering = (method: Method, answers: Readonly<Record<string, unknown>>): Ways =>
  Object.fromEntries(
    Object.entries(answers).map(([what, answer]) => [
      `${method} gives ${what}`,
      breaking(method, () => answer),
    ]),
  );

/** Reads the landmark correctly, and no other entry. */
const exceptLandmark =
  (give: (backend: Backend) => unknown): Break =>
  (backend) => {
    const { entries } = backend;
    const one = (key: string) => (key.endsWith('landmark') ? entries.get(key) : give(backend));
    Object.assign(backend, {
      get: async (key: string) => one(key),
      ...(backend instanceof BulkBackend && { getMany: async (keys: string[]) => keys.map(one) }),
    });
  };

const PARTLY: Ways = {
  'one key emits an error, and the others are read': exceptLandmark(
    (backend) => void backend.emit('error', AWAY),
  ),
  'one key is a number': exceptLandmark(() => 17),
  'one key is not text': exceptLandmark(() => '{"value":17}'),
  'one key is not JSON': exceptLandmark(() => '{'),
  'one key is another object': exceptLandmark(() => '{"what":"?"}'),
};

const JUNK = { 'a number': 17, 'broken JSON': '{', 'an empty object': {} };

const READING: Readonly<Record<string, readonly [() => Backend, Ways]>> = {
  'reads one key at a time': [
    () => new Backend(),
    { ...failing('get', undefined), ...answering('get', JUNK), ...PARTLY },
  ],
  'reads many keys at once': [
    () => new BulkBackend(),
    {
      ...failing('getMany', [undefined, undefined]),
      ...answering('getMany', {
        ...JUNK,
        nothing: undefined,
        null: null,
        'an empty list': [],
        'too short a list': [undefined],
        'too long a list': [undefined, undefined, undefined],
      }),
      ...PARTLY,
    },
  ],
};

const WRITING: Ways = {
  ...failing('set', undefined),
  'set returns true, and stores nothing': breaking('set', () => true),
  'set drops entries with long lifetimes': (backend) => {
    const { set } = backend;
    backend.set = (key, value, lifetime = 0) =>
      lifetime > HOUR ? Promise.resolve(true) : set.call(backend, key, value, lifetime);
  },
};

/** What applications make of a backend and give to a store. */
const CLIENTS: Readonly<Record<string, (backend: Backend) => KeyvClient | Promise<Cache>>> = {
  'a Keyv': (backend) => new Keyv(backend),
  'a Keyv that does not emit errors': (backend) => new Keyv(backend, { emitErrors: false }),
  'a Keyv that throws errors': (backend) => new Keyv(backend, { throwOnErrors: true }),
  'a CACHE_MANAGER': (backend) => cacheOf({ stores: [backend] }),
};

const openStore = async (client: (typeof CLIENTS)[string], backend: Backend) =>
  new KeyvBlocklistStore(await client(backend));

/** The backend works again, with the entries that it had. */
function mend(backend: Backend): void {
  for (const name of ['get', 'getMany', 'set', 'delete'] as const) {
    delete (backend as Partial<BulkBackend>)[name];
  }
}

describe.each(Object.entries(CLIENTS))('KeyvBlocklistStore over %s', (_, client) => {
  describe.each(Object.entries(READING))('whose backend %s', (__, [newBackend, ways]) => {
    it.each(Object.entries(ways))('rejects each read and write when %s', async (___, fail) => {
      const backend = newBackend();
      const store = await openStore(client, backend);
      await store.add('jti:revoked', '1', ahead(HOUR));
      fail(backend);

      await expect(store.get(['jti:revoked'])).rejects.toThrow();
      await expect(store.get(['jti:another'])).rejects.toThrow();
      await expect(store.add('jti:new', '1', null)).rejects.toThrow();
      await expect(store.replace('jti:revoked', '1', '2', null)).rejects.toThrow();
      await expect(store.replace('jti:new', '1', '2', null)).rejects.toThrow();
      mend(backend);
      expect(await store.get(['jti:revoked', 'jti:another'])).toEqual(['1', null]);
    });

    it.each(Object.entries(WRITING))('rejects each write when %s', async (___, fail) => {
      const backend = newBackend();
      const store = await openStore(client, backend);
      await store.add('sub:alice', '1', null);
      fail(backend);

      const inTwoHours = ahead(2 * HOUR);
      await expect(store.add('jti:new', '1', inTwoHours)).rejects.toThrow();
      await expect(store.replace('sub:alice', '1', '2', inTwoHours)).rejects.toThrow();
      mend(backend);
      expect(await store.add('jti:new', '1', inTwoHours)).toBe(true);
      expect(await store.replace('sub:alice', '1', '2', inTwoHours)).toBe(true);
      expect(await store.get(['jti:new', 'sub:alice'])).toEqual(['1', '2']);
    });

    it.each(Object.entries(failing('delete', undefined)))(
      'rejects a deletion when %s',
      async (___, fail) => {
        const backend = newBackend();
        const store = await openStore(client, backend);
        await store.add('jti:one', '1', null);
        fail(backend);

        await expect(store.delete('jti:one')).rejects.toThrow();
        mend(backend);
        expect(await store.get(['jti:one'])).toEqual(['1']);
      },
    );

    it('rejects the first read when the backend is down from the start', async () => {
      const backend = Object.assign(newBackend(), {
        get: async () => undefined,
        getMany: async (keys: string[]) => keys.map(() => undefined),
        set: async () => true,
      });
      const store = await openStore(client, backend);

      await expect(store.get(['jti:one'])).rejects.toThrow(
        'does not give back what was just written',
      );
      mend(backend);
      expect(await store.get(['jti:one'])).toEqual([null]);
    });

    it('works on when the backend was emptied', async () => {
      const backend = newBackend();
      const store = await openStore(client, backend);
      await store.add('jti:one', '1', null);
      backend.entries.clear();

      expect(await store.get(['jti:one'])).toEqual([null]);
      expect(await store.add('jti:one', '1', null)).toBe(true);
      expect(await store.get(['jti:one'])).toEqual(['1']);
    });
  });
});
