// One application with one route, in a process of its own: `node server.js <adapter> <guard> [<store> [<address>]]`.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AccessGuard, JwtExtendedModule } from 'nestjs-jwt-extended';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { SECRET } from './tokens.js';

class IdleGuard {
  canActivate() {
    return true;
  }
}
Injectable()(IdleGuard);

/** Word for word from the NestJS documentation, "Implementing Passport JWT". */
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      secretOrKey: SECRET,
    });
  }

  async validate(payload) {
    return { userId: payload.sub, username: payload.username };
  }
}
Injectable()(JwtStrategy);

const GUARDS = {
  idle: { guard: IdleGuard },
  access: {
    guard: AccessGuard,
    imports: async () => {
      const blocklist = storeName ? { store: await storeOf(storeName), timeout: '1m' } : {};
      return [JwtExtendedModule.forRoot({ secret: SECRET, blocklist })];
    },
  },
  passport: {
    guard: AuthGuard('jwt'),
    imports: () => [PassportModule],
    providers: [JwtStrategy],
  },
};

/** Its clients are loaded where they are wanted. */
async function storeOf(name) {
  const { openStore } = await import('./open-store.js');
  return openStore(name, address);
}

const [adapterName, guardName, storeName, address] = process.argv.slice(2);
const { guard, imports = () => [], providers = [] } = GUARDS[guardName];
let requests = 0;

class ProfileController {
  getProfile() {
    requests += 1;
    return { hello: 'world' };
  }
}
const method = Object.getOwnPropertyDescriptor(ProfileController.prototype, 'getProfile');
Get('profile')(ProfileController.prototype, 'getProfile', method);
UseGuards(guard)(ProfileController.prototype, 'getProfile', method);
Controller()(ProfileController);

class App {}
Module({ imports: await imports(), providers, controllers: [ProfileController] })(App);

const adapter = adapterName === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(App, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');

process.on('message', () => process.send({ requests, cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send({ url: await app.getUrl() });
