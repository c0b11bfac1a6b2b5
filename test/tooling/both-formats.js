// Loads the ESM and the CommonJS build into one process and prints what is wrong. Started by package-check.js.
import 'reflect-metadata';
import * as common from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createRequire } from 'node:module';
import passport from 'passport';

const require = createRequire(import.meta.url);
const { Controller, Get, Module } = common;

const names = process.argv.slice(2);
const before = state();
for (const name of names) {
  const [esm, cjs] = [await import(name), require(name)].map(exportsOf);
  if (esm !== cjs) console.log(`${name}: ESM exports ${esm}, CommonJS exports ${cjs}`);
}
if (state() !== before) console.log(`before: ${before} after: ${state()}`);
await guardRoutesOfTheOtherFormat();

function exportsOf(module) {
  return String(Object.keys(module).sort());
}

function state() {
  return JSON.stringify([
    Object.getOwnPropertyNames(globalThis),
    Object.getOwnPropertyNames(Object.prototype),
    Object.keys(process.env),
    Object.keys(passport._strategies),
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  ]);
}

/** An ESM application mounts a CommonJS package's controller: the decorators come from the other copy of the library. */
async function guardRoutesOfTheOtherFormat() {
  const { JwtExtendedModule, TokenService } = await import('nestjs-jwt-extended');
  const { CurrentIdentity, Fresh, Public } = require('nestjs-jwt-extended');
  class Routes {
    open() {
      return 'open';
    }
    me(identity) {
      return identity;
    }
    password() {
      return 'changed';
    }
  }
  class App {}
  for (const name of ['open', 'me', 'password']) decorate(Routes, name, Get(name));
  decorate(Routes, 'open', Public());
  decorate(Routes, 'password', Fresh());
  CurrentIdentity()(Routes.prototype, 'me', 0);
  Controller()(Routes);
  const library = JwtExtendedModule.forRoot({
    secret: 'IWvSPNLjhcAEfVaXTyVRyqdUFHv1nOVZuDsNuxmjLGA',
    globalGuard: true,
  });
  Module({ imports: [library], controllers: [Routes] })(App);

  const app = await NestFactory.create(App, new ExpressAdapter(), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token = await app.get(TokenService).createAccessToken('ada');
  const answer = async (path, headers = {}) => {
    const response = await fetch(`${url}/${path}`, { headers });
    return `${response.status} ${await response.text()}`;
  };
  const authorization = `Bearer ${token}`;
  expectAnswer('open', await answer('open'), '200 open');
  expectAnswer('me', await answer('me'), '401 {"msg":"Missing Authorization Header"}');
  expectAnswer('me', await answer('me', { authorization }), '200 ada');
  expectAnswer(
    'password',
    await answer('password', { authorization }),
    '401 {"msg":"Fresh token required"}',
  );
  await app.close();
}

function decorate(target, name, decorator) {
  decorator(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
}

function expectAnswer(path, found, expected) {
  if (found !== expected) console.log(`/${path}: expected ${expected}, found ${found}`);
}
