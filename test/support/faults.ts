import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import {
  Controller,
  Get,
  HttpException,
  Logger,
  Options,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { JsonWebTokenError, NotBeforeError, TokenExpiredError } from '@nestjs/jwt';
import { jest } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  type BlocklistStore,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  FreshGuard,
  type JwtContext,
  JwtRequired,
  RefreshGuard,
  TokenService,
} from '../../src/index.js';

/** Routes for every guard and service that can fail. */
@Controller()
export class ProbeController {
  /** How many requests reached a handler. */
  static entered = 0;

  constructor(
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
  ) {}

  @UseGuards(AccessGuard)
  @Get('access')
  access(@CurrentToken() token: JwtContext) {
    return entered({ identity: token.identity });
  }

  @UseGuards(AccessGuard)
  @Post('access')
  change(@CurrentToken() token: JwtContext) {
    return entered({ identity: token.identity });
  }

  @UseGuards(AccessGuard)
  @Options('access')
  preflight(@CurrentToken() token: JwtContext | undefined) {
    return entered({ token: token ?? null });
  }

  @JwtRequired({ optional: true })
  @Get('optional')
  optional(@CurrentIdentity() identity: string | undefined) {
    return entered({ identity: identity ?? null });
  }

  @UseGuards(AccessGuard)
  @Get('user')
  user(@CurrentUser() user: unknown) {
    return entered({ user });
  }

  @UseGuards(FreshGuard)
  @Get('fresh')
  fresh() {
    return entered({ fresh: true });
  }

  @JwtRequired({ fresh: { maxAge: 60 } })
  @Get('recent')
  recent() {
    return entered({ recent: true });
  }

  @UseGuards(RefreshGuard)
  @Get('refresh')
  refresh() {
    return entered({ refreshed: true });
  }

  @JwtRequired({ skipRevocationCheck: true })
  @Get('unchecked')
  unchecked() {
    return entered({ unchecked: true });
  }

  @Post('mint')
  async mint(@Req() request: unknown) {
    return entered({ token: await this.tokens.createAccessToken('alice', { request }) });
  }

  @UseGuards(AccessGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revoke(token);
    return entered({ msg: 'logged out' });
  }
}

function entered<T>(body: T): T {
  ProbeController.entered += 1;
  return body;
}

/** The answer if anything fails without an HTTP error of its own. */
export const UNAVAILABLE = { status: 503, body: { msg: 'Token could not be checked' } } as const;

/** Values that a store or loader may throw. */
export const THROWN: readonly (readonly [string, unknown])[] = [
  ['an Error', new Error('the database is away')],
  ['a JsonWebTokenError', new JsonWebTokenError('invalid signature')],
  ['a TokenExpiredError', new TokenExpiredError('jwt expired', new Date(0))],
  ['a NotBeforeError', new NotBeforeError('jwt not active', new Date(0))],
  ['a SyntaxError', new SyntaxError('Unexpected token')],
  ['a TypeError', new TypeError('x is not a function')],
  ['a RangeError', new RangeError('Invalid array length')],
  ['text', 'no'],
  ['undefined', undefined],
  ['null', null],
  ['a symbol', Symbol('no')],
  ['an object that has no text', Object.create(null)],
];

/** An HTTP error of the application, with a status that the library never uses. */
export function teapot(): HttpException {
  return new HttpException({ msg: 'out of coffee' }, 418);
}

export function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

export function rejecting(reason: unknown): () => Promise<never> {
  return () => Promise.reject(reason);
}

/** Never answers. */
export function hanging(): Promise<never> {
  return new Promise<never>(() => {});
}

/** A promise that the test resolves or rejects. */
export function postponed<T>() {
  let settle!: { resolve: (value: T) => void; reject: (reason: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

/** Lets everything run that is due. */
export async function turnsOfTheLoop(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A store whose four functions a test may replace while an application runs on it. */
export class FaultyStore implements BlocklistStore {
  readonly entries = new Map<string, string>();
  add = jest.fn<BlocklistStore['add']>();
  replace = jest.fn<BlocklistStore['replace']>();
  get = jest.fn<BlocklistStore['get']>();
  delete = jest.fn<BlocklistStore['delete']>();

  constructor() {
    this.recover();
  }

  /** Works again, with the entries that it has, and forgets its calls. */
  recover(): void {
    this.add.mockReset().mockImplementation((key, value) => {
      if (this.entries.has(key)) return Promise.resolve(false);
      this.entries.set(key, value);
      return Promise.resolve(true);
    });
    this.replace.mockReset().mockImplementation((key, expected, value) => {
      if (this.entries.get(key) !== expected) return Promise.resolve(false);
      this.entries.set(key, value);
      return Promise.resolve(true);
    });
    this.get
      .mockReset()
      .mockImplementation((keys) =>
        Promise.resolve(keys.map((key) => this.entries.get(key) ?? null)),
      );
    this.delete.mockReset().mockImplementation((key) => {
      this.entries.delete(key);
      return Promise.resolve();
    });
  }
}

/** The real process: inside Jest, `process` is a copy that emits no events. */
const theProcess = (EventEmitter.constructor as (code: string) => () => NodeJS.Process)(
  'return process',
)();

const CALAMITIES = ['unhandledRejection', 'uncaughtException'] as const;

/** Collects everything from now on that would end the process. */
export class Calamities {
  readonly seen: unknown[] = [];
  readonly #note = (calamity: unknown) => {
    this.seen.push(calamity);
  };

  constructor() {
    for (const name of CALAMITIES) theProcess.on(name, this.#note);
  }

  /** What happened until now; Node reports an unhandled rejection a turn of the event loop later. */
  async settled(): Promise<readonly unknown[]> {
    await turnsOfTheLoop();
    return this.seen;
  }

  stop(): void {
    for (const name of CALAMITIES) theProcess.off(name, this.#note);
  }
}

/** Lets `performance.now` run ahead, so that no test waits until a failure is logged again. */
export class SkippedTime {
  #skipped = 0;
  readonly #spy: { mockRestore(): void };

  constructor() {
    const now = performance.now.bind(performance);
    this.#spy = jest.spyOn(performance, 'now').mockImplementation(() => now() + this.#skipped);
  }

  skip(milliseconds: number): void {
    this.#skipped += milliseconds;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}

const LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;

/** Collects everything from now on that is logged or printed. */
export class Output {
  readonly #pieces: string[] = [];
  readonly #spies: { mockRestore(): void }[] = [];

  constructor() {
    for (const level of LEVELS) this.#watch(Logger.prototype, level);
    for (const level of ['log', 'error', 'warn', 'info', 'debug', 'trace'] as const)
      this.#watch(console, level);
    for (const stream of [process.stdout, process.stderr]) this.#watch(stream, 'write');
  }

  /** All of it, with every property of what was printed. */
  get text(): string {
    return this.#pieces.join('\n');
  }

  get lines(): readonly string[] {
    return this.#pieces;
  }

  restore(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }

  #watch(target: object, method: string): void {
    const spy = jest.spyOn(target as Record<string, () => unknown>, method);
    spy.mockImplementation((...said: unknown[]) => {
      this.#pieces.push(said.map((each) => wordsOf(each)).join(' '));
      return true;
    });
    this.#spies.push(spy);
  }
}

/** Everything that printing a value shows. */
export function wordsOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true });
}

/** What a promise rejects with; if it resolves, the test fails. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`It did not fail, but gave ${inspect(outcome.value)}`);
}
