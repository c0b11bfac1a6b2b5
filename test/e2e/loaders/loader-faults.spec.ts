import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  InvalidTokenError,
  type JwtExtendedLoaders,
  MissingTokenError,
  TokenCheckUnavailableError,
  TokenCreationError,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import {
  Calamities,
  hanging,
  Output,
  postponed,
  ProbeController,
  rejecting,
  teapot,
  THROWN,
  throwing,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { rsaPair } from '../../support/keys.js';

type LoaderName = keyof JwtExtendedLoaders;

const AT_MINT = ['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const;
const ON_REQUEST = ['decodeKey', 'isTokenRevoked', 'tokenVerification', 'userLookup'] as const;
const LOADERS: readonly LoaderName[] = [...AT_MINT, ...ON_REQUEST];

const WELL: Record<LoaderName, (...args: never[]) => unknown> = {
  userIdentity: (subject: string) => subject,
  additionalClaims: () => ({}),
  additionalHeaders: () => ({}),
  encodeKey: () => SECRET,
  decodeKey: () => SECRET,
  isTokenRevoked: () => false,
  tokenVerification: () => true,
  userLookup: () => 'a user',
};

const NOT_OBJECTS = [
  ['text', 'roles'],
  ['a number', 5],
  ['true', true],
  ['an array', ['roles']],
  ['a function', () => ({})],
] as const;

const NOT_BOOLEANS = [
  ['"false"', 'false'],
  ['"true"', 'true'],
  ['0', 0],
  ['1', 1],
  ['NaN', NaN],
  ['undefined', undefined],
  ['null', null],
  ['an object', {}],
  ['an array', []],
] as const;

const NOT_KEYS = [
  ['an empty text', ''],
  ['blanks', '  '],
  ['no bytes', Buffer.alloc(0)],
  ['a number', 5],
  ['true', true],
  ['an object', {}],
  ['an array', [SECRET]],
] as const;

const NONSENSE: readonly (readonly [LoaderName, string, unknown])[] = [
  ...of('additionalClaims', NOT_OBJECTS),
  ...of('additionalHeaders', NOT_OBJECTS),
  ...of('encodeKey', [
    ...NOT_KEYS,
    ['undefined', undefined],
    ['null', null],
    ['no key beside a kid', { key: undefined, kid: 'one' }],
    ['a kid that is no text', { key: SECRET, kid: 5 }],
    ['a public key (R3)', rsaPair().publicKey.export({ format: 'pem', type: 'spki' })],
  ]),
  ...of('decodeKey', NOT_KEYS),
  ...of('isTokenRevoked', NOT_BOOLEANS),
  ...of('tokenVerification', NOT_BOOLEANS),
];

describe('A loader', () => {
  const loaders = Object.fromEntries(LOADERS.map((name) => [name, jest.fn()])) as Record<
    LoaderName,
    jest.Mock<(...args: unknown[]) => unknown>
  >;
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;

  beforeAll(async () => {
    calamities = new Calamities();
    output = new Output();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: {
        loaders: loaders as JwtExtendedLoaders,
        loaderTimeout: '20ms',
        errorCodeKey: 'code',
        algorithm: 'HS256',
      },
    });
  });

  beforeEach(() => {
    ProbeController.entered = 0;
    for (const name of LOADERS)
      loaders[name].mockReset().mockImplementation(WELL[name] as () => unknown);
  });

  afterAll(async () => {
    await app.close();
    output.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  /** Makes a token or shows one, so that the loader is asked. */
  async function ask(name: LoaderName) {
    const { status, body } = (AT_MINT as readonly LoaderName[]).includes(name)
      ? await app.send('POST', '/mint')
      : await app.send('GET', '/access', { token: forgeToken(accessClaims()) });
    expect(loaders[name]).toHaveBeenCalledTimes(1);
    return { status, body, entered: ProbeController.entered };
  }

  const unavailable = {
    status: UNAVAILABLE.status,
    body: { ...UNAVAILABLE.body, code: 'CHECK_UNAVAILABLE' },
    entered: 0,
  };

  describe.each(LOADERS)('%s', (name) => {
    it('lets what depends on it pass while it is well', async () => {
      expect(await ask(name)).toMatchObject({
        status: (AT_MINT as readonly LoaderName[]).includes(name) ? 201 : 200,
        entered: 1,
      });
    });

    it.each(THROWN)('that throws %s is answered with 503 (R28, R52, R77)', async (_, thrown) => {
      loaders[name].mockImplementation(throwing(thrown));
      expect(await ask(name)).toEqual(unavailable);
    });

    it.each(THROWN)('that rejects with %s is answered with 503 (R28, R77)', async (_, thrown) => {
      loaders[name].mockImplementation(rejecting(thrown));
      expect(await ask(name)).toEqual(unavailable);
    });

    it('that hangs is answered with 503 at its deadline (R28)', async () => {
      loaders[name].mockImplementation(hanging);
      expect(await ask(name)).toEqual(unavailable);
      expect(output.text).toContain(`loaders.${name} did not answer within 20 ms`);
    });

    it.each([
      ['throws', throwing(teapot())],
      ['rejects with', rejecting(teapot())],
    ])('that %s an HttpException keeps its status and body (R77)', async (_, behaviour) => {
      loaders[name].mockImplementation(behaviour);
      expect(await ask(name)).toEqual({ status: 418, body: { msg: 'out of coffee' }, entered: 0 });
    });

    it.each([
      [422, 'TOKEN_INVALID', new InvalidTokenError('Not for this tenant')],
      [401, 'TOKEN_MISSING', new MissingTokenError('Not for this tenant')],
    ])('that throws a TokenError of ours answers as that: %i %s', async (status, code, error) => {
      loaders[name].mockImplementation(throwing(error));
      expect(await ask(name)).toEqual({
        status,
        body: { msg: 'Not for this tenant', code },
        entered: 0,
      });
    });

    it.each([
      ['answers', 'resolve'],
      ['fails', 'reject'],
    ] as const)('that %s after its deadline has no effect (R28, R73)', async (_, end) => {
      const answer = postponed<unknown>();
      loaders[name].mockReturnValue(answer.promise);
      expect(await ask(name)).toEqual(unavailable);
      if (end === 'resolve') answer.resolve(WELL[name]);
      else answer.reject(new Error('too late'));
      expect(await calamities.settled()).toEqual([]);
    });
  });

  it.each(NONSENSE)('%s that gives %s is answered with 503 (R28, R56)', async (name, _, answer) => {
    loaders[name].mockReturnValue(answer);
    expect(await ask(name)).toEqual(unavailable);
    loaders[name].mockResolvedValue(answer as never).mockClear();
    expect(await ask(name)).toEqual(unavailable);
  });

  it.each([
    ['a number', 5],
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['an object', { id: 'alice' }],
    ['an array', ['alice']],
  ])('userIdentity that gives %s is a mistake of the application: 500', async (_, identity) => {
    loaders.userIdentity.mockReturnValue(identity);
    expect(await ask('userIdentity')).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
      entered: 0,
    });
    expect(output.text).toContain(TokenCreationError.name);
  });

  it.each([
    ['additionalClaims', { exp: 1 }],
    ['additionalClaims', { sub: 'mallory' }],
    ['additionalClaims', { size: 5n }],
    ['additionalHeaders', { alg: 'none' }],
    ['additionalHeaders', { kid: '../../dev/null' }],
  ] as const)(
    '%s that gives reserved or unfit members is a mistake of the application: 500',
    async (name, members) => {
      loaders[name].mockReturnValue(members);
      expect(await ask(name)).toMatchObject({ status: 500, entered: 0 });
    },
  );

  it.each(['additionalClaims', 'additionalHeaders'] as const)(
    '%s that gives nothing adds nothing',
    async (name) => {
      for (const nothing of [undefined, null, {}]) {
        loaders[name].mockReturnValue(nothing).mockClear();
        expect(await ask(name)).toMatchObject({ status: 201 });
      }
    },
  );

  it.each([null, undefined])(
    'userLookup that gives %s has found no user: 401, for refresh tokens too (R52)',
    async (nothing) => {
      loaders.userLookup.mockReturnValue(nothing);
      const refused = {
        status: 401,
        body: { msg: 'Error loading the user alice', code: 'USER_NOT_FOUND' },
      };
      expect(await ask('userLookup')).toEqual({ ...refused, entered: 0 });
      const token = forgeToken(accessClaims({ type: 'refresh' }));
      expect(await app.send('GET', '/refresh', { token })).toMatchObject(refused);
    },
  );

  it('that gives a callable promise that never settles ends at its deadline (R28)', async () => {
    loaders.userIdentity.mockReturnValue(Object.assign(() => {}, { then: () => {} }));
    const minted = app.get(TokenService).createAccessToken('alice');
    const patience = new Promise((resolve) => setTimeout(resolve, 200, 'still waiting'));
    expect(await Promise.race([minted.catch((error: unknown) => error), patience])).toBeInstanceOf(
      TokenCheckUnavailableError,
    );
  });

  it('that failed is called again for the next request', async () => {
    loaders.userLookup.mockImplementationOnce(throwing(new Error('away')));
    expect(await ask('userLookup')).toEqual(unavailable);
    loaders.userLookup.mockClear();
    expect(await ask('userLookup')).toMatchObject({ status: 200, body: { identity: 'alice' } });
  });
});

