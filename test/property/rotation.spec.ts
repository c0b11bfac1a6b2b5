import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ExpiredTokenError,
  ReusedTokenError,
  RevokedTokenError,
  TokenService,
} from '../../src/index.js';
import { Clock } from '../support/forge.js';
import { claimsOf, startTokens, type TokenTools } from '../support/tokens.js';

const GRACE = 10;

/** A refresh token of the session as the model knows it; the first one is of generation 0. */
interface Generation {
  readonly token: string;
  readonly jti: unknown;
  /** When it was spent, by the clock; `undefined` for not yet. */
  spentAt?: number;
}

/** What must be true of the session after every command. */
interface Model {
  readonly generations: Generation[];
  isDead: boolean;
}

/** The session itself: real tokens of a real service. */
interface Real {
  readonly tools: TokenTools;
  readonly clock: Clock;
  readonly accessTokens: string[];
}

type Outcome =
  { readonly pair: { accessToken: string; refreshToken: string } } | { error: unknown };

async function outcomeOf(tokens: TokenService, token: string): Promise<Outcome> {
  try {
    return { pair: await tokens.rotateRefreshToken(token) };
  } catch (error) {
    return { error };
  }
}

/** Whether the model lets the n-th refresh token buy something now: it is unspent, or races with itself. */
function isGood({ generations, isDead }: Model, index: number, now: number): boolean {
  const own = generations[index];
  if (isDead || !own) return false;
  if (own.spentAt === undefined) return true;
  return Math.abs(now - own.spentAt) < GRACE && generations[index + 1]?.spentAt === undefined;
}

/** A client sends a refresh token of the session: the newest one, or an older one, as a late client or a thief does. */
class Refresh implements fc.AsyncCommand<Model, Real> {
  constructor(private readonly back: number) {}

  check = () => true;

  async run(model: Model, { tools, clock, accessTokens }: Real): Promise<void> {
    const index = Math.max(0, model.generations.length - 1 - this.back);
    const own = model.generations[index] as Generation;
    const expected = isGood(model, index, clock.seconds);
    const wasSpent = own.spentAt !== undefined;

    const outcome = await outcomeOf(tools.tokens, own.token);

    expect('pair' in outcome).toBe(expected);
    if ('error' in outcome) {
      expect(outcome.error).toBeInstanceOf(RevokedTokenError);
      const isRacing =
        wasSpent && model.isDead && isGood({ ...model, isDead: false }, index, clock.seconds);
      expect(outcome.error instanceof ReusedTokenError).toBe(wasSpent && !isRacing);
      model.isDead = true;
      return;
    }
    const { accessToken, refreshToken } = outcome.pair;
    accessTokens.push(accessToken);
    const { jti } = claimsOf(refreshToken);
    if (wasSpent) {
      expect(jti).toBe(model.generations[index + 1]?.jti);
    } else {
      own.spentAt = clock.seconds;
      model.generations.push({ token: refreshToken, jti });
    }
  }

  toString = () => `refresh(${this.back} back)`;
}

/** Several tabs show the newest refresh token at once. */
class Race implements fc.AsyncCommand<Model, Real> {
  constructor(private readonly clients: number) {}

  check = ({ isDead }: Readonly<Model>) => !isDead;

  async run(model: Model, { tools, clock, accessTokens }: Real): Promise<void> {
    const own = model.generations.at(-1) as Generation;

    const outcomes = await Promise.all(
      Array.from({ length: this.clients }, () => outcomeOf(tools.tokens, own.token)),
    );

    const pairs = outcomes.flatMap((outcome) => ('pair' in outcome ? [outcome.pair] : []));
    expect(pairs).toHaveLength(this.clients);
    expect(new Set(pairs.map(({ refreshToken }) => claimsOf(refreshToken).jti)).size).toBe(1);
    const { accessToken, refreshToken } = pairs[0] as (typeof pairs)[number];
    accessTokens.push(accessToken);
    own.spentAt = clock.seconds;
    model.generations.push({ token: refreshToken, jti: claimsOf(refreshToken).jti });
  }

  toString = () => `race(${this.clients} clients)`;
}

