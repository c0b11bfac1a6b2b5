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
import { type Answer, createApp, type RunningApp } from '../../support/app.js';
import type { Output } from '../../support/faults.js';
import { Noticed } from './noticed.js';

/** How long a store may think, and how much later an answer is still in time on a busy machine. */
export const TIMEOUT_MS = 500;
export const SLACK_MS = 2_500;
/** How soon after its store an application must be back. */
export const BACK_WITHIN_MS = 2_000;

@Controller()
class StoreController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  login() {
    return this.tokens.createTokenPair('alice');
  }

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

/** An application on a store that things happen to, and all that is noticed of it. */
export class StoreApp {
  readonly tokens: TokenService;
  readonly blocklist: BlocklistService;

  private constructor(
    private readonly app: RunningApp,
    private readonly noticed: Noticed,
  ) {
    this.tokens = app.get(TokenService);
    this.blocklist = app.get(BlocklistService);
  }

  static async start(
    store: BlocklistStore,
    { blocklist, ...options }: JwtExtendedOptions = {},
  ): Promise<StoreApp> {
    const noticed = new Noticed();
    try {
      const app = await createApp('fastify', {
        controllers: [StoreController],
        options: { blocklist: { store, timeout: `${TIMEOUT_MS}ms`, ...blocklist }, ...options },
      });
      return new StoreApp(app, noticed);
    } catch (error) {
      await noticed.stop();
      throw error;
    }
  }

  /** Of `store-down` and `store-up`, in order. */
  get events(): readonly string[] {
    return this.noticed.events;
  }

  get output(): Output {
    return this.noticed.output;
  }

  logIn(identity = 'alice'): Promise<TokenPair> {
    return this.tokens.createTokenPair(identity);
  }

  async send(
    method: string,
    path: string,
    token?: string,
  ): Promise<Pick<Answer, 'status' | 'body'>> {
    const { status, body } = await this.app.send(method, path, { token });
    return { status, body };
  }

  show(token: string) {
    return this.send('GET', '/access', token);
  }

  logOut(token: string) {
    return this.send('POST', '/logout', token);
  }

  refresh(token: string) {
    return this.send('POST', '/refresh', token);
  }

  /** Waits until a token lets in again, and gives the milliseconds that it took. */
  async back(token: string): Promise<number> {
    const start = performance.now();
    while ((await this.show(token)).status !== 200) {
      if (performance.now() - start > 10 * BACK_WITHIN_MS) break;
      await pause(20);
    }
    return performance.now() - start;
  }

  /** Ends it, and gives what would have ended the process meanwhile. */
  async close(): Promise<readonly unknown[]> {
    await this.app.close();
    return this.noticed.stop();
  }
}

/** What came of something, and how many milliseconds later. */
export async function timed<T>(promise: Promise<T>): Promise<{ outcome: T; took: number }> {
  const start = performance.now();
  return { outcome: await promise, took: performance.now() - start };
}
