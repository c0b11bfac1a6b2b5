import { describe, expect, it } from '@jest/globals';
import type { CreateAccessTokenOptions, JwtExtendedOptions } from '../../../src/index.js';
import { Clock, NOW } from '../../support/forge.js';
import { claimsOf, headerOf, startTokens, UUID_V4 } from '../../support/tokens.js';

const MINUTES_15 = 900;
const DAYS_30 = 30 * 24 * 3600;
const UUID: unknown = expect.stringMatching(UUID_V4);

/** Claims in their order: `toEqual` alone would not see it. */
type Entries = [name: string, value: unknown][];

const ACCESS: Entries = [
  ['fresh', false],
  ['iat', NOW],
  ['jti', UUID],
  ['type', 'access'],
  ['sub', 'alice'],
  ['nbf', NOW],
  ['csrf', UUID],
  ['exp', NOW + MINUTES_15],
];
const REFRESH: Entries = with_(ACCESS, { type: 'refresh', exp: NOW + DAYS_30 });

/** With values changed in place; `undefined` takes a claim away. */
function with_(entries: Entries, changes: Record<string, unknown>): Entries {
  return entries
    .map(([name, value]): Entries[number] => [name, name in changes ? changes[name] : value])
    .filter(([, value]) => value !== undefined);
}

function entriesOf(token: string): Entries {
  return Object.entries(claimsOf(token));
}

async function mintingWith(options: JwtExtendedOptions = {}) {
  const clock = new Clock();
  const { tokens } = await startTokens({ clock: clock.now, ...options });
  return { tokens, clock };
}

