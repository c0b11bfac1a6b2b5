import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  type JwtExtendedOptions,
  KeyRing,
  type KeyRingOptions,
  RefreshGuard,
  type TokenPair,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Clock, NOW, SECRET } from '../../support/forge.js';
import { headerOf, keysOf, refusalOf, startTokens } from '../../support/tokens.js';
import { mistakesOf } from '../../unit/keys/mistake.js';
import { after, configMistake, ringKey, type RingKey, ringOptions } from './ring-keys.js';

const first = ringKey('first', 'ES256');
const second = ringKey('second', 'ES256');
const third = ringKey('third', 'EdDSA');
const other = ringKey('other', 'HS256');
const listed = ringKey('listed', 'ES256');

/** Then a token can be refused only for its key. */
const FOR_EVER = { exp: undefined };
const REFUSED = { code: 'TOKEN_INVALID', message: 'Signature verification failed' };
const YEAR = 365 * 24 * 3600;

/** A ring in an application without routes, and its clock. */
async function startRing(
  options: JwtExtendedOptions = {},
  keys: KeyRingOptions = { current: first.signing },
) {
  const clock = new Clock();
  const given = { ...ringOptions(keys), clock: clock.now, ...options };
  const { tokens, module } = await startTokens(given);
  const verifies = (key: RingKey) => tokens.verifyToken(key.token(FOR_EVER));
  return { clock, tokens, ring: module.get(KeyRing), verifies };
}

describe('KeyRing.rotate', () => {
  it('makes the new key sign at once, while the old one still verifies (R25)', async () => {
    const { tokens, ring } = await startRing();
    const before = await tokens.createTokenPair('alice');

    await ring.rotate({ current: second.signing });

    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');
    expect(headerOf(accessToken)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'second' });
    for (const token of [accessToken, refreshToken, before.accessToken, before.refreshToken]) {
      expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice' });
    }
  });

  it.each<[what: string, options: JwtExtendedOptions, seconds: number]>([
    ['a refresh token', {}, 30 * 24 * 3600],
    ['a refresh token, and the leeway', { refreshTokenExpires: '1h', leeway: 30 }, 3630],
    [
      'an access token that lives longer',
      { accessTokenExpires: '2h', refreshTokenExpires: 60 },
      7200,
    ],
  ])('retires the old key after its last token has expired: %s (R25)', async (_, options, life) => {
    const { clock, tokens, ring, verifies } = await startRing(options);
    const refreshToken = await tokens.createRefreshToken('alice');
    clock.forward(100);

    await ring.rotate({ current: second.signing });

    clock.forward(life - 1);
    expect(await verifies(first)).toBe(true);
    expect(await refusalOf(tokens.decodeToken(refreshToken))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
    clock.forward(1);
    expect(await refusalOf(tokens.decodeToken(first.token(FOR_EVER)))).toMatchObject(REFUSED);
    expect(await verifies(second)).toBe(true);
  });

  it('accepts every token until its last second', async () => {
    const options = { refreshTokenExpires: '1h', leeway: 30 } as const;
    const { clock, tokens, ring } = await startRing(options);
    const minted = await tokens.createRefreshToken('alice');
    await ring.rotate({ current: second.signing });

    clock.forward(3629);

    expect(await tokens.decodeToken(minted)).toMatchObject({ type: 'refresh' });
  });

  it.each(['accessTokenExpires', 'refreshTokenExpires'] as const)(
    'never retires the old key if %s is false',
    async (name) => {
      const { clock, ring, verifies } = await startRing({ [name]: false });

      await ring.rotate({ current: second.signing });

      clock.forward(10 * YEAR);
      expect(await verifies(first)).toBe(true);
    },
  );

  it('retires each former key at its own time', async () => {
    const options = { refreshTokenExpires: '1h' } as const;
    const { clock, ring, verifies } = await startRing(options);

    await ring.rotate({ current: second.signing });
    clock.forward(1800);
    await ring.rotate({ current: third.signing });

    clock.forward(1799);
    expect([await verifies(first), await verifies(second)]).toEqual([true, true]);
    clock.forward(1);
    expect([await verifies(first), await verifies(second)]).toEqual([false, true]);
    clock.forward(1800);
    expect([await verifies(second), await verifies(third)]).toEqual([false, true]);
  });

  it('lets an announced key sign', async () => {
    const { tokens, ring, verifies } = await startRing(
      {},
      { current: first.signing, others: [second.verifying] },
    );
    expect(await verifies(second)).toBe(true);

    await ring.rotate({ current: second.signing });

    expect(headerOf(await tokens.createAccessToken('alice')).kid).toBe('second');
    expect([await verifies(second), await verifies(first)]).toEqual([true, true]);
  });

  it('refuses at once a key that never signed and is not listed again (R25)', async () => {
    const { ring, verifies } = await startRing(
      {},
      { current: first.signing, others: [other.verifying, listed.verifying] },
    );

    await ring.rotate({ current: second.signing, others: [listed.verifying] });

    expect([await verifies(other), await verifies(listed)]).toEqual([false, true]);
  });

  it('retires the old key when the new ring says so, even at once (R25)', async () => {
    const { clock, ring, verifies } = await startRing();
    const until = (seconds: number) => ({
      current: second.signing,
      others: [{ ...first.verifying, retireAt: after(seconds) }],
    });

    await ring.rotate(until(60));
    clock.forward(59);
    expect(await verifies(first)).toBe(true);
    clock.forward(1);
    expect(await verifies(first)).toBe(false);

    await ring.rotate(until(120));
    expect(await verifies(first)).toBe(true);
    await ring.rotate(until(60));
    expect([await verifies(first), await verifies(second)]).toEqual([false, true]);
  });

  it('keeps the old key for ever if the new ring lists it without retireAt', async () => {
    const { clock, ring, verifies } = await startRing();

    await ring.rotate({ current: second.signing, others: [first.verifying] });

    clock.forward(10 * YEAR);
    expect(await verifies(first)).toBe(true);
  });

  it('changes nothing if the ring is the same', async () => {
    const { clock, tokens, ring, verifies } = await startRing();

    await ring.rotate({ current: first.signing });

    clock.forward(YEAR);
    expect(await verifies(first)).toBe(true);
    expect(headerOf(await tokens.createAccessToken('alice')).kid).toBe('first');
  });

  it('makes the old key sign again, which then no longer retires', async () => {
    const { clock, ring, verifies } = await startRing();

    await ring.rotate({ current: second.signing });
    await ring.rotate({ current: first.signing });

    expect([await verifies(first), await verifies(second)]).toEqual([true, true]);
    clock.forward(YEAR);
    expect([await verifies(first), await verifies(second)]).toEqual([true, false]);
  });

  it('verifies a token without a key id with the new key only', async () => {
    const { tokens, ring } = await startRing();
    const ofFirst = first.token({}, { kid: undefined });
    const ofSecond = second.token({}, { kid: undefined });

    await ring.rotate({ current: second.signing });

    expect([await tokens.verifyToken(ofFirst), await tokens.verifyToken(ofSecond)]).toEqual([
      false,
      true,
    ]);
  });

  it('keeps the keys of all rotations that run at the same time, and the last one signs', async () => {
    const { tokens, ring, verifies } = await startRing();

    await Promise.all(
      [second, listed, third].map(({ signing }) => ring.rotate({ current: signing })),
    );

    expect(headerOf(await tokens.createAccessToken('alice')).kid).toBe('third');
    for (const key of [first, second, listed, third]) expect(await verifies(key)).toBe(true);
  });

  it('does not verify a token of the old key under the id of the new one', async () => {
    const { tokens, ring } = await startRing();
    await ring.rotate({ current: second.signing });

    const swapped = first.token({}, { kid: 'second' });

    expect(await refusalOf(tokens.decodeToken(swapped))).toMatchObject(REFUSED);
  });
});

