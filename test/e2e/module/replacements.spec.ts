import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Req,
  type Type,
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

/** A guard that replaces one of the library in an application's tests. */
const letsIn: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<HttpRequest>().user = { name: 'test user' };
    return true;
  },
};

@Controller()
class AccountController {
  @Get('plain')
  plain(@Req() { user }: HttpRequest) {
    return { user };
  }

  @UseGuards(AccessGuard)
  @Get('guarded')
  guarded(@Req() { user }: HttpRequest) {
    return { user };
  }

  @UseGuards(AccessGuard)
  @Fresh({ maxAge: '5m' })
  @Get('fresh')
  fresh(@Req() { user }: HttpRequest) {
    return { user };
  }

  @UseGuards(RefreshGuard)
  @Get('refresh')
  refresh(@Req() { user }: HttpRequest) {
    return { user };
  }
}

/** Routes that rely on the global guard. */
@Controller('global')
class GlobalController {
  @Fresh()
  @Get('fresh')
  fresh(@Req() { user }: HttpRequest) {
    return { user };
  }

  @JwtOptional()
  @Get('optional')
  optional(@Req() { user }: HttpRequest) {
    return { user };
  }

  @Public()
  @Get('public')
  open(@Req() { user }: HttpRequest) {
    return { user };
  }
}

const Either = anyOf(AccessGuard, KeyGuard);

@UseGuards(Either)
@Controller('either')
class EitherController {
  @Get()
  either(@Req() { user }: HttpRequest) {
    return { user };
  }
}

const passed = { status: 200, body: { user: { name: 'test user' } } };
const refused = { status: 401, body: { msg: 'Missing Authorization Header' } };

describe('A guard in the tests of an application', () => {
  const start = async (
    controllers: Type[],
    globalGuard: boolean,
    override: (testing: TestingModuleBuilder) => TestingModuleBuilder,
  ): Promise<RunningApp> => {
    const testing = Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET, globalGuard })],
      controllers,
    });
    return RunningApp.start((await override(testing).compile()).createNestApplication());
  };
  const call = async (app: RunningApp, path: string) => {
    const { status, body } = await app.send('GET', path);
    return { status, body };
  };

  it('is replaced by overrideGuard on every route that names it', async () => {
    const app = await start([AccountController], false, (testing) =>
      testing.overrideGuard(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/guarded')).toEqual(passed);
    expect(await call(app, '/fresh')).toEqual(passed);
    expect(await call(app, '/refresh')).toEqual(refused);
    await app.close();
  });

  it('stays if overrideGuard replaces another one', async () => {
    const app = await start([AccountController], false, (testing) =>
      testing
        .overrideGuard(FreshGuard)
        .useValue(letsIn)
        .overrideGuard(RefreshGuard)
        .useValue(letsIn),
    );
    expect(await call(app, '/refresh')).toEqual(passed);
    expect(await call(app, '/guarded')).toEqual(refused);
    await app.close();
  });

  it('is replaced by overrideGuard in the global guard too', async () => {
    const app = await start([AccountController, GlobalController], true, (testing) =>
      testing.overrideGuard(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(passed);
    expect(await call(app, '/guarded')).toEqual(passed);
    expect(await call(app, '/global/fresh')).toEqual(passed);
    expect(await call(app, '/global/public')).toEqual({ status: 200, body: {} });
    await app.close();
  });

  it('stays in the global guard if overrideGuard replaces another one', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideGuard(RefreshGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(refused);
    await app.close();
  });

  it('is replaced by overrideProvider if overrideGuard replaces it too', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing
        .overrideGuard(AccessGuard)
        .useValue({ canActivate: () => false })
        .overrideProvider(AccessGuard)
        .useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(passed);
    await app.close();
  });

  it('is replaced by overrideProvider in the global guard', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(passed);
    await app.close();
  });

  it('is replaced by overrideProvider on routes whose decorators rely on the global guard', async () => {
    const app = await start([GlobalController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/global/fresh')).toEqual(passed);
    expect(await call(app, '/global/optional')).toEqual(passed);
    expect(await call(app, '/global/public')).toEqual({ status: 200, body: {} });
    await app.close();
  });

  it('is replaced by overrideProvider in an anyOf', async () => {
    const app = await start([EitherController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/either')).toEqual(passed);
    await app.close();
  });

  it('is replaced by overrideGuard if anyOf made it', async () => {
    const app = await start([EitherController], true, (testing) =>
      testing.overrideGuard(Either).useValue(letsIn),
    );
    expect(await call(app, '/either')).toEqual(passed);
    await app.close();
  });

  it('refuses if its replacement refuses', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue({ canActivate: () => false }),
    );
    expect(await app.send('GET', '/plain')).toMatchObject({ status: 403 });
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

  override async revoke(token: string | Token): Promise<void> {
    await super.revoke(token);
    this.log.lines.push('revoked');
  }

  override async isRevoked(token: string | Token): Promise<boolean> {
    const isClosed = typeof token !== 'string' && this.log.closed.has(token.identity);
    return isClosed || (await super.isRevoked(token));
  }
}

const revoked = { status: 401, body: { msg: 'Token has been revoked' } };

describe('The extra blocklistService', () => {
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
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
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
    expect(await app.send('GET', '/', { token: alice })).toMatchObject(revoked);
    expect(await app.send('GET', '/', { token: bob })).toMatchObject({ status: 200 });

    log.closed.add('bob');
    expect(await app.send('GET', '/', { token: bob })).toMatchObject(revoked);
    expect(await tokens.verifyToken(bob)).toBe(false);
    await app.close();
  });

  it('may name a class without dependencies', async () => {
    @Injectable()
    class StrictBlocklist extends BlocklistService {
      override isRevoked(): Promise<boolean> {
        return Promise.resolve(true);
      }
    }
    const app = await createApp('express', {
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
      extras: { blocklistService: StrictBlocklist },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject(revoked);
    await app.close();
  });

  it('refuses every request with 503 if isRevoked of its class fails', async () => {
    @Injectable()
    class BrokenBlocklist extends BlocklistService {
      override isRevoked(): Promise<boolean> {
        return Promise.reject(new Error('out of order'));
      }
    }
    const app = await createApp('express', {
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
      extras: { blocklistService: BrokenBlocklist },
      configure: (nest) => nest.useLogger(false),
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 503,
      body: { msg: 'Token could not be checked' },
    });
    await app.close();
  });
});
