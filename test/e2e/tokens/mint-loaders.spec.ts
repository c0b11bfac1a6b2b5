import { describe, expect, it } from '@jest/globals';
import { NotFoundException } from '@nestjs/common';
import type { JwtExtendedLoaders, JwtExtendedOptions, LoaderContext } from '../../../src/index.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { strongSecret } from '../../support/keys.js';
import {
  claimsOf,
  headerOf,
  keysOf,
  refusalOf,
  rejectionOf,
  startTokens,
} from '../../support/tokens.js';

interface User {
  readonly id: string;
  readonly roles: string[];
}

const USER: User = { id: 'alice', roles: ['admin'] };
const REQUEST = { ip: '127.0.0.1' };
const UNAVAILABLE = {
  name: 'TokenCheckUnavailableError',
  code: 'CHECK_UNAVAILABLE',
  message: 'Token could not be checked',
};

/** Loaders that note how they were called. */
function notingLoaders(): { calls: unknown[][]; loaders: JwtExtendedLoaders } {
  const calls: unknown[][] = [];
  const noting =
    <T>(name: string, answer: (subject: User) => T) =>
    (subject: User, context: LoaderContext) => {
      calls.push([name, subject, context]);
      return answer(subject);
    };
  const loaders: JwtExtendedLoaders = {
    userIdentity: noting('userIdentity', ({ id }) => id),
    additionalClaims: noting('additionalClaims', async ({ roles }) => ({ roles })),
    additionalHeaders: noting('additionalHeaders', () => ({ tenant: 'acme' })),
    encodeKey: noting('encodeKey', () => ({ key: SECRET, kid: 'k1' })),
  };
  return { calls, loaders };
}

