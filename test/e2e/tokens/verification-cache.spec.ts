import { execFile } from 'node:child_process';
import { Hmac } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  Req,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import Database from 'libsql';
import {
  AccessGuard,
  BlocklistService,
  type BlocklistStore,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  type HttpRequest,
  type JwtContext,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
  KeyRing,
  type KeyRingOptions,
  MemoryBlocklistStore,
  RedisBlocklistStore,
  SqlBlocklistStore,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { type Answer, createApp, type RunningApp, serve } from '../../support/app.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { ecPair } from '../../support/keys.js';
import { RedisServer } from '../../support/redis.js';
import { routeAt } from '../../support/routes.js';
import { wrapped } from '../faults/wrapped-store.js';
import { nodeRedis } from '../stores/redis-clients.js';

@UseGuards(AccessGuard)
@Controller()
class SpoilingController {
  /** Tries to change its claims, as no handler should. */
  @Get()
  spoil(@CurrentIdentity() identity: string, @Claims() claims: Record<string, unknown>) {
    const sub = claims.sub;
    if (!Object.isFrozen(claims)) Object.assign(claims, { sub: 'mallory', exp: 4_102_444_800 });
    return { identity, sub };
  }
}

const ALICE = { status: 200, body: { identity: 'alice', sub: 'alice' } };

const BAD_SIGNATURE = { status: 422, body: { msg: 'Signature verification failed' } };

function refused(msg: string): object {
  return { status: 401, body: { msg } };
}

describe('A token that is presented again', () => {
  const clock = new Clock();
  let app: RunningApp;

  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
  });

  /** Starts an application, and presents a token once, which is accepted. */
  async function presented(options: JwtExtendedOptions = {}): Promise<string> {
    app = await createApp('express', {
      controllers: [SpoilingController],
      options: { clock: clock.now, ...options },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    await expectAnswer(token, ALICE);
    return token;
  }

  async function expectAnswer(token: string, answer: object): Promise<void> {
    expect(await app.send('GET', '/', { token })).toMatchObject(answer);
  }

  it('has its signature verified once, and is checked for everything else each time', async () => {
    const digest = jest.spyOn(Hmac.prototype, 'digest');
    const token = await presented();

    await expectAnswer(token, ALICE);
    // Once to sign and once to verify.
    expect(digest).toHaveBeenCalledTimes(2);

    clock.forward(15 * 60);
    await expectAnswer(token, refused('Token has expired'));
  });

  it('has its signature verified each time with `verificationCache: false`', async () => {
    const digest = jest.spyOn(Hmac.prototype, 'digest');
    const token = await presented({ verificationCache: false });

    await expectAnswer(token, ALICE);
    expect(digest).toHaveBeenCalledTimes(3);
  });

  it('does not make another token with the same header and payload pass', async () => {
    const [header, payload] = (await presented()).split('.');

    const forged = `${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`;
    await expectAnswer(forged, BAD_SIGNATURE);
  });

  it('is refused after its key has retired (R25)', async () => {
    const [first, second] = [ecPair('P-256', 'first'), ecPair('P-256', 'second')];
    const token = await presented({
      secret: undefined,
      keys: { current: { kid: 'a', algorithm: 'ES256', privateKey: first.privateKey } },
    });

    await app.get(KeyRing).rotate({
      current: { kid: 'b', algorithm: 'ES256', privateKey: second.privateKey },
      others: [{ kid: 'a', algorithm: 'ES256', publicKey: first.publicKey, retireAt: clock.now() }],
    });
    await expectAnswer(token, BAD_SIGNATURE);
  });

  it('is verified again if a loader returns another key', async () => {
    const secrets = ['one'.padEnd(40, 'k8Jq2m'), 'two'.padEnd(40, 'Zx9Lw4')];
    let at = 0;
    const token = await presented({
      secret: undefined,
      algorithm: 'HS256',
      allowWeakSecret: true,
      loaders: { encodeKey: () => secrets[0] ?? '', decodeKey: () => secrets[at] ?? '' },
    });

    at = 1;
    await expectAnswer(token, BAD_SIGNATURE);
  });
});

const KEYS = ['a', 'b'].map(
  (kid) => ({ kid, algorithm: 'HS256', secret: SECRET.replace('h4Kq', `${kid}7Rw`) }) as const,
);
const [A, B] = KEYS as unknown as readonly [KeyRingOptions['current'], KeyRingOptions['current']];

describe('A token that was accepted', () => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    @UseGuards(AccessGuard)
    @Controller()
    class FreshController {
      @Get('any')
      any() {}

      @Fresh()
      @Get('fresh')
      fresh() {}
    }
    const options = { secret: undefined, keys: { current: A, others: [B] }, clock: clock.now };
    app = await createApp('express', { controllers: [FreshController], options });
  });
  afterAll(() => app.close());

  const at = (seconds: number) => () => {
    clock.seconds = NOW + seconds;
  };
  const rotated =
    (current: object, ...others: object[]) =>
    () =>
      app.get(KeyRing).rotate({ current, others } as KeyRingOptions);
  const inAMinute = new Date((NOW + 60) * 1000);

  it.each<
    [string, Record<string, unknown>, string, readonly [change: () => unknown, status: number][]]
  >([
    [
      'it expires, and the clock is set back',
      {},
      'any',
      [
        [at(900), 401],
        [at(899), 200],
        [at(900), 401],
      ],
    ],
    [
      'it begins, and the clock is set back',
      {},
      'any',
      [
        [at(-1), 422],
        [at(0), 200],
        [at(-900), 422],
      ],
    ],
    [
      'it has an nbf after its iat',
      { nbf: NOW + 10 },
      'any',
      [
        [at(10), 200],
        [at(9), 422],
        [at(11), 200],
      ],
    ],
    [
      'it is fresh until a moment',
      { fresh: NOW + 60 },
      'fresh',
      [
        [at(60), 401],
        [at(59), 200],
        [at(60), 401],
      ],
    ],
    [
      'its key is left out of the ring',
      {},
      'any',
      [
        [rotated(B), 200],
        [rotated(B), 200],
        [rotated(B, { ...A, retireAt: new Date(0) }), 422],
        [rotated(B, A), 200],
      ],
    ],
    [
      'its key retires',
      {},
      'any',
      [
        [rotated(B, { ...A, retireAt: inAMinute }), 200],
        [at(60), 422],
        [at(59), 200],
        [at(60), 422],
      ],
    ],
    [
      'its key signs again',
      {},
      'any',
      [
        [rotated(B, A), 200],
        [rotated(A), 200],
        [rotated(A), 200],
      ],
    ],
  ])('is answered by what holds now (R25, R61): %s', async (_, claims, path, changes) => {
    at(0)();
    await rotated(A, B)();
    const window = { iat: NOW, nbf: NOW, exp: NOW + 900, ...claims };
    const token = forgeToken(accessClaims(window), { alg: 'HS256', kid: 'a' }, KEYS[0]?.secret);
    const statusOf = async () => (await app.send('GET', `/${path}`, { token })).status;
    await statusOf();

    for (const [index, [change, status]] of changes.entries()) {
      await change();
      expect([index, await statusOf()]).toEqual([index, status]);
      expect([index, await statusOf()]).toEqual([index, status]);
    }
  });
});

