// One application in a process of its own, on a store that others share: `node app.mjs <kind of store> <address> <secret>`.
// It sends its URL to the test. After a message from the test it closes what it opened, and the process ends by itself.
import 'reflect-metadata';
import { Controller, Get, Inject, Module, Param, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AccessGuard,
  BlocklistService,
  CurrentToken,
  JwtExtendedModule,
  RefreshGuard,
  SessionService,
  TokenService,
} from 'nestjs-jwt-extended';
import { openStore } from './stores.mjs';

const [kind, address, secret, timeout = '5s'] = process.argv.slice(2);

let working;

class AppController {
  constructor(tokens, blocklist, sessions) {
    Object.assign(this, { tokens, blocklist, sessions });
  }

  login() {
    return this.tokens.createTokenPair('alice');
  }

  access({ identity }) {
    return { identity };
  }

  /** Keeps the event loop busy for so many milliseconds in each turn. */
  work(milliseconds) {
    const work = () => {
      const until = performance.now() + Number(milliseconds);
      while (performance.now() < until) continue;
    };
    clearInterval(working);
    working = setInterval(work, 1);
    return { milliseconds };
  }

  refresh(token) {
    return this.tokens.rotateRefreshToken(token);
  }

  list({ identity }) {
    return this.sessions.list(identity);
  }

  async logout(token) {
    await this.blocklist.revoke(token);
    return { msg: 'logged out' };
  }

  async end({ sessionId }) {
    await this.blocklist.revokeSession(sessionId);
    return { msg: 'ended' };
  }

  async endAll({ identity }) {
    await this.blocklist.revokeAllFor(identity);
    return { msg: 'ended' };
  }
}

/** Does what TypeScript makes of decorators. */
function decorate(name, ...decorators) {
  const { prototype } = AppController;
  const method = Object.getOwnPropertyDescriptor(prototype, name);
  for (const each of decorators) each(prototype, name, method);
}

function guarded(guard, route, name) {
  decorate(name, route, UseGuards(guard));
  CurrentToken()(AppController.prototype, name, 0);
}

[TokenService, BlocklistService, SessionService].forEach((token, index) =>
  Inject(token)(AppController, undefined, index),
);
decorate('login', Post('login'));
decorate('work', Post('work/:milliseconds'));
Param('milliseconds')(AppController.prototype, 'work', 0);
guarded(AccessGuard, Get('access'), 'access');
guarded(RefreshGuard, Post('refresh'), 'refresh');
guarded(AccessGuard, Get('sessions'), 'list');
guarded(AccessGuard, Post('logout'), 'logout');
guarded(AccessGuard, Post('end'), 'end');
guarded(AccessGuard, Post('end-all'), 'endAll');
Controller()(AppController);

const { store, close } = await openStore(kind, address);
const settings = { secret, blocklist: { store, timeout }, rotation: { grace: '60s' } };
class App {}
Module({ imports: [JwtExtendedModule.forRoot(settings)], controllers: [AppController] })(App);

const app = await NestFactory.create(App, new FastifyAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');

process.once('message', async () => {
  await app.close();
  await close();
  process.disconnect();
});
// The test has died.
const orphaned = () => process.exit(1);
process.on('disconnect', () => setTimeout(orphaned, 10_000).unref());
process.send({ url: await app.getUrl() });