describe('The loaders of a token that is minted', () => {
  it("are asked in Flask's order, with the subject as it was given", async () => {
    const { calls, loaders } = notingLoaders();
    const { tokens } = await startTokens({ loaders });

    const token = await tokens.createAccessToken(USER, { request: REQUEST });

    const context = { request: REQUEST, type: 'access' };
    expect(calls).toEqual([
      ['additionalHeaders', USER, context],
      ['additionalClaims', USER, context],
      ['userIdentity', USER, context],
      ['encodeKey', USER, context],
    ]);
    expect(calls.every(([, subject]) => subject === USER)).toBe(true);
    expect(claimsOf(token)).toMatchObject({ sub: 'alice', roles: ['admin'] });
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1', tenant: 'acme' });
  });

  it('are told which kind of token it is, and of a request only where there is one', async () => {
    const { calls, loaders } = notingLoaders();
    const { tokens } = await startTokens({ loaders });

    await tokens.createRefreshToken(USER);
    await tokens.createTokenPair(USER, { request: REQUEST });

    const contexts = calls
      .filter(([name]) => name === 'userIdentity')
      .map(([, , context]) => context);
    expect(contexts).toEqual([
      { request: undefined, type: 'refresh' },
      { request: REQUEST, type: 'access' },
      { request: REQUEST, type: 'refresh' },
    ]);
  });

  it('are called as methods of their object', async () => {
    class Loaders implements JwtExtendedLoaders {
      readonly #prefix = 'user:';
      userIdentity(subject: string): string {
        return this.#prefix + subject;
      }
    }
    const { tokens } = await startTokens({ loaders: new Loaders() });

    expect(claimsOf(await tokens.createAccessToken('alice')).sub).toBe('user:alice');
  });

  it.each<[string, JwtExtendedOptions, string[]]>([
    ['both kinds of token', {}, ['access', 'refresh']],
    [
      'access tokens only, where refresh tokens need no claims',
      { claimsInRefreshToken: false },
      ['access'],
    ],
  ])('add their claims to %s', async (_, options, types) => {
    const asked: unknown[] = [];
    const additionalClaims = (_subject: unknown, { type }: LoaderContext) => {
      asked.push(type);
      return { roles: ['admin'] };
    };
    const { tokens } = await startTokens({ ...options, loaders: { additionalClaims } });

    const pair = await tokens.createTokenPair('alice', { additionalClaims: { device: 'phone' } });

    const refresh = claimsOf(pair.refreshToken);
    expect(asked).toEqual(types);
    expect(claimsOf(pair.accessToken)).toMatchObject({ roles: ['admin'], device: 'phone' });
    expect(refresh.roles).toEqual(types.includes('refresh') ? ['admin'] : undefined);
    expect(refresh.device).toBe('phone');
  });

  it.each(['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const)(
    'answer 503 when %s fails, with what happened as the cause (R28)',
    async (name) => {
      const fault = new Error('The database is away');
      const throwing = await startTokens({
        loaders: {
          [name]: () => {
            throw fault;
          },
        },
      });
      const rejecting = await startTokens({ loaders: { [name]: () => Promise.reject(fault) } });

      expect(await refusalOf(throwing.tokens.createAccessToken('alice'))).toEqual(UNAVAILABLE);
      expect(await rejectionOf(rejecting.tokens.createAccessToken('alice'))).toMatchObject({
        cause: fault,
      });
    },
  );

  it.each(['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const)(
    'keep the HTTP error that %s throws (R77)',
    async (name) => {
      const gone = new NotFoundException('No such user');
      const { tokens } = await startTokens({ loaders: { [name]: () => Promise.reject(gone) } });

      expect(await rejectionOf(tokens.createAccessToken('alice'))).toBe(gone);
    },
  );

  it.each(['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const)(
    'are not waited for when %s hangs (R28)',
    async (name) => {
      const loaders = { [name]: () => new Promise(() => {}) };
      const { tokens } = await startTokens({ loaderTimeout: '50ms', loaders });

      const error = await rejectionOf(tokens.createAccessToken('alice'));

      expect(error).toMatchObject({
        code: 'CHECK_UNAVAILABLE',
        cause: { name: 'DeadlineError', message: `loaders.${name} did not answer within 50 ms` },
      });
    },
  );

  it.each([undefined, null, 'x', 5, true, Symbol('x')])(
    'answer 503 when something throws %p (R77)',
    async (thrown) => {
      const { tokens } = await startTokens({
        loaders: {
          userIdentity() {
            throw thrown;
          },
        },
      });

      expect(await refusalOf(tokens.createAccessToken('alice'))).toEqual(UNAVAILABLE);
    },
  );

  it.each([
    ['additionalClaims', 'x'],
    ['additionalClaims', ['x']],
    ['additionalHeaders', 5],
    ['additionalHeaders', true],
  ])('answer 503 when %s gives %j', async (name, answer) => {
    const { tokens } = await startTokens({ loaders: { [name]: () => answer } });

    expect(await rejectionOf(tokens.createAccessToken('alice'))).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: { message: `loaders.${name} must give an object` },
    });
  });
});

describe('The identity of a token that is minted (R30)', () => {
  const fix = 'return String(user.id) from loaders.userIdentity, or set verifySub: false';

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
  ])('may not be %s, and the message says how to mend it', async (_, subject, kind) => {
    const { tokens } = await startTokens();
    const loading = await startTokens({ loaders: { userIdentity: () => subject } });
    const refused = {
      name: 'TokenCreationError',
      code: undefined,
      message: `The identity must be a non-empty string, not ${kind}: ${fix}`,
    };

    expect(await refusalOf(tokens.createAccessToken(subject))).toEqual(refused);
    expect(await refusalOf(tokens.createRefreshToken(subject))).toEqual(refused);
    expect(await refusalOf(tokens.createTokenPair(subject))).toEqual(refused);
    expect(await refusalOf(loading.tokens.createAccessToken('alice'))).toEqual(refused);
  });

  it.each<[string, JwtExtendedOptions]>([
    ['where it is not verified', { verifySub: false }],
    ['under another name', { identityClaim: 'user_id' }],
  ])('may be a number or an object %s, and comes back', async (_, options) => {
    const { tokens } = await startTokens(options);

    for (const subject of [5, 0, { tenant: 'acme', id: 5 }, ['a', 'b'], false, null]) {
      const token = await tokens.createAccessToken(subject);
      expect((await tokens.decodeToken(token)).identity).toEqual(subject);
    }
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'The identity must not be undefined'],
    ['empty text', '', 'The identity must not be an empty string'],
    ['a bigint', 5n, 'The identity is a bigint, which JSON cannot hold: use text or a number'],
    ['NaN', NaN, 'The identity is NaN, which JSON cannot hold: use text or a number'],
    [
      'a symbol',
      Symbol('x'),
      'The identity is a symbol, which JSON cannot hold: use text or a number',
    ],
    [
      'what holds a Date',
      { at: new Date(0) },
      'The identity.at is a Date, which JSON cannot hold: use text or a number',
    ],
  ])('may not be %s even so', async (_, subject, message) => {
    for (const options of [{ verifySub: false }, { identityClaim: 'user_id' }]) {
      const { tokens } = await startTokens(options);
      expect(await refusalOf(tokens.createAccessToken(subject))).toMatchObject({
        name: 'TokenCreationError',
        message,
      });
    }
  });
});

