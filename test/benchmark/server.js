// One Nest application with one route, in a process of its own:
// `node server.js <adapter> <guard> [<store> [<size> [<address>]]]`.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AccessGuard, JwtExtendedModule } from 'nestjs-jwt-extended';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { answer, listening } from './measured.js';
import { SECRET, secretKey } from './tokens.js';

const [adapterName, guardName, storeName, size, address] = process.argv.slice(2);

class IdleGuard {
  canActivate() {
    return true;
  }
}
Injectable()(IdleGuard);

const GUARDS = {
  idle: { guard: IdleGuard },
  access: {
    guard: AccessGuard,
    imports: async () => {
      const blocklist = storeName ? { store: await openStore(), timeout: '1m' } : {};
      return [JwtExtendedModule.forRoot({ secret: SECRET, blocklist })];
    },
  },
  cookies: {
    guard: AccessGuard,
    imports: () => [JwtExtendedModule.forRoot({ secret: SECRET, locations: ['cookies'] })],
  },
  passport: passport(SECRET),
  passportWithKey: passport(secretKey),
};

/** But for the key word for word from the NestJS documentation, "Implementing Passport JWT". */
function passport(secretOrKey) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        ignoreExpiration: false,
        secretOrKey,
      });
    }

    async validate(payload) {
      return { userId: payload.sub, username: payload.username };
    }
  }
  Injectable()(JwtStrategy);
  return { guard: AuthGuard('jwt'), imports: () => [PassportModule], providers: [JwtStrategy] };
}

/** The clients of stores are loaded where they are wanted. */
async function openStore() {
  const { openStore } = await import('./open-store.js');
  return openStore(storeName, Number(size), address);
}

const { guard, imports = () => [], providers = [] } = GUARDS[guardName];

class ProfileController {
  getProfile() {
    return answer();
  }

  changeProfile() {
    return answer();
  }
}
for (const [name, route] of Object.entries({ getProfile: Get, changeProfile: Post })) {
  const method = Object.getOwnPropertyDescriptor(ProfileController.prototype, name);
  route('profile')(ProfileController.prototype, name, method);
  UseGuards(guard)(ProfileController.prototype, name, method);
}
Controller()(ProfileController);

class App {}
Module({ imports: await imports(), providers, controllers: [ProfileController] })(App);

const adapter = adapterName === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(App, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
listening(await app.getUrl());
