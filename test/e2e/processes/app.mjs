// One application in a process of its own, on a store that others share: `node app.mjs <kind of store> <address> <secret>`.
// It sends its URL to the test. After a message from the test it closes what it opened, and the process ends by itself.
import 'reflect-metadata';
import { Controller, Get, Inject, Module, Param, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import Database from 'libsql';
import {
  AccessGuard,
  BlocklistService,
  CurrentToken,
  JwtExtendedModule,
  RedisBlocklistStore,
  RefreshGuard,
  SqlBlocklistStore,
  TokenService,
} from 'nestjs-jwt-extended';
import pg from 'pg';
import { createClient } from 'redis';

const nothing = () => undefined;

/** Opens a store of each kind, as an application does, with a client of its own. */
const KINDS = {
  memory: async () => ({ store: undefined, close: nothing }),
  redis: (url) => nodeRedis({ url }),
  'redis with a cache': (url) => nodeRedis({ url, RESP: 3, clientSideCache: { ttl: 0 } }),
  ioredis: async (url) => {
    const client = new Redis(url).on('error', nothing);
    return { store: new RedisBlocklistStore(client), close: () => client.disconnect() };
  },
  postgres: async (connectionString) => {
    const pool = new pg.Pool({ connectionString }).on('error', nothing);
    return { store: await migrated(pool), close: () => pool.end() };
  },
  sqlite: async (path) => {
    const database = new Database(path, { timeout: 5_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return { store: await migrated(database), close: () => database.close() };
  },
};

async function nodeRedis(options) {
  const socket = { reconnectStrategy: () => 100 };
  const client = createClient({ ...options, socket }).on('error', nothing);
  await client.connect();
  return { store: new RedisBlocklistStore(client), close: () => client.destroy() };
}

/** Several processes may do so at once. */
async function migrated(client) {
  const store = new SqlBlocklistStore(client);
  await store.migrate();
  return store;
}

const [kind, address, secret, timeout = '5s'] = process.argv.slice(2);

let working;

class AppController {
  constructor(tokens, blocklist) {
    Object.assign(this, { tokens, blocklist });
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

  async logout(token) {
    await this.blocklist.revoke(token);
    return { msg: 'logged out' };
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

[TokenService, BlocklistService].forEach((token, index) =>
  Inject(token)(AppController, undefined, index),
);
decorate('login', Post('login'));
decorate('work', Post('work/:milliseconds'));
Param('milliseconds')(AppController.prototype, 'work', 0);
guarded(AccessGuard, Get('access'), 'access');
guarded(RefreshGuard, Post('refresh'), 'refresh');
guarded(AccessGuard, Post('logout'), 'logout');
guarded(AccessGuard, Post('end-all'), 'endAll');
Controller()(AppController);

const { store, close } = await KINDS[kind](address);
const settings = {
  secret,
  blocklist: { store, timeout },
  rotation: { grace: '60s' },
  // So that each login writes to the store.
  sessions: { list: true },
};
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
