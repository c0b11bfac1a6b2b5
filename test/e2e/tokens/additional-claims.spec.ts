import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type LoggerService, Query } from '@nestjs/common';
import { type JwtExtendedOptions, TokenCreationError, TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { claimsOf, headerOf, refusalOf, rejectionOf, startTokens } from '../../support/tokens.js';

const RESERVED_CLAIMS = 'iat nbf exp jti type fresh csrf sub iss aud sid auth_time'.split(' ');
const RESERVED_HEADERS = 'alg typ kid crit b64 zip enc cty jwk jku x5u x5c x5t x5t#S256'.split(' ');

function own(name: string): object {
  return JSON.parse(`{"${name}":"x"}`) as object;
}

function notSerialisable(reason: string): object {
  const message = `additionalClaims.${reason}, which JSON cannot hold: use text or a number`;
  return { name: 'TokenCreationError', code: undefined, message };
}

function cycle(): object {
  const one: Record<string, unknown> = {};
  one.two = { one };
  return one;
}

class Temperature {
  constructor(readonly celsius: number) {}
}

describe('Additional claims', () => {
  it("come after those that every token has, the loader's first", async () => {
    const additionalClaims = () => ({ roles: ['user'], plan: 'free' });
    const { tokens } = await startTokens({ loaders: { additionalClaims } });

    const token = await tokens.createAccessToken('alice', {
      additionalClaims: { plan: 'paid', seat: 5 },
    });

    expect(Object.entries(claimsOf(token)).slice(-3)).toEqual([
      ['roles', ['user']],
      ['plan', 'paid'],
      ['seat', 5],
    ]);
  });

  it('leave the objects that they came in as they were', async () => {
    const loaded = Object.freeze({ roles: Object.freeze(['user']) });
    const given = Object.freeze({ plan: Object.freeze({ seats: 5 }) });
    const { tokens } = await startTokens({ loaders: { additionalClaims: () => loaded } });

    await tokens.createAccessToken('alice', { additionalClaims: given });
    const second = claimsOf(await tokens.createAccessToken('alice'));

    expect(second).toMatchObject(loaded);
    expect(second).not.toHaveProperty('plan');
    expect([loaded, given]).toEqual([{ roles: ['user'] }, { plan: { seats: 5 } }]);
  });

  it('may be none', async () => {
    const { tokens } = await startTokens({ loaders: { additionalClaims: () => null } });
    const plain = Object.keys(claimsOf(await tokens.createAccessToken('alice')));

    const token = await tokens.createAccessToken('alice', { additionalClaims: {} });

    expect(Object.keys(claimsOf(token))).toEqual(plain);
  });

  it.each([
    ['text', { a: 'ä\u2028"\\\ud83d\ude00' }],
    ['numbers', { a: 0, b: -1.5, c: 1e21, d: Number.MAX_SAFE_INTEGER }],
    ['booleans and null', { a: true, b: false, c: null }],
    ['lists and objects', { a: [[], [{}], { b: [1, [2]] }] }],
    ['one and the same object twice', twice({ b: 1 })],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['what an instance holds', { at: new Temperature(20) }],
    [
      'a nested __proto__, which stays a name',
      { a: JSON.parse('{"__proto__":{"admin":true}}') as object },
    ],
  ])('come back as they went: %s', async (_, additionalClaims) => {
    const { tokens } = await startTokens();

    const token = await tokens.createAccessToken('alice', { additionalClaims });

    const { claims } = await tokens.decodeToken(token);
    expect(JSON.stringify(claims)).toContain(JSON.stringify(additionalClaims).slice(1, -1));
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it.each(Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__'))(
    'come back, or are refused in so many words, when one is called %s (R35, R37)',
    async (name) => {
      const { tokens } = await startTokens();

      const outcome = await tokens.createAccessToken('alice', { additionalClaims: own(name) }).then(
        (token) => Object.entries(claimsOf(token)).at(-1),
        (error: Error) => error.name,
      );

      expect([[name, 'x'], 'TokenCreationError']).toContainEqual(outcome);
    },
  );

  it.each(RESERVED_CLAIMS)('may not contain %s (R36)', async (name) => {
    const { tokens } = await startTokens();
    const refused = {
      name: 'TokenCreationError',
      code: undefined,
      message: `additionalClaims may not contain '${name}': the name is reserved`,
    };

    const options = { additionalClaims: own(name) };

    expect(await refusalOf(tokens.createAccessToken('alice', options))).toEqual(refused);
    expect(await refusalOf(tokens.createRefreshToken('alice', options))).toEqual(refused);
    expect(await refusalOf(tokens.createTokenPair('alice', options))).toEqual(refused);
  });

  it.each([...RESERVED_CLAIMS, '__proto__'])(
    'may not contain %s from a loader (R36)',
    async (name) => {
      const { tokens } = await startTokens({ loaders: { additionalClaims: () => own(name) } });

      expect(await refusalOf(tokens.createAccessToken('alice'))).toMatchObject({
        name: 'TokenCreationError',
        message: `additionalClaims may not contain '${name}': the name is reserved`,
      });
    },
  );

  it.each([
    ['the identity claim under its other name', { identityClaim: 'user_id' }, 'user_id'],
    ['__proto__', {}, '__proto__'],
    ['__proto__ under a name of their own', { userClaimsKey: 'user_claims' }, '__proto__'],
  ] satisfies [string, JwtExtendedOptions, string][])(
    'may not contain %s (R36)',
    async (_, options, name) => {
      const { tokens } = await startTokens(options);

      expect(
        await refusalOf(tokens.createAccessToken('alice', { additionalClaims: own(name) })),
      ).toMatchObject({
        name: 'TokenCreationError',
        message: `additionalClaims may not contain '${name}': the name is reserved`,
      });
    },
  );

  it.each([
    ['a bigint', { a: 1n }, 'a is a bigint'],
    ['a bigint in a list', { a: [0, { b: 1n }] }, 'a.1.b is a bigint'],
    ['a cycle', { a: cycle() }, 'a.two.one contains itself'],
    ['a function', { a: () => 1 }, 'a is a function'],
    ['a symbol', { a: Symbol('a') }, 'a is a symbol'],
    ['a Date', { a: new Date(0) }, 'a is a Date'],
    ['an invalid Date', { a: new Date(NaN) }, 'a is a Date'],
    ['a Buffer', { a: Buffer.from('x') }, 'a is a Buffer'],
    ['NaN', { a: NaN }, 'a is NaN'],
    ['Infinity', { a: [Infinity] }, 'a.0 is Infinity'],
    ['-Infinity', { a: -Infinity }, 'a is -Infinity'],
    ['a Map', { a: new Map([['b', 1]]) }, 'a is a Map'],
    ['a Set', { a: new Set([1]) }, 'a is a Set'],
    ['what has a form of its own in JSON', { a: { toJSON: () => 'x' } }, 'a is a Object'],
  ])('may not hold %s (R37)', async (_, additionalClaims, reason) => {
    const { tokens } = await startTokens();
    const loading = await startTokens({ loaders: { additionalClaims: () => additionalClaims } });

    const refused = notSerialisable(reason);

    expect(await refusalOf(tokens.createAccessToken('alice', { additionalClaims }))).toEqual(
      refused,
    );
    expect(await refusalOf(loading.tokens.createAccessToken('alice'))).toEqual(refused);
  });

  it.each([
    ['a promise that nobody awaited', { a: Promise.resolve(['admin']) }],
    ['a regular expression', { a: /admin/ }],
    ['an error', { a: new Error('x') }],
    ['bytes', { a: new Uint8Array([1]) }],
    ['a list with a hole, which becomes null', { a: ['x', , 'y'] }],
    ['a list with undefined, which becomes null', { a: ['x', undefined] }],
    [
      'a form of its own without a constructor',
      { a: Object.assign(Object.create(null) as object, { toJSON: () => 1 }) },
    ],
    ['what lies too deep to be written', deep(100_000)],
  ])('may not hold %s (R37)', async (_, additionalClaims) => {
    const { tokens } = await startTokens();

    const error = await rejectionOf(tokens.createAccessToken('alice', { additionalClaims }));

    expect(error).toBeInstanceOf(TokenCreationError);
  });

  it.each([
    ['text', 'admin'],
    ['a number', 5],
    ['a list', [['roles', 'admin']]],
    ['true', true],
    ['a function', () => ({})],
    ['a Map, which would add nothing', new Map([['a', 1]])],
    ['a promise, which would add nothing', Promise.resolve({ a: 1 })],
  ])('may not be %s', async (_, additionalClaims) => {
    const { tokens } = await startTokens();

    const options = { additionalClaims } as { additionalClaims: object };

    expect(await refusalOf(tokens.createAccessToken('alice', options))).toEqual({
      name: 'TokenCreationError',
      code: undefined,
      message: 'additionalClaims must be an object',
    });
  });
});

describe('Claims under a name of their own (userClaimsKey)', () => {
  const options = {
    userClaimsKey: 'user_claims',
    loaders: { additionalClaims: () => ({ a: 1, b: 1 }) },
  };

  it('stand together, after all others', async () => {
    const { tokens } = await startTokens(options);

    const token = await tokens.createAccessToken('alice', {
      additionalClaims: { b: 2, exp: 'mine' },
    });

    expect(Object.entries(claimsOf(token)).at(-1)).toEqual([
      'user_claims',
      { a: 1, b: 2, exp: 'mine' },
    ]);
    expect((await tokens.decodeToken(token)).claims.user_claims).toEqual({
      a: 1,
      b: 2,
      exp: 'mine',
    });
  });

  it('leave no trace where there are none', async () => {
    const { tokens } = await startTokens({ userClaimsKey: 'user_claims' });

    expect(claimsOf(await tokens.createAccessToken('alice'))).not.toHaveProperty('user_claims');
    expect(
      claimsOf(await tokens.createAccessToken('alice', { additionalClaims: {} })),
    ).not.toHaveProperty('user_claims');
  });
});

describe('Additional headers', () => {
  it("come after those that every token has, the caller's over the loader's", async () => {
    const loaded = Object.freeze({ tenant: 'acme', zone: 'eu' });
    const { tokens } = await startTokens({ loaders: { additionalHeaders: () => loaded } });

    const token = await tokens.createAccessToken('alice', {
      additionalHeaders: { zone: 'us', n: 1 },
    });

    expect(Object.entries(headerOf(token))).toEqual([
      ['alg', 'HS256'],
      ['typ', 'JWT'],
      ['tenant', 'acme'],
      ['zone', 'us'],
      ['n', 1],
    ]);
    expect(headerOf(await tokens.createAccessToken('alice'))).toMatchObject(loaded);
  });

  it.each([...RESERVED_HEADERS, '__proto__'])('may not contain %s (R1, R36, F23)', async (name) => {
    const { tokens } = await startTokens();
    const loading = await startTokens({ loaders: { additionalHeaders: () => own(name) } });
    const options = { additionalHeaders: own(name) };
    const refused = {
      name: 'TokenCreationError',
      code: undefined,
      message: `additionalHeaders may not contain '${name}': the name is reserved`,
    };

    expect(await refusalOf(tokens.createAccessToken('alice', options))).toEqual(refused);
    expect(await refusalOf(tokens.createRefreshToken('alice', options))).toEqual(refused);
    expect(await refusalOf(tokens.createTokenPair('alice', options))).toEqual(refused);
    expect(await refusalOf(loading.tokens.createAccessToken('alice'))).toEqual(refused);
  });

  it.each(['none', 'HS512', 'HS256', null, undefined])(
    'may not say that alg is %s (R1, F23)',
    async (alg) => {
      const { tokens } = await startTokens();

      const minting = tokens.createAccessToken('alice', { additionalHeaders: { alg } });

      expect(await rejectionOf(minting)).toBeInstanceOf(TokenCreationError);
    },
  );

  it.each([
    [
      'a bigint',
      { a: 1n },
      'additionalHeaders.a is a bigint, which JSON cannot hold: use text or a number',
    ],
    ['a list', ['x'], 'additionalHeaders must be an object'],
    ['text', 'x', 'additionalHeaders must be an object'],
  ])('may not be %s (R37)', async (_, additionalHeaders, message) => {
    const { tokens } = await startTokens();

    const options = { additionalHeaders } as { additionalHeaders: object };

    expect(await refusalOf(tokens.createAccessToken('alice', options))).toMatchObject({
      name: 'TokenCreationError',
      message,
    });
  });
});

describe.each(ADAPTERS)('A mistake at mint time, on %s', (adapter) => {
  @Controller()
  class LoginController {
    constructor(private readonly tokens: TokenService) {}

    @Get('login')
    login(@Query('claim') claim: string): Promise<string> {
      return this.tokens.createAccessToken('alice', { additionalClaims: { [claim]: 'x' } });
    }
  }

  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [LoginController],
      configure: (nest) => nest.useLogger(SILENCE),
    });
  });
  afterAll(() => app.close());

  it('is a 500 to the client, who hears nothing of it', async () => {
    const { status, body } = await app.send('GET', '/login?claim=exp');

    expect({ status, body }).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });

  it("is none where the claim is the application's own", async () => {
    const { status, body } = await app.send('GET', '/login?claim=plan');

    expect({ status, claims: claimsOf(body as string) }).toMatchObject({
      status: 200,
      claims: { plan: 'x' },
    });
  });
});

const SILENCE: LoggerService = { log() {}, warn() {}, error() {} };

function twice(shared: object): object {
  return { first: shared, second: shared, list: [shared, shared] };
}

function deep(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level++) value = { value };
  return value;
}
