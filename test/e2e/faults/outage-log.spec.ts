import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Injectable,
  Logger,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AccessGuard,
  BlocklistService,
  JwtExtendedModule,
  type JwtExtendedLoaders,
  type JwtExtendedOptions,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import {
  FaultyStore,
  ProbeController,
  SkippedTime,
  teapot,
  throwing,
} from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { JwksServer, published } from '../../support/jwks-server.js';
import { rsaPair } from '../../support/keys.js';
import { routeAt } from '../../support/routes.js';
import { forgeAs } from '../../support/tokens.js';

type Part = jest.Mock<(...args: unknown[]) => unknown>;
type Request = 'show' | 'mint' | 'login';

const partOf = (): Part => jest.fn();

/** Whatever can fail while a token is checked or made, by its name in the log, with what it gives when it is well. */
const PARTS: Readonly<Record<string, readonly [part: Part, well: unknown, Request]>> = {
  'loaders.userIdentity': [partOf(), 'alice', 'mint'],
  'loaders.additionalClaims': [partOf(), {}, 'mint'],
  'loaders.additionalHeaders': [partOf(), {}, 'mint'],
  'loaders.encodeKey': [partOf(), SECRET, 'mint'],
  'loaders.decodeKey': [partOf(), SECRET, 'show'],
  'loaders.isTokenRevoked': [partOf(), false, 'show'],
  'loaders.tokenVerification': [partOf(), true, 'show'],
  'loaders.userLookup': [partOf(), 'alice', 'show'],
  'BlocklistService.isRevoked': [partOf(), false, 'show'],
  'login.authenticate': [partOf(), 'alice', 'login'],
  'login.respond': [partOf(), {}, 'login'],
  'The blocklist store': [partOf(), [null, null, null, null], 'show'],
  // An extractor of the option `locations`.
  'The check of a token': [partOf(), null, 'show'],
};

const callOf =
  (name: string) =>
  (...args: unknown[]) =>
    PARTS[name]?.[0](...args) as never;

@Injectable()
class OwnBlocklist extends BlocklistService {
  override isRevoked = callOf('BlocklistService.isRevoked') as BlocklistService['isRevoked'];
}

/** Answers everything itself, and logs nothing. */
@Catch()
class QuietFilter implements ExceptionFilter<HttpException> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: HttpException, host: ArgumentsHost): void {
    const status = error.getStatus();
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), {}, status);
  }
}

function startWith(filter: 'ours' | 'none' | 'theirs', options?: JwtExtendedOptions) {
  const loaders = Object.keys(PARTS)
    .filter((name) => name.startsWith('loaders.'))
    .map((name) => [name.replace('loaders.', ''), callOf(name)]);
  const store = new FaultyStore();
  store.get = jest.fn(callOf('The blocklist store'));
  return createApp('fastify', {
    controllers: [ProbeController],
    providers: filter === 'theirs' ? [{ provide: APP_FILTER, useClass: QuietFilter }] : [],
    options: {
      algorithm: 'HS256',
      blocklist: { store },
      loaders: Object.fromEntries(loaders) as JwtExtendedLoaders,
      locations: [callOf('The check of a token'), 'headers'],
      login: { authenticate: callOf('login.authenticate'), respond: callOf('login.respond') },
      ...options,
    },
    extras: {
      blocklistService: OwnBlocklist,
      endpoints: { login: true },
      registerFilter: filter === 'ours',
    },
  });
}

async function statusOf(app: RunningApp, request: Request): Promise<number> {
  const answer = {
    show: () => app.send('GET', '/access', { token: forgeToken(accessClaims()) }),
    mint: () => app.send('POST', '/mint'),
    login: () => app.send('POST', '/auth', { json: { username: 'alice', password: 'wonder' } }),
  }[request]();
  return (await answer).status;
}