/** Its `get` knows of one revocation more than its entries. */
class OpinionatedStore extends MemoryBlocklistStore {
  readonly denied = new Set<string>();

  override add(key: string, value: string, expiresAt: Date | null): boolean {
    this.denied.add(key);
    return super.add(`hidden ${key}`, value, expiresAt);
  }

  override replace(): boolean {
    return true;
  }

  override get(keys: readonly string[]): readonly (string | null)[] {
    return keys.map((key) => (this.denied.has(key) ? '9999999999' : null));
  }

  override delete(key: string): void {
    this.denied.delete(key);
  }
}

@Injectable()
class OwnBlocklist extends BlocklistService {
  static readonly gone = new Set<string>();

  override async revoke(token: string | Token): Promise<boolean> {
    OwnBlocklist.gone.add(typeof token === 'string' ? idOf(token) : token.jti);
    return true;
  }

  override async unrevoke(jti: string): Promise<void> {
    OwnBlocklist.gone.delete(jti);
  }

  override async isRevoked(token: string | Token): Promise<boolean> {
    return OwnBlocklist.gone.has(typeof token === 'string' ? idOf(token) : token.jti);
  }
}

function idOf(token: string): string {
  const [, payload = ''] = token.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string }).jti;
}

interface Opened {
  readonly stores: readonly [BlocklistStore, BlocklistStore];
  readonly extras?: JwtExtendedModuleExtras;
  close?(): unknown;
}

/** One object for both applications. */
function both(store: BlocklistStore, others: Partial<Opened> = {}): Opened {
  return { stores: [store, store], ...others };
}

