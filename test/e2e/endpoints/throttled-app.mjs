// An application in its own process, because @nestjs/throttler is CommonJS and Jest on Node 20 cannot load what it requires.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { minutes, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { JwtExtendedModule } from 'nestjs-jwt-extended';

const [adapter, secret] = process.argv.slice(2);
const authenticate = (username, password) => password === 'wonderland' && username;

class ThrottledModule {}
Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret,
      endpoints: { login: true, refresh: true, logout: true },
      login: { authenticate },
    }),
    ThrottlerModule.forRoot([
      { ttl: minutes(1), limit: 5, skipIf: (context) => context.getHandler().name !== 'login' },
    ]),
  ],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(ThrottledModule);

const app = await (adapter === 'fastify'
  ? NestFactory.create(ThrottledModule, new FastifyAdapter(), { logger: ['error'] })
  : NestFactory.create(ThrottledModule, { logger: ['error'] }));
await app.listen(0, '127.0.0.1');
process.send(await app.getUrl());
