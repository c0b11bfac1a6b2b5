import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Req,
  UseGuards,
} from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  BlocklistService,
  Fresh,
  FreshGuard,
  type HttpRequest,
  JwtExtendedModule,
  JwtOptional,
  Public,
  RefreshGuard,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { createApp, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

describe('A guard in the tests of an application', () => {
  /** Replaces a guard of the library. */
  const accepting: CanActivate = {
    canActivate(context: ExecutionContext): boolean {
      context.switchToHttp().getRequest<HttpRequest>().user = { name: 'test user' };
      return true;
    },
  };
  const refusing: CanActivate = { canActivate: () => false };

  const Either = anyOf(AccessGuard, KeyGuard);

  abstract class UserController {
    @Get()
    user(@Req() { user }: HttpRequest) {
      return { user };
    }
  }
  const ROUTES: Record<string, readonly ClassDecorator[]> = {
    plain: [],
    guarded: [UseGuards(AccessGuard)],
    'guarded-fresh': [UseGuards(AccessGuard), Fresh({ maxAge: '5m' })],
    refresh: [UseGuards(RefreshGuard)],
    either: [UseGuards(Either)],
    fresh: [Fresh()],
    optional: [JwtOptional()],
    public: [Public()],
  };
  /** Routes whose decorators need a global guard. */
  const GLOBAL_ONLY = ['fresh', 'optional'];

  function controllersFor(globalGuard: boolean) {
    return Object.entries(ROUTES)
      .filter(([path]) => globalGuard || !GLOBAL_ONLY.includes(path))
      .map(([path, decorators]) => {
        class OwnController extends UserController {}
        for (const decorate of [...decorators, Controller(path)]) decorate(OwnController);
        return OwnController;
      });
  }

  const ACCEPTED = { status: 200, body: { user: { name: 'test user' } } };
  const REFUSED = { status: 401, body: { msg: 'Missing Authorization Header' } };
  const OPEN = { status: 200, body: {} };
  const FORBIDDEN = {
    status: 403,
    body: { statusCode: 403, message: 'Forbidden resource', error: 'Forbidden' },
  };

  type Override = (testing: TestingModuleBuilder) => TestingModuleBuilder;
  const access: Override = (testing) => testing.overrideGuard(AccessGuard).useValue(accepting);
  const others: Override = (testing) =>
    [FreshGuard, RefreshGuard].reduce(
      (builder, guard) => builder.overrideGuard(guard).useValue(accepting),
      testing,
    );
  const provider: Override = (testing) => testing.overrideProvider(AccessGuard).useValue(accepting);
  const both: Override = (testing) =>
    provider(testing.overrideGuard(AccessGuard).useValue(refusing));
  const either: Override = (testing) => testing.overrideGuard(Either).useValue(accepting);
  const refusal: Override = (testing) => testing.overrideProvider(AccessGuard).useValue(refusing);

  it.each<[string, boolean, Override, Record<string, object>]>([
    [
      'is replaced by overrideGuard on every route that names it',
      false,
      access,
      { guarded: ACCEPTED, 'guarded-fresh': ACCEPTED, refresh: REFUSED },
    ],
    [
      'stays if overrideGuard replaces others',
      false,
      others,
      { refresh: ACCEPTED, guarded: REFUSED },
    ],
    [
      'is replaced by overrideGuard in the global guard too',
      true,
      access,
      { plain: ACCEPTED, guarded: ACCEPTED, fresh: ACCEPTED, public: OPEN },
    ],
    [
      'stays in the global guard if overrideGuard replaces others',
      true,
      others,
      { plain: REFUSED },
    ],
    [
      'is replaced by overrideProvider if overrideGuard replaces it too',
      true,
      both,
      { plain: ACCEPTED },
    ],
    [
      'is replaced by overrideProvider in the global guard, on its routes and in an anyOf',
      true,
      provider,
      { plain: ACCEPTED, fresh: ACCEPTED, optional: ACCEPTED, public: OPEN, either: ACCEPTED },
    ],
    ['is replaced by overrideGuard if anyOf made it', true, either, { either: ACCEPTED }],
    ['refuses if its replacement refuses', true, refusal, { plain: FORBIDDEN }],
  ])('%s', async (_title, globalGuard, override, expected) => {
    const testing = Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET, globalGuard })],
      controllers: controllersFor(globalGuard),
    });
    const app = await RunningApp.start((await override(testing).compile()).createNestApplication());
    for (const [path, answer] of Object.entries({ ...expected, public: OPEN })) {
      const { status, body } = await app.send('GET', `/${path}`);
      expect({ path, status, body }).toEqual({ path, ...answer });
    }
    await app.close();
  });
});