describe('An access token', () => {
  it('says this, in this order, and nothing else (F27)', async () => {
    const { tokens } = await mintingWith();

    const token = await tokens.createAccessToken('alice');

    expect(entriesOf(token)).toEqual(ACCESS);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  it('says all that it can, in this order (F27)', async () => {
    const { tokens } = await mintingWith({ encodeIssuer: 'us', encodeAudience: ['them', 'those'] });

    const token = await tokens.createAccessToken('alice', {
      fresh: true,
      sessionId: 'session-1',
      additionalClaims: { roles: ['admin'], nested: { deep: [1, null, ''] } },
      additionalHeaders: { tenant: 'acme' },
    });

    expect(entriesOf(token)).toEqual([
      ...with_(ACCESS, { fresh: true, exp: undefined }),
      ['aud', ['them', 'those']],
      ['iss', 'us'],
      ['exp', NOW + MINUTES_15],
      ['sid', 'session-1'],
      ['auth_time', NOW],
      ['roles', ['admin']],
      ['nested', { deep: [1, null, ''] }],
    ]);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT', tenant: 'acme' });
  });

  it.each<[string, JwtExtendedOptions, Entries]>([
    [
      'without csrf where cookies need none',
      { csrf: { protect: false } },
      with_(ACCESS, { csrf: undefined }),
    ],
    ['without nbf', { encodeNotBefore: false }, with_(ACCESS, { nbf: undefined })],
    ['with an nbf of its own', { notBeforeDelta: '10s' }, with_(ACCESS, { nbf: NOW + 10 })],
    ['for an hour', { accessTokenExpires: '1h' }, with_(ACCESS, { exp: NOW + 3600 })],
    ['for 90 seconds', { accessTokenExpires: 90 }, with_(ACCESS, { exp: NOW + 90 })],
    ['for ever', { accessTokenExpires: false }, with_(ACCESS, { exp: undefined })],
    ['whatever refresh tokens are', { refreshTokenExpires: 5 }, ACCESS],
    [
      'for one audience',
      { encodeAudience: 'them' },
      [...ACCESS.slice(0, -1), ['aud', 'them'], ...ACCESS.slice(-1)],
    ],
    [
      'with the identity under another name',
      { identityClaim: 'user_id' },
      ACCESS.map(([name, value]) => [name === 'sub' ? 'user_id' : name, value]),
    ],
  ])('is minted %s', async (_, options, entries) => {
    const { tokens } = await mintingWith(options);

    expect(entriesOf(await tokens.createAccessToken('alice'))).toEqual(entries);
  });

  it('counts in whole seconds, of a clock that does not (F27)', async () => {
    const { tokens } = await mintingWith({ clock: () => new Date(NOW * 1000 + 999) });

    expect(entriesOf(await tokens.createAccessToken('alice'))).toEqual(ACCESS);
  });

  it('asks the clock each time', async () => {
    const { tokens, clock } = await mintingWith();
    clock.forward(3600);

    expect(claimsOf(await tokens.createAccessToken('alice'))).toMatchObject({
      iat: NOW + 3600,
      nbf: NOW + 3600,
      exp: NOW + 3600 + MINUTES_15,
    });
  });
});

describe('The freshness of an access token', () => {
  it.each<[string, CreateAccessTokenOptions['fresh'], boolean | number]>([
    ['nothing said', undefined, false],
    ['false', false, false],
    ['true', true, true],
    ['seconds', 300, NOW + 300],
    ['text', '5m', NOW + 300],
    ['a Date', new Date((NOW + 300) * 1000), NOW + 300],
    ['a Date between two seconds', new Date((NOW + 300) * 1000 + 999), NOW + 300],
    ['a Date that has passed', new Date((NOW - 300) * 1000), NOW - 300],
  ])('may be given as %s', async (_, fresh, claim) => {
    const { tokens } = await mintingWith();

    const claims = claimsOf(await tokens.createAccessToken('alice', { fresh }));

    expect(claims.fresh).toBe(claim);
    expect(claims.auth_time).toBe(claim === false ? undefined : NOW);
  });

  it.each<[string, unknown, string]>([
    ['0', 0, 'fresh was given 0; give more than 0 seconds, or use false for never'],
    [
      'no time at all',
      '0s',
      "fresh was given '0s'; give more than 0 seconds, or use false for never",
    ],
    ['a negative number', -5, 'fresh was given -5; give a duration that is not negative'],
    [
      'half a second',
      0.5,
      "fresh was given 0.5; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    [
      'text without a unit',
      '300',
      "fresh was given '300'; a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'",
    ],
    [
      'text that is no duration',
      'true',
      "fresh was given 'true'; a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'",
    ],
    [
      'NaN',
      NaN,
      "fresh was given NaN; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    [
      'null',
      null,
      "fresh was given null; give a number of seconds, or a string with a unit such as '15m'",
    ],
    ['an invalid Date', new Date(NaN), 'fresh must be a valid Date'],
  ])('may not be %s', async (_, fresh, message) => {
    const { tokens } = await mintingWith();

    await expect(
      tokens.createAccessToken('alice', { fresh: fresh as boolean }),
    ).rejects.toMatchObject({
      name: 'TokenCreationError',
      message,
    });
  });
});

describe('The life of a token', () => {
  it.each<[string, CreateAccessTokenOptions['expiresIn'], number | undefined]>([
    ['seconds', 60, NOW + 60],
    ['text', '2h', NOW + 7200],
    ['text in words', '2 days', NOW + 172800],
    ['a negative number of seconds', -60, NOW - 60],
    ['false, for ever', false, undefined],
  ])('may be given as %s', async (_, expiresIn, exp) => {
    const { tokens } = await mintingWith();

    expect(claimsOf(await tokens.createAccessToken('alice', { expiresIn })).exp).toBe(exp);
    expect(claimsOf(await tokens.createRefreshToken('alice', { expiresIn })).exp).toBe(exp);
  });

  it('may be given where the option says for ever', async () => {
    const { tokens } = await mintingWith({ accessTokenExpires: false, refreshTokenExpires: false });

    expect(claimsOf(await tokens.createAccessToken('alice', { expiresIn: 5 })).exp).toBe(NOW + 5);
    expect(claimsOf(await tokens.createRefreshToken('alice'))).not.toHaveProperty('exp');
  });

  it.each<[string, unknown, string]>([
    [
      '0, which is never in Flask and at once elsewhere',
      0,
      'expiresIn was given 0; give more than 0 seconds, or use false for never',
    ],
    [
      'no time at all',
      '0s',
      "expiresIn was given '0s'; give more than 0 seconds, or use false for never",
    ],
    [
      'a fraction of a second',
      1.5,
      "expiresIn was given 1.5; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    ['less than a second', '500ms', "expiresIn was given '500ms'; give whole seconds"],
    ['negative text', '-5m', "expiresIn was given '-5m'; give a duration that is not negative"],
    [
      'text without a unit',
      '3600',
      "expiresIn was given '3600'; a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'",
    ],
    [
      'NaN',
      NaN,
      "expiresIn was given NaN; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    [
      'Infinity',
      Infinity,
      "expiresIn was given Infinity; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    [
      '-Infinity',
      -Infinity,
      "expiresIn was given -Infinity; give a whole number of seconds, or a string such as '15m' or '500ms'",
    ],
    ['more than a hundred years', 4e9, 'expiresIn was given 4000000000; give 100 years at most'],
    [
      'true',
      true,
      "expiresIn was given true; give a number of seconds, or a string with a unit such as '15m'",
    ],
    [
      'a Date',
      new Date(0),
      "expiresIn was given an object of type Date; give a number of seconds, or a string with a unit such as '15m'",
    ],
  ])('may not be %s', async (_, expiresIn, message) => {
    const { tokens } = await mintingWith();
    const refused = { name: 'TokenCreationError', message };
    const options = { expiresIn } as CreateAccessTokenOptions;

    await expect(tokens.createAccessToken('alice', options)).rejects.toMatchObject(refused);
    await expect(tokens.createRefreshToken('alice', options)).rejects.toMatchObject(refused);
  });
});

describe('A refresh token', () => {
  it('says this, in this order, and nothing else (F27)', async () => {
    const { tokens } = await mintingWith();

    const token = await tokens.createRefreshToken('alice');

    expect(entriesOf(token)).toEqual(REFRESH);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  it('is never fresh, whatever it is told', async () => {
    const { tokens } = await mintingWith();

    const token = await tokens.createRefreshToken('alice', { fresh: true } as object);

    expect(entriesOf(token)).toEqual(REFRESH);
  });

  it('lives as long as its own option says', async () => {
    const { tokens } = await mintingWith({ accessTokenExpires: 5, refreshTokenExpires: '7d' });

    expect(entriesOf(await tokens.createRefreshToken('alice'))).toEqual(
      with_(REFRESH, { exp: NOW + 7 * 24 * 3600 }),
    );
  });

  it('takes claims, headers and a session', async () => {
    const { tokens } = await mintingWith();

    const token = await tokens.createRefreshToken('alice', {
      additionalClaims: { device: 'phone' },
      additionalHeaders: { tenant: 'acme' },
      sessionId: 'session-1',
    });

    expect(entriesOf(token)).toEqual([...REFRESH, ['sid', 'session-1'], ['device', 'phone']]);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT', tenant: 'acme' });
  });
});

describe('A pair of tokens', () => {
  it('is one session of one login (F27)', async () => {
    const { tokens } = await mintingWith();

    const pair = await tokens.createTokenPair('alice');

    const session: Entries = [
      ['sid', pair.sessionId],
      ['auth_time', NOW],
    ];
    expect(Object.keys(pair)).toEqual(['accessToken', 'refreshToken', 'sessionId']);
    expect(pair.sessionId).toMatch(UUID_V4);
    expect(entriesOf(pair.accessToken)).toEqual([...ACCESS, ...session]);
    expect(entriesOf(pair.refreshToken)).toEqual([...REFRESH, ...session]);
  });

  it('has names and csrf values of its own in each token', async () => {
    const { tokens } = await mintingWith();

    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');

    const [access, refresh] = [claimsOf(accessToken), claimsOf(refreshToken)];
    expect(new Set([access.jti, refresh.jti, access.csrf, refresh.csrf]).size).toBe(4);
  });

  it('shares claims and headers, and nothing else that it is told', async () => {
    const { tokens } = await mintingWith();

    const pair = await tokens.createTokenPair('alice', {
      fresh: '5m',
      accessExpiresIn: 60,
      refreshExpiresIn: '2h',
      additionalClaims: { device: 'phone' },
      additionalHeaders: { tenant: 'acme' },
      sessionId: 'session-1',
    });

    const shared: Entries = [
      ['sid', 'session-1'],
      ['auth_time', NOW],
      ['device', 'phone'],
    ];
    const access = with_(ACCESS, { fresh: NOW + 300, exp: NOW + 60 });
    expect(pair.sessionId).toBe('session-1');
    expect(entriesOf(pair.accessToken)).toEqual([...access, ...shared]);
    expect(entriesOf(pair.refreshToken)).toEqual([
      ...with_(REFRESH, { exp: NOW + 7200 }),
      ...shared,
    ]);
    expect(headerOf(pair.accessToken)).toEqual(headerOf(pair.refreshToken));
  });

  it('is made in one second, however long the loaders take', async () => {
    const clock = new Clock();
    const additionalClaims = () => {
      clock.forward(1);
      return {};
    };
    const { tokens } = await startTokens({ clock: clock.now, loaders: { additionalClaims } });

    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');

    expect([claimsOf(accessToken).iat, claimsOf(refreshToken).iat]).toEqual([NOW, NOW]);
  });
});

describe('The id of a token (R33)', () => {
  it('is never given twice', async () => {
    const { tokens } = await mintingWith();
    const jtis = new Set<unknown>();

    for (let round = 0; round < 1000; round++) {
      const minted = await Promise.all(
        Array.from({ length: 100 }, () => tokens.createAccessToken('alice')),
      );
      for (const token of minted) jtis.add(claimsOf(token).jti);
    }

    expect(jtis.size).toBe(100_000);
  });
});
