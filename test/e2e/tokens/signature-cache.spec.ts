import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Hmac } from 'node:crypto';
import {
  AccessGuard,
  BlocklistService,
  Claims,
  CurrentIdentity,
  type JwtExtendedOptions,
  KeyRing,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Clock } from '../../support/forge.js';
import { ecPair } from '../../support/keys.js';

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

describe('A token that is presented again', () => {
  const clock = new Clock();
  let app: RunningApp;
  const start = async (options: JwtExtendedOptions = {}) => {
    app = await createApp('express', {
      controllers: [SpoilingController],
      options: { clock: clock.now, ...options },
    });
    return app;
  };

  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
  });

  it('has its signature verified once, and is checked for everything else each time', async () => {
    await start();
    const token = await app.get(TokenService).createAccessToken('alice');
    const verify = jest.spyOn(Hmac.prototype, 'digest');

    expect(await app.send('GET', '/', { token })).toMatchObject(ALICE);
    expect(await app.send('GET', '/', { token })).toMatchObject(ALICE);
    expect(verify).toHaveBeenCalledTimes(1);

    clock.forward(15 * 60);
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Token has expired' },
    });
  });

  it('is refused after it is revoked (R61)', async () => {
    await start();
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject(ALICE);

    await app.get(BlocklistService).revoke(token);
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Token has been revoked' },
    });
  });

  it('does not make another token with the same header and payload pass', async () => {
    await start();
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject(ALICE);

    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`;
    expect(await app.send('GET', '/', { token: forged })).toMatchObject({
      status: 422,
      body: { msg: 'Signature verification failed' },
    });
  });

  it('is refused after its key has retired (R25)', async () => {
    const [first, second] = [ecPair('P-256', 'first'), ecPair('P-256', 'second')];
    await start({
      secret: undefined,
      keys: { current: { kid: 'a', algorithm: 'ES256', privateKey: first.privateKey } },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject(ALICE);

    await app.get(KeyRing).rotate({
      current: { kid: 'b', algorithm: 'ES256', privateKey: second.privateKey },
      others: [{ kid: 'a', algorithm: 'ES256', publicKey: first.publicKey, retireAt: clock.now() }],
    });
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 422,
      body: { msg: 'Signature verification failed' },
    });
  });

  it('is verified again if a loader returns another key', async () => {
    const secrets = ['one'.padEnd(40, 'k8Jq2m'), 'two'.padEnd(40, 'Zx9Lw4')];
    let at = 0;
    await start({
      secret: undefined,
      algorithm: 'HS256',
      allowWeakSecret: true,
      loaders: { encodeKey: () => secrets[0] ?? '', decodeKey: () => secrets[at] ?? '' },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject({ status: 200 });

    at = 1;
    expect(await app.send('GET', '/', { token })).toMatchObject({ status: 422 });
  });
});
