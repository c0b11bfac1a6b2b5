import type { Sample } from '../../support/sample.js';
import { claimsOf } from '../../support/tokens.js';

/** The answer of the sample. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** A pair of tokens as the sample returns it. */
export interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export const LOGGED_OUT: Answered = { status: 401, body: { msg: 'Token has been revoked' } };

/** A device with a logged-in user. It keeps its tokens and sends them as bearer tokens. */
export class Device {
  private constructor(
    private readonly sample: Sample,
    readonly name: string,
    /** Its current tokens. */
    public tokens: Pair,
  ) {}

  static async login(
    sample: Sample,
    name: string,
    username = 'alice',
    password = username === 'alice' ? 'wonderland' : 'pickwick',
  ): Promise<Device> {
    const { body } = await logIn(sample, name, username, password);
    return new Device(sample, name, body as Pair);
  }

  /** The same device for a sample that was started again on another port. */
  movedTo(sample: Sample): Device {
    return new Device(sample, this.name, this.tokens);
  }

  get sessionId(): string {
    return claimsOf(this.tokens.refresh_token).sid as string;
  }

  /** Sends a request with one of its tokens, by default the access token. */
  send(
    method: string,
    path: string,
    { token = this.tokens.access_token, json }: { token?: string; json?: unknown } = {},
  ): Promise<Answered> {
    const headers = { authorization: `Bearer ${token}`, 'user-agent': this.name };
    return answerOf(call(this.sample, method, path, headers, json));
  }

  /** Uses its refresh token, or an earlier one, and keeps the pair of the answer. */
  async refresh(token = this.tokens.refresh_token): Promise<Answered> {
    const answer = await this.send('POST', '/refresh', { token });
    if (answer.status === 200) this.tokens = answer.body as Pair;
    return answer;
  }

  /** The names of the devices that the sample lists, the current one with a star. */
  async devices(): Promise<readonly string[]> {
    const { body } = await this.send('GET', '/devices');
    return (body as { device: string; current: boolean }[]).map(
      ({ device, current }) => device + (current ? '*' : ''),
    );
  }

  /** Whether both of its tokens are still accepted. Throws if only the refresh token is. */
  async isLoggedIn(): Promise<boolean> {
    const answer = await this.send('GET', '/devices');
    if (answer.status === 200) return true;
    const refused = await this.send('POST', '/refresh', { token: this.tokens.refresh_token });
    if (refused.status === 200) throw new Error(`${this.name} is half logged out`);
    return false;
  }
}

/** A browser, which keeps cookies by name and sends each to the paths that it is for. */
export class Browser {
  readonly cookies = new Map<string, { value: string; path: string }>();

  constructor(private readonly sample: Sample) {}

  async send(
    method: string,
    path: string,
    { csrf, json }: { csrf?: string; json?: unknown } = {},
  ): Promise<Answered> {
    const sent = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    const headers = {
      cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; '),
      ...(csrf !== undefined && { 'x-csrf-token': this.cookies.get(csrf)?.value ?? '' }),
    };
    const response = await call(this.sample, method, path, headers, json);
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return answerOf(response);
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /; Path=([^;]+)/.exec(line)?.[1] ?? '/';
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, { value, path });
  }
}

export function logIn(
  sample: Sample,
  name: string,
  username: unknown,
  password: unknown,
): Promise<Answered> {
  const headers = { 'user-agent': name };
  return answerOf(call(sample, 'POST', '/login', headers, { username, password }));
}

function call(
  sample: Sample,
  method: string,
  path: string,
  headers: Record<string, string>,
  json: unknown,
): Promise<Response> {
  const type: Record<string, string> =
    json === undefined ? {} : { 'content-type': 'application/json' };
  const body = JSON.stringify(json);
  return fetch(sample.url + path, { method, headers: { ...headers, ...type }, body });
}

async function answerOf(answered: Response | Promise<Response>): Promise<Answered> {
  const response = await answered;
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