/** A service of the application. */
@Injectable()
class LoginLog {
  readonly closed = new Set<string>();
  readonly lines: string[] = [];
}

@Module({ providers: [LoginLog], exports: [LoginLog] })
class LoginLogModule {}

@Injectable()
class LoggingBlocklist extends BlocklistService {
  constructor(private readonly log: LoginLog) {
    super();
  }

  override async revoke(token: string | Token): Promise<boolean> {
    this.log.lines.push('revoked');
    return super.revoke(token);
  }

  override async isRevoked(token: string | Token): Promise<boolean> {
    const isClosed = typeof token !== 'string' && this.log.closed.has(token.identity);
    return isClosed || (await super.isRevoked(token));
  }
}

@Injectable()
class StrictBlocklist extends BlocklistService {
  override isRevoked(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

@Injectable()
class ForgetfulBlocklist extends BlocklistService {
  override isRevoked(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

@Injectable()
class BrokenBlocklist extends BlocklistService {
  override isRevoked(): Promise<boolean> {
    return Promise.reject(new Error('out of order'));
  }
}

describe('The extra blocklistService', () => {
  const controllers = [routeAt('/', { handler: [UseGuards(AccessGuard)] })];
  const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };
  const UNAVAILABLE = { status: 503, body: { msg: 'Token could not be checked' } };

  it('names a class that the container builds with its dependencies, and whose methods decide', async () => {
    const testing = await Test.createTestingModule({
      imports: [
        LoginLogModule,
        JwtExtendedModule.forRootAsync({
          imports: [LoginLogModule],
          useFactory: () => ({ secret: SECRET }),
          blocklistService: LoggingBlocklist,
        }),
      ],
      controllers,
    }).compile();
    const app = await RunningApp.start(testing.createNestApplication());
    const log = app.get(LoginLog);
    const blocklist = app.get(BlocklistService);
    const tokens = app.get(TokenService);
    const alice = await tokens.createAccessToken('alice');
    const bob = await tokens.createAccessToken('bob');

    expect(blocklist).toBeInstanceOf(LoggingBlocklist);
    expect(await app.send('GET', '/', { token: alice })).toMatchObject({ status: 200 });

    await blocklist.revoke(alice);
    expect(log.lines).toEqual(['revoked']);
    expect(await app.send('GET', '/', { token: alice })).toMatchObject(REVOKED);
    expect(await app.send('GET', '/', { token: bob })).toMatchObject({ status: 200 });

    log.closed.add('bob');
    expect(await app.send('GET', '/', { token: bob })).toMatchObject(REVOKED);
    expect(await tokens.verifyToken(bob)).toBe(false);
    await app.close();
  });

  it('is asked beside the module: revocations of the module count, even if the class knows none', async () => {
    const app = await createApp('express', {
      controllers,
      extras: { blocklistService: ForgetfulBlocklist },
    });
    const tokens = app.get(TokenService);
    const ways: ((token: string) => unknown)[] = [
      (token) => app.get(BlocklistService).revoke(token),
      async (token) => app.get(BlocklistService).revokeSession(await tokens.decodeToken(token)),
      () => app.get(BlocklistService).revokeAllFor('alice'),
    ];
    for (const revoke of ways) {
      const { accessToken: token } = await tokens.createTokenPair('alice');
      expect(await app.send('GET', '/', { token })).toMatchObject({ status: 200 });
      await revoke(token);
      expect(await app.send('GET', '/', { token })).toMatchObject(REVOKED);
      expect(await tokens.verifyToken(token)).toBe(false);
    }
    await app.close();
  });

  it.each([
    ['has no dependencies', StrictBlocklist, REVOKED],
    ['fails in isRevoked', BrokenBlocklist, UNAVAILABLE],
  ])(
    'names a class that %s, and requests are refused',
    async (_title, blocklistService, refusal) => {
      const app = await createApp('express', {
        controllers,
        extras: { blocklistService },
        configure: (nest) => nest.useLogger(false),
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      expect(await app.send('GET', '/', { token })).toMatchObject(refusal);
      await app.close();
    },
  );
});
