import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AccessGuard,
  type Algorithm,
  CurrentIdentity,
  JwtExtendedModule,
  KeyRing,
  TokenService,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { ADAPTERS, RunningApp } from '../../support/app.js';
import { createHmac } from 'node:crypto';
import { SECRET } from '../../support/forge.js';
import { headerOf } from '../../support/tokens.js';
import { ringKey } from './ring-keys.js';

const COUNT = 20;
const ALGORITHMS: readonly Algorithm[] = ['HS256', 'ES256', 'EdDSA', 'ES384'];

/** Every tenth has a secret and no ring; the others have rings, with one and the same kid in all of them. */
const keysFor = (index: number) =>
  index % 10 === 9
    ? { secret: createHmac('sha512', SECRET).update(`module ${index}`).digest('hex') }
    : { keys: { current: ringFor(index).signing } };

const ringFor = (index: number) =>
  ringKey('key', ALGORITHMS[index % ALGORITHMS.length] as Algorithm, `module ${index}`);

/** A feature with keys and strategies of its own, which nobody else sees. */
function feature(index: number): Type {
  @Controller(`feature-${index}`)
  class FeatureController {
    @UseGuards(AccessGuard)
    @Get('guarded')
    guarded(@CurrentIdentity() identity: string) {
      return { index, identity };
    }

    @UseGuards(AuthGuard(`feature-${index}-access`))
    @Get('passport')
    passport(@CurrentIdentity() identity: string) {
      return { index, identity };
    }
  }

  const jwt = JwtExtendedModule.forRoot({
    ...keysFor(index),
    isGlobal: false,
  });
  const strategies = JwtPassportModule.register({ prefix: `feature-${index}`, imports: [jwt] });

  @Module({ imports: [jwt, strategies], controllers: [FeatureController] })
  class FeatureModule {}
  return FeatureModule;
}

describe.each(ADAPTERS)('Twenty modules of one application, on %s,', (adapter) => {
  let testing: TestingModule;
  let app: RunningApp;
  let services: TokenService[];
  let tokens: string[];

  beforeAll(async () => {
    const imports = Array.from({ length: COUNT }, (_, index) => feature(index));
    testing = await Test.createTestingModule({ imports }).compile();
    app = await RunningApp.start(
      adapter === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter())
        : testing.createNestApplication(),
    );
    services = testing.get(TokenService, { strict: false, each: true });
    tokens = await Promise.all(services.map((service) => service.createAccessToken('alice')));
  });
  afterAll(() => app.close());

  it('each sign with a key of their own', () => {
    expect(services).toHaveLength(COUNT);
    expect(new Set(tokens.map((token) => token.split('.')[2])).size).toBe(COUNT);
    expect(tokens.map((token) => headerOf(token).kid)).toEqual(
      tokens.map((_, index) => (index % 10 === 9 ? undefined : 'key')),
    );
  });

  it('take no token of another, by whatever key id and algorithm it has (R23)', async () => {
    const verdicts = await Promise.all(
      services.map((service) => Promise.all(tokens.map((token) => service.verifyToken(token)))),
    );

    expect(verdicts).toEqual(services.map((_, row) => tokens.map((_, column) => row === column)));
  });

  it.each(['guarded', 'passport'])(
    'let nobody in with a token of another: routes that are %s (R23, F17)',
    async (route) => {
      for (const [own] of services.entries()) {
        const statuses = await Promise.all(
          tokens.map(async (token) => {
            const { status, body } = await app.send('GET', `/feature-${own}/${route}`, { token });
            return status === 200 ? body : status;
          }),
        );
        expect(statuses).toEqual(
          tokens.map((_, index) => (index === own ? { index, identity: 'alice' } : 422)),
        );
      }
    },
  );

  it('rotate each for itself (R23)', async () => {
    const rings = testing.get(KeyRing, { strict: false, each: true });
    expect(new Set(rings).size).toBe(COUNT);
    const successor = ringKey('successor', 'EdDSA');

    await rings[0]?.rotate({ current: successor.signing });

    const kids = await Promise.all(
      services.map(async (service) => headerOf(await service.createAccessToken('alice')).kid),
    );
    expect(kids[0]).toBe('successor');
    expect(new Set(kids.slice(1))).toEqual(new Set(['key', undefined]));
    const ofSuccessor = (await services[0]?.createAccessToken('alice')) ?? '';
    for (const [index, service] of services.entries()) {
      expect(await service.verifyToken(ofSuccessor)).toBe(index === 0);
      expect(await service.verifyToken(tokens[index] ?? '')).toBe(true);
    }
  });

  it('publish each their own', () => {
    const sets = testing
      .get(KeyRing, { strict: false, each: true })
      .map((ring) => ring.jwks().keys);
    const points = sets.flatMap((keys) => keys.map(({ x }) => x));

    expect(new Set(points).size).toBe(points.length);
    expect(points.length).toBeGreaterThan(10);
  });
});