describe('KeyRing.rotate with a mistake', () => {
  const keys = { current: first.signing, others: [listed.verifying] };
  const otherFirst = ringKey('first', 'ES256', 'another first');

  /** Which key signs, and which keys verify. */
  async function stateOf({ tokens, verifies }: Awaited<ReturnType<typeof startRing>>) {
    return {
      signing: headerOf(await tokens.createAccessToken('alice')).kid,
      verifying: [await verifies(first), await verifies(listed), await verifies(second)],
    };
  }

  const withOthers = (...others: readonly unknown[]) => ({ current: second.signing, others });
  const mistakes = mistakesOf({
    'keys must be an object: { current: { kid, algorithm, … } }': {
      undefined: undefined,
      null: null,
    },
    'keys.current is missing: name the key that signs': { 'no current key': {} },
    'keys.current must be an object: { kid, algorithm, … }': {
      'null for the current key': { current: null },
    },
    'keys.current needs secret or privateKey, because it signs': {
      'a current key that cannot sign': { current: second.verifying },
    },
    "keys has two keys with the kid 'second': give each its own": {
      'one kid twice': withOthers(second.verifying),
    },
    ['no key is given, or it is undefined: set keys.others[1].secret, or keys.others[1].privateKey ' +
    'and keys.others[1].publicKey']: {
      'a good key and a bad one after it': withOthers(other.verifying, { kid: 'x' }),
    },
    'keys.jwksUri is not an option; name the issuer instead: issuers: [{ issuer, audience, jwksUri }]':
      { 'a jwksUri': { current: second.signing, jwksUri: 'https://issuer.example/jwks' } },
    "keys uses the kid 'first' for another key than before: use a new kid": {
      "the current key's kid with another key": { current: otherFirst.signing },
      "the current key's kid with another key, among the others": withOthers(otherFirst.verifying),
      "the current key's kid with a secret": { current: ringKey('first', 'HS256').signing },
    },
    "keys uses the kid 'listed' for another key than before: use a new kid": {
      "one of the others' kid with another key": {
        current: ringKey('listed', 'ES256', 'another listed').signing,
      },
    },
  });
  it.each(mistakes)('refuses %s, and the ring stays as it was', async (_, next, message) => {
    const started = await startRing({}, keys);
    const before = await stateOf(started);

    expect(await refusalOf(started.ring.rotate(next as KeyRingOptions))).toMatchObject(
      configMistake(message),
    );
    expect(await stateOf(started)).toEqual(before);
    expect(before).toEqual({ signing: 'first', verifying: [true, true, false] });
  });

  it('refuses the kid of a former key for another key', async () => {
    const started = await startRing({}, keys);
    await started.ring.rotate({ current: second.signing, others: [listed.verifying] });

    expect(await refusalOf(started.ring.rotate({ current: otherFirst.signing }))).toMatchObject(
      configMistake("keys uses the kid 'first' for another key than before: use a new kid"),
    );
    expect(await stateOf(started)).toEqual({ signing: 'second', verifying: [true, true, true] });
  });

  it.each<[string, JwtExtendedOptions]>([
    ['a secret', { secret: SECRET }],
    ['a key pair', keysOf('ES256').options],
    [
      'a key from a loader',
      { secret: undefined, algorithm: 'HS256', loaders: { decodeKey: () => SECRET } },
    ],
  ])('refuses any ring if the options have one key: %s', async (_, options) => {
    const { module } = await startTokens(options);

    const refusal = await refusalOf(module.get(KeyRing).rotate({ current: first.signing }));

    expect(refusal).toMatchObject(
      configMistake(
        'KeyRing.rotate needs keys with a kid: use the option keys instead of secret or privateKey',
      ),
    );
  });
});

