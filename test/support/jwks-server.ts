import type { JsonWebKey } from '../../src/index.js';
import { jest } from '@jest/globals';
import type { KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The key set of another issuer, on a real server on a loopback address. It can be made to fail in many ways. */
export class JwksServer {
  /** The number of requests. */
  requests = 0;
  /** The largest number of open requests at one time. */
  mostAtOnce = 0;
  #open = 0;
  #answer: Handler = () => undefined;
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.#open += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
      response.on('close', () => (this.#open -= 1));
      this.#answer(request, response);
    });
  }

  static async start(...keys: readonly object[]): Promise<JwksServer> {
    const server = new JwksServer();
    server.publish(...keys);
    await server.comeBack();
    return server;
  }

  get uri(): string {
    return `http://127.0.0.1:${this.#port}/jwks.json`;
  }

  /** Answers with these keys from now on. */
  publish(...keys: readonly unknown[]): void {
    this.answer(200, JSON.stringify({ keys }));
  }

  /** Answers with this response from now on. */
  answer(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void {
    this.answerBy((_, response) => response.writeHead(status, headers).end(body));
  }

  answerBy(handler: Handler): void {
    this.#answer = handler;
  }

  /** Never responds. */
  hang(): void {
    this.answerBy(() => undefined);
  }

  /** Begins a response and never ends it. */
  stall(): void {
    this.answerBy((_, response) => response.writeHead(200).write('{"keys":['));
  }

  /** Resets the counters. */
  forget(): void {
    this.requests = 0;
    this.mostAtOnce = 0;
  }

  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens on the same port as before. */
  async comeBack(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#server.listen(this.#port, '127.0.0.1', () => resolve()),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.goAway();
  }
}

/** A key as an issuer publishes it. Members may be added; `undefined` removes one. */
export function published(
  key: KeyObject,
  members: Readonly<Record<string, unknown>> = {},
): JsonWebKey {
  return { ...key.export({ format: 'jwk' }), use: 'sig', ...members };
}

/** Stops `Date.now`, which the cache of remote key sets uses, and moves it by seconds. */
export class SystemTime {
  #ahead = 0;
  readonly #spy: { mockRestore(): void };

  constructor() {
    const now = Date.now();
    this.#spy = jest.spyOn(Date, 'now').mockImplementation(() => now + this.#ahead * 1000);
  }

  forward(seconds: number): void {
    this.#ahead += seconds;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}
