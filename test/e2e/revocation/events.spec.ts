import { EventEmitter } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, Logger } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BlocklistService,
  JwtExtendedModule,
  type SecurityEvents,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { ProbeController, rejecting, throwing } from '../../support/faults.js';
import { Clock, SECRET } from '../../support/forge.js';
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

/** Records every event that is published from now on, in order. */
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
  let app: RunningApp;
  let tokens: TokenService;
  let emitter: EventEmitter2;
  let emitted: [string, unknown][];
  let watch: Watch;

  beforeEach(async () => {
    emitted = [];
    emitter = new EventEmitter2({ wildcard: true });
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: { clock: clock.now, events: emitter },
    });
    emitter.on('jwt.*', function (this: { event: string }, payload: unknown) {
      emitted.push([this.event.slice(4), payload]);
    });
    tokens = app.get(TokenService);
    watch = new Watch();
  });
  afterEach(async () => {
    watch.stop();
    await app.close();
  });

  it('report a login, a rotation, a race and a theft, and hold no token', async () => {
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
    const { jti } = claimsOf(first.refreshToken);
    const successor = claimsOf(second.refreshToken).jti;
    const rotation = { identity: 'alice', sessionId, jti, successor };
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

  it('report each level of revocation', async () => {
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

  it('report a refusal with its code, and the token only if it was verified', async () => {
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

  it('are emitted as jwt.* on the EventEmitter2 of the option events', async () => {
    await tokens.createTokenPair('alice');
    await app.send('GET', '/access');

    expect(emitted).toEqual(watch.seen);
    expect(emitted.map(([name]) => name)).toEqual(['minted', 'minted', 'refused']);
  });

  it.each([
    ['throws', throwing(new Error('the listener is broken'))],
    ['rejects', rejecting(new Error('the listener is broken'))],
  ])('change nothing if emit %s, but log it', async (_, emit) => {
    const error = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const other = await createApp('fastify', { options: { events: { emit } } });
    const service = other.get(TokenService);

    const token = await service.createAccessToken('alice');

    expect(await service.verifyToken(token)).toBe(true);
    expect(error.mock.calls).toEqual([['A listener of jwt.minted failed: the listener is broken']]);
    await other.close();
    error.mockRestore();
  });

  it('reach listeners of a Nest application by an emitter that the factory injects', async () => {
    @Injectable()
    class TheftAlert {
      readonly seen: unknown[] = [];
      @OnEvent('jwt.minted')
      note(payload: unknown) {
        this.seen.push(payload);
      }
    }
    const library = JwtExtendedModule.forRootAsync({
      inject: [EventEmitter2],
      useFactory: (events: EventEmitter2) => ({ secret: SECRET, events }),
    });
    const testing = await Test.createTestingModule({
      imports: [EventEmitterModule.forRoot(), library],
      providers: [TheftAlert],
    }).compile();
    await testing.init();

    await testing.get(TokenService).createAccessToken('alice');

    expect(testing.get(TheftAlert).seen).toEqual([
      expect.objectContaining({ type: 'access', identity: 'alice' }),
    ]);
    await testing.close();
  });

  it('reach an EventEmitter of Node too', async () => {
    const events = new EventEmitter();
    const seen: unknown[] = [];
    events.on('jwt.minted', (payload) => seen.push(payload));
    const other = await createApp('fastify', { options: { events } });

    await other.get(TokenService).createAccessToken('alice');

    expect(seen).toEqual([expect.objectContaining({ identity: 'alice' })]);
    await other.close();
  });
});
