import { expect, jest } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Inject, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  type BlocklistStore,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  type JwtExtendedOptions,
  RefreshGuard,
  type TokenPair,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Calamities, Output } from '../../support/faults.js';

/** How soon after its store an application must work again on a slow machine. Late calls count for half a minute. */
export const BACK_WITHIN_MS = 15_000;

@Controller()
class StoreController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
  ) {}

  @UseGuards(AccessGuard)
  @Get('access')
  access(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh(@CurrentToken() token: JwtContext) {
    return this.tokens.rotateRefreshToken(token);
  }

  @UseGuards(AccessGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revoke(token);
    return { msg: 'logged out' };
  }
}

export const ADMITTED = { status: 200, body: { identity: 'alice' } };
export const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };
export const LOGGED_OUT = { status: 201, body: { msg: 'logged out' } };

const CHANNELS = ['store-down', 'store-up'] as const;

/** An application on a store that a test can break, with its events, output and unhandled errors. */
export class StoreApp {
  readonly tokens: TokenService;
  readonly blocklist: BlocklistService;

  private constructor(
    private readonly app: RunningApp,
    private readonly noticed: Noticed,
    private readonly deadlines: Deadlines,
  ) {
    this.tokens = app.get(TokenService);
    this.blocklist = app.get(BlocklistService);
  }

  /**
   * Without a timeout in the options, it waits for its store until the test calls `overdue`. Sessions are listed, so that
   * each login writes to the store.
   */
  static start(store: BlocklistStore, options?: JwtExtendedOptions): Promise<StoreApp> {
    return StoreApp.#start(store, options, (starting) => starting);
  }

  /** Starts while the store is down. */
  static startInOutage(store: BlocklistStore): Promise<StoreApp> {
    return StoreApp.#start(store, {}, (starting, deadlines) => deadlines.pass(starting));
  }

  static async #start(
    store: BlocklistStore,
    { blocklist, ...options }: JwtExtendedOptions = {},
    wait: (starting: Promise<RunningApp>, deadlines: Deadlines) => Promise<RunningApp>,
  ): Promise<StoreApp> {
    const [noticed, deadlines] = [new Noticed(), new Deadlines()];
    try {
      const starting = createApp('fastify', {
        controllers: [StoreController],
        options: {
          blocklist: { store, timeout: Deadlines.TIMEOUT, ...blocklist },
          sessions: { list: true },
          ...options,
        },
      });
      return new StoreApp(await wait(starting, deadlines), noticed, deadlines);
    } catch (error) {
      deadlines.restore();
      await noticed.stop();
      throw error;
    }
  }

  /** `store-down` and `store-up`, in order. */
  get events(): readonly string[] {
    return this.noticed.events;
  }

  get output(): Output {
    return this.noticed.output;
  }

  logIn(identity = 'alice'): Promise<TokenPair> {
    return this.tokens.createTokenPair(identity);
  }

  readonly show = (token: string) => this.#send('GET', '/access', token);
  readonly logOut = (token: string) => this.#send('POST', '/logout', token);
  readonly refresh = (token: string) => this.#send('POST', '/refresh', token);

  async #send(method: string, path: string, token: string) {
    const { status, body } = await this.app.send(method, path, { token });
    return { status, body };
  }

  /** Lets the deadlines of the store pass until a promise that waits for it is settled. */
  overdue<T>(waiting: Promise<T>): Promise<T> {
    return this.deadlines.pass(waiting);
  }

  /** Waits until a token is admitted again, and returns the milliseconds that it took. */
  async back(token: string): Promise<number> {
    const start = performance.now();
    while ((await this.show(token)).status !== 200) {
      if (performance.now() - start > 2 * BACK_WITHIN_MS) break;
      await pause(20);
    }
    return performance.now() - start;
  }

  /** Closes the application and then the others, and expects no error that would have ended the process. */
  async close(...others: readonly { close(): unknown }[]): Promise<void> {
    await this.app.close();
    this.deadlines.restore();
    const calamities = await this.noticed.stop();
    for (const each of others) await each.close();
    expect(calamities).toEqual([]);
  }
}

/** Records events, output and unhandled errors from now on. */
class Noticed {
  /** `store-down` and `store-up`, in order. */
  readonly events: string[] = [];
  readonly output = new Output();
  readonly #calamities = new Calamities();
  readonly #listeners = CHANNELS.map((name) => {
    const listener = () => this.events.push(name);
    subscribe(`nestjs-jwt-extended:${name}`, listener);
    return () => unsubscribe(`nestjs-jwt-extended:${name}`, listener);
  });

  /** Returns the errors that would have ended the process. */
  async stop(): Promise<readonly unknown[]> {
    for (const stop of this.#listeners) stop();
    this.output.restore();
    const calamities = await this.#calamities.settled();
    this.#calamities.stop();
    return calamities;
  }
}

/** A duration that only the deadlines of the store have, which identifies their timers. */
const DEADLINE_MS = 3_600_000;

/** The deadlines of an application's store. They pass when the test says so, and not by themselves. */
class Deadlines {
  /** For `blocklist.timeout`. */
  static readonly TIMEOUT = `${DEADLINE_MS}ms`;
  #passing: (() => void)[] = [];
  readonly #spy: { mockRestore(): void };

  constructor() {
    const start = globalThis.setTimeout;
    const startOrKeep = (act: () => void, milliseconds?: number, ...values: []) => {
      if (milliseconds !== DEADLINE_MS) return start(act, milliseconds, ...values);
      this.#passing.push(act);
      return start(() => undefined);
    };
    this.#spy = jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(startOrKeep as typeof start);
  }

  /** Lets each deadline pass until a promise is settled. */
  async pass<T>(waiting: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    waiting.then(over, over);
    while (!isOver) {
      for (const act of this.#passing.splice(0)) act();
      await pause(5);
    }
    return waiting;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}
