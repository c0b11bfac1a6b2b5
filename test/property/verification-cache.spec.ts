import { All, Controller, type Type, UseGuards } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  AccessGuard,
  BlocklistService,
  type BlocklistStore,
  CurrentToken,
  Fresh,
  FreshGuard,
  type JwtContext,
  type JwtExtendedLoaders,
  type JwtExtendedOptions,
  JwtOptional,
  JwtRequired,
  KeyRing,
  type KeyRingOptions,
  LogoutGuard,
  MemoryBlocklistStore,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  TokenError,
  TokenService,
} from '../../src/index.js';
import { SeenToken } from '../../src/tokens/verification-cache.js';
import { createApp, type RunningApp, type Sent as Carried } from '../support/app.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../support/forge.js';

/** Fixed, so that a failure can be repeated. `CACHE=7,20` in the environment: another seed, and 20 times as much. */
const [SEED = 20_261_201, ROUNDS = 1] = (process.env.CACHE?.split(',') ?? []).map(Number);
const RUNS = 30 * ROUNDS;

const KIDS = ['a', 'b', 'c'] as const;
const SECRETS = KIDS.map((kid) => SECRET.replace('h4Kq', `${kid}7Rw`));

/** What stands in the way of a route, by its path. */
const ROUTES: Readonly<Record<string, readonly (MethodDecorator & ClassDecorator)[]>> = {
  access: [UseGuards(AccessGuard)],
  optional: [UseGuards(AccessGuard), JwtOptional()],
  fresh: [UseGuards(FreshGuard)],
  young: [UseGuards(AccessGuard), Fresh({ maxAge: '60s' })],
  claims: [UseGuards(AccessGuard), RequireClaims({ role: 'admin' })],
  scope: [UseGuards(AccessGuard), RequireScope('read')],
  refresh: [UseGuards(RefreshGuard)],
  either: [JwtRequired({ verifyType: false })],
  expired: [JwtRequired({ allowExpired: true })],
  unchecked: [JwtRequired({ skipRevocationCheck: true })],
  logout: [UseGuards(LogoutGuard)],
  public: [UseGuards(AccessGuard), Public()],
};

/** A controller with all routes. They answer with all that a handler sees of the token. */
function controller(): Type {
  class EveryController {}
  const { prototype } = EveryController;
  for (const [path, decorators] of Object.entries(ROUTES)) {
    const value = (token?: JwtContext) => ({ token: token ? shown(token) : 'nobody' });
    Object.defineProperty(prototype, path, { value, configurable: true, writable: true });
    const method = Object.getOwnPropertyDescriptor(prototype, path) as PropertyDescriptor;
    for (const decorate of [...decorators, All(path)]) decorate(prototype, path, method);
    if (path !== 'public') CurrentToken()(prototype, path, 0);
  }
  Controller()(EveryController);
  return EveryController;
}

function shown(token: JwtContext): object {
  return { ...(JSON.parse(JSON.stringify(token)) as object), user: token.user };
}

const SECONDS = [-900, -60, -31, -30, -29, -1, 0, 0.5, 1, 29, 30, 31, 60, 61] as const;
const MOMENT = fc.constantFrom(...SECONDS).map((seconds) => NOW + seconds);

const CLAIMS = {
  type: fc.constantFrom('refresh', 'other'),
  sub: fc.constantFrom('bob', 7, ''),
  fresh: fc.oneof(fc.boolean(), MOMENT, MOMENT, fc.constantFrom(null, 'true', NOW * 1e9)),
  iat: MOMENT,
  nbf: fc.oneof(MOMENT, fc.constant('soon')),
  exp: fc.oneof(MOMENT, MOMENT, fc.constant(1e12)),
  auth_time: MOMENT,
  sid: fc.constantFrom('one', 'two'),
  csrf: fc.constantFrom('', undefined),
  role: fc.constantFrom('admin', ['admin'], { admin: true }),
  scope: fc.constantFrom('read write', ['read'], 'readwrite', { read: true }),
  // JSON.parse, because `__proto__` in a literal sets the prototype.
  odd: fc.constantFrom(JSON.parse('{"__proto__":{"x":1},"toString":1}') as object, [[{}]], null),
} as const;

/** Usually one or two claims that a plain token does not have. */
const CHANGES = fc
  .subarray(Object.keys(CLAIMS) as (keyof typeof CLAIMS)[], { maxLength: 2 })
  .chain((names) =>
    fc.record(
      Object.fromEntries(names.map((name) => [name, CLAIMS[name] as fc.Arbitrary<unknown>])),
    ),
  );

