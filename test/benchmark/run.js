// `npm run bench`: what the library costs, as ratios measured in one run. It measures and does not judge: whatever the
// figures say, it ends well.
import { mintingCosts, verificationCosts } from './calls.js';
import { GuardedRoute } from './guarded-route.js';
import { ratios, summarize } from './statistics.js';

const ROUNDS = { calls: 40, slowCalls: 25, routes: 8 };
const ROUND_MS = 1800;

const HS256 = await verificationCosts('HS256', ROUNDS.calls);
const RS256 = await verificationCosts('RS256', ROUNDS.slowCalls);
const PS256 = await verificationCosts('PS256', ROUNDS.slowCalls);
const ES256 = await verificationCosts('ES256', ROUNDS.slowCalls);
const EdDSA = await verificationCosts('EdDSA', ROUNDS.slowCalls);
const minting = await mintingCosts(ROUNDS.calls);
const { fastify, express } = await routes();

const decoding = ratios(HS256.decodeToken, HS256.raw);
const mintingGain = ratios(minting.signAsync, minting.createAccessToken);
const routeGain = ratios(fastify.access, fastify.passport);

table('Calls: CPU time, as a multiple', [
  ...Object.entries({ HS256, RS256, PS256, ES256, EdDSA }).map(([algorithm, costs]) => [
    `decodeToken, ${algorithm}, unseen token / raw node:crypto`,
    ratios(costs.decodeToken, costs.raw),
  ]),
  [
    'JwtService.verifyAsync with a string secret / decodeToken',
    ratios(HS256.verifyAsync, HS256.decodeToken),
  ],
  ['JwtService.signAsync with a string secret / createAccessToken', mintingGain],
]);
table('Guarded route: requests per CPU second, as a multiple', [
  ['Fastify: AccessGuard / a guard that does nothing', ratios(fastify.access, fastify.idle)],
  ['Fastify: AccessGuard / AuthGuard("jwt") as documented', routeGain],
  ['Express: AccessGuard / a guard that does nothing', ratios(express.access, express.idle)],
  [
    'Express: AccessGuard / AuthGuard("jwt") as documented',
    ratios(express.access, express.passport),
  ],
]);
table('For orientation, on this machine today', [
  ...Object.entries({ HS256, RS256, PS256, ES256, EdDSA }).flatMap(([algorithm, contenders]) =>
    Object.entries(contenders).map(([name, costs]) => [
      `${name}, ${algorithm}: µs a call`,
      micros(costs),
    ]),
  ),
  ...Object.entries(minting).map(([name, costs]) => [`${name}: µs a call`, micros(costs)]),
  ...Object.entries(fastify).map(([name, each]) => [
    `Fastify, ${name}: requests per CPU second`,
    summarize(each),
  ]),
  ...Object.entries(express).map(([name, each]) => [
    `Express, ${name}: requests per CPU second`,
    summarize(each),
  ]),
]);

console.log('\nTargets');
target(
  routeGain.median >= 10,
  `a guarded route on Fastify answers at least 10 times what documented passport-jwt does: ${number(routeGain.median)}`,
);
target(
  decoding.median <= 3.5,
  `decodeToken takes at most 3.5 times the raw limit: ${number(decoding.median)}`,
);
target(
  mintingGain.median >= 20,
  `minting is at least 20 times as fast as with a string secret: ${number(mintingGain.median)}`,
);

/** The adapters take turns; the guards of one adapter run at once. What each does first is warming up. */
async function routes() {
  const fastify = await GuardedRoute.start('fastify');
  const express = await GuardedRoute.start('express');
  try {
    await fastify.load(ROUND_MS);
    await express.load(ROUND_MS);
    for (let round = 0; round < ROUNDS.routes; round += 1) {
      await fastify.round(ROUND_MS);
      await express.round(ROUND_MS);
    }
  } finally {
    await Promise.all([fastify.stop(), express.stop()]);
  }
  return { fastify: fastify.throughput, express: express.throughput };
}

function micros(costs) {
  return summarize(costs.map((seconds) => seconds * 1e6));
}

function table(title, rows) {
  const width = 64;
  console.log(`\n${title.padEnd(width)}${['median', 'min', 'max'].map(cell).join('')}`);
  for (const [name, { median, min, max }] of rows) {
    console.log(name.padEnd(width) + [median, min, max].map(number).map(cell).join(''));
  }
}

function cell(text) {
  return text.padStart(10);
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

function target(isReached, promise) {
  console.log(`${isReached ? 'reached' : 'missed '}  ${promise}`);
}
