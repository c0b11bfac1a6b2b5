import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitterModule, EventEmitter2 } from '@nestjs/event-emitter';
import { BlocklistService, type SecurityEvents, TokenService } from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { FaultyStore, ProbeController } from '../../support/faults.js';
import { Clock } from '../../support/forge.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';

const NAMES: readonly (keyof SecurityEvents)[] = [
  'minted',
  'refused',
  'revoked',
  'rotated',
  'raced',
  'reused',
  'store-down',
  'store-up',
];

/** Everything that is published from now on, in order. */
class Watch {
  readonly seen: [string, unknown][] = [];
  readonly #listeners = NAMES.map((name) => {
    const listener = (message: unknown) => this.seen.push([name, message]);
    subscribe(`nestjs-jwt-extended:${name}`, listener);
    return () => unsubscribe(`nestjs-jwt-extended:${name}`, listener);
  });

  stop(): void {
    for (const stop of this.#listeners) stop();
  }
}

describe('Security events', () => {
  const clock = new Clock();
  const store = new FaultyStore();
  let app: RunningApp;
  let tokens: TokenService;
  let emitted: [string, unknown][];
  let watch: Watch;

  beforeEach(async () => {
    store.recover();
    emitted = [];
    app = await createApp('fastify', {
      imports: [EventEmitterModule.forRoot({ wildcard: true })],
      controllers: [ProbeController],
      options: { clock: clock.now, blocklist: { store } },
    });
    app.get(EventEmitter2).on('jwt.*', function (this: { event: string }, payload: unknown) {
      emitted.push([this.event.slice(4), payload]);
    });
    tokens = app.get(TokenService);
    watch = new Watch();
  });
  afterEach(async () => {
    watch.stop();
    await app.close();
  });

  it('tell of a login, a rotation, a race and a theft, and hold no token', async () => {
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(60);
    await rejectionOf(tokens.rotateRefreshToken(first.refreshToken));

    const { sessionId } = first;
    const minted = (token: string, type: string) => [
      'minted',
      { type, identity: 'alice', jti: claimsOf(token).jti, sessionId },
    ];
    const rotation = {
      identity: 'alice',
      sessionId,
      jti: claimsOf(first.refreshToken).jti,
      successor: claimsOf(second.refreshToken).jti,
    };
    const successors = [
      minted(second.accessToken, 'access'),
      minted(second.refreshToken, 'refresh'),
    ];
    expect(watch.seen).toEqual([
      minted(first.accessToken, 'access'),
      minted(first.refreshToken, 'refresh'),
      ['rotated', rotation],
      ...successors,
      ['raced', rotation],
      ...successors,
      ['revoked', { level: 'session', sessionId }],
      ['reused', rotation],
    ]);
    expect(JSON.stringify(watch.seen)).not.toContain('ey');
  });

  it('tell of what is revoked, on every level', async () => {
    const blocklist = app.get(BlocklistService);
    const token = await tokens.createAccessToken('alice');
    watch.seen.length = 0;

    await blocklist.revoke(token);
    await blocklist.revokeSession('s');
    await blocklist.revokeAllFor('alice', { issuedBefore: new Date(0) });
    await blocklist.revokeAllIssuedBefore(new Date(0));

    const issuedBefore = new Date(0);
    expect(watch.seen.map(([, payload]) => payload)).toEqual([
      { level: 'token', jti: claimsOf(token).jti, identity: 'alice' },
      { level: 'session', sessionId: 's' },
      { level: 'identity', identity: 'alice', issuedBefore },
      { level: 'all', issuedBefore },
    ]);
  });

  it('tell of a refusal with its code, and of the token only if it was verified', async () => {
    const refresh = await tokens.createRefreshToken('alice');
    const fleeting = await tokens.createAccessToken('alice', { expiresIn: -1 });
    watch.seen.length = 0;

    await app.send('GET', '/access');
    await app.send('GET', '/access', { token: `${refresh}x` });
    await app.send('GET', '/access', { token: fleeting });

    const { jti } = claimsOf(fleeting);
    expect(watch.seen).toEqual([
      ['refused', { code: 'TOKEN_MISSING' }],
      ['refused', { code: 'TOKEN_INVALID' }],
      ['refused', { code: 'TOKEN_EXPIRED', type: 'access', identity: 'alice', jti }],
    ]);
  });

  it('tell once that the store is down, and once that it is back', async () => {
    const token = await tokens.createAccessToken('alice');
    store.get.mockRejectedValue(new Error('the store is away'));
    watch.seen.length = 0;
    await app.send('GET', '/access', { token });
    await app.send('GET', '/access', { token });
    store.recover();
    await app.send('GET', '/access', { token });
    await app.send('GET', '/access', { token });

    const told = watch.seen.filter(([name]) => name.startsWith('store'));
    expect(told.map(([name]) => name)).toEqual(['store-down', 'store-up']);
  });

  it("reach the application's EventEmitter2 as well", async () => {
    await tokens.createTokenPair('alice');
    await app.send('GET', '/access');

    expect(emitted).toEqual(watch.seen);
    expect(emitted.map(([name]) => name)).toEqual(['minted', 'minted', 'refused']);
  });

  it('look for that emitter among what is no object, too', async () => {
    class Version {}
    const other = await createApp('fastify', {
      providers: [
        { provide: Version, useValue: '1.2.3' },
        { provide: Watch, useValue: null },
      ],
    });

    await other.get(TokenService).createAccessToken('alice');

    expect(watch.seen.map(([name]) => name)).toEqual(['minted']);
    await other.close();
  });

  it('harm nobody when a listener throws', async () => {
    app.get(EventEmitter2).on('jwt.minted', () => {
      throw new Error('the listener is broken');
    });

    const token = await tokens.createAccessToken('alice');

    expect(await tokens.verifyToken(token)).toBe(true);
  });
});
