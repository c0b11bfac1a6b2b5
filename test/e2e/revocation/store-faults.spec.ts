import { Injectable, Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import {
  BlocklistService,
  JwtExtendedConfigError,
  TokenCheckUnavailableError,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import {
  Calamities,
  failureOf,
  FaultyStore,
  hanging,
  Output,
  postponed,
  ProbeController,
  rejecting,
  SkippedTime,
  teapot,
  THROWN,
  throwing,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

const PASSING = 'tokens pass unchecked';

type StoreMethod = 'add' | 'get' | 'delete';

const FAILURES: readonly (readonly [string, () => unknown])[] = [
  ...THROWN.map(([what, thrown]) => [`throws ${what}`, throwing(thrown)] as const),
  ...THROWN.map(([what, thrown]) => [`rejects with ${what}`, rejecting(thrown)] as const),
  // The client does not see an HttpException of the store.
  ['throws an HttpException', throwing(teapot())],
  ['hangs', hanging],
];

/** Answers, given at once and by a promise. */
const giving = (answers: Readonly<Record<string, unknown>>) =>
  Object.entries(answers).flatMap(
    ([what, answer]) =>
      [
        [`gives ${what}`, () => answer],
        [`resolves with ${what}`, () => Promise.resolve(answer)],
      ] as const,
  );

/** Answers to `get` that are no list of values, one for each key. */
const NOT_VALUES = [
  ...giving({
    undefined,
    null: null,
    false: false,
    true: true,
    '"false"': 'false',
    'an object': {},
    'a number': NaN,
    'an empty list': [],
    'too short a list': [null, null],
    'too long a list': Array<null>(9).fill(null),
    'what only looks like a list': { length: 3, 0: null, 1: null, 2: null },
  }),
  ...[undefined, false, true, 0, [null]].map(
    (value) =>
      [
        `gives ${JSON.stringify(value)} for each key`,
        (keys: readonly string[]) => keys.map(() => value),
      ] as const,
  ),
];

/** Answers to `add` that acknowledge nothing. */
const NOT_ACKNOWLEDGED = giving({
  undefined,
  null: null,
  text: 'OK',
  'a number': 1,
  'an object': {},
});

const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };
const ADMITTED = { status: 200, body: { identity: 'alice' } };
const newToken = () => forgeToken(accessClaims());

/** Sends a request with a token, and counts the requests that reached a handler. */
async function ask(app: RunningApp, method: string, path: string, token = newToken()) {
  ProbeController.entered = 0;
  const { status, body } = await app.send(method, path, { token });
  return { status, body, entered: ProbeController.entered };
}

describe('A blocklist store', () => {
  const store = new FaultyStore();
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;
  let blocklist: BlocklistService;
  let time: SkippedTime;

  beforeAll(async () => {
    calamities = new Calamities();
    output = new Output();
    time = new SkippedTime();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: { blocklist: { store, timeout: '20ms' } },
    });
    blocklist = app.get(BlocklistService);
  });
  beforeEach(() => store.recover());
  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  function fail(method: StoreMethod, behaviour: (keys: readonly string[]) => unknown): void {
    store[method].mockImplementation(behaviour as () => never);
  }

  const show = (token?: string) => ask(app, 'GET', '/access', token);
  const logOut = () => ask(app, 'POST', '/logout');
  const refused = { ...UNAVAILABLE, entered: 0 };

  it.each([...FAILURES, ...NOT_VALUES])(
    'that %s in a look-up refuses the request (R56, R77)',
    async (_, behaviour) => {
      fail('get', behaviour);
      expect(await show()).toEqual(refused);
      const tokens = app.get(TokenService);
      const attempts = [blocklist.isRevoked(newToken()), tokens.verifyToken(newToken())];
      for (const failure of await Promise.all(attempts.map(failureOf)))
        expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
    },
  );

  it.each([...FAILURES, ...NOT_ACKNOWLEDGED])(
    'that %s in a revocation makes it fail (R57)',
    async (_, behaviour) => {
      fail('add', behaviour);
      expect(await logOut()).toEqual(refused);
      const failure = await failureOf(blocklist.revoke(newToken()));
      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
    },
  );

  it.each([true, false])(
    'that answers a revocation with %s lets it succeed (R57)',
    async (answer) => {
      fail('add', () => answer);
      expect(await logOut()).toEqual({ status: 201, body: { msg: 'logged out' }, entered: 1 });
    },
  );

  it.each(FAILURES)('that %s in unrevoke makes it fail', async (_, behaviour) => {
    fail('delete', behaviour);
    expect(await failureOf(blocklist.unrevoke('one'))).toBeInstanceOf(TokenCheckUnavailableError);
  });

  /** Ends the outages of the tests before, and returns how many lines there are. */
  async function untilNow(): Promise<number> {
    store.recover();
    await Promise.all([show(), logOut()]);
    time.skip(1_000);
    return output.lines.length;
  }

  it('is named in the log, and its error is the cause of ours', async () => {
    const away = new Error('ECONNREFUSED 127.0.0.1:6379');
    await untilNow();
    fail('get', throwing(away));
    await show();
    expect(output.text).toContain('The blocklist store failed: ECONNREFUSED 127.0.0.1:6379');
    expect(await failureOf(blocklist.isRevoked(newToken()))).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: away,
    });
    await untilNow();
    fail('get', hanging);
    await show();
    expect(output.text).toMatch(/blocklist store failed: .* did not answer within 20 ms/);
  });

  it.each(['get', 'add'] as const)(
    'whose late answer to %s fails causes no unhandled rejection (R73)',
    async (method) => {
      const late = postponed<never>();
      fail(method, () => late.promise);
      expect(await (method === 'get' ? show() : logOut())).toEqual(refused);
      late.reject(new Error('too late'));
      expect(await calamities.settled()).toEqual([]);
    },
  );

  it('acknowledges a revocation before it resolves (R57)', async () => {
    const acknowledgement = postponed<boolean>();
    fail('add', () => acknowledgement.promise);
    let isDone = false;
    const revoked = blocklist.revoke(newToken()).then(() => (isDone = true));
    await calamities.settled();
    expect(isDone).toBe(false);
    acknowledgement.resolve(true);
    await revoked;
    expect(isDone).toBe(true);
  });

  it('that reports several errors as one is logged with the first of them', async () => {
    const refused = [new Error('connect ECONNREFUSED ::1'), new Error('… 127.0.0.1')];
    await untilNow();
    store.get.mockRejectedValue(new AggregateError(refused));

    await show();

    expect(output.text).toContain('The blocklist store failed: connect ECONNREFUSED ::1');
  });

  it('that finds itself unfit keeps the application from starting, and one that is down does not', async () => {
    const unfit = new JwtExtendedConfigError('the table jwt_blocklist is not there');
    const start = (check: () => Promise<void>) =>
      createApp('fastify', {
        options: { blocklist: { store: Object.assign(new FaultyStore(), { check }) } },
      });

    const already = output.lines.length;
    expect(await failureOf(start(rejecting(unfit)))).toBe(unfit);
    expect(output.lines.slice(already).join('\n')).not.toContain('store failed');
    await (await start(rejecting(new Error('away')))).close();
  });
});

