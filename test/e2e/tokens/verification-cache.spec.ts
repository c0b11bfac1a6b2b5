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

  it('is refused after it is revoked (R61)', async () => {
    const token = await presented();

    await app.get(BlocklistService).revoke(token);
    await expectAnswer(token, refused('Token has been revoked'));
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