/** The stores of two applications that see each other's revocations. */
const STORES: readonly (readonly [string, () => Promise<Opened>])[] = [
  ['the memory store', async () => both(new MemoryBlocklistStore())],
  ['a subclass of it that overrides get', async () => both(new OpinionatedStore())],
  [
    'a memory store whose get is replaced while it runs',
    async () => {
      const store = new MemoryBlocklistStore();
      const other = new MemoryBlocklistStore();
      for (const name of ['add', 'replace', 'delete'] as const)
        Object.assign(store, { [name]: other[name].bind(other) });
      setImmediate(() => Object.assign(store, { get: other.get.bind(other) }));
      return both(store);
    },
  ],
  ['a plain object', async () => both(wrapped(new MemoryBlocklistStore(), (_, call) => call()))],
  [
    'a subclass of BlocklistService',
    async () => both(new MemoryBlocklistStore(), { extras: { blocklistService: OwnBlocklist } }),
  ],
  [
    'SQL',
    async () => {
      const database = new Database(':memory:');
      const store = new SqlBlocklistStore(database);
      await store.migrate();
      return both(store);
    },
  ],
  [
    'Redis',
    async () => {
      const server = await RedisServer.start();
      const clients = [await nodeRedis(server), await nodeRedis(server)] as const;
      const [one, other] = clients.map(({ client }) => new RedisBlocklistStore(client));
      return {
        stores: [one as BlocklistStore, other as BlocklistStore],
        close: () => Promise.all([...clients.map((each) => each.close()), server.close()]),
      };
    },
  ],
];

describe.each(STORES)('Over %s, a token that was accepted', (name, open) => {
  // The time of day, because a Redis server drops what has expired by its own clock.
  const clock = new Clock(Math.floor(Date.now() / 1000));
  let opened: Opened;
  let apps: RunningApp[];

  beforeAll(async () => {
    opened = await open();
    apps = await Promise.all(
      opened.stores.map((store) =>
        createApp('fastify', {
          controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
          options: { clock: clock.now, blocklist: { store } },
          extras: opened.extras,
        }),
      ),
    );
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await opened.close?.();
  });

  const LEVELS: Readonly<
    Record<string, (blocklist: BlocklistService, token: string) => Promise<unknown>>
  > = {
    'the token': (blocklist, token) => blocklist.revoke(token),
    'the session': (blocklist, token) => blocklist.revokeSession(idOf(token)),
    'the identity': (blocklist) => blocklist.revokeAllFor('of the identity'),
    everything: (blocklist) => {
      clock.forward(1);
      return blocklist.revokeAllIssuedBefore(clock.now());
    },
  };
  const levels = Object.keys(LEVELS).slice(0, name.includes('BlocklistService') ? 1 : undefined);

  it.each(levels)('is refused once %s is revoked in another application (R61)', async (level) => {
    clock.forward(2);
    const [one, other] = apps as [RunningApp, RunningApp];
    const token = await one.get(TokenService).createAccessToken(`of ${level}`);
    const statuses = async () => {
      const asked = [one, one, other].map((app) => app.send('GET', '/', { token }));
      return (await Promise.all(asked)).map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    expect(await statuses()).toEqual([200, 200, 200]);

    await LEVELS[level]?.(other.get(BlocklistService), token);
    expect(await statuses()).toEqual([401, 401, 401]);

    if (level !== 'the token') return;
    await other.get(BlocklistService).unrevoke(idOf(token));
    expect(await statuses()).toEqual([200, 200, 200]);
    await one.get(BlocklistService).revoke(token);
    expect(await statuses()).toEqual([401, 401, 401]);
  });
});

describe('One token text', () => {
  it('is judged by each module of an application by its own keys, clock, store and options', async () => {
    const clock = new Clock();
    const [first, second] = [new MemoryBlocklistStore(), new MemoryBlocklistStore()];
    const MODULES: Readonly<Record<string, JwtExtendedOptions>> = {
      plain: { blocklist: { store: first } },
      same: { blocklist: { store: first } },
      other: { blocklist: { store: second } },
      leeway: { blocklist: { store: second }, leeway: '60s' },
      audience: { blocklist: { store: second }, decodeAudience: 'api' },
      key: { blocklist: { store: first }, secret: SECRET.replace('h4Kq', 'b7Rw') },
      user: { blocklist: { store: second }, loaders: { userLookup: () => null } },
    };
    const imports = Object.entries(MODULES).map(([path, options]) => {
      const jwt = JwtExtendedModule.forRoot({
        secret: SECRET,
        clock: clock.now,
        ...options,
        isGlobal: false,
      });
      class Feature {}
      return {
        module: Feature,
        imports: [jwt],
        providers: [{ provide: `blocklist of ${path}`, useExisting: BlocklistService }],
        controllers: [routeAt(path, { handler: [UseGuards(AccessGuard)] })],
      };
    });
    const app = await serve({ imports });
    const blocklist = app.get<BlocklistService>('blocklist of plain');
    const token = forgeToken(accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900 }));
    const statuses = async () =>
      Object.fromEntries(
        await Promise.all(
          Object.keys(MODULES).map(
            async (path) => [path, (await app.send('GET', `/${path}`, { token })).status] as const,
          ),
        ),
      );
    const before = {
      plain: 200,
      same: 200,
      other: 200,
      leeway: 200,
      audience: 422,
      key: 422,
      user: 401,
    };

    expect(await statuses()).toEqual(before);
    expect(await statuses()).toEqual(before);
    await blocklist.revoke(token);
    expect(await statuses()).toEqual({ ...before, plain: 401, same: 401 });
    clock.forward(930);
    expect(await statuses()).toEqual({ ...before, plain: 401, same: 401, other: 401 });
    await app.close();
  });

  it('is authenticated in each call of a guard that takes the request from elsewhere', async () => {
    const shared: { headers: Record<string, string>; user?: unknown } = { headers: {} };
    @Injectable()
    class SocketGuard extends AccessGuard {
      protected override getRequest(): unknown {
        return shared;
      }
    }
    @UseGuards(SocketGuard)
    @Controller()
    class SocketController {
      @Get()
      get(@CurrentIdentity() identity: string) {
        return { identity };
      }
    }
    const app = await createApp('express', {
      controllers: [SocketController],
      providers: [SocketGuard],
    });
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((name) => app.get(TokenService).createAccessToken(name)),
    );
    const answerTo = async (token?: string) => {
      shared.headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { status, body } = await app.send('GET', '/');
      return status === 200 ? (body as { identity: string }).identity : status;
    };

    expect([
      await answerTo(alice),
      await answerTo(bob),
      await answerTo(alice),
      await answerTo(),
    ]).toEqual(['alice', 'bob', 'alice', 401]);
    await app.get(BlocklistService).revoke(String(alice));
    expect([await answerTo(alice), await answerTo(bob)]).toEqual([401, 'bob']);
    await app.close();
  });
});

