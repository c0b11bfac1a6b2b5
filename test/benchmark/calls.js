// What it costs in process to verify a token, for the first time and again, and to make one.
import { mintersOf, verifiersOf } from './contenders.js';
import { atMost } from './report.js';
import { mapValues, ratios, summarize, takeTurns } from './statistics.js';
import { makeToken } from './tokens.js';

/** How many calls a contender makes in a round, so that its turn takes some milliseconds. */
const CALLS = { HS256: 400, RS256: 40, ES256: 40, EdDSA: 60 };
/** Of these, one call takes so long that fewer are enough. */
const SLOW = new Set(['JwtService as documented']);
const SLOW_CALLS = 20;
/** After so many calls the engine has compiled what it will. */
const WARM_UP_CALLS = 3_000;

const UNSEEN_LIMITS = { HS256: 2, RS256: 1.25, ES256: 1.15, EdDSA: 1.2 };
const SEEN_LIMITS = { HS256: 0.25 };
const MINT_LIMITS = { HS256: 2.8, ES256: 2 };

export async function calls(rounds) {
  const costs = {};
  for (const algorithm of Object.keys(CALLS)) costs[algorithm] = await costsOf(algorithm, rounds);
  return {
    tables: {
      ...tables('Verify an unseen token', costs, 'unseen'),
      ...tables('Verify a token seen before', costs, 'seen'),
      ...tables('Mint an access token', costs, 'mint'),
    },
    targets: targets(costs),
  };
}

async function costsOf(algorithm, rounds) {
  const { raw, decodeToken, ...others } = await verifiersOf(algorithm);
  const cached = { raw, decodeToken, 'fast-jwt with its cache': others['fast-jwt with its cache'] };
  const minters = await mintersOf(algorithm);
  const make = () => Array.from({ length: CALLS[algorithm] }, () => makeToken(algorithm));
  let tokens = make();
  const verifying = (verify, count) => overTokens(() => tokens, verify, count);
  const newTokens = () => {
    tokens = make();
  };
  const unseen = turnsOf({ raw, decodeToken, ...others }, algorithm, verifying);
  const seen = turnsOf(cached, algorithm, verifying);
  const turns = { rounds, warmUps: Math.ceil(WARM_UP_CALLS / CALLS[algorithm]) };
  return {
    unseen: await takeTurns(unseen, { ...turns, prepare: newTokens }),
    // The warm-ups let each contender see the tokens.
    seen: await takeTurns(seen, turns),
    mint: await takeTurns(turnsOf(minters, algorithm, repeated), turns),
  };
}

function turnsOf(contenders, algorithm, how) {
  return mapValues(contenders, (call, name) =>
    how(call, SLOW.has(name) ? Math.min(SLOW_CALLS, CALLS[algorithm]) : CALLS[algorithm]),
  );
}

function overTokens(tokens, verify, calls) {
  const run = async () => {
    for (const token of tokens().slice(0, calls)) await verify(token);
  };
  return { calls, run };
}

function repeated(call, calls) {
  const run = async () => {
    for (let count = 0; count < calls; count += 1) await call();
  };
  return { calls, run };
}

/** For each algorithm, multiples of the limit, and µs for orientation. */
function tables(title, costs, kind) {
  const multiples = {};
  const micros = {};
  for (const [algorithm, { [kind]: contenders }] of Object.entries(costs)) {
    for (const [name, cost] of Object.entries(contenders)) {
      const row = `${algorithm}, ${name}`;
      if (name !== 'raw') multiples[row] = ratios(cost, contenders.raw);
      micros[row] = summarize(cost.map((seconds) => seconds * 1e6));
    }
  }
  return {
    [`${title}: CPU time / raw node:crypto`]: multiples,
    [`${title}: µs of CPU time`]: micros,
  };
}

function targets(costs) {
  const limits = (kind, name, byAlgorithm, text) =>
    Object.entries(byAlgorithm).map(([algorithm, limit]) => {
      const { [name]: ours, raw } = costs[algorithm][kind];
      return atMost(limit, ratios(ours, raw), `${text} / raw, ${algorithm}`);
    });
  const { mint } = costs.HS256;
  return [
    ...limits('unseen', 'decodeToken', UNSEEN_LIMITS, 'decodeToken, unseen token'),
    ...limits('seen', 'decodeToken', SEEN_LIMITS, 'decodeToken, seen token'),
    ...limits('mint', 'createAccessToken', MINT_LIMITS, 'createAccessToken'),
    atMost(
      0.6,
      ratios(mint.createAccessToken, mint['JwtService with a KeyObject']),
      'createAccessToken / JwtService.signAsync with a KeyObject, HS256',
    ),
  ];
}
