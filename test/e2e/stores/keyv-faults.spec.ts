import { describe, expect, it } from '@jest/globals';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import type { KeyvClient } from '../../../src/stores/strict-keyv.js';
import { KeyvBlocklistStore } from '../../../src/stores/keyv-blocklist.store.js';
import { Backend, BulkBackend } from './keyv-backends.js';

const HOUR = 3_600_000;
const inAnHour = () => new Date(Date.now() + HOUR);

type Break = (backend: Backend) => unknown;
type Ways = Readonly<Record<string, Break>>;

const AWAY = new Error('connect ECONNREFUSED');

/** Ways in which each method of a backend fails, whatever it is asked. */
const failing = (method: 'get' | 'getMany' | 'set' | 'delete', nothing: unknown): Ways => ({
  [`${method} throws`]: (backend) =>
    Object.assign(backend, {
      [method]: () => {
        throw AWAY;
      },
    }),
  [`${method} rejects`]: (backend) =>
    Object.assign(backend, { [method]: () => Promise.reject(AWAY) }),
  [`${method} emits an error, and resolves as if it were nothing`]: (backend) =>
    Object.assign(backend, {
      [method]: async () => {
        backend.emit('error', AWAY);
        return nothing;
      },
    }),
  [`${method} does nothing, and says nothing`]: (backend) =>
    Object.assign(backend, { [method]: async () => nothing }),
  [`${method} gives false`]: (backend) => Object.assign(backend, { [method]: async () => false }),
});

const answering = (method: 'get' | 'getMany', answers: Readonly<Record<string, unknown>>): Ways =>
  Object.fromEntries(
    Object.entries(answers).map(([what, answer]) => [
      `${method} gives ${what}`,
      (backend) => Object.assign(backend, { [method]: async () => answer }),
    ]),
  );

/** The landmark is given as it should be; what is asked for besides is not. */
const exceptLandmark = (give: (backend: Backend) => unknown): Break => {
  return (backend) => {
    const { entries } = backend;
    const one = (key: string) => (key.endsWith('landmark') ? entries.get(key) : give(backend));
    Object.assign(backend, {
      get: async (key: string) => one(key),
      ...(backend instanceof BulkBackend && { getMany: async (keys: string[]) => keys.map(one) }),
    });
  };
};

const PARTLY: Ways = {
  'one key emits an error, and the others are read': exceptLandmark((backend) => {
    backend.emit('error', AWAY);
  }),
  'one key is not what anybody has written': exceptLandmark(() => 17),
  'one key is not text': exceptLandmark(() => '{"value":17}'),
  'one key is no JSON': exceptLandmark(() => '{'),
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
  'set says true, and stores nothing': (backend) =>
    Object.assign(backend, { set: async () => true }),
  'set takes long lifetimes for moments long ago': (backend) => {
    const { set } = backend;
    backend.set = (key, value, lifetime = 0) =>
      lifetime > HOUR ? Promise.resolve(true) : set.call(backend, key, value, lifetime);
  },
};

/** What users make of a backend, and hand over. */
const CLIENTS: Readonly<Record<string, (backend: Backend) => KeyvClient | Promise<Cache>>> = {
  'a Keyv': (backend) => new Keyv(backend),
  'a Keyv that emits no errors': (backend) => new Keyv(backend, { emitErrors: false }),
  'a Keyv that throws errors': (backend) => new Keyv(backend, { throwOnErrors: true }),
  'a CACHE_MANAGER': async (backend) => {
    const imports = [CacheModule.register({ stores: [backend] })];
    const module = await Test.createTestingModule({ imports }).compile();
    return module.get<Cache>(CACHE_MANAGER);
  },
};

const openStore = async (client: (typeof CLIENTS)[string], backend: Backend) =>
  new KeyvBlocklistStore(await client(backend));

/** Works again, on the entries that it had. */
function mend(backend: Backend): void {
  for (const name of ['get', 'getMany', 'set', 'delete'] as const) {
    delete (backend as Partial<BulkBackend>)[name];
  }
}

describe.each(Object.entries(CLIENTS))('KeyvBlocklistStore over %s', (_, client) => {
  describe.each(Object.entries(READING))('whose backend %s', (__, [newBackend, ways]) => {
    it.each(Object.entries(ways))('never takes it for "not revoked" when %s', async (___, fail) => {
      const backend = newBackend();
      const store = await openStore(client, backend);
      await store.add('jti:revoked', '1', inAnHour());
      fail(backend);

      await expect(store.get(['jti:revoked'])).rejects.toThrow();
      await expect(store.get(['jti:another'])).rejects.toThrow();
      await expect(store.add('jti:new', '1', null)).rejects.toThrow();
      await expect(store.raise('cut:new', 1, null)).rejects.toThrow();
      mend(backend);
      expect(await store.get(['jti:revoked', 'jti:another'])).toEqual(['1', null]);
    });

    it.each(Object.entries(WRITING))('never takes it for written when %s', async (___, fail) => {
      const backend = newBackend();
      const store = await openStore(client, backend);
      await store.raise('cut:alice', 1, null);
      fail(backend);

      const inTwoHours = new Date(Date.now() + 2 * HOUR);
      await expect(store.add('jti:new', '1', inTwoHours)).rejects.toThrow();
      await expect(store.raise('cut:alice', 2, inTwoHours)).rejects.toThrow();
      mend(backend);
      expect(await store.add('jti:new', '1', inTwoHours)).toBe(true);
      await store.raise('cut:alice', 2, inTwoHours);
      expect(await store.get(['jti:new', 'cut:alice'])).toEqual(['1', '2']);
    });

    it.each(Object.entries(failing('delete', undefined)))(
      'never takes it for deleted when %s',
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

    it('fails from its first question on when the backend is down from the start', async () => {
      const backend = Object.assign(newBackend(), {
        get: async () => undefined,
        getMany: async (keys: string[]) => keys.map(() => undefined),
        set: async () => true,
      });
      const store = await openStore(client, backend);

      await expect(store.get(['jti:one'])).rejects.toThrow('does not give what was just written');
      mend(backend);
      expect(await store.get(['jti:one'])).toEqual([null]);
    });

    it('goes on when the backend was emptied', async () => {
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

describe('An error of KeyvBlocklistStore', () => {
  it('names its cause, and neither a key nor a value', async () => {
    const backend = new Backend();
    const store = new KeyvBlocklistStore(new Keyv(backend));
    await store.add('jti:secret', 'canary', null);
    backend.get = async () => void backend.emit('error', AWAY) as undefined;

    const error: unknown = await store.get(['jti:secret']).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringContaining('failed'), cause: AWAY });
    expect((error as Error).stack).not.toMatch(/secret|canary/);
  });
});
