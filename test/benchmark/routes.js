// The same route behind different guards: with one token, a thousand in turn, and a token in a cookie.
import { throughputUnderLoad } from './load.js';
import { atLeast } from './report.js';
import { cookieGet, cookiePost, oneToken, thousandTokens } from './requests.js';
import { ratios, summarize } from './statistics.js';

const PLAIN = {
  fastify: {
    fastifyJwt: ['plain-server.js', 'fastifyJwt'],
    fastifyJwtCached: ['plain-server.js', 'fastifyJwtCached'],
  },
  express: { expressJwt: ['plain-server.js', 'expressJwt'] },
};

const TITLES = {
  idle: 'a guard that does nothing',
  access: 'AccessGuard',
  cookies: 'AccessGuard, cookies',
  passport: 'passport-jwt as documented',
  passportWithKey: 'passport-jwt with a KeyObject',
  fastifyJwt: 'plain Fastify with @fastify/jwt',
  fastifyJwtCached: 'plain Fastify with @fastify/jwt and its cache',
  expressJwt: 'plain Express with express-jwt',
};

export async function routes(rounds) {
  const fastify = await throughputOf('fastify', rounds);
  const express = await throughputOf('express', rounds);
  return {
    tables: { ...tables('Fastify', fastify), ...tables('Express', express) },
    targets: targets(fastify, express),
  };
}

function throughputOf(adapter, rounds) {
  const guards = ['idle', 'access', 'cookies', 'passport', 'passportWithKey'];
  const nest = Object.fromEntries(guards.map((guard) => [guard, ['server.js', adapter, guard]]));
  const bearers = ['idle', 'access', 'passport', 'passportWithKey', ...Object.keys(PLAIN[adapter])];
  return throughputUnderLoad(
    rounds,
    { ...nest, ...PLAIN[adapter] },
    {
      'one token': { ...oneToken, servers: bearers },
      '1,000 tokens in turn': { ...thousandTokens, servers: bearers },
      'a cookie': { ...cookieGet, servers: ['idle', 'cookies'] },
      'a cookie and CSRF, POST': { ...cookiePost, servers: ['idle', 'cookies'] },
    },
  );
}

function tables(adapter, loads) {
  const [multiples, throughput] = [{}, {}];
  for (const [load, servers] of Object.entries(loads)) {
    for (const [name, each] of Object.entries(servers)) {
      const row = `${load}: ${TITLES[name]}`;
      throughput[row] = summarize(each);
      if (each !== ours(servers)) multiples[row] = ratios(ours(servers), each);
    }
  }
  return {
    [`${adapter}: requests per CPU second, AccessGuard / …`]: multiples,
    [`${adapter}: requests per CPU second`]: throughput,
  };
}

function ours({ access, cookies }) {
  return access ?? cookies;
}

function targets(fastify, express) {
  const over = (servers, other) => ratios(ours(servers), servers[other]);
  const [oneOnFastify, oneOnExpress] = [fastify['one token'], express['one token']];
  const thousand = '1,000 tokens in turn';
  const csrf = fastify['a cookie and CSRF, POST'];
  const idle = 'AccessGuard / idle guard';
  const documented = 'AccessGuard / passport-jwt as documented';
  return [
    atLeast(0.9, over(oneOnFastify, 'idle'), `Fastify, one token: ${idle}`),
    atLeast(0.85, over(fastify[thousand], 'idle'), `Fastify, ${thousand}: ${idle}`),
    atLeast(0.9, over(oneOnExpress, 'idle'), `Express, one token: ${idle}`),
    atLeast(0.85, over(express[thousand], 'idle'), `Express, ${thousand}: ${idle}`),
    atLeast(0.8, over(csrf, 'idle'), `Fastify, a cookie and CSRF, POST: ${idle}`),
    atLeast(15, over(oneOnFastify, 'passport'), `Fastify, one token: ${documented}`),
    atLeast(5.5, over(oneOnExpress, 'passport'), `Express, one token: ${documented}`),
    atLeast(
      1.5,
      over(oneOnFastify, 'fastifyJwt'),
      'Nest on Fastify with AccessGuard / plain Fastify with @fastify/jwt',
    ),
  ];
}