describe('An extractor function', () => {
  const extractor = jest.fn<() => string | null>();
  let app: RunningApp;
  let output: Output;
  beforeAll(async () => {
    output = new Output();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: { locations: [extractor, 'headers'] },
    });
  });
  beforeEach(() => {
    ProbeController.entered = 0;
  });
  afterAll(async () => {
    await app.close();
    output.restore();
  });

  async function show() {
    const token = forgeToken(accessClaims());
    const { status, body } = await app.send('GET', '/access', { token });
    return { status, body, entered: ProbeController.entered };
  }

  it.each(THROWN)('that throws %s is answered with 503 (R77)', async (_, thrown) => {
    extractor.mockImplementation(throwing(thrown));
    expect(await show()).toEqual({ ...UNAVAILABLE, entered: 0 });
  });

  it('that throws an HttpException keeps its status and body (R77)', async () => {
    extractor.mockImplementation(throwing(teapot()));
    expect(await show()).toEqual({ status: 418, body: { msg: 'out of coffee' }, entered: 0 });
  });

  it('that finds nothing is followed by the next location', async () => {
    extractor.mockReturnValue(null);
    expect(await show()).toEqual({ status: 200, body: { identity: 'alice' }, entered: 1 });
  });
});

function of<T extends readonly (readonly [string, unknown])[]>(
  name: LoaderName,
  answers: T,
): readonly (readonly [LoaderName, string, unknown])[] {
  return answers.map(([what, answer]) => [name, what, answer]);
}