describe("With blocklist.onStoreError: 'allow'", () => {
  const store = new FaultyStore();
  const isTokenRevoked = jest.fn<() => boolean>();
  let app: RunningApp;
  let output: Output;
  let time: SkippedTime;

  beforeAll(async () => {
    output = new Output();
    time = new SkippedTime();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: {
        blocklist: { store, timeout: '20ms', onStoreError: 'allow' },
        loaders: { isTokenRevoked },
      },
    });
  });
  beforeEach(() => {
    time.skip(60_000);
    store.recover();
    isTokenRevoked.mockReset().mockReturnValue(false);
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
  });

  const show = (token?: string) => ask(app, 'GET', '/access', token);

  function warnings(): number {
    return output.lines.filter((line) => line.includes(PASSING)).length;
  }

  const letIn = { ...ADMITTED, entered: 1 };

  it.each([
    ['throws', throwing(new Error('away'))],
    ['rejects', rejecting(new Error('away'))],
    ['throws nothing', throwing(undefined)],
    ['hangs', hanging],
    ['gives a wrong answer', () => undefined],
  ])('a store that %s lets every token in, with a warning', async (_, behaviour) => {
    store.get.mockImplementation(behaviour as () => never);
    const before = warnings();
    expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 1);
  });

  it('there is at most one warning in ten seconds', async () => {
    store.get.mockImplementation(rejecting(new Error('connection lost')));
    const before = warnings();
    for (let count = 0; count < 5; count += 1) expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 1);
    time.skip(10_001);
    for (let count = 0; count < 5; count += 1) expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 2);
    expect(output.lines.at(-1)).toContain('connection lost');
  });

  it('the warning has the level of a warning, and the context of the module', async () => {
    store.get.mockImplementation(throwing('no error at all'));
    await show();
    const warn = jest.mocked(Logger.prototype.warn).mock;
    expect(warn.lastCall?.[0]).toContain(PASSING);
    expect(warn.contexts.at(-1)).toMatchObject({ context: 'JwtExtendedModule' });
  });

  it('isRevoked rejects while the store does not answer', async () => {
    store.get.mockImplementation(rejecting(new Error('away')));
    const failure = await failureOf(app.get(BlocklistService).isRevoked(newToken()));
    expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
  });

  it('the isTokenRevoked loader decides all the same, and must answer', async () => {
    store.get.mockImplementation(rejecting(new Error('away')));
    isTokenRevoked.mockReturnValue(true);
    expect(await show()).toEqual({ ...REVOKED, entered: 0 });
    isTokenRevoked.mockImplementation(throwing(new Error('away too')));
    expect(await show()).toEqual({ ...UNAVAILABLE, entered: 0 });
  });
});

