import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CreateAccessTokenOptions,
  type JwtExtendedOptions,
  type LoaderContext,
  TokenService,
} from '../../../src/index.js';
import { describe as describeValue } from '../../../src/common/describe.js';
import { Clock, NOW, SECRET } from '../../support/forge.js';
import {
  claimsOf,
  headerOf,
  keysOf,
  refusalOf,
  startTokens,
  UUID_V4,
  UUID_V7,
} from '../../support/tokens.js';

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

function without(claim: string): Entries {
  return with_(ACCESS, { [claim]: undefined });
}

function entriesOf(token: string): Entries {
  return Object.entries(claimsOf(token));
}

const NOT_NEGATIVE = 'give a duration that is not negative';
const POSITIVE = 'give more than 0 seconds, or use false for never';
const WHOLE = "give a whole number of seconds, or a string such as '15m' or '500ms'";
const UNIT = "a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'";
const DURATION = "give a number of seconds, or a string with a unit such as '15m'";

/** Every way to make a token of a subject. */
const METHODS = ['createAccessToken', 'createRefreshToken', 'createTokenPair'] as const;

/** A service with default options, whose clock stands still. */
let plain: TokenService;
beforeAll(async () => {
  plain = await mintingWith();
});

async function mintingWith(options: JwtExtendedOptions = {}): Promise<TokenService> {
  return (await startTokens({ clock: new Clock().now, ...options })).tokens;
}

it.each([
  ['An access token', 'createAccessToken', ACCESS],
  ['A refresh token', 'createRefreshToken', REFRESH],
] as const)(
  '%s has these claims, in this order, and no others (F27)',
  async (_, method, entries) => {
    const token = await plain[method]('alice');

    expect(entriesOf(token)).toEqual(entries);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  },
);

