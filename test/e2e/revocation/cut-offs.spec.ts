import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BlocklistService,
  type BlocklistStore,
  MemoryBlocklistStore,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { FaultyStore, postponed, ProbeController } from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { claimsOf, rejectionOf, startTokens } from '../../support/tokens.js';

const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };
const ADMITTED = { status: 200, body: { identity: 'alice' } };

describe.each(ADAPTERS)('over %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;
  let tokens: TokenService;
  let blocklist: BlocklistService;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [ProbeController],
      options: { clock: clock.now },
    });
    tokens = app.get(TokenService);
    blocklist = app.get(BlocklistService);
  });
  afterAll(() => app.close());

  async function show(token: string) {
    const { status, body } = await app.send('GET', '/access', { token });
    return { status, body };
  }

  describe('A session', () => {
    it('ends with all of its tokens, those that are made of it later included', async () => {
      const { accessToken, sessionId } = await tokens.createTokenPair('alice');
      const other = await tokens.createTokenPair('alice');

      await blocklist.revokeSession(sessionId);

      const late = await tokens.createAccessToken('alice', { sessionId });
      expect(await show(accessToken)).toEqual(REVOKED);
      expect(await show(late)).toEqual(REVOKED);
      expect(await show(other.accessToken)).toEqual(ADMITTED);
    });

    it.each(['x', 'ü', 'a:b', '*', 'jti:x\r\n', '__proto__', 's'.repeat(256)])(
      'may be called %j',
      async (sessionId) => {
        const token = await tokens.createAccessToken('alice', { sessionId });
        const other = await tokens.createAccessToken('alice', {
          sessionId: `${sessionId.slice(1)}y`,
        });

        await blocklist.revokeSession(sessionId);

        expect(await show(token)).toEqual(REVOKED);
        expect(await show(other)).toEqual(ADMITTED);
      },
    );
  });

  describe('R62: Log out everywhere', () => {
    it('refuses what was issued to an identity before, and nothing of others', async () => {
      const [own, pair, other] = [
        await tokens.createAccessToken('alice'),
        await tokens.createTokenPair('alice'),
        await tokens.createAccessToken('alicea'),
      ];
      clock.forward(5);

      await blocklist.revokeAllFor('alice');

      expect(await show(own)).toEqual(REVOKED);
      expect(await show(pair.accessToken)).toEqual(REVOKED);
      expect(await show(other)).toEqual({ status: 200, body: { identity: 'alicea' } });
    });

    it.each([0, 0.001, 0.5, 0.999])(
      'refuses what was issued in the second of the call, and resolves when it is over, at %s s of it',
      async (fraction) => {
        const second = Math.floor(clock.seconds) + 10;
        clock.seconds = second + fraction;
        const before = await tokens.createAccessToken('alice');

        await blocklist.revokeAllFor('alice');

        expect(clock.seconds).toBe(second + 1);
        const after = await tokens.createAccessToken('alice');
        const pair = await tokens.createTokenPair('alice');
        expect(await show(before)).toEqual(REVOKED);
        expect(await show(after)).toEqual(ADMITTED);
        expect(await show(pair.accessToken)).toEqual(ADMITTED);
        expect([before, after].map((token) => claimsOf(token).iat)).toEqual([second, second + 1]);
      },
    );

    it('refuses what was issued between two calls', async () => {
      await blocklist.revokeAllFor('alice');
      const between = await tokens.createAccessToken('alice');
      await blocklist.revokeAllFor('alice');
      const after = await tokens.createAccessToken('alice');

      expect(await show(between)).toEqual(REVOKED);
      expect(await show(after)).toEqual(ADMITTED);
    });

    it('takes a moment of the past, and never an earlier one back', async () => {
      clock.seconds = Math.floor(clock.seconds) + 100;
      const [old, middle] = [
        await tokens.createAccessToken('alice'),
        (clock.forward(10), await tokens.createAccessToken('alice')),
      ];
      const cutOff = new Date((clock.seconds - 5) * 1000);

      await blocklist.revokeAllFor('alice', { issuedBefore: cutOff });
      await blocklist.revokeAllFor('alice', { issuedBefore: new Date(NOW * 1000) });

      expect(await show(old)).toEqual(REVOKED);
      expect(await show(middle)).toEqual(ADMITTED);
    });

    it('lets what was issued at the very moment live', async () => {
      clock.seconds = Math.floor(clock.seconds) + 100;
      const token = await tokens.createAccessToken('alice');

      await blocklist.revokeAllFor('alice', { issuedBefore: clock.now() });

      expect(await show(token)).toEqual(ADMITTED);
    });

    it('refuses a moment to come, and what is no moment or no identity', async () => {
      const future = new Date(clock.now().getTime() + 1);
      const wrong: [unknown, unknown, typeof Error][] = [
        ['alice', future, RangeError],
        ['alice', new Date(NaN), TypeError],
        ['alice', Date.now(), TypeError],
        ['alice', 'now', TypeError],
        ['alice', new Date(-1), RangeError],
        ['', undefined, TypeError],
        [null, undefined, TypeError],
      ];
      for (const [identity, issuedBefore, kind] of wrong) {
        const promise = blocklist.revokeAllFor(identity as string, {
          issuedBefore: issuedBefore as Date,
        });
        expect(await rejectionOf(promise)).toBeInstanceOf(kind);
      }
      for (const moment of [future, new Date(-1), undefined, new Date(NaN), 0])
        expect(await rejectionOf(blocklist.revokeAllIssuedBefore(moment as Date))).toBeInstanceOf(
          Error,
        );
    });

    it('refuses a token that does not say when it was issued', async () => {
      const silent = forgeToken(accessClaims({ sub: 'carol', iat: undefined, nbf: undefined }));
      expect((await show(silent)).status).toBe(200);

      await blocklist.revokeAllFor('carol');

      expect(await show(silent)).toEqual(REVOKED);
    });
  });

  it('Everything issued before a moment is refused, whoever it belongs to', async () => {
    clock.seconds = Math.floor(clock.seconds) + 100;
    const before = [
      await tokens.createAccessToken('alice'),
      await tokens.createAccessToken('bob', { expiresIn: false }),
    ];
    clock.forward(0.5);

    await blocklist.revokeAllIssuedBefore(clock.now());

    const after = await tokens.createAccessToken('alice');
    expect(await Promise.all(before.map(show))).toEqual([REVOKED, REVOKED]);
    expect(await show(after)).toEqual(ADMITTED);
  });
});