type Tokens = Pick<TokenPair, 'accessToken' | 'refreshToken'>;

@Controller()
class SessionController {
  constructor(private readonly tokens: TokenService) {}

  @UseGuards(RefreshGuard)
  @Post('refresh')
  async refresh(@CurrentIdentity() identity: string): Promise<Tokens> {
    const { accessToken, refreshToken } = await this.tokens.createTokenPair(identity);
    return { accessToken, refreshToken };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }
}

describe('Rotation under load', () => {
  const clock = new Clock();
  const keys = Array.from({ length: 6 }, (_, index) => ringKey(`key-${index}`, 'ES256'));
  const [start, ...successors] = keys as [RingKey, ...RingKey[]];
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [SessionController],
      options: { ...ringOptions({ current: start.signing }), clock: clock.now },
    });
  });
  afterAll(() => app.close());

  it('refuses no token within its life, and a retired key at once (R25)', async () => {
    const ring = app.get(KeyRing);
    const outcomes: unknown[] = [];
    const kids = new Set<unknown>();
    let isOver = false;

    /** Reads and refreshes until the rotations are over, and keeps the very first tokens to the end. */
    const client = async (name: string): Promise<Tokens> => {
      const earliest = await app.get(TokenService).createTokenPair(name);
      let tokens: Tokens = earliest;
      do {
        for (const { accessToken: token } of [tokens, earliest]) {
          kids.add(headerOf(token).kid);
          const { status, body } = await app.send('GET', '/me', { token });
          outcomes.push({ status, isRight: (body as { identity?: string }).identity === name });
        }
        const refreshed = await app.send('POST', '/refresh', { token: tokens.refreshToken });
        outcomes.push({ status: refreshed.status, isRight: true });
        tokens = refreshed.body as Tokens;
      } while (!isOver);
      return tokens;
    };
    const clients = Array.from({ length: 6 }, (_, index) => client(`user-${index}`));

    const moreOutcomes = async () => {
      const enough = outcomes.length + 40;
      while (outcomes.length < enough) await turn();
    };
    for (const { signing } of successors) {
      await moreOutcomes();
      clock.forward(60);
      await ring.rotate({ current: signing });
    }
    await moreOutcomes();
    isOver = true;
    const last = await Promise.all(clients);

    expect(outcomes.length).toBeGreaterThanOrEqual(240);
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"status":200,"isRight":true}', '{"status":201,"isRight":true}']),
    );
    expect([...kids].sort()).toEqual(keys.map(({ kid }) => kid));

    const leaked = keys.at(-1) as RingKey;
    const answerTo = async (method: string, path: string, token: string) => {
      const { status, body } = await app.send(method, path, { token });
      return { status, body };
    };
    const refused = { status: 422, body: { msg: 'Signature verification failed' } };
    const [{ accessToken = '' } = {}] = last;
    expect(headerOf(accessToken).kid).toBe(leaked.kid);
    expect(await answerTo('GET', '/me', accessToken)).toMatchObject({ status: 200 });

    const others = [{ ...leaked.verifying, retireAt: clock.now() }];
    await ring.rotate({ current: ringKey('replacement', 'ES256').signing, others });

    expect(await answerTo('GET', '/me', accessToken)).toEqual(refused);
    for (const { refreshToken } of last) {
      expect(await answerTo('POST', '/refresh', refreshToken)).toEqual(refused);
    }
    const spare = (keys.at(-2) as RingKey).token({ exp: NOW + YEAR });
    expect(await answerTo('GET', '/me', spare)).toMatchObject({ status: 200 });
  });
});