/** Tries to change everything that is reachable from a value. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    spoil(Reflect.get(value, key), seen);
    const other = key === 'length' ? 0 : 'mallory';
    Reflect.set(value, key, other);
    Reflect.deleteProperty(value, key);
    Reflect.defineProperty(value, key, { value: other, writable: true });
  }
  Reflect.set(value, 'role', 'admin');
  if (value instanceof Date) value.setTime(0);
  Reflect.setPrototypeOf(value, { fresh: true, identity: 'mallory' });
}

/** The parts of a token that are no properties of its own, as well. */
function spoilToken(token: Partial<JwtContext>): void {
  const { claims, header, issuedAt, expiresAt, user } = token;
  for (const part of [claims, header, issuedAt, expiresAt, user, token]) spoil(part);
}

@Injectable()
class SpoilingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const answer = next.handle();
    const request = context.switchToHttp().getRequest<HttpRequest>();
    return answer.pipe((source) => {
      spoilToken(request.user as JwtContext);
      return source;
    });
  }
}

const shown = (token: JwtContext) => ({
  ...(JSON.parse(JSON.stringify(token)) as object),
  user: token.user,
});

@UseGuards(AccessGuard)
@Controller()
class SharingController {
  @Get('spoiled')
  spoiled(@CurrentToken() token: JwtContext, @Req() request: HttpRequest) {
    const answer = shown(token);
    spoilToken(token);
    spoil(request.user);
    return answer;
  }

  @UseInterceptors(SpoilingInterceptor)
  @Get('intercepted')
  intercepted() {
    return {};
  }

  @Get('shown')
  shown(@CurrentToken() token: JwtContext) {
    return shown(token);
  }

  @Get('who')
  who(
    @CurrentToken() token: JwtContext,
    @CurrentUser() user: unknown,
    @CurrentIdentity() identity: string,
  ) {
    return { identity, user, sub: token.claims.sub };
  }
}

