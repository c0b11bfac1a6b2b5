// The route without Nest, guarded as the package's README has it: `node plain-server.js <guard>`.
import fastifyJwt from '@fastify/jwt';
import express from 'express';
import { expressjwt } from 'express-jwt';
import fastify from 'fastify';
import { once } from 'node:events';
import { answer, listening } from './measured.js';
import { SECRET } from './tokens.js';

const SERVERS = {
  fastifyJwt: () => plainFastify({}),
  fastifyJwtCached: () => plainFastify({ verify: { cache: 4_000 } }),
  expressJwt: plainExpress,
};

listening(await SERVERS[process.argv[2]]());

async function plainFastify(options) {
  const app = fastify();
  await app.register(fastifyJwt, { secret: SECRET, ...options });
  app.addHook('onRequest', (request) => request.jwtVerify());
  app.get('/profile', async () => answer());
  return app.listen({ port: 0, host: '127.0.0.1' });
}

async function plainExpress() {
  const app = express();
  // Else Express writes each refusal to the console.
  app.set('env', 'test');
  const guard = expressjwt({ secret: SECRET, algorithms: ['HS256'] });
  app.get('/profile', guard, (_request, response) => response.json(answer()));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}
