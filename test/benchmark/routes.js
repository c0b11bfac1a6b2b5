// The same route behind different guards: with one token, a thousand in turn, and a token in a cookie.
import { throughputUnderLoad } from './load.js';
import { atLeast } from './report.js';
import { cookieGet, cookiePost, oneToken, thousandTokens } from './requests.js';
import { mapValues, ratios, summarize } from './statistics.js';

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
    targets: [...targets(fastify, express)],
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
  for (const [load, { ...servers }] of Object.entries(loads)) {
    const ours = servers.access ?? servers.cookies;
    for (const [name, each] of Object.entries(servers)) {
      if (each !== ours) multiples[`${load}: ${TITLES[name]}`] = ratios(ours, each);
      throughput[`${load}: ${TITLES[name]}`] = summarize(each);
    }
  }
  return {
    [`${adapter}: requests per CPU second, AccessGuard / …`]: multiples,
    [`${adapter}: requests per CPU second`]: throughput,
  };
}

function targets(fastify, express) {
  const one = mapValues({ fastify, express }, (loads) => loads['one token']);
  const share = (loads, load) =>
    ratios(loads[load].access ?? loads[load].cookies, loads[load].idle);
  const idle = 'AccessGuard / idle guard';
  return [
    atLeast(0.9, share(fastify, 'one token'), `Fastify, one token: ${idle}`),
    atLeast(0.85, share(fastify, '1,000 tokens in turn'), `Fastify, 1,000 tokens: ${idle}`),
    atLeast(0.9, share(express, 'one token'), `Express, one token: ${idle}`),
    atLeast(0.85, share(express, '1,000 tokens in turn'), `Express, 1,000 tokens: ${idle}`),
    atLeast(0.8, share(fastify, 'a cookie and CSRF, POST'), `Fastify, cookie and CSRF: ${idle}`),
    atLeast(
      15,
      ratios(one.fastify.access, one.fastify.passport),
      'Fastify: AccessGuard / passport-jwt as documented',
    ),
    atLeast(
      5.5,
      ratios(one.express.access, one.express.passport),
      'Express: AccessGuard / passport-jwt as documented',
    ),
    atLeast(
      1.5,
      ratios(one.fastify.access, one.fastify.fastifyJwt),
      'Nest on Fastify with AccessGuard / plain Fastify with @fastify/jwt',
    ),
  ];
}