describe('What requests with one token share', () => {
  const claims = {
    sub: 'alice',
    roles: ['reader', { of: ['list'] }],
    nested: { deep: { list: [1] } },
  };
  const token = () => forgeToken(accessClaims(claims), { alg: 'HS256', list: [{ x: 1 }] });

  it.each(['decodeKey', 'tokenVerification', 'isTokenRevoked', 'userLookup'] as const)(
    'is not changed by a handler and an interceptor that try to, nor by a loader: %s',
    async (loader) => {
      const answers = {
        decodeKey: SECRET,
        tokenVerification: true,
        isTokenRevoked: false,
        userLookup: { id: 1 },
      };
      const loaders = {
        [loader]: (given: JwtContext) => {
          spoilToken(given);
          return structuredClone(answers[loader]);
        },
      };
      const keyOfLoaders: JwtExtendedOptions = {
        secret: undefined,
        algorithm: 'HS256',
        loaders: { encodeKey: () => SECRET, ...loaders },
      };
      const app = await createApp('express', {
        controllers: [SharingController],
        options: loader === 'decodeKey' ? keyOfLoaders : { loaders },
      });
      const text = token();
      const answerOf = (path: string) => app.send('GET', path, { token: text });
      const { status, body } = await answerOf('/shown');
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { identity: 'alice', claims, fresh: false },
      });

      for (const path of ['/spoiled', '/intercepted', '/spoiled']) {
        await answerOf(path);
        expect(await answerOf('/shown')).toMatchObject({ status, body });
      }
      // Nothing of another token, either: the header is shared by all tokens of its text.
      const other = await app.send('GET', '/shown', { token: token() });
      expect(other.body).toMatchObject({ header: (body as JwtContext).header, claims });
      await app.close();
    },
  );

  it.each([
    ['slow loaders', (ms: () => number) => ({ wait: async () => void (await pause(ms())) })],
    ['loaders that answer at once', () => ({ wait: () => undefined })],
  ])('is of one user, if 50 users send 1,000 requests at once, with %s', async (_, make) => {
    let at = 0;
    const { wait } = make(() => (at = (at * 7 + 3) % 11));
    const then = <T>(answer: T) => {
      const waiting = wait();
      return waiting ? waiting.then(() => answer) : answer;
    };
    const app = await createApp('fastify', {
      controllers: [SharingController],
      options: {
        loaders: {
          isTokenRevoked: () => then(false),
          tokenVerification: () => then(true),
          userLookup: ({ identity }) => then(`user ${identity}`),
        },
      },
    });
    const users = Array.from({ length: 50 }, (_unused, index) => `user-${index}`);
    const texts = await Promise.all(
      users.map((name) => app.get(TokenService).createAccessToken(name)),
    );
    const sent = Array.from({ length: 1_000 }, (_unused, index) => (index * 17) % 50);

    const answers: Answer[] = [];
    // In batches, because a server accepts so many connections at once only.
    for (let from = 0; from < sent.length; from += 200) {
      const batch = sent.slice(from, from + 200);
      const asked = batch.map((index) => app.send('GET', '/who', { token: texts[index] ?? '' }));
      answers.push(...(await Promise.all(asked)));
    }

    expect(answers.map(({ body }) => body)).toEqual(
      sent.map((index) => ({
        identity: users[index],
        sub: users[index],
        user: `user ${users[index]}`,
      })),
    );
    await app.close();
  });
});

/** What the flood's process prints. */
interface Flood {
  readonly floods: readonly {
    readonly name: string;
    readonly accepted: number;
    readonly grown: number;
    /** Of CPU time for each token, which a loaded machine hardly changes. */
    readonly milliseconds: number;
    readonly again: object;
  }[];
  readonly within16KB: { readonly grown: number; readonly again: object };
}

describe('A flood of tokens', () => {
  let flood: Flood;
  const REMEMBERED = { isAccepted: true, isVerified: false };

  beforeAll(async () => {
    const script = join(import.meta.dirname, 'flood.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, SECRET]);
    flood = JSON.parse(stdout) as Flood;
  });

  it('that are bad leaves the memory as it was, a good token remembered, and the event loop free (R61)', () => {
    for (const { grown, milliseconds, ...others } of flood.floods) {
      expect(others).toEqual({ name: others.name, accepted: 0, again: REMEMBERED });
      expect([others.name, Math.max(grown, 4)]).toEqual([others.name, 4]);
      expect([others.name, Math.max(milliseconds, 3)]).toEqual([others.name, 3]);
    }
    expect(flood.floods).toHaveLength(6);
  });

  it('that are good keeps no longer text alive in which they came', () => {
    expect(flood.within16KB).toMatchObject({ again: REMEMBERED });
    expect(flood.within16KB.grown).toBeLessThan(25);
  });
});
