import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BlocklistService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import { FaultyStore, ProbeController } from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

const now = Math.floor(Date.now() / 1000);
const EXPIRED = { exp: now - 1 };
const OTHER_SECRET = [...SECRET].reverse().join('');

/** What may be wrong with a request, in the order in which it is told; with the callbacks asked on the way there. */
const STEPS: readonly Step[] = [
  {
    wrong: 'no token',
    sent: () => ({}),
    answer: [401, 'Missing Authorization Header'],
    asked: [],
  },
  {
    wrong: 'a malformed header',
    sent: () => ({ headers: { authorization: 'Bearer a b' } }),
    answer: [422, "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"],
    asked: [],
  },
  {
    wrong: 'no structure',
    sent: () => ({ token: 'a.b' }),
    answer: [422, 'Not enough segments'],
    asked: [],
  },
  {
    wrong: 'an algorithm that is not allowed',
    sent: () => ({ token: forgeToken(accessClaims(), { alg: 'HS512', typ: 'JWT' }) }),
    answer: [422, 'The specified alg value is not allowed'],
    asked: [],
  },
  {
    wrong: 'a bad signature',
    sent: () => ({ token: forgeToken(accessClaims(EXPIRED), undefined, OTHER_SECRET) }),
    answer: [422, 'Signature verification failed'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'a token of tomorrow',
    sent: () => ({ token: forgeToken(accessClaims({ nbf: now + 3600, exp: now + 1 })) }),
    answer: [422, 'The token is not yet valid (nbf)'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'a csrf value that does not match',
    sent: () => ({
      headers: {
        cookie: `access_token_cookie=${forgeToken(accessClaims(EXPIRED))}`,
        'x-csrf-token': 'another',
      },
    }),
    method: 'POST',
    path: '/access',
    answer: [401, 'CSRF double submit tokens do not match'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'an expired token',
    sent: () => ({ token: forgeToken(accessClaims({ ...EXPIRED, type: 'refresh' })) }),
    answer: [401, 'Token has expired'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'the wrong type',
    sent: () => ({ token: forgeToken(accessClaims({ type: 'refresh' })) }),
    answer: [422, 'Only non-refresh tokens are allowed'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'a token that is not fresh',
    sent: () => ({ token: forgeToken(accessClaims({ jti: 'blocklisted' })) }),
    answer: [401, 'Fresh token required'],
    asked: ['decodeKey'],
  },
  {
    wrong: 'an entry in the blocklist',
    sent: () => ({ token: forgeToken(accessClaims({ fresh: true, jti: 'blocklisted' })) }),
    answer: [401, 'Token has been revoked'],
    asked: ['decodeKey', 'store'],
  },
  {
    wrong: 'a revocation by the loader',
    sent: () => ({ token: forgeToken(accessClaims({ fresh: true, revoked: true })) }),
    answer: [401, 'Token has been revoked'],
    asked: ['decodeKey', 'store', 'isTokenRevoked'],
  },
  {
    wrong: 'claims that are not verified',
    sent: () => ({ token: forgeToken(accessClaims({ fresh: true, odd: true })) }),
    answer: [400, 'User claims verification failed'],
    asked: ['decodeKey', 'store', 'isTokenRevoked', 'tokenVerification'],
  },
  {
    wrong: 'a user who is not there',
    sent: () => ({ token: forgeToken(accessClaims({ fresh: true, sub: 'nobody' })) }),
    answer: [401, 'Error loading the user nobody'],
    asked: ['decodeKey', 'store', 'isTokenRevoked', 'tokenVerification', 'userLookup'],
  },
];

interface Step {
  readonly wrong: string;
  readonly sent: () => Sent;
  readonly method?: string;
  readonly path?: string;
  readonly answer: readonly [status: number, message: string];
  readonly asked: readonly string[];
}

describe.each(ADAPTERS)('over %s, the journey of a request', (adapter) => {
  let app: RunningApp;
  let asked: string[] = [];
  const store = new FaultyStore();

  function noted<T>(name: string, answer: T): T {
    asked.push(name);
    return answer;
  }

  beforeAll(async () => {
    const { get } = store;
    store.get = get.mockImplementation((keys) =>
      noted(
        'store',
        keys.map((key) => store.entries.get(key) ?? null),
      ),
    );
    app = await createApp(adapter, {
      controllers: [ProbeController],
      options: {
        locations: ['headers', 'cookies'],
        blocklist: { store },
        loaders: {
          decodeKey: () => noted('decodeKey', SECRET),
          isTokenRevoked: ({ claims }) => noted('isTokenRevoked', claims.revoked === true),
          tokenVerification: ({ claims }) => noted('tokenVerification', claims.odd !== true),
          userLookup: ({ identity }) =>
            noted('userLookup', identity === 'nobody' ? null : identity),
        },
        algorithm: 'HS256',
      },
    });
    await app.get(BlocklistService).revoke(forgeToken(accessClaims({ jti: 'blocklisted' })));
  });

  beforeEach(() => {
    asked = [];
    ProbeController.entered = 0;
  });

  afterAll(() => app.close());

  it.each(STEPS)(
    'ends at $wrong, and asks nobody further on (R12)',
    async ({ sent, method = 'GET', path = '/fresh', answer: [status, message], asked: order }) => {
      const given = sent();
      const reason =
        given.token || given.headers ? message : `Missing JWT in headers or cookies (${message}; `;
      const answer = await app.send(method, path, given);
      expect(answer.status).toBe(status);
      expect((answer.body as { msg: string }).msg.startsWith(reason)).toBe(true);
      expect(asked).toEqual(order);
      expect(ProbeController.entered).toBe(0);
    },
  );

  it('asks everybody once, in order, before the handler is entered (R12, R56)', async () => {
    const answer = await app.send('GET', '/user', { token: forgeToken(accessClaims()) });
    expect(answer).toMatchObject({ status: 200, body: { user: 'alice' } });
    expect(asked).toEqual([
      'decodeKey',
      'store',
      'isTokenRevoked',
      'tokenVerification',
      'userLookup',
    ]);
  });

  it('asks neither store nor isTokenRevoked where the route skips the check', async () => {
    const token = forgeToken(accessClaims({ jti: 'blocklisted', revoked: true }));
    expect(await app.send('GET', '/unchecked', { token })).toMatchObject({ status: 200 });
    expect(asked).toEqual(['decodeKey', 'tokenVerification', 'userLookup']);
  });

  it('looks the user of a refresh token up too, so that a disabled one cannot refresh (R52)', async () => {
    const token = forgeToken(accessClaims({ type: 'refresh', sub: 'nobody' }));
    expect(await app.send('GET', '/refresh', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Error loading the user nobody' },
    });
    expect(asked.at(-1)).toBe('userLookup');
  });

  it('asks the store on every request again (R56)', async () => {
    const token = forgeToken(accessClaims());
    for (let count = 0; count < 3; count += 1) await app.send('GET', '/access', { token });
    expect(asked.filter((name) => name === 'store')).toHaveLength(3);
  });

  it('is not made for OPTIONS: nobody is asked, and there is no token', async () => {
    const answer = await app.send('OPTIONS', '/access', { token: forgeToken(accessClaims()) });
    expect(answer).toMatchObject({ status: 200, body: { token: null } });
    expect(asked).toEqual([]);
  });

  it('is not made without a token, where the route does without one', async () => {
    const answer = await app.send('GET', '/optional');
    expect(answer).toMatchObject({ status: 200, body: { identity: null } });
    expect(asked).toEqual([]);
  });

  it.each([
    ['is malformed', 'a.b', 422],
    ['has expired', forgeToken(accessClaims(EXPIRED)), 401],
    ['is revoked', forgeToken(accessClaims({ revoked: true })), 401],
    ['is of nobody', forgeToken(accessClaims({ sub: 'nobody' })), 401],
  ])('is made to its end where the route does without, and the token %s', async (...given) => {
    const [, token, status] = given;
    expect(await app.send('GET', '/optional', { token })).toMatchObject({ status });
    expect(ProbeController.entered).toBe(0);
  });
});
