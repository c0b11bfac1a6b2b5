import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FreshGuard, type Token } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

/** What may be wrong with a token, in the order in which it is asked. */
const FAULTS = [
  ['an algorithm that is not allowed', {}, 422, 'The specified alg value is not allowed'],
  ['a forged signature', {}, 422, 'Signature verification failed'],
  ['a future nbf', { nbf: 4e9 }, 422, 'The token is not yet valid (nbf)'],
  ['no type', { type: undefined }, 422, 'Missing or invalid claim: type'],
  ['an exp in the past', { exp: 1 }, 401, 'Token has expired'],
  ['the wrong type', { type: 'refresh' }, 422, 'Only non-refresh tokens are allowed'],
  ['no freshness', { fresh: false }, 401, 'Fresh token required'],
  ['a revocation', { revoked: true }, 401, 'Token has been revoked'],
  ['no verification', { verified: false }, 400, 'User claims verification failed'],
  ['no user', { user: null }, 401, 'Error loading the user alice'],
] as const;

/** Every token has the fault of its row and all that come after it; of two in one claim, the first. */
const CASES = FAULTS.map(([title, , status, msg], index) => {
  const changes = FAULTS.slice(index).map(([, change]) => change);
  const claims: object = Object.assign({ fresh: true, user: 'Ada' }, ...changes.reverse());
  const header = { alg: index === 0 ? 'none' : 'HS256', typ: 'JWT' };
  const secret = index < 2 ? 'other' : SECRET;
  return { title, status, msg, token: forgeToken(accessClaims({ ...claims }), header, secret) };
});

const LOADERS = ['isTokenRevoked', 'tokenVerification', 'userLookup'];

describe.each(ADAPTERS)('the journey on %s', (adapter) => {
  const asked: string[] = [];
  const answering =
    (loader: string, answer: (token: Token) => unknown) =>
    (token: Token): never => {
      asked.push(loader);
      return answer(token) as never;
    };
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [routeAt('/', { handler: [UseGuards(FreshGuard)] })],
      options: {
        loaders: {
          isTokenRevoked: answering('isTokenRevoked', ({ claims }) => claims.revoked === true),
          tokenVerification: answering(
            'tokenVerification',
            ({ claims }) => claims.verified !== false,
          ),
          userLookup: answering('userLookup', ({ claims }) => claims.user),
        },
      },
    });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    asked.length = 0;
  });

  it.each(CASES)(
    'answers for $title, whatever else is wrong (R12)',
    async ({ token, status, msg }) => {
      const answer = await app.send('GET', '/', { token });
      expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { msg } });
    },
  );

  it.each(CASES.slice(0, 7))(
    'asks no loader about a token with $title (R12)',
    async ({ token }) => {
      await app.send('GET', '/', { token });
      expect(asked).toEqual([]);
    },
  );

  it.each(CASES.slice(7).map((row, index) => ({ ...row, heard: LOADERS.slice(0, index + 1) })))(
    'asks the loaders in turn about a token with $title, and none after the one that refuses (R12)',
    async ({ token, heard }) => {
      await app.send('GET', '/', { token });
      expect(asked).toEqual(heard);
    },
  );

  it('takes an expired token with a bad signature for a forged one (R12)', async () => {
    const token = forgeToken(accessClaims({ exp: 1 }), undefined, 'other');
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 422,
      body: { msg: 'Signature verification failed' },
    });
  });
});

describe('the decodeKey loader', () => {
  it('is the one loader that sees a token before its signature is verified, frozen (R12)', async () => {
    const seen: unknown[] = [];
    const app = await createApp('express', {
      controllers: [routeAt('/', { handler: [UseGuards(FreshGuard)] })],
      options: {
        secret: undefined,
        algorithm: 'HS256',
        loaders: {
          encodeKey: () => SECRET,
          decodeKey: (unverified) => {
            seen.push(unverified);
            return SECRET;
          },
          userLookup: () => seen.push('userLookup'),
        },
      },
    });
    const claims = accessClaims({ fresh: true, roles: { deep: [] } });
    await app.send('GET', '/', { token: forgeToken(claims, undefined, 'other') });
    expect(seen).toEqual([{ header: { alg: 'HS256', typ: 'JWT' }, claims }]);
    const [unverified] = seen as [{ header: object; claims: { roles: { deep: object } } }];
    for (const part of [
      unverified,
      unverified.header,
      unverified.claims,
      unverified.claims.roles.deep,
    ])
      expect(Object.isFrozen(part)).toBe(true);
    await app.close();
  });
});
