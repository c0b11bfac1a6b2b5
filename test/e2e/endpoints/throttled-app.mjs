// An application in its own process, because @nestjs/throttler is CommonJS and Jest on Node 20 cannot load what it requires.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { JwtExtendedModule } from 'nestjs-jwt-extended';

const [adapter, secret, path] = process.argv.slice(2);
const { SlowGuessesModule } = await import(path);
const authenticate = (username, password) => password === 'wonderland' && username;

class ThrottledModule {}
Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret,
      endpoints: { login: true, refresh: true, logout: true },
      login: { authenticate },
    }),
    SlowGuessesModule,
  ],
})(ThrottledModule);

const app = await (adapter === 'fastify'
  ? NestFactory.create(ThrottledModule, new FastifyAdapter(), { logger: ['error'] })
  : NestFactory.create(ThrottledModule, { logger: ['error'] }));
await app.listen(0, '127.0.0.1');
process.send(await app.getUrl());
