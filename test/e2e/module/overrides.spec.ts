import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  Fresh,
  FreshGuard,
  type HttpRequest,
  JwtExtendedModule,
  JwtOptional,
  Public,
  RefreshGuard,
} from '../../../src/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';

/** What an application's own tests put in place of a guard. */
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

/** In an application that is closed by a global guard these need no guard of their own. */
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

describe.each(ADAPTERS)('in tests of an application, on %s,', (adapter) => {
  const start = async (
    controllers: Type[],
    globalGuard: boolean,
    override: (testing: TestingModuleBuilder) => TestingModuleBuilder,
  ): Promise<RunningApp> => {
    const testing = Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET, globalGuard })],
      controllers,
    });
    const compiled = await override(testing).compile();
    const nest: INestApplication =
      adapter === 'fastify'
        ? compiled.createNestApplication(new FastifyAdapter())
        : compiled.createNestApplication();
    return RunningApp.start(nest);
  };
  const call = async (app: RunningApp, path: string) => {
    const { status, body } = await app.send('GET', path);
    return { status, body };
  };

  it('overrideGuard replaces AccessGuard on every route that names it', async () => {
    const app = await start([AccountController], false, (testing) =>
      testing.overrideGuard(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/guarded')).toEqual(passed);
    expect(await call(app, '/fresh')).toEqual(passed);
    expect(await call(app, '/refresh')).toEqual(refused);
    await app.close();
  });

  it('overrideGuard replaces one guard and not its kin', async () => {
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

  it('overrideGuard replaces AccessGuard behind the global guard too', async () => {
    const app = await start([AccountController, GlobalController], true, (testing) =>
      testing.overrideGuard(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(passed);
    expect(await call(app, '/guarded')).toEqual(passed);
    expect(await call(app, '/global/fresh')).toEqual(passed);
    expect(await call(app, '/global/public')).toEqual({ status: 200, body: {} });
    await app.close();
  });

  it('overrideGuard of another guard leaves the global guard as it is', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideGuard(RefreshGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(refused);
    await app.close();
  });

  it('overrideGuard and overrideProvider at once: the provider is asked', async () => {
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

  it('overrideProvider replaces the global guard', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/plain')).toEqual(passed);
    await app.close();
  });

  it('overrideProvider leaves routes alone that rely on the global guard', async () => {
    const app = await start([GlobalController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/global/fresh')).toEqual(passed);
    expect(await call(app, '/global/optional')).toEqual(passed);
    expect(await call(app, '/global/public')).toEqual({ status: 200, body: {} });
    await app.close();
  });

  it('overrideProvider replaces guards that anyOf asks', async () => {
    const app = await start([EitherController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue(letsIn),
    );
    expect(await call(app, '/either')).toEqual(passed);
    await app.close();
  });

  it('overrideGuard replaces what anyOf has made', async () => {
    const app = await start([EitherController], true, (testing) =>
      testing.overrideGuard(Either).useValue(letsIn),
    );
    expect(await call(app, '/either')).toEqual(passed);
    await app.close();
  });

  it('a guard that is replaced by one that refuses, refuses', async () => {
    const app = await start([AccountController], true, (testing) =>
      testing.overrideProvider(AccessGuard).useValue({ canActivate: () => false }),
    );
    expect(await app.send('GET', '/plain')).toMatchObject({ status: 403 });
    await app.close();
  });
});