describe('An outage', () => {
  let time: SkippedTime;
  let lines: string[];

  beforeAll(() => {
    time = new SkippedTime();
    for (const level of ['log', 'warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((said: unknown) => {
        if (/ failed | failed: /.test(String(said))) lines.push(`${level}: ${said}`);
      });
  });
  beforeEach(() => {
    lines = [];
    time.skip(1_000);
    for (const [part, well] of Object.values(PARTS))
      part.mockReset().mockImplementation(() => well);
  });
  afterAll(() => {
    time.restore();
    jest.restoreAllMocks();
  });

  function fails(name: string, message = 'away'): void {
    PARTS[name]?.[0].mockImplementation(throwing(new Error(message)));
  }

  function works(name: string): void {
    PARTS[name]?.[0].mockImplementation(() => PARTS[name]?.[1]);
  }

  describe.each(['ours', 'none', 'theirs'] as const)('with the filter: %s', (filter) => {
    const count = filter === 'ours' ? 100 : 10;
    let app: RunningApp;
    beforeAll(async () => {
      app = await startWith(filter);
    });
    afterAll(() => app.close());

    it.each(Object.entries(PARTS))(
      'of %s is logged once, and again when it is over, for parallel requests',
      async (name, [, , request]) => {
        fails(name);
        const statuses = Array.from({ length: count }, () => statusOf(app, request));
        expect(new Set(await Promise.all(statuses))).toEqual(new Set([503]));
        expect(lines).toEqual([`error: ${name} failed: away`]);

        works(name);
        expect(await statusOf(app, request)).toBeLessThan(300);
        await statusOf(app, request);
        expect(lines.slice(1)).toEqual([
          expect.stringMatching(
            `^log: ${name} works again: it failed ${count} times in \\d+\\.\\d s$`,
          ),
        ]);
      },
    );

    it('is logged for methods of the application too', async () => {
      fails('loaders.userLookup');
      const tokens = app.get(TokenService);
      await Promise.allSettled([1, 2].map(() => tokens.authenticate(forgeToken(accessClaims()))));
      expect(lines).toEqual(['error: loaders.userLookup failed: away']);
      works('loaders.userLookup');
      await statusOf(app, 'show');
    });
  });

  describe('of a loader', () => {
    const LOADER = 'loaders.userLookup';
    let app: RunningApp;
    const show = () => statusOf(app, 'show');
    beforeEach(async () => {
      app = await startWith('ours');
    });
    afterEach(() => app.close());

    it('is one whatever its causes, and the last one is told in the end', async () => {
      for (const message of ['away', 'away', 'no permission']) {
        fails(LOADER, message);
        await show();
      }
      works(LOADER);
      await show();
      expect(lines).toEqual([
        `error: ${LOADER} failed: away`,
        expect.stringMatching(
          / it failed 3 times in \d+\.\d s, the last time with: no permission$/,
        ),
      ]);
    });

    it('is logged again when it begins again', async () => {
      for (let outage = 0; outage < 2; outage += 1) {
        time.skip(1_000);
        fails(LOADER);
        await show();
        time.skip(90_000);
        works(LOADER);
        await show();
      }
      const begun = `error: ${LOADER} failed: away`;
      const over = expect.stringMatching(/works again: it failed once in 90\.\d s$/);
      expect(lines).toEqual([begun, over, begun, over]);
    });

    it('is reported once a second at most if it comes and goes, and each failure is counted', async () => {
      for (let request = 0; request < 20; request += 1) {
        fails(LOADER);
        await show();
        works(LOADER);
        await show();
      }
      expect(lines).toHaveLength(2);
      time.skip(1_000);
      fails(LOADER);
      await show();
      works(LOADER);
      await show();
      expect(lines.slice(2)).toEqual([
        `error: ${LOADER} failed: away`,
        expect.stringMatching(/it failed 20 times in 0\.\d s$/),
      ]);
    });

    it('is counted when the application closes before its end', async () => {
      fails(LOADER);
      for (let request = 0; request < 3; request += 1) await show();
      time.skip(12_000);
      await app.close();
      expect(lines.slice(1)).toEqual([
        expect.stringMatching(
          `^warn: ${LOADER} failed 3 times in 12\\.\\d s before the application closed$`,
        ),
      ]);
    });

    it('does not begin with an HttpException, which is an answer of the application', async () => {
      PARTS[LOADER]?.[0].mockImplementation(throwing(teapot()));
      expect(await show()).toBe(418);
      expect(lines).toEqual([]);
    });

    it('ends by itself, not because another loader answers', async () => {
      fails(LOADER);
      await show();
      expect(await statusOf(app, 'mint')).toBe(201);
      expect(lines).toHaveLength(1);
    });
  });

  it('is one for each module of a process', async () => {
    const features = [SECRET, `other ${SECRET}`].map((secret, index): [string, Type] => {
      const jwt = JwtExtendedModule.forRoot({
        secret,
        isGlobal: false,
        loaders: { userLookup: throwing(new Error(`away ${index}`)) },
      });
      const controller = routeAt(`room${index}`, { handler: [UseGuards(AccessGuard)] });
      @Module({ imports: [jwt], controllers: [controller] })
      class Feature {}
      return [secret, Feature];
    });
    const app = await createApp('fastify', { imports: features.map(([, feature]) => feature) });
    for (const [index, [secret]] of features.entries()) {
      const token = forgeToken(accessClaims(), undefined, secret);
      for (let request = 0; request < 3; request += 1)
        expect((await app.send('GET', `/room${index}`, { token })).status).toBe(503);
    }
    expect(lines).toEqual([0, 1].map((index) => `error: loaders.userLookup failed: away ${index}`));
    await app.close();
  });

  it("of an issuer's key set is logged once, and again when it is over", async () => {
    const { publicKey, privateKey } = rsaPair();
    const server = await JwksServer.start(published(publicKey, { kid: 'one' }));
    const issuer = 'https://issuer.example';
    const app = await createApp('fastify', {
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
      options: { issuers: [{ issuer, audience: 'api', jwksUri: server.uri }] },
    });
    const claims = accessClaims({ iss: issuer, aud: 'api' });
    const header = { alg: 'RS256', kid: 'one' };
    const token = forgeAs('RS256', claims, { header, key: privateKey });
    const statuses = () =>
      Promise.all(
        Array.from({ length: 100 }, async () => (await app.send('GET', '/', { token })).status),
      );

    await server.answer(500);
    expect(new Set(await statuses())).toEqual(new Set([503]));
    expect(lines).toEqual([
      expect.stringMatching(`^error: The issuer ${issuer} failed: .* status 500$`),
    ]);
    server.publish(published(publicKey, { kid: 'one' }));
    await pause(1_000);
    expect(new Set(await statuses())).toEqual(new Set([200]));
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(`^log: The issuer ${issuer} works again: it failed 100 times in `),
    ]);
    await app.close();
    await server.stop();
  });
});