/** What fails or differs while a request is answered. */
const FAULTS = [
  'isDown',
  'isRevoked',
  'isUnverified',
  'isGone',
  'isSlow',
  'hasKey',
  'hasTenant',
] as const;

/** One time in five. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** A token, by how many were made after it. */
const TOKEN = fc.constantFrom(0, 0, 0, 1, 2);
const IS_KEPT = fc.constantFrom(true, true, false);
const RETIREMENT = fc.constantFrom(null, 0, 1, 30, 60);

const MINT = fc.record({
  do: fc.constant('mint' as const),
  claims: CHANGES,
  key: fc.constantFrom(0, 0, 0, 1, 2, 3),
});
const SEND = fc.record({
  do: fc.constant('send' as const),
  token: TOKEN,
  route: fc.constantFrom('access', 'access', 'fresh', 'decode', ...Object.keys(ROUTES)),
  carrier: fc.constantFrom('header', 'header', 'cookie', 'cookie', 'json', 'query'),
  csrf: fc.constantFrom('right', 'right', 'right', 'wrong', 'missing'),
  damage: sometimes(fc.double({ min: 0, max: 0.99, noNaN: true })),
  fault: sometimes(fc.constantFrom(...FAULTS)),
});
const MOVE = fc.record({ do: fc.constant('move' as const), to: MOMENT });
const REVOKE = fc.record({
  do: fc.constant('revoke' as const),
  level: fc.constantFrom('token', 'session', 'identity', 'everything', 'restore', 'restore'),
  token: TOKEN,
  at: fc.nat({ max: 1 }),
});
const ROTATE = fc.record({
  do: fc.constant('rotate' as const),
  current: fc.nat({ max: 2 }),
  isKept: fc.tuple(IS_KEPT, IS_KEPT, IS_KEPT),
  retirement: fc.tuple(RETIREMENT, RETIREMENT, RETIREMENT),
});

const STEP = fc.oneof(
  { weight: 16, arbitrary: SEND },
  { weight: 3, arbitrary: MINT },
  { weight: 2, arbitrary: MOVE },
  { weight: 2, arbitrary: REVOKE },
  { weight: 1, arbitrary: ROTATE },
);
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never;
type Sent = Extract<Step, { do: 'send' }>;

/** What the applications of a pair share besides the clock. Each answer of a loader may change. */
class World {
  readonly clock = new Clock();
  inner = new MemoryBlocklistStore();
  tokens: string[] = [];
  fault: Sent['fault'] = null;
  #made = 0;

  /** Never used again, because an application may remember a token of an earlier story. */
  nextId(): string {
    this.#made += 1;
    return `token-${this.#made}`;
  }

  reset(): void {
    this.clock.seconds = NOW;
    this.inner = new MemoryBlocklistStore();
    this.tokens = [];
    this.fault = null;
  }

  #reach(): void {
    if (this.fault === 'isDown') throw new Error('connect ECONNREFUSED');
  }

  #answer<T>(value: T): T | Promise<T> {
    return this.fault === 'isSlow' ? Promise.resolve(value) : value;
  }

  /** A store that may fail, with or without look-ups that it prepares. */
  store(prepares: boolean): BlocklistStore {
    const reached =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A) => {
        this.#reach();
        return this.#answer(call(...args));
      };
    return {
      add: reached((...args) => this.inner.add(...args)),
      replace: reached((...args) => this.inner.replace(...args)),
      get: reached((keys) => this.inner.get(keys)),
      delete: reached((key) => this.inner.delete(key)),
      ...(prepares && { prepare: (keys) => reached(this.inner.prepare(keys)) }),
    };
  }

  readonly loaders: JwtExtendedLoaders = {
    isTokenRevoked: () => this.#answer(this.fault === 'isRevoked'),
    tokenVerification: () => this.#answer(this.fault !== 'isUnverified'),
    userLookup: ({ identity }) => this.#answer(this.fault === 'isGone' ? null : `user ${identity}`),
  };

  /** The key of the first id, or another one; under the name of a tenant, or under none. */
  readonly keyLoaders: JwtExtendedLoaders = {
    encodeKey: () => String(SECRETS[0]),
    decodeKey: () => {
      const key = String(SECRETS[this.fault === 'hasKey' ? 1 : 0]);
      return this.#answer(this.fault === 'hasTenant' ? { key, namespace: 'acme' } : key);
    },
  };
}