describe('A cut-off by a clock that is not the testing kit’s', () => {
  it.each([
    ['the memory store', new MemoryBlocklistStore()],
    ['any other store', new FaultyStore()],
  ])(
    'resolves in %s when its second is over, and what is minted then is good',
    async (_, store) => {
      const one = await startTokens({ blocklist: { store } });
      const other = await startTokens({ blocklist: { store } });
      const before = await other.tokens.createAccessToken('alice');

      await one.blocklist.revokeAllFor('alice');

      const after = await other.tokens.createAccessToken('alice');
      expect(await other.tokens.verifyToken(before)).toBe(false);
      expect(await other.tokens.verifyToken(after)).toBe(true);
      expect(claimsOf(after).iat).toBeGreaterThan(claimsOf(before).iat as number);
      await Promise.all([one.module.close(), other.module.close()]);
    },
  );

  it('resolves after the rest of the second if the clock stands still, which has to be moved then', async () => {
    let milliseconds = NOW * 1000 + 900;
    const { tokens, blocklist, module } = await startTokens({
      clock: () => new Date(milliseconds),
    });
    const from = performance.now();

    await blocklist.revokeAllFor('alice');

    expect(performance.now() - from).toBeGreaterThanOrEqual(99);
    const tooEarly = await tokens.createAccessToken('alice');
    expect(await tokens.verifyToken(tooEarly)).toBe(false);
    milliseconds += 100;
    expect(await tokens.verifyToken(await tokens.createAccessToken('alice'))).toBe(true);
    await module.close();
  });

  it('waits for a second at most if the clock is set back meanwhile', async () => {
    let milliseconds = NOW * 1000 + 900;
    const store = new FaultyStore();
    const options = { blocklist: { store }, clock: () => new Date(milliseconds) };
    const { blocklist, module } = await startTokens(options);
    store.raise.mockImplementation(() => {
      milliseconds -= 3_600_000;
      return Promise.resolve();
    });
    const from = performance.now();

    await blocklist.revokeAllFor('alice');

    expect(performance.now() - from).toBeLessThan(10_000);
    expect(store.raise.mock.calls).toEqual([['sub:alice', NOW + 1, null]]);
    await module.close();
  });
});

describe('A cut-off that the store takes its time for', () => {
  /** Works like a store that is far away: it is told of a cut-off when the test says so. */
  async function startSlow() {
    const store = new FaultyStore();
    const clock = new Clock();
    const tools = await startTokens({ blocklist: { store }, clock: clock.now });
    const told = postponed<void>();
    const raise = store.raise.getMockImplementation() as BlocklistStore['raise'];
    store.raise.mockImplementation(async (key, ...given) => {
      if (key.startsWith('sub:')) await told.promise;
      return raise(key, ...given);
    });
    return { ...tools, clock, told };
  }

  it.each([0, 0.4, 1, 2.5])(
    'is not outlived by a session that is refreshed meanwhile, %s s later',
    async (seconds) => {
      const { tokens, blocklist, clock, told, module } = await startSlow();
      clock.seconds = Math.floor(clock.seconds) + 0.3;
      const { refreshToken } = await tokens.createTokenPair('alice');
      const cutOff = blocklist.revokeAllFor('alice');
      clock.forward(seconds);
      const successor = await tokens.rotateRefreshToken(refreshToken);
      clock.forward(seconds);
      told.resolve();
      await cutOff;

      expect(await tokens.verifyToken(successor.accessToken)).toBe(false);
      expect(await tokens.verifyToken(successor.refreshToken)).toBe(false);
      const after = await tokens.createAccessToken('alice');
      expect(await tokens.verifyToken(after)).toBe(true);
      await module.close();
    },
  );
});

describe('One look-up', () => {
  it('asks for all levels of a token at once', async () => {
    const store = new FaultyStore();
    const { tokens, module } = await startTokens({ blocklist: { store } });
    const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice');
    store.get.mockClear();

    await tokens.verifyToken(accessToken);
    await tokens.verifyToken(refreshToken);

    const [access, refresh] = [accessToken, refreshToken].map((each) => claimsOf(each).jti);
    expect(store.get.mock.calls).toEqual([
      [['all', 'sub:alice', `jti:${access}`, `sid:${sessionId}`]],
      [['all', 'sub:alice', `jti:${refresh}`, `sid:${sessionId}`, `spent:${refresh}`]],
    ]);
    await module.close();
  });

  it('R66: keeps what a token says out of keys unless it is plain', async () => {
    const store = new FaultyStore();
    const { tokens, module } = await startTokens({ blocklist: { store }, secret: SECRET });
    const hostile = forgeToken(
      accessClaims({ jti: 'x:*\r\n', sub: 'a\u0000b', sid: 'é'.repeat(200) }),
    );

    await tokens.verifyToken(hostile);

    const [keys = []] = store.get.mock.calls[0] ?? [];
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(key).toMatch(/^(all|(jti|sub|sid):#[\w-]{43})$/);
    await module.close();
  });
});
