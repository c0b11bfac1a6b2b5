import { jest } from '@jest/globals';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Another issuer's key set, on a real server of loopback that behaves as well or as badly as it is told to. */
export class JwksServer {
  /** How many requests for the key set came in. */
  requests = 0;
  /** How many of them were answered at the same time, at most. */
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

  /** Answers with whatever this is from now on. */
  answer(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void {
    this.answerBy((_, response) => response.writeHead(status, headers).end(body));
  }

  answerBy(handler: Handler): void {
    this.#answer = handler;
  }

  /** Takes requests, and says nothing. */
  hang(): void {
    this.answerBy(() => undefined);
  }

  /** Says that it will answer, and stops in the middle of it. */
  stall(): void {
    this.answerBy((_, response) => response.writeHead(200).write('{"keys":['));
  }

  /** Forgets who asked, but not what it answers. */
  forget(): void {
    this.requests = 0;
    this.mostAtOnce = 0;
  }

  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens where it listened before. */
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

/** A key as an issuer publishes it; members may be added, and taken away by `undefined`. */
export function published(
  key: KeyObject,
  members: Readonly<Record<string, unknown>> = {},
): JsonWebKey {
  return { ...key.export({ format: 'jwk' }), use: 'sig', ...members };
}

/** What key sets of others are kept by, `Date.now`: it stands still until it is moved; the unit is seconds. */
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