function keyOf(index: number) {
  return { kid: String(KIDS[index]), algorithm: 'HS256', secret: String(SECRETS[index]) } as const;
}

function ringOf(step: Omit<Extract<Step, { do: 'rotate' }>, 'do'>, now: Date): KeyRingOptions {
  const others = KIDS.map((_, index) => index).filter(
    (index) => step.isKept[index] && index !== step.current,
  );
  return {
    current: keyOf(step.current),
    others: others.map((index) => {
      const after = step.retirement[index];
      const retireAt = after == null ? undefined : new Date(now.getTime() + after * 1000);
      return { ...keyOf(index), ...(retireAt && { retireAt }) };
    }),
  };
}

const FIRST_RING = ringOf(
  { current: 0, isKept: [true, true, true], retirement: [null, null, null] },
  new Date(0),
);
const ALL_KEYS: JwtExtendedOptions = { secret: undefined, keys: FIRST_RING };

const VARIANTS: readonly (readonly [string, (world: World) => JwtExtendedOptions])[] = [
  ['a key ring', (world) => ({ ...ALL_KEYS, blocklist: { store: world.store(true) } })],
  [
    'a key ring, loaders, leeway and a store that fails open',
    (world) => ({
      ...ALL_KEYS,
      leeway: '30s',
      blocklist: { store: world.store(false), onStoreError: 'allow' },
      loaders: world.loaders,
    }),
  ],
  [
    'keys of loaders',
    (world) => ({
      blocklist: { store: world.store(true) },
      loaders: { ...world.loaders, ...world.keyLoaders },
    }),
  ],
];

/** Two applications that differ only in whether they remember tokens. */
class Pair {
  private constructor(
    readonly world: World,
    readonly apps: readonly [RunningApp, RunningApp],
  ) {}

  static async start(optionsFor: (world: World) => JwtExtendedOptions): Promise<Pair> {
    const world = new World();
    const [one, other] = [true, false].map((verificationCache) =>
      createApp('fastify', {
        controllers: [controller()],
        options: {
          clock: world.clock.now,
          errorCodeKey: 'code',
          locations: ['headers', 'cookies', 'json', 'query_string'],
          verifySub: false,
          ...optionsFor(world),
          verificationCache,
        },
        configure: (nest) => nest.useLogger(false),
      }),
    ) as [Promise<RunningApp>, Promise<RunningApp>];
    return new Pair(world, [await one, await other]);
  }

  async reset(): Promise<void> {
    this.world.reset();
    await this.#rotate(FIRST_RING);
  }

  async #rotate(ring: KeyRingOptions): Promise<void> {
    // A module whose keys a loader gives has no ring to rotate.
    for (const app of this.apps)
      await app
        .get(KeyRing)
        .rotate(ring)
        .catch(() => undefined);
  }

  /** Takes a step; of a request, returns what both applications answer. */
  async take(step: Step): Promise<readonly [string, string] | undefined> {
    const { world } = this;
    switch (step.do) {
      case 'mint':
        world.tokens.unshift(forged(step.claims, step.key, world.nextId()));
        return undefined;
      case 'move':
        world.clock.seconds = step.to;
        return undefined;
      case 'rotate':
        await this.#rotate(ringOf(step, world.clock.now()));
        return undefined;
      case 'revoke':
        await this.#revoke(step).catch(() => undefined);
        return undefined;
      default:
        world.fault = step.fault;
        return Promise.all([this.#answer(0, step), this.#answer(1, step)]);
    }
  }

  async #revoke({ level, token, at }: Extract<Step, { do: 'revoke' }>): Promise<void> {
    const encoded = this.world.tokens[token];
    if (encoded === undefined) return;
    const blocklist = (this.apps[at] as RunningApp).get(BlocklistService);
    const { sub, jti, sid } = claimsIn(encoded);
    const options = this.world.fault === 'hasTenant' ? { namespace: 'acme' } : {};
    if (level === 'token') await blocklist.revoke(encoded);
    if (level === 'restore') await blocklist.unrevoke(jti, options);
    if (level === 'session') await blocklist.revokeSession(sid ?? jti, options);
    if (level === 'identity') await blocklist.revokeAllFor(sub, options);
    if (level === 'everything') await blocklist.revokeAllIssuedBefore(this.world.clock.now());
  }

  #answer(at: 0 | 1, sent: Sent): Promise<string> {
    const original = this.world.tokens[sent.token % this.world.tokens.length];
    const token = original && damaged(original, sent.damage);
    const app = this.apps[at];
    return sent.route === 'decode' ? decoded(app, token ?? '', sent) : requested(app, token, sent);
  }
}