/** Time passes, or the clock is set back. */
class Wait implements fc.AsyncCommand<Model, Real> {
  constructor(private readonly seconds: number) {}

  check = () => true;

  async run(_model: Model, { clock }: Real): Promise<void> {
    await Promise.resolve(clock.forward(this.seconds));
  }

  toString = () => `wait(${this.seconds} s)`;
}

/** The user logs out. */
class LogOut implements fc.AsyncCommand<Model, Real> {
  check = () => true;

  async run(model: Model, { tools }: Real): Promise<void> {
    const { sid } = claimsOf(model.generations[0]?.token as string);
    await tools.blocklist.revokeSession(sid as string);
    model.isDead = true;
  }

  toString = () => 'log out';
}

/** The invariant: of a live session one refresh token is unspent, and of a dead one nothing lives. */
class LookAround implements fc.AsyncCommand<Model, Real> {
  check = () => true;

  async run({ generations, isDead }: Model, { tools, accessTokens }: Real): Promise<void> {
    const unspent = generations.filter(({ spentAt }) => spentAt === undefined);
    expect(unspent).toHaveLength(1);
    const newest = generations.at(-1) as Generation;
    const { tokens } = tools;
    expect(await tokens.verifyToken(newest.token, { type: 'refresh' })).toBe(!isDead);
    if (!isDead) return;
    for (const encoded of accessTokens) expect(await tokens.verifyToken(encoded)).toBe(false);
    for (const { token } of generations)
      expect(await tokens.verifyToken(token, { type: 'refresh' })).toBe(false);
  }

  toString = () => 'look around';
}

const commands = fc.commands(
  [
    fc.constantFrom(0, 0, 0, 1, 1, 2, 3).map((back) => new Refresh(back)),
    fc.integer({ min: 2, max: 5 }).map((clients) => new Race(clients)),
    fc.constantFrom(1, 5, 9, 10, 60, -1, -15).map((seconds) => new Wait(seconds)),
    fc.constant(new LookAround()),
    fc.constant(new LogOut()),
  ],
  { maxCommands: 25 },
);

async function start(): Promise<{ model: Model; real: Real }> {
  const clock = new Clock();
  // The clock may be set back: a token must not seem to come from the future then.
  const tools = await startTokens({ clock: clock.now, leeway: 300 });
  const { accessToken, refreshToken } = await tools.tokens.createTokenPair('alice');
  const first = { token: refreshToken, jti: claimsOf(refreshToken).jti };
  return {
    model: { generations: [first], isDead: false },
    real: { tools, clock, accessTokens: [accessToken] },
  };
}

describe('R60: A session', () => {
  it('never has two valid successors of a token, and no valid token after its end', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const { model, real } = await start();
        try {
          await fc.asyncModelRun(() => ({ model, real }), steps);
          await new LookAround().run(model, real);
        } finally {
          await real.tools.module.close();
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stays valid for a client that repeats its request within the grace period', async () => {
    const step = fc.record({
      retries: fc.integer({ min: 0, max: 4 }),
      apart: fc.integer({ min: 0, max: 2 }),
      rest: fc.integer({ min: 0, max: 3600 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { model, real } = await start();
        const { tools, clock } = real;
        let { token } = model.generations[0] as Generation;
        for (const { retries, apart, rest } of steps) {
          let next = await tools.tokens.rotateRefreshToken(token);
          for (let retry = 0; retry < retries; retry += 1) {
            clock.forward(apart);
            next = await tools.tokens.rotateRefreshToken(token);
          }
          token = next.refreshToken;
          clock.forward(rest);
        }
        expect(await tools.tokens.verifyToken(token, { type: 'refresh' })).toBe(true);
        await tools.module.close();
      }),
      { numRuns: 60 },
    );
  });

  it('is refused with ExpiredTokenError once its refresh token has expired', async () => {
    const { model, real } = await start();
    real.clock.forward(31 * 86_400);

    const outcome = await outcomeOf(real.tools.tokens, model.generations[0]?.token as string);

    expect(outcome).toEqual({ error: expect.any(ExpiredTokenError) as unknown });
    await real.tools.module.close();
  });
});
