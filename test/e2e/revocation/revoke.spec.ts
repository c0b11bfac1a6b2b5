import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BlocklistService,
  ExpiredTokenError,
  InvalidTokenError,
  MemoryBlocklistStore,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  FaultyStore,
  failureOf,
  Output,
  ProbeController,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';

const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };

describe.each(ADAPTERS)('over %s', (adapter) => {
  describe('a revoked token', () => {
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

    async function show(token: string, path = '/access') {
      const { status, body } = await app.send('GET', path, { token });
      return { status, body };
    }

    it('is refused from the next request on, and no other token is', async () => {
      const token = await tokens.createAccessToken('alice');
      const other = await tokens.createAccessToken('alice');
      expect(await show(token)).toEqual({ status: 200, body: { identity: 'alice' } });
      await blocklist.revoke(token);
      expect(await show(token)).toEqual(REVOKED);
      expect(await show(token)).toEqual(REVOKED);
      expect(await show(other)).toEqual({ status: 200, body: { identity: 'alice' } });
    });

    it('may be given as text, as a Token, or as the JwtContext of a request', async () => {
      const asText = await tokens.createAccessToken('alice');
      await blocklist.revoke(asText);
      const asToken = await tokens.createAccessToken('alice');
      await blocklist.revoke(await tokens.decodeToken(asToken));
      const asContext = await tokens.createAccessToken('alice');
      expect(await app.send('POST', '/logout', { token: asContext })).toMatchObject({
        status: 201,
        body: { msg: 'logged out' },
      });
      for (const token of [asText, asToken, asContext]) {
        expect(await show(token)).toEqual(REVOKED);
        expect(await blocklist.isRevoked(token)).toBe(true);
        expect(await blocklist.isRevoked(await tokens.decodeToken(token))).toBe(true);
        expect(await tokens.verifyToken(token)).toBe(false);
      }
    });

    it('may be a refresh token', async () => {
      const token = await tokens.createRefreshToken('alice');
      expect(await show(token, '/refresh')).toEqual({ status: 200, body: { refreshed: true } });
      await blocklist.revoke(token);
      expect(await show(token, '/refresh')).toEqual(REVOKED);
    });

    it('may be one that never expires', async () => {
      const token = await tokens.createAccessToken('alice', { expiresIn: false });
      await blocklist.revoke(token);
      clock.forward(10 * 365 * 24 * 3600);
      expect(await show(token)).toEqual(REVOKED);
      clock.seconds = NOW;
    });

    it('may have expired already', async () => {
      const token = await tokens.createAccessToken('alice', { expiresIn: -10 });
      expect(await failureOf(tokens.decodeToken(token))).toBeInstanceOf(ExpiredTokenError);
      await blocklist.revoke(token);
      expect(await blocklist.isRevoked(token)).toBe(true);
      expect(await show(token)).toEqual({ status: 401, body: { msg: 'Token has expired' } });
    });

    it('may be revoked twice, and is taken back once', async () => {
      const token = await tokens.createAccessToken('alice');
      await blocklist.revoke(token);
      await blocklist.revoke(token);
      await blocklist.unrevoke(await tokens.getJti(token));
      expect(await blocklist.isRevoked(token)).toBe(false);
      expect(await show(token)).toMatchObject({ status: 200 });
    });

    it('still passes where the route skips the check, and tells nobody it was revoked', async () => {
      const token = await tokens.createAccessToken('alice');
      await blocklist.revoke(token);
      expect(await show(token, '/unchecked')).toEqual({ status: 200, body: { unchecked: true } });
    });

    it('stays revoked when the clock is set forward and back again (R74)', async () => {
      const token = await tokens.createAccessToken('alice');
      await blocklist.revoke(token);
      clock.forward(24 * 3600);
      expect(await show(token)).toEqual({ status: 401, body: { msg: 'Token has expired' } });
      clock.seconds = NOW;
      expect(await show(token)).toEqual(REVOKED);
    });

    it('answers for being stale first', async () => {
      const token = await tokens.createAccessToken('alice');
      await blocklist.revoke(token);
      expect(await show(token, '/fresh')).toEqual({
        status: 401,
        body: { msg: 'Fresh token required' },
      });
    });

    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a number', 42],
      ['an object with a jti', { jti: 'one' }],
      [
        'an object with everything',
        { encoded: 'x', jti: 'one', claims: { jti: 'one' }, type: 'access' },
      ],
      ['an array', ['one']],
      ['a function', () => 'one'],
      ['bytes', Buffer.from('one')],
    ])('is not %s: revoke and isRevoked reject', async (_, given) => {
      for (const call of [
        () => blocklist.revoke(given as unknown as string),
        () => blocklist.isRevoked(given as unknown as string),
      ]) {
        const error = await failureOf(call());
        expect(error).toBeInstanceOf(TypeError);
        expect(String(error)).toContain('an encoded token, or the token that a guard');
      }
    });

    it('is not the copy of a token either: a copy may say anything', async () => {
      const token = await tokens.decodeToken(await tokens.createAccessToken('alice'));
      for (const copy of [
        { ...token },
        JSON.parse(JSON.stringify(token)),
        structuredClone({ ...token }),
      ]) {
        expect(await failureOf(blocklist.revoke(copy))).toBeInstanceOf(TypeError);
      }
    });

    it.each([
      ['an empty text', ''],
      ['garbage', 'garbage'],
      ['a jti', '6f9c1a5e-0b1f-4b35-8f6e-1d6f3f2b7c11'],
      [
        'a token of another key',
        forgeToken(accessClaims(), undefined, [...SECRET].reverse().join('')),
      ],
      ['a token without a jti', forgeToken(accessClaims({ jti: undefined }))],
    ])('is not %s: revoke and isRevoked reject', async (_, text) => {
      expect(await failureOf(blocklist.revoke(text))).toBeInstanceOf(InvalidTokenError);
      expect(await failureOf(blocklist.isRevoked(text))).toBeInstanceOf(InvalidTokenError);
    });

    it.each([
      ['undefined', undefined],
      ['an empty text', ''],
      ['a number', 5],
      ['an object', {}],
    ])('is not taken back by %s', async (_, jti) => {
      const error = await failureOf(blocklist.unrevoke(jti as string));
      expect(error).toBeInstanceOf(TypeError);
    });

    it('need not have been one to be taken back', async () => {
      await expect(blocklist.unrevoke('nobody knows')).resolves.toBeUndefined();
    });
  });

  describe('a foreign token without a jti', () => {
    it('passes, cannot be revoked, and says so', async () => {
      const app = await createApp(adapter, {
        controllers: [ProbeController],
        options: { acceptForeignTokens: true },
      });
      const token = forgeToken(accessClaims({ jti: undefined }));
      const blocklist = app.get(BlocklistService);
      expect(await app.send('GET', '/access', { token })).toMatchObject({ status: 200 });
      expect(await blocklist.isRevoked(token)).toBe(false);
      expect(await failureOf(blocklist.revoke(token))).toMatchObject({
        code: 'TOKEN_INVALID',
        message: 'Missing claim: jti',
      });
      expect(await app.send('POST', '/logout', { token })).toMatchObject({
        status: 422,
        body: { msg: 'Missing claim: jti' },
      });
      await app.close();
    });
  });

  describe.each([
    [['access', 'refresh'] as const, 401, 401],
    [['access'] as const, 401, 200],
    [['refresh'] as const, 200, 401],
    [[] as const, 200, 200],
  ])('with blocklist.checks: %j', (checks, access, refresh) => {
    it(`a revoked access token is answered with ${access}, a refresh token with ${refresh}`, async () => {
      const store = new FaultyStore();
      const app = await createApp(adapter, {
        controllers: [ProbeController],
        options: { blocklist: { checks, store }, loaders: { isTokenRevoked: () => true } },
      });
      const { accessToken, refreshToken } = await app.get(TokenService).createTokenPair('alice');
      await app.get(BlocklistService).revoke(accessToken);
      await app.get(BlocklistService).revoke(refreshToken);
      expect((await app.send('GET', '/access', { token: accessToken })).status).toBe(access);
      expect((await app.send('GET', '/refresh', { token: refreshToken })).status).toBe(refresh);
      expect(store.get).toHaveBeenCalledTimes(checks.length);
      const tokens = app.get(TokenService);
      expect(await tokens.verifyToken(accessToken)).toBe(access === 200);
      expect(await tokens.verifyToken(refreshToken)).toBe(refresh === 200);
      await app.close();
    });
  });

  describe('with isTokenRevoked beside the blocklist', () => {
    const isTokenRevoked = jest.fn<() => boolean>();
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [ProbeController],
        options: { loaders: { isTokenRevoked } },
      });
    });
    beforeEach(() => {
      isTokenRevoked.mockReset();
    });
    afterAll(() => app.close());

    it.each([
      [false, false, 200, 1],
      [false, true, 401, 1],
      [true, false, 401, 0],
      [true, true, 401, 0],
    ])(
      'blocklisted: %s and told by the loader: %s, it answers %i',
      async (isBlocklisted, isToldRevoked, status, calls) => {
        isTokenRevoked.mockReturnValue(isToldRevoked);
        const token = await app.get(TokenService).createAccessToken('alice');
        if (isBlocklisted) await app.get(BlocklistService).revoke(token);
        expect(await app.send('GET', '/access', { token })).toMatchObject({ status });
        expect(isTokenRevoked).toHaveBeenCalledTimes(calls);
      },
    );
  });

  it('a memory store that is full refuses a revocation, and forgets none (R57, R61)', async () => {
    const output = new Output();
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    const app = await createApp(adapter, {
      controllers: [ProbeController],
      options: { blocklist: { store } },
    });
    const [first, second] = [forgeToken(accessClaims()), forgeToken(accessClaims())];
    expect((await app.send('POST', '/logout', { token: first })).status).toBe(201);
    const { status, body } = await app.send('POST', '/logout', { token: second });
    expect({ status, body }).toEqual(UNAVAILABLE);
    expect(output.text).toContain('MemoryBlocklistStore is full');
    expect(await app.send('GET', '/access', { token: first })).toMatchObject(REVOKED);
    expect(await app.send('GET', '/access', { token: second })).toMatchObject({ status: 200 });
    await app.close();
    output.restore();
  });

  it('the memory store of a module goes by its clock, and rests when the application closes', async () => {
    const clock = new Clock();
    const rest = jest.spyOn(MemoryBlocklistStore.prototype, 'onModuleDestroy');
    const app = await createApp(adapter, { options: { clock: clock.now } });
    const tokens = app.get(TokenService);
    await app.get(BlocklistService).revoke(await tokens.createAccessToken('alice'));
    expect(app.get(MemoryBlocklistStore).size).toBe(1);
    expect(rest).not.toHaveBeenCalled();
    await app.close();
    expect(rest).toHaveBeenCalledTimes(1);
    rest.mockRestore();
  });

  it('what is revoked is kept by its jti, until it expires and the leeway after (R58)', async () => {
    const clock = new Clock();
    const store = new FaultyStore();
    const app = await createApp(adapter, {
      controllers: [ProbeController],
      options: { clock: clock.now, leeway: 30, blocklist: { store } },
    });
    const tokens = app.get(TokenService);
    const mortal = await tokens.createAccessToken('alice', { expiresIn: 60 });
    const immortal = await tokens.createAccessToken('alice', { expiresIn: false });
    await app.get(BlocklistService).revoke(mortal);
    await app.get(BlocklistService).revoke(immortal);
    expect(store.add.mock.calls.map(([, , expiresAt]) => expiresAt)).toEqual([
      new Date((NOW + 60 + 30) * 1000),
      null,
    ]);
    for (const [index, token] of [mortal, immortal].entries()) {
      expect(store.add.mock.calls[index]?.[0]).toContain(await tokens.getJti(token));
      expect(store.add.mock.calls[index]?.join()).not.toContain(token);
    }
    await app.close();
  });
});
