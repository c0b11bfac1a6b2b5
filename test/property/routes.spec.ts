import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JwtExtendedConfigError } from '../../src/index.js';
import { type AdapterName, ADAPTERS } from '../support/app.js';
import { APPLICATIONS, handled, RouteApp, startFailure } from './route-apps.js';
import { type Addition, ADDITIONS, routesUnder, SENT } from './route-arbitraries.js';
import { isRestriction } from './route-level.js';
import { isEntry, Model } from './route-model.js';
import {
  type Mark,
  type Route,
  type Sent,
  writtenRequest,
  writtenRoute,
} from './route-notation.js';

/** Fixed, so that a failure can be repeated. `ROUTES=7,20` in the environment: another seed, and 20 times as much. */
const [SEED = 20_261_121, ROUNDS = 1] = (process.env.ROUTES?.split(',') ?? []).map(Number);
const ROUTES = 90;
const REQUESTS = 10;
const PAIRS = 40;

/** Each round under each guard that an application may have, with a seed of its own. */
const CASES = Array.from({ length: ROUNDS }).flatMap((_, round) =>
  APPLICATIONS.map((application, at) => ({ application, seed: SEED + 1000 * round + at })),
);

type Case = (typeof CASES)[number];

function routesOf({ application, seed }: Case, numRuns: number): Route[] {
  return fc.sample(routesUnder(application), { seed, numRuns });
}

/** Which of the routes keeps their application from starting. */
async function firstFailure(routes: readonly Route[]): Promise<Error> {
  for (const route of routes) {
    const failure = await startFailure(route);
    if (failure) return new Error(`${failure.message}\n  ${writtenRoute(route)}`);
  }
  return new Error('Each route starts alone, and all of them together do not');
}

/** Sends requests to all routes of one application in turn. */
async function answersOf(
  adapter: AdapterName,
  routes: readonly Route[],
  requests: readonly Sent[],
): Promise<readonly string[]> {
  const app = await RouteApp.start(adapter, routes).catch(() => undefined);
  if (!app) throw await firstFailure(routes);
  try {
    const before = handled.count;
    const answers = await Promise.all(
      requests.map((sent, at) => app.send(at % routes.length, sent)),
    );
    expect(handled.count - before).toBe(answers.filter(isEntry).length);
    return answers;
  } finally {
    await app.close();
  }
}

/** The answer of a route alone; the error if its application does not start. */
async function answerOf(adapter: AdapterName, route: Route, sent: Sent): Promise<string> {
  const answers = await answersOf(adapter, [route], [sent]).catch((error: Error) => [
    String(error),
  ]);
  return answers[0] as string;
}

function withLevel(route: Route, index: number, marks: readonly Mark[]): Route {
  return { ...route, levels: route.levels.map((other, at) => (at === index ? marks : other)) };
}

/** Takes away one decorator after another, as long as the rest still fails. */
async function smallest(route: Route, fails: (route: Route) => Promise<boolean>): Promise<Route> {
  for (const [at, marks] of route.levels.entries()) {
    for (const mark of at === 0 ? [] : marks) {
      const less = withLevel(
        route,
        at,
        marks.filter((other) => other !== mark),
      );
      if (await fails(less)) return smallest(less, fails);
    }
  }
  return route;
}

async function disagreement(adapter: AdapterName, route: Route, sent: Sent): Promise<string> {
  const differs = async (other: Route) => {
    const model = new Model(other);
    const answer = await answerOf(adapter, other, sent);
    return model.start === 'starts' && !model.answers(sent).includes(answer);
  };
  const least = await smallest(route, differs);
  const answer = await answerOf(adapter, least, sent);
  const expected = new Model(least).answers(sent).join(' or ');
  return `${answer} instead of ${expected}:\n  ${writtenRoute(least)}\n  ${writtenRequest(sent)}`;
}

/** A route and the same one with one restriction more. */
type Pair = readonly [route: Route, restricted: Route];

/** Adds a restriction to a route; `undefined` if it is none there, since it lets other tokens in. */
function restrict(route: Route, { mark, level, isFirst }: Addition): Route | undefined {
  const at = 1 + (level % (route.levels.length - 1));
  const marks = route.levels[at] ?? [];
  if (!isRestriction(route, at, mark)) return undefined;
  return withLevel(route, at, isFirst ? [mark, ...marks] : [...marks, mark]);
}

function pairsWithin(from: Case): readonly Pair[] {
  const additions = fc.sample(ADDITIONS, { seed: from.seed, numRuns: 4 * PAIRS });
  return routesOf(from, 4 * PAIRS).flatMap((route, at): Pair[] => {
    const restricted = restrict(route, additions[at] as Addition);
    return restricted ? [[route, restricted]] : [];
  });
}

