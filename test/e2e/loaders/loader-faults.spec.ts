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
  SkippedTime,
  teapot,
  THROWN,
  throwing,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { rsaPair } from '../../support/keys.js';

type LoaderName = keyof JwtExtendedLoaders;

const AT_MINT = ['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'];

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

const LOADERS = Object.keys(WELL) as LoaderName[];

const NOT_OBJECTS = ['roles', 5, true, ['roles'], () => ({})];
const NOT_BOOLEANS = ['false', 'true', '', 0, 1, NaN, undefined, null, {}, []];
const NOT_KEYS = ['', '  ', Buffer.alloc(0), 5, true, {}, [SECRET]];
const PUBLIC_KEY = rsaPair().publicKey.export({ format: 'pem', type: 'spki' });

/** Values that a loader may not give; a public key is no key to sign with (R3). */
const NONSENSE: Record<LoaderName, readonly unknown[]> = {
  userIdentity: [5, true, undefined, null, '', { id: 'alice' }, ['alice'], () => 'alice'],
  additionalClaims: NOT_OBJECTS,
  additionalHeaders: NOT_OBJECTS,
  encodeKey: [
    ...[...NOT_KEYS, undefined, null, PUBLIC_KEY],
    ...[
      { key: undefined, kid: 'one' },
      { key: SECRET, kid: 5 },
    ],
  ],
  decodeKey: NOT_KEYS,
  isTokenRevoked: NOT_BOOLEANS,
  tokenVerification: NOT_BOOLEANS,
  // Whatever an application calls a user is one.
  userLookup: [],
};

describe('The callbacks of the application:', () => {
  const loaders = Object.fromEntries(LOADERS.map((name) => [name, jest.fn()])) as Record<
    LoaderName,
    jest.Mock<(...args: unknown[]) => unknown>
  >;
  const extractor = jest.fn<() => string | null>();
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;
  let time: SkippedTime;

  beforeAll(async () => {
    calamities = new Calamities();
    time = new SkippedTime();
    output = new Output();
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: {
        loaders: loaders as JwtExtendedLoaders,
        locations: [extractor, 'headers'],
        loaderTimeout: '20ms',
        errorCodeKey: 'code',
        algorithm: 'HS256',
      },
    });
  });

  beforeEach(() => {
    ProbeController.entered = 0;
    extractor.mockReset().mockReturnValue(null);
    for (const name of LOADERS)
      loaders[name].mockReset().mockImplementation(WELL[name] as () => unknown);
  });

  afterAll(async () => {
    await app.close();
    output.restore();
    time.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  /** Makes a token or shows one, so that the loader is called. */
  async function ask(name: LoaderName) {
    const { status, body } = AT_MINT.includes(name)
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

  const mistaken = {
    status: 500,
    body: { statusCode: 500, message: 'Internal server error' },
    entered: 0,
  };

  describe.each(LOADERS)('%s', (name) => {
    it('lets what depends on it pass while it is well', async () => {
      expect(await ask(name)).toMatchObject({
        status: AT_MINT.includes(name) ? 201 : 200,
        entered: 1,
      });
    });

    it.each(
      THROWN.flatMap(([what, thrown]) => [
        [`throws ${what}`, throwing(thrown)] as const,
        [`rejects with ${what}`, rejecting(thrown)] as const,
      ]),
    )('that %s is answered with 503 (R28, R52, R77)', async (_, behaviour) => {
      loaders[name].mockImplementation(behaviour);
      expect(await ask(name)).toEqual(unavailable);
    });

    it('that hangs is answered with 503 at its deadline (R28)', async () => {
      await ask(name);
      time.skip(1_000);
      ProbeController.entered = 0;
      loaders[name].mockClear().mockImplementation(hanging);
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

  it.each(
    Object.entries(NONSENSE).flatMap(([name, answers]) =>
      answers.map((answer): [LoaderName, unknown] => [name as LoaderName, answer]),
    ),
  )(
    '%s that gives %p is answered with 503, or 500 while a token is made (R28, R56)',
    async (name, answer) => {
      const expected = AT_MINT.includes(name) ? mistaken : unavailable;
      time.skip(1_000);
      loaders[name].mockReturnValue(answer);
      expect(await ask(name)).toEqual(expected);
      loaders[name].mockResolvedValue(answer as never).mockClear();
      expect(await ask(name)).toEqual(expected);
      if (AT_MINT.includes(name)) expect(output.text).toContain(TokenCreationError.name);
      if (answer === 'false')
        expect(output.text).toContain(`loaders.${name} must give true or false`);
    },
  );

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

  it.each([0, '', true, 'alice', {}, []])(
    'userLookup that gives %j has found a user',
    async (user) => {
      loaders.userLookup.mockReturnValue(user);
      expect(await ask('userLookup')).toMatchObject({ status: 200, entered: 1 });
    },
  );

  it.each([null, undefined, false])(
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

  it('a loader that gives a callable promise that never settles ends at its deadline (R28)', async () => {
    loaders.userIdentity.mockReturnValue(Object.assign(() => {}, { then: () => {} }));
    const minted = app.get(TokenService).createAccessToken('alice');
    const patience = new Promise((resolve) => setTimeout(resolve, 200, 'still waiting'));
    expect(await Promise.race([minted.catch((error: unknown) => error), patience])).toBeInstanceOf(
      TokenCheckUnavailableError,
    );
  });

  it('a loader that failed is called again for the next request', async () => {
    loaders.userLookup.mockImplementationOnce(throwing(new Error('away')));
    expect(await ask('userLookup')).toEqual(unavailable);
    loaders.userLookup.mockClear();
    expect(await ask('userLookup')).toMatchObject({ status: 200, body: { identity: 'alice' } });
  });

  describe('an extractor function', () => {
    async function show() {
      const token = forgeToken(accessClaims());
      const { status, body } = await app.send('GET', '/access', { token });
      return { status, body, entered: ProbeController.entered };
    }

    it.each(THROWN)('that throws %s is answered with 503 (R77)', async (_, thrown) => {
      extractor.mockImplementation(throwing(thrown));
      expect(await show()).toEqual(unavailable);
    });

    it('that throws an HttpException keeps its status and body (R77)', async () => {
      extractor.mockImplementation(throwing(teapot()));
      expect(await show()).toEqual({ status: 418, body: { msg: 'out of coffee' }, entered: 0 });
    });

    it('that finds nothing is followed by the next location', async () => {
      expect(await show()).toEqual({ status: 200, body: { identity: 'alice' }, entered: 1 });
      expect(extractor).toHaveBeenCalled();
    });
  });
});