describe('The session of a token that is minted', () => {
  it.each<[string, unknown]>([
    ['empty text', ''],
    ['a number', 5],
    ['null', null],
    ['more than 256 characters', 'x'.repeat(257)],
  ])('may not be %s, which could not be read back', async (_, sessionId) => {
    const { tokens } = await startTokens();
    const options = { sessionId: sessionId as string };

    for (const minting of [
      tokens.createAccessToken('alice', options),
      tokens.createRefreshToken('alice', options),
    ]) {
      expect(await refusalOf(minting)).toMatchObject({ name: 'TokenCreationError' });
    }
  });
});

describe('The key that a loader gives for signing', () => {
  it('signs, with a kid or without', async () => {
    const secrets: Record<string, string> = { acme: strongSecret(), globex: strongSecret() };
    const { tokens } = await startTokens({
      secret: undefined,
      algorithm: 'HS256',
      loaders: {
        userIdentity: (user: { id: string }) => user.id,
        additionalHeaders: (user: { tenant: string }) => ({ tenant: user.tenant }),
        encodeKey: (user: { tenant: string }) => secrets[user.tenant] as string,
        decodeKey: ({ header }) => secrets[header.tenant as string] as string,
      },
    });

    const token = await tokens.createAccessToken({ id: 'alice', tenant: 'acme' });
    const forged = token.replace(
      /^[^.]*/,
      (await tokens.createAccessToken({ id: 'bob', tenant: 'globex' })).split('.')[0] as string,
    );

    expect((await tokens.decodeToken(token)).identity).toBe('alice');
    expect(headerOf(token)).not.toHaveProperty('kid');
    expect(await tokens.verifyToken(forged)).toBe(false);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['empty text (R4)', ''],
    ['blanks (R4)', '   '],
    ['empty bytes (R4)', Buffer.alloc(0)],
    ['a number', 5],
    ['a public key (R3)', keysOf('RS256').verifying.export({ format: 'pem', type: 'spki' })],
    ['nothing as a key', { key: undefined, kid: 'k1' }],
    ['a kid that is no text', { key: SECRET, kid: 5 }],
  ])('may not be %s, and none stands in for it (R4, F14)', async (_, key) => {
    const { tokens } = await startTokens({ loaders: { encodeKey: () => key as string } });

    expect(await refusalOf(tokens.createAccessToken('alice'))).toEqual(UNAVAILABLE);
  });
});

describe('A service that only verifies', () => {
  it('needs no key but that of a loader', async () => {
    const { tokens } = await startTokens({
      secret: undefined,
      algorithm: 'HS256',
      loaders: { decodeKey: () => SECRET },
    });

    expect(await tokens.verifyToken(forgeToken(accessClaims()))).toBe(true);
    expect(await refusalOf(tokens.createAccessToken('alice'))).toMatchObject({
      name: 'TokenCreationError',
      message:
        'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    });
  });

  it('says so when it is to mint', async () => {
    const { options, signing } = keysOf('RS256');
    const clock = new Clock().now;
    const minting = await startTokens({ ...options, clock });
    const { tokens } = await startTokens({ ...options, privateKey: undefined, clock });

    const token = await minting.tokens.createAccessToken('alice');

    expect(signing.type).toBe('private');
    expect(claimsOf(token).iat).toBe(NOW);
    expect(await tokens.verifyToken(token)).toBe(true);
    expect(await refusalOf(tokens.createAccessToken('alice'))).toEqual({
      name: 'TokenCreationError',
      code: undefined,
      message:
        'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    });
  });
});