function forged(claims: Record<string, unknown>, key: number, jti: string): string {
  const payload = accessClaims({
    iat: NOW - 60,
    nbf: NOW - 60,
    exp: NOW + 600,
    csrf: 'value',
    jti,
    ...claims,
  });
  const kid = key < KIDS.length ? KIDS[key] : undefined;
  return forgeToken(payload, { alg: 'HS256', typ: 'JWT', kid }, SECRETS[key % SECRETS.length]);
}

function claimsIn(encoded: string): { sub: string; jti: string; sid?: string } {
  return JSON.parse(Buffer.from(encoded.split('.')[1] ?? '', 'base64url').toString()) as never;
}

/** Another character somewhere before the last 24. */
function damaged(token: string, where: number | null): string {
  if (where === null) return token;
  const at = Math.floor(where * (token.length - 24));
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

async function decoded(app: RunningApp, token: string, { carrier, csrf }: Sent): Promise<string> {
  const given = { right: 'value', wrong: 'other', missing: undefined }[csrf];
  const options = {
    allowExpired: carrier === 'cookie',
    ...(given !== undefined && { csrf: given }),
  };
  try {
    return `200 ${JSON.stringify(await app.get(TokenService).decodeToken(token, options))}`;
  } catch (error) {
    if (error instanceof TokenError) return `${error.getStatus()} ${error.code}: ${error.message}`;
    throw error;
  }
}

async function requested(app: RunningApp, token: string | undefined, sent: Sent): Promise<string> {
  const { carrier, csrf, route } = sent;
  const { status, body, headers } = await app.send(
    'POST',
    `/${route}${token !== undefined && carrier === 'query' ? `?jwt=${token}` : ''}`,
    token === undefined ? {} : carried(token, carrier, csrf),
  );
  return `${status} ${JSON.stringify(body)} ${headers.get('www-authenticate')}`;
}

function carried(token: string, carrier: string, csrf: Sent['csrf']): Carried {
  switch (carrier) {
    case 'header':
      return { token };
    case 'json':
      return { json: { access_token: token, refresh_token: token } };
    case 'cookie':
      return {
        headers: {
          cookie: `access_token_cookie=${token}; refresh_token_cookie=${token}`,
          ...(csrf !== 'missing' && { 'x-csrf-token': csrf === 'right' ? 'value' : 'other' }),
        },
      };
    default:
      return {};
  }
}

/** What a story answered is counted by: the code of the refusal, or the route that let the request in. */
function kindOf(answer: string, { route }: Sent): string {
  return (
    /[A-Z]+_[A-Z_]+/.exec(answer.split('code')[1] ?? answer)?.[0] ??
    `${route} ${answer.slice(0, 3)}`
  );
}

describe(`A module that remembers tokens (seed ${SEED})`, () => {
  const kinds = new Map<string, number>();

  afterEach(() => {
    jest.restoreAllMocks();
  });

  describe.each(VARIANTS)('with %s', (_, optionsFor) => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await Pair.start(optionsFor);
    });
    afterAll(async () => {
      for (const app of pair?.apps ?? []) await app.close();
    });

    it('answers as one that verifies each time', async () => {
      const holds = jest.spyOn(SeenToken.prototype, 'holds');

      await fc.assert(
        fc.asyncProperty(
          fc.array(STEP, { minLength: 20, maxLength: 60, size: 'max' }),
          async (steps) => {
            await pair.reset();
            await pair.take({ do: 'mint', claims: {}, key: 0 });
            for (const step of steps) {
              const answers = await pair.take(step);
              if (!answers || step.do !== 'send') continue;
              expect(answers[0]).toBe(answers[1]);
              const kind = kindOf(answers[0], step);
              kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
            }
          },
        ),
        { seed: SEED, numRuns: RUNS, unbiased: true },
      );

      // Otherwise the test would prove little.
      const held = holds.mock.results.map(({ value }) => value as boolean);
      expect(held.filter(Boolean).length).toBeGreaterThan(5 * RUNS);
      expect(held.filter((each) => !each).length).toBeGreaterThan(RUNS / 5);
    });
  });

  it('is sent requests to which it answers in every way', () => {
    expect(kinds.size).toBeGreaterThanOrEqual(18);
  });
});
