import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AccessGuard,
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
} from '../../../src/index.js';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  JwtExtendedTestingModule,
} from '../../../src/testing/index.js';
import { RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { rejectionOf } from '../../support/tokens.js';

/** A feature with tokens of its own. */
function feature(path: string, options: JwtExtendedOptions & JwtExtendedModuleExtras): Type {
  @Controller(path)
  class FeatureController {
    @UseGuards(AccessGuard)
    @Get()
    get() {
      return { path };
    }
  }
  const jwt = JwtExtendedModule.forRoot({ isGlobal: false, errorCodeKey: 'code', ...options });

  @Module({ imports: [jwt], exports: [jwt] })
  class TokensModule {}

  @Module({ imports: [TokensModule], controllers: [FeatureController] })
  class FeatureModule {}
  return FeatureModule;
}

const ShopModule = feature('shop', { secret: `shop-${SECRET}` });
const StaffModule = feature('staff', { secret: `staff-${SECRET}`, locations: ['cookies'] });

@Module({})
class StoreRoomModule {}

@Module({ imports: [ShopModule, StaffModule, StoreRoomModule] })
class AppModule {}

const testing = (...imports: NonNullable<Parameters<typeof Module>[0]['imports']>) =>
  Test.createTestingModule({ imports }).compile();

const STARTS: readonly (readonly [string, () => Promise<INestApplication>])[] = [
  ['made by Nest', () => NestFactory.create(AppModule, { logger: false })],
  ['under test', async () => (await testing(AppModule)).createNestApplication()],
  [
    'under test on Fastify',
    async () => (await testing(AppModule)).createNestApplication(new FastifyAdapter()),
  ],
  [
    'with the testing module',
    async () =>
      (await testing(AppModule, JwtExtendedTestingModule.register())).createNestApplication(),
  ],
];

describe.each(STARTS)('An application of several modules, %s', (_, start) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await RunningApp.start(await start());
  });
  afterAll(() => app.close());

  it('believes a test token where its module was selected, and nowhere else', async () => {
    const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');
    const clerk = await asIdentity(app.nest.select(StaffModule), 'bob');

    expect(Object.keys(shopper.headers)).toEqual(['authorization']);
    expect(Object.keys(clerk.cookies)).toEqual(['access_token_cookie']);
    for (const [path, { headers }] of [['/shop', shopper] as const, ['/staff', clerk] as const])
      expect(await app.send('GET', path, { headers })).toMatchObject({ status: 200 });
    const headers = { authorization: `Bearer ${clerk.token}` };
    await expectRefusal(await fetch(`${app.url}/shop`, { headers }), 'TOKEN_INVALID');
  });

  it('asks which one is meant where none was selected', async () => {
    const { nest } = app;
    for (const unclear of [nest, nest.select(AppModule), nest.select(StoreRoomModule)])
      for (const making of [asIdentity(unclear, 'alice'), issueTestToken(unclear)])
        expect(await rejectionOf(making)).toMatchObject({
          name: 'TypeError',
          message: expect.stringContaining('app.select(') as unknown,
        });
  });
});

it('A testing module is selected from as an application is', async () => {
  const module = await testing(AppModule);
  const { token } = await asIdentity(module.select(ShopModule), 'alice');
  const app = await RunningApp.start(module.createNestApplication());

  expect((await app.send('GET', '/shop', { token })).status).toBe(200);
  expect(await rejectionOf(issueTestToken(module))).toBeInstanceOf(TypeError);
  await app.close();
});

it('A module that is there for all has to be selected beside another, too', async () => {
  const Everywhere = feature('everywhere', { secret: SECRET, isGlobal: true });
  const app = await RunningApp.start(
    (await testing(Everywhere, ShopModule)).createNestApplication(),
  );
  const anybody = await asIdentity(app.nest.select(Everywhere), 'alice');
  const shopper = await asIdentity(app.nest.select(ShopModule), 'alice');

  expect(await rejectionOf(issueTestToken(app.nest))).toBeInstanceOf(TypeError);
  expect((await app.send('GET', '/everywhere', { token: anybody.token })).status).toBe(200);
  expect((await app.send('GET', '/shop', { token: shopper.token })).status).toBe(200);
  await app.close();
});

it('The only module needs no selection, whatever is selected', async () => {
  const app = await RunningApp.start(
    (await testing(ShopModule, StoreRoomModule)).createNestApplication(),
  );

  for (const from of [app.nest, app.nest.select(ShopModule), app.nest.select(StoreRoomModule)])
    expect((await app.send('GET', '/shop', await asIdentity(from, 'alice'))).status).toBe(200);
  await app.close();
});