/** The application's guard itself is the restriction: it is the outermost one, so that it decides for no nearer one. */
function pairsUnder({ application, seed }: Case): readonly Pair[] {
  if (application[0]?.kind !== 'guard') return [];
  const routes = routesOf({ application: [], seed }, 4 * PAIRS);
  return routes.map((route): Pair => [route, withLevel(route, 0, application)]);
}

async function starts(route: Route): Promise<boolean> {
  const { start } = new Model(route);
  if (start === 'mistake') return false;
  return start === 'starts' || (await startFailure(route)) === undefined;
}

async function startingPairs(pairs: readonly Pair[]): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  for (const pair of pairs) {
    if (found.length === PAIRS) break;
    if ((await starts(pair[0])) && (await starts(pair[1]))) found.push(pair);
  }
  return found;
}

/** Hardly a token that cannot be read at all could be let in by mistake. */
const READABLE = SENT.filter(
  ({ token }) => token === undefined || 'good revoked'.includes(token.state),
);

/** The requests that a route refuses and the same route with one restriction more lets in. */
async function opened(
  adapter: AdapterName,
  pairs: readonly Pair[],
  seed: number,
): Promise<{ refused: number; found: readonly string[] }> {
  const requests = fc.sample(READABLE, { seed, numRuns: pairs.length * REQUESTS });
  const before = await answersOf(
    adapter,
    pairs.map(([route]) => route),
    requests,
  );
  const after = await answersOf(
    adapter,
    pairs.map(([, restricted]) => restricted),
    requests,
  );
  const found = requests.flatMap((sent, at) => {
    const [route, restricted] = pairs[at % pairs.length] as Pair;
    if (isEntry(before[at] as string) || !isEntry(after[at] as string)) return [];
    const routes = `${writtenRoute(route)}\n  and then\n  ${writtenRoute(restricted)}`;
    return [`${before[at]}, then ${after[at]}:\n  ${routes}\n  ${writtenRequest(sent)}`];
  });
  return { refused: before.filter((answer) => !isEntry(answer)).length, found };
}

describe(`Random routes (seed ${SEED})`, () => {
  it.each(ADAPTERS)('answer on %s as the documentation says', async (adapter) => {
    const seen = new Map<string, number>();
    const disagreements: [Route, Sent][] = [];

    for (const { application, seed: base } of CASES) {
      const seed = base + 500 * ADAPTERS.indexOf(adapter);
      const routes = routesOf({ application, seed }, 4 * ROUTES)
        .filter((route) => new Model(route).start === 'starts')
        .slice(0, ROUTES);
      const requests = fc.sample(SENT, { seed, numRuns: routes.length * REQUESTS });
      const answers = await answersOf(adapter, routes, requests);
      for (const [at, sent] of requests.entries()) {
        const route = routes[at % routes.length] as Route;
        const answer = answers[at] as string;
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
        if (!new Model(route).answers(sent).includes(answer)) disagreements.push([route, sent]);
      }
    }

    const [first] = disagreements;
    expect(first && (await disagreement(adapter, ...first))).toBeUndefined();
    // Otherwise the test would prove little: every kind of answer must be frequent.
    expect(Math.min(...seen.values())).toBeGreaterThan(50);
    expect(seen.size).toBe(11);
  });

  it('are refused at start if they are mistakes', async () => {
    const mistakes = CASES.flatMap((from) => routesOf(from, 4 * ROUTES)).filter(
      (route) => new Model(route).start === 'mistake',
    );
    const started: string[] = [];

    for (const route of mistakes) {
      const failure = await startFailure(route);
      if (failure instanceof JwtExtendedConfigError) continue;
      started.push(`${new Model(route).why}: ${failure?.stack}\n  ${writtenRoute(route)}`);
    }

    expect(started.slice(0, 3).join('\n\n')).toBe('');
    expect(mistakes.length).toBeGreaterThan(100);
  });

  describe('with one restriction more', () => {
    const groups: { readonly pairs: readonly Pair[]; readonly seed: number }[] = [];

    beforeAll(async () => {
      for (const from of CASES) {
        for (const pairs of [pairsWithin(from), pairsUnder(from)])
          if (pairs.length > 0) groups.push({ pairs: await startingPairs(pairs), seed: from.seed });
      }
    });

    it.each(ADAPTERS)('let in no more requests on %s', async (adapter) => {
      const found: string[] = [];
      let refused = 0;

      for (const { pairs, seed } of groups) {
        const result = await opened(adapter, pairs, seed);
        refused += result.refused;
        found.push(...result.found);
      }

      expect(found.slice(0, 3).join('\n\n')).toBe('');
      expect(refused).toBeGreaterThan(1000);
    });
  });
});
