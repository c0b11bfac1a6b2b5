import type { Answer, RunningApp, Sent } from '../support/app.js';
import type { FlaskApp } from '../support/flask.js';
import { forgeToken } from '../support/forge.js';
import { claimsOf } from '../support/tokens.js';

/** A part of an answer: its status, its body with `<token>` for each token, and the cookies that it sets or clears. */
export type Step = readonly [status: number, body: unknown, cookies?: Record<string, string>];

const TOKEN = /[\w-]+\.[\w-]+\.[\w-]+/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** A client that calls one application, and keeps its cookies and what the application answered. */
export class Visitor {
  readonly answers: Step[] = [];
  readonly #cookies = new Map<string, string>();

  constructor(private readonly app: FlaskApp | RunningApp) {}

  /** Sends a request with the cookies that it has, and returns the body of the answer. */
  async send(method: string, path: string, sent: Sent = {}): Promise<Record<string, string>> {
    const headers = { ...(this.#cookies.size > 0 && { cookie: this.#header() }), ...sent.headers };
    const answer = await this.app.send(method, path, { ...sent, headers });
    const changes = this.#keep(answer);
    const body = JSON.parse(
      JSON.stringify(answer.body).replaceAll(TOKEN, '<token>').replaceAll(UUID, '<uuid>'),
    ) as unknown;
    const cookies = Object.keys(changes).length > 0 ? [changes] : [];
    this.answers.push([answer.status, body, ...cookies] as unknown as Step);
    return answer.body as Record<string, string>;
  }

  cookie(name: string): string {
    return this.#cookies.get(name) ?? '';
  }

  /** Replaces the token in a cookie by one that is older. */
  age(name: string, seconds: number): void {
    this.#cookies.set(name, aged(this.cookie(name), seconds));
  }

  #header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep({ cookies }: Answer): Record<string, string> {
    const pairs = cookies.map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie)!);
    for (const [, name, value] of pairs) {
      if (value) this.#cookies.set(name!, value);
      else this.#cookies.delete(name!);
    }
    return Object.fromEntries(pairs.map(([, name, value]) => [name, value ? 'set' : 'cleared']));
  }
}

/** The same token as if it had been made that many seconds earlier, with the same key. */
export function aged(token: string, seconds: number): string {
  const times = ['iat', 'nbf', 'exp', 'auth_time'];
  const claims = Object.entries(claimsOf(token)).map(([name, value]) => [
    name,
    times.includes(name) ? Number(value) - seconds : value,
  ]);
  return forgeToken(Object.fromEntries(claims));
}