describe("An application's own BlocklistService", () => {
  const isRevoked = jest.fn<(token: unknown) => unknown>();

  @Injectable()
  class OwnBlocklist extends BlocklistService {
    override isRevoked(token: unknown): Promise<boolean> {
      return isRevoked(token) as Promise<boolean>;
    }
  }

  let app: RunningApp;
  let output: Output;
  beforeAll(async () => {
    output = new Output();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: { blocklist: { timeout: '20ms' } },
      extras: { blocklistService: OwnBlocklist },
    });
  });
  afterAll(async () => {
    await app.close();
    output.restore();
  });

  const show = () => ask(app, 'GET', '/access');

  it.each([
    [true, { ...REVOKED, entered: 0 }],
    [false, { ...ADMITTED, entered: 1 }],
  ])('decides if it answers %s', async (answer, outcome) => {
    isRevoked.mockReturnValue(Promise.resolve(answer));
    expect(await show()).toEqual(outcome);
    isRevoked.mockReturnValue(answer);
    expect(await show()).toEqual(outcome);
    expect(isRevoked.mock.lastCall?.[0]).toMatchObject({ identity: 'alice', type: 'access' });
  });

  it('decides, even if the application has another global Promise', async () => {
    const own = globalThis.Promise;
    isRevoked.mockImplementation(async () => true);
    globalThis.Promise = runInNewContext('Promise') as PromiseConstructor;
    try {
      expect(await show()).toEqual({ ...REVOKED, entered: 0 });
    } finally {
      globalThis.Promise = own;
    }
  });

  it.each([
    ...FAILURES.filter(([what]) => !what.includes('HttpException')),
    ...giving({ '"false"': 'false', '0': 0, null: null, undefined, '{}': {} }),
  ])('refuses the request if it %s (R56, R77)', async (_, behaviour) => {
    isRevoked.mockImplementation(behaviour);
    expect(await show()).toEqual({ ...UNAVAILABLE, entered: 0 });
  });

  it('decides about refresh tokens together with the ledger of the library, which knows the rotated ones', async () => {
    isRevoked.mockReturnValue(Promise.resolve(false));
    const tokens = app.get(TokenService);
    const { refreshToken } = await tokens.createTokenPair('alice');
    expect((await ask(app, 'GET', '/refresh', refreshToken)).status).toBe(200);
    const second = await tokens.rotateRefreshToken(refreshToken);
    await tokens.rotateRefreshToken(second.refreshToken);

    expect(await ask(app, 'GET', '/refresh', refreshToken)).toMatchObject(REVOKED);
  });

  it.each([
    ['answers true', () => Promise.resolve(true), { code: 'TOKEN_REVOKED' }],
    ['answers nothing', () => Promise.resolve(), { code: 'CHECK_UNAVAILABLE' }],
    ['fails', rejecting(new Error('away')), { code: 'CHECK_UNAVAILABLE' }],
    ['hangs', hanging, { code: 'CHECK_UNAVAILABLE' }],
    ['chooses its own HTTP error', rejecting(teapot()), { status: 418 }],
  ])('keeps a refresh token from being rotated if it %s', async (_, behaviour, failure) => {
    const tokens = app.get(TokenService);
    const { refreshToken } = await tokens.createTokenPair('alice');
    isRevoked.mockImplementation(behaviour);

    expect(await failureOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject(failure);
    isRevoked.mockReturnValue(Promise.resolve(false));
    expect(await tokens.rotateRefreshToken(refreshToken)).toHaveProperty('refreshToken');
  });

  it('may choose its own HTTP error', async () => {
    isRevoked.mockImplementation(throwing(teapot()));
    expect(await show()).toEqual({ status: 418, body: { msg: 'out of coffee' }, entered: 0 });
  });
});