describe('An access token', () => {
  it('has every optional claim in its place (F27)', async () => {
    const tokens = await mintingWith({ encodeIssuer: 'us', encodeAudience: ['them', 'those'] });

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

  const CLOCK = { clock: () => new Date(NOW * 1000 + 999) };
  const LATER = { iat: NOW + 3600, nbf: NOW + 3600, exp: NOW + 3600 + MINUTES_15 };
  const ONE_AUDIENCE: Entries = [...ACCESS.slice(0, -1), ['aud', 'them'], ...ACCESS.slice(-1)];
  const USER_ID = ACCESS.map(([name, value]): Entries[0] => [
    name.replace('sub', 'user_id'),
    value,
  ]);

  it.each<[string, JwtExtendedOptions, Entries]>([
    ['has no csrf if cookies need none', { csrf: { protect: false } }, without('csrf')],
    ['can have no nbf', { encodeNotBefore: false }, without('nbf')],
    ['can have an nbf of its own', { notBeforeDelta: '10s' }, with_(ACCESS, { nbf: NOW + 10 })],
    ['can live for an hour', { accessTokenExpires: '1h' }, with_(ACCESS, { exp: NOW + 3600 })],
    ['can live for 90 seconds', { accessTokenExpires: 90 }, with_(ACCESS, { exp: NOW + 90 })],
    ['can live without an end', { accessTokenExpires: false }, without('exp')],
    ['ignores the lifetime of refresh tokens', { refreshTokenExpires: 5 }, ACCESS],
    ['can have one audience', { encodeAudience: 'them' }, ONE_AUDIENCE],
    ['can have the identity under another name', { identityClaim: 'user_id' }, USER_ID],
    [
      'has the moment at which it was made',
      { clock: new Clock(NOW + 3600).now },
      with_(ACCESS, LATER),
    ],
    ['has whole seconds if the clock has milliseconds (F27)', CLOCK, ACCESS],
  ])('%s', async (_, options, entries) => {
    const tokens = await mintingWith(options);

    expect(entriesOf(await tokens.createAccessToken('alice'))).toEqual(entries);
  });
});

describe('The freshness of an access token', () => {
  it.each<[string, CreateAccessTokenOptions['fresh'], boolean | number]>([
    ['undefined', undefined, false],
    ['false', false, false],
    ['true', true, true],
    ['seconds', 300, NOW + 300],
    ['text', '5m', NOW + 300],
    ['a Date', new Date((NOW + 300) * 1000), NOW + 300],
    ['a Date between two seconds', new Date((NOW + 300) * 1000 + 999), NOW + 300],
    ['a Date that has passed', new Date((NOW - 300) * 1000), NOW - 300],
  ])('may be given as %s', async (_, fresh, claim) => {
    const claims = claimsOf(await plain.createAccessToken('alice', { fresh }));

    expect(claims.fresh).toBe(claim);
    expect(claims.auth_time).toBe(claim === false ? undefined : NOW);
  });

  it('may not be an invalid Date', async () => {
    const made = plain.createAccessToken('alice', { fresh: new Date(NaN) });

    expect(await refusalOf(made)).toMatchObject({
      name: 'TokenCreationError',
      message: 'fresh must be a valid Date',
    });
  });
});

describe('The lifetime of a token', () => {
  it.each<[string, CreateAccessTokenOptions['expiresIn'], number | undefined]>([
    ['seconds', 60, NOW + 60],
    ['text', '2h', NOW + 7200],
    ['text in words', '2 days', NOW + 172800],
    ['a negative number of seconds', -60, NOW - 60],
    ['false, for a token that never expires', false, undefined],
  ])('may be given as %s', async (_, expiresIn, exp) => {
    expect(claimsOf(await plain.createAccessToken('alice', { expiresIn })).exp).toBe(exp);
    expect(claimsOf(await plain.createRefreshToken('alice', { expiresIn })).exp).toBe(exp);
  });

  it('may be given if the option says that tokens never expire', async () => {
    const tokens = await mintingWith({ accessTokenExpires: false, refreshTokenExpires: false });

    expect(claimsOf(await tokens.createAccessToken('alice', { expiresIn: 5 })).exp).toBe(NOW + 5);
    expect(claimsOf(await tokens.createRefreshToken('alice'))).not.toHaveProperty('exp');
  });

  // Flask reads 0 as never, and other libraries read it as at once.
  it.each<[option: 'fresh' | 'expiresIn', fix: string, values: readonly unknown[]]>([
    ['fresh', POSITIVE, [0, '0s']],
    ['fresh', NOT_NEGATIVE, [-5]],
    ['fresh', WHOLE, [0.5, NaN]],
    ['fresh', UNIT, ['300', 'true']],
    ['fresh', DURATION, [null]],
    ['expiresIn', POSITIVE, [0, '0s']],
    ['expiresIn', NOT_NEGATIVE, ['-5m']],
    ['expiresIn', WHOLE, [1.5, -1.5, NaN, Infinity, -Infinity]],
    ['expiresIn', 'give whole seconds', ['500ms']],
    ['expiresIn', 'give 100 years at most', [4e9, -4e9]],
    ['expiresIn', UNIT, ['3600']],
    ['expiresIn', DURATION, [true, new Date(0)]],
  ])('is refused in %s with the fix "%s" for %p', async (option, fix, values) => {
    for (const value of values) {
      const message = `${option} was given ${describeValue(value)}; ${fix}`;
      const refused = { name: 'TokenCreationError', message };
      const given = { [option]: value };
      expect(await refusalOf(plain.createAccessToken('alice', given))).toMatchObject(refused);
      if (option === 'expiresIn')
        expect(await refusalOf(plain.createRefreshToken('alice', given))).toMatchObject(refused);
    }
  });
});

describe('A refresh token', () => {
  it('is never fresh', async () => {
    expect(entriesOf(await plain.createRefreshToken('alice'))).toEqual(REFRESH);
  });

  it('has the lifetime of its own option', async () => {
    const tokens = await mintingWith({ accessTokenExpires: 5, refreshTokenExpires: '7d' });

    expect(entriesOf(await tokens.createRefreshToken('alice'))).toEqual(
      with_(REFRESH, { exp: NOW + 7 * 24 * 3600 }),
    );
  });

  it('has the claims, headers and session that the caller gives', async () => {
    const token = await plain.createRefreshToken('alice', {
      additionalClaims: { device: 'phone' },
      additionalHeaders: { tenant: 'acme' },
      sessionId: 'session-1',
    });

    expect(entriesOf(token)).toEqual([
      ...REFRESH,
      ['sid', 'session-1'],
      ['grant', { claims: ['device'] }],
      ['device', 'phone'],
    ]);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT', tenant: 'acme' });
  });
});

describe('A pair of tokens', () => {
  it('has one session and one time of login, and ids of its own in each token (F27)', async () => {
    const pair = await plain.createTokenPair('alice');

    const session: Entries = [
      ['sid', pair.sessionId],
      ['auth_time', NOW],
    ];
    expect(pair).toEqual({
      accessToken: expect.any(String) as unknown,
      refreshToken: expect.any(String) as unknown,
      sessionId: expect.stringMatching(UUID_V7) as unknown,
      accessExpiresAt: new Date((NOW + MINUTES_15) * 1000),
      refreshExpiresAt: new Date((NOW + DAYS_30) * 1000),
    });
    expect(entriesOf(pair.accessToken)).toEqual([...ACCESS, ...session]);
    expect(entriesOf(pair.refreshToken)).toEqual([...REFRESH, ...session]);
    const [access, refresh] = [claimsOf(pair.accessToken), claimsOf(pair.refreshToken)];
    expect(new Set([access.jti, refresh.jti, access.csrf, refresh.csrf]).size).toBe(4);
  });

  it('shares claims and headers, but not freshness and lifetimes', async () => {
    const pair = await plain.createTokenPair('alice', {
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
      ['grant', { claims: ['device'], access: 60, refresh: 7200 }],
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

  it('has one iat in both tokens, even if the loaders take a second each', async () => {
    const clock = new Clock();
    const additionalClaims = () => {
      clock.forward(1);
      return {};
    };
    const tokens = await mintingWith({ clock: clock.now, loaders: { additionalClaims } });

    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');

    expect([claimsOf(accessToken).iat, claimsOf(refreshToken).iat]).toEqual([NOW, NOW]);
  });
});

it('The id of a token is never given twice (R33)', async () => {
  const jtis = new Set<unknown>();

  for (let round = 0; round < 1000; round++) {
    const minting = Array.from({ length: 100 }, () => plain.createAccessToken('alice'));
    for (const token of await Promise.all(minting)) jtis.add(claimsOf(token).jti);
  }

  expect(jtis.size).toBe(100_000);
});

describe('Additional claims and headers', () => {
  const LOADED = Object.freeze({ roles: Object.freeze(['user']), plan: 'free' });

  it("come after those that every token has, the loader's first", async () => {
    const tokens = await mintingWith({
      loaders: {
        additionalClaims: () => LOADED,
        additionalHeaders: () => ({ tenant: 'acme', zone: 'eu' }),
      },
    });

    const token = await tokens.createAccessToken('alice', {
      additionalClaims: Object.freeze({ plan: 'paid', seat: 5 }),
      additionalHeaders: { zone: 'us', n: 1 },
    });
    const next = await tokens.createAccessToken('alice');

    const header = { alg: 'HS256', typ: 'JWT', tenant: 'acme', zone: 'us', n: 1 };
    const claims = { roles: ['user'], plan: 'paid', seat: 5 };
    expect(Object.entries(headerOf(token))).toEqual(Object.entries(header));
    expect(entriesOf(token).slice(-3)).toEqual(Object.entries(claims));
    expect(headerOf(next)).toEqual({ alg: 'HS256', typ: 'JWT', tenant: 'acme', zone: 'eu' });
    expect(entriesOf(next).slice(-2)).toEqual(Object.entries(LOADED));
  });

  it('are minted as JSON writes an entity and a Date', async () => {
    const user = { hash: 'x', since: new Date(0), toJSON: () => ({ since: user.since }) };
    const tokens = await mintingWith({ loaders: { additionalClaims: () => user } });

    const pair = await tokens.createTokenPair('alice', { additionalClaims: { owner: user } });

    const since = '1970-01-01T00:00:00.000Z';
    for (const token of [pair.accessToken, pair.refreshToken])
      expect(entriesOf(token).slice(-2)).toEqual([
        ['since', since],
        ['owner', { since }],
      ]);
  });

  it('are a mistake if toJSON fails', async () => {
    const user = {
      toJSON: () => {
        throw new Error('away');
      },
    };
    const tokens = await mintingWith({ loaders: { additionalClaims: () => user } });
    const mistake = { name: 'TokenCreationError', message: 'toJSON of a Object failed: away' };

    await expect(tokens.createAccessToken('alice')).rejects.toMatchObject(mistake);
  });

  it('come back from decodeToken unchanged (R35)', async () => {
    const additionalClaims = {
      text: 'ä\u2028"\\\ud83d\ude00',
      numbers: [0, -1.5, 1e21, Number.MAX_SAFE_INTEGER],
      others: { true: true, null: null, empty: [[], [{}]] },
      polluting: JSON.parse('{"__proto__":{"admin":true}}') as object,
    };

    const token = await plain.createAccessToken('alice', { additionalClaims });

    const { claims } = await plain.decodeToken(token);
    expect(JSON.stringify(claims)).toContain(JSON.stringify(additionalClaims).slice(1, -1));
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('come back, or are refused, if they have the name of a member of every object (R35, R37)', async () => {
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      const outcome = await plain.createAccessToken('alice', { additionalClaims: own(name) }).then(
        (token) => entriesOf(token).at(-1),
        (error: Error) => error.name,
      );
      expect([[name, 'x'], 'TokenCreationError']).toContainEqual(outcome);
    }
  });

  it.each([
    ['additionalClaims', 'iat nbf exp jti type fresh csrf sub iss aud sid auth_time'],
    ['additionalHeaders', 'alg typ kid crit b64 zip enc cty jwk jku x5u x5c x5t x5t#S256'],
  ])('cannot have reserved names in %s (R1, R36, F23)', async (option, names) => {
    let loaded: object = {};
    const tokens = await mintingWith({ loaders: { [option]: () => loaded } });

    for (const name of [...names.split(' '), '__proto__']) {
      const refused = {
        name: 'TokenCreationError',
        code: undefined,
        message: `${option} may not contain '${name}': the name is reserved`,
      };
      for (const method of METHODS) {
        loaded = {};
        const given = { [option]: own(name) };
        expect(await refusalOf(tokens[method]('alice', given))).toEqual(refused);
        loaded = own(name);
        expect(await refusalOf(tokens[method]('alice'))).toEqual(refused);
      }
    }
  });

  it.each([
    ['the identity claim under its other name', { identityClaim: 'user_id' }, 'user_id'],
    ['__proto__ inside userClaimsKey', { userClaimsKey: 'user_claims' }, '__proto__'],
  ] satisfies [string, JwtExtendedOptions, string][])(
    'cannot have the name of %s (R36)',
    async (_, options, name) => {
      const tokens = await mintingWith(options);
      const given = { additionalClaims: own(name) };

      expect(await refusalOf(tokens.createAccessToken('alice', given))).toMatchObject({
        name: 'TokenCreationError',
        message: `additionalClaims may not contain '${name}': the name is reserved`,
      });
    },
  );

  it('stand together under userClaimsKey, after all other claims, even with reserved names', async () => {
    const tokens = await mintingWith({
      userClaimsKey: 'user_claims',
      loaders: { additionalClaims: () => ({ a: 1, b: 1 }) },
    });

    const token = await tokens.createAccessToken('alice', {
      additionalClaims: { b: 2, exp: 'mine' },
    });

    const nested = { a: 1, b: 2, exp: 'mine' };
    expect(entriesOf(token).at(-1)).toEqual(['user_claims', nested]);
    expect((await tokens.decodeToken(token)).claims.user_claims).toEqual(nested);
  });

  it('leave no userClaimsKey if there are none', async () => {
    const tokens = await mintingWith({ userClaimsKey: 'user_claims' });

    for (const options of [{}, { additionalClaims: {} }]) {
      const token = await tokens.createAccessToken('alice', options);
      expect(claimsOf(token)).not.toHaveProperty('user_claims');
    }
  });
});

describe('The loaders of a new token', () => {
  it("are called in Flask's order, with the subject that the caller gave", async () => {
    const user = { id: 'alice', roles: ['admin'] };
    const request = { ip: '127.0.0.1' };
    const calls: unknown[][] = [];
    const noting =
      <T>(name: string, answer: T) =>
      (subject: unknown, context: LoaderContext) => {
        calls.push([name, subject, context]);
        return answer;
      };
    const tokens = await mintingWith({
      loaders: {
        userIdentity: noting('userIdentity', 'alice'),
        additionalClaims: noting('additionalClaims', { roles: ['admin'] }),
        additionalHeaders: noting('additionalHeaders', { tenant: 'acme' }),
        encodeKey: noting('encodeKey', { key: SECRET, kid: 'k1' }),
      },
    });

    const token = await tokens.createAccessToken(user, { request });

    const names = ['additionalHeaders', 'additionalClaims', 'userIdentity', 'encodeKey'];
    expect(calls).toEqual(names.map((name) => [name, user, { request, type: 'access' }]));
    expect(calls.every(([, subject]) => subject === user)).toBe(true);
    expect(claimsOf(token)).toMatchObject({ sub: 'alice', roles: ['admin'] });
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1', tenant: 'acme' });
  });

  it.each<[string, JwtExtendedOptions, string[]]>([
    ['both kinds of token', {}, ['access', 'refresh']],
    [
      'access tokens only, with claimsInRefreshToken: false',
      { claimsInRefreshToken: false },
      ['access'],
    ],
  ])('add their claims to %s, and get its request and type', async (_, options, types) => {
    const request = { ip: '127.0.0.1' };
    const contexts: unknown[] = [];
    const additionalClaims = (_subject: unknown, context: LoaderContext) => {
      contexts.push(context);
      return { roles: ['admin'] };
    };
    const tokens = await mintingWith({ ...options, loaders: { additionalClaims } });
    const given = { request, additionalClaims: { device: 'phone' } };

    const pair = await tokens.createTokenPair('alice', given);

    const refresh = claimsOf(pair.refreshToken);
    expect(contexts).toEqual(types.map((type) => ({ request, type })));
    expect(claimsOf(pair.accessToken)).toMatchObject({ roles: ['admin'], device: 'phone' });
    expect(refresh.roles).toEqual(types.includes('refresh') ? ['admin'] : undefined);
    expect(refresh.device).toBe('phone');
  });
});

describe('The identity of a new token (R30)', () => {
  const FIX = 'return String(user.id) from loaders.userIdentity, or set verifySub: false';
  const NOT_JSON = 'which JSON cannot hold: use text or a number';
  let loading: TokenService;
  let loaded: unknown;

  beforeAll(async () => {
    ({ tokens: loading } = await startTokens({ loaders: { userIdentity: () => loaded } }));
  });

  it.each([
    ['a number', 5, 'of type number'],
    ['a bigint', 5n, 'of type bigint'],
    ['true', true, 'of type boolean'],
    ['an object', { id: 5 }, 'of type object'],
    ['a list', ['alice'], 'an array'],
    ['a symbol', Symbol('alice'), 'of type symbol'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['empty text', '', 'an empty string'],
  ])('cannot be %s, and the message says how to fix it', async (_, subject, kind) => {
    const refused = {
      name: 'TokenCreationError',
      code: undefined,
      message: `The identity must be a non-empty string, not ${kind}: ${FIX}`,
    };
    loaded = subject;

    for (const method of METHODS) expect(await refusalOf(plain[method](subject))).toEqual(refused);
    expect(await refusalOf(loading.createAccessToken('alice'))).toEqual(refused);
  });

  describe.each<[string, JwtExtendedOptions]>([
    ['that is not verified', { verifySub: false }],
    ['in another claim', { identityClaim: 'user_id' }],
  ])('%s', (_, options) => {
    let tokens: TokenService;
    beforeAll(async () => {
      ({ tokens } = await startTokens(options));
    });

    it.each([[5], [0], [{ tenant: 'acme', id: 5 }], [['a', 'b']], [false], [null]])(
      'can be %j, which decodeToken gives back',
      async (subject: unknown) => {
        const token = await tokens.createAccessToken(subject);
        expect((await tokens.decodeToken(token)).identity).toEqual(subject);
      },
    );

    it.each<[string, unknown, string]>([
      ['undefined', undefined, ' must not be undefined'],
      ['empty text', '', ' must not be an empty string'],
      ['a bigint', 5n, ` is a bigint, ${NOT_JSON}`],
      ['NaN', NaN, ` is NaN, ${NOT_JSON}`],
      ['a symbol', Symbol('x'), ` is a symbol, ${NOT_JSON}`],
      ['an object that contains a Map', { at: new Map() }, `.at is a Map, ${NOT_JSON}`],
    ])('cannot be %s', async (_value, subject, message) => {
      expect(await refusalOf(tokens.createAccessToken(subject))).toMatchObject({
        name: 'TokenCreationError',
        message: `The identity${message}`,
      });
    });

    it.each<[string, unknown]>([
      ['a Date', new Date(0)],
      ['an object that contains a Date', { at: new Date(0) }],
      ['an instance of a class', new (class User {})()],
      ['a member that is undefined', { id: 5, tenant: undefined }],
      ['nothing in JSON', { toJSON: () => undefined }],
    ])('cannot be %s, which would come back as another value', async (_value, subject) => {
      expect(await refusalOf(tokens.createAccessToken(subject))).toMatchObject({
        name: 'TokenCreationError',
        message: expect.stringContaining('The identity must be plain JSON') as unknown,
      });
    });
  });
});

describe('A mistake in a call', () => {
  it('is refused in the sessionId, which decodeToken would refuse', async () => {
    for (const sessionId of ['', 5, null, 'x'.repeat(257)] as string[]) {
      for (const method of ['createAccessToken', 'createRefreshToken'] as const) {
        expect(await refusalOf(plain[method]('alice', { sessionId }))).toMatchObject({
          name: 'TokenCreationError',
          message: 'sessionId must be text of 1 to 256 characters',
        });
      }
    }
  });

  it.each([
    ['createAccessToken', 'accessExpiresIn', 'createAccessToken.expiresIn'],
    ['createRefreshToken', 'fresh', 'remove it, or use one of createRefreshToken.'],
    ['createTokenPair', 'expiresIn', 'createTokenPair.accessExpiresIn'],
    ['createTokenPair', 'audience', 'remove it, or use one of createTokenPair.'],
    ['rotateRefreshToken', 'fresh', 'remove it, or use one of rotateRefreshToken.'],
    ['decodeToken', 'allow_expired', 'did you mean decodeToken.allowExpired?'],
    ['authenticate', 'scopes', 'authenticate.scope'],
  ] as const)('is refused by %s in the name of an option: %s', async (method, name, fix) => {
    const { refreshToken } = await plain.createTokenPair('alice');
    const call = (options: object) => plain[method](refreshToken, options);

    const refusal = await refusalOf(call({ [name]: undefined }));
    expect(refusal).toMatchObject({ name: 'JwtExtendedConfigError' });
    expect(refusal.message).toContain(`${method}.${name} is not an option; `);
    expect(refusal.message).toContain(fix);
  });

  it('is refused in the kind of the options', async () => {
    for (const options of ['15m', null, 5] as unknown as object[])
      expect(await refusalOf(plain.createTokenPair('alice', options))).toMatchObject({
        name: 'TypeError',
        message: 'The options of createTokenPair must be an object',
      });
  });

  it('is refused if the service has no key to sign with', async () => {
    const { options } = keysOf('RS256');
    const minting = await mintingWith(options);
    const tokens = await mintingWith({ ...options, privateKey: undefined });

    expect(await tokens.verifyToken(await minting.createAccessToken('alice'))).toBe(true);
    expect(await refusalOf(tokens.createAccessToken('alice'))).toEqual({
      name: 'TokenCreationError',
      code: undefined,
      message:
        'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    });
  });
});

/** An own property, `__proto__` included. */
function own(name: string): object {
  return JSON.parse(`{"${name}":"x"}`) as object;
}
