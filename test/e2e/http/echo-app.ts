import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type JwtExtendedOptions, type TokenPair, TokenService } from '../../../src/index.js';
import {
  type AdapterName,
  ADAPTERS,
  type Answer,
  type AppParts,
  createApp,
  type RunningApp,
} from '../../support/app.js';
import { EchoController, said, sendRaw } from '../../support/transport.js';

export type SentHeaders = Readonly<Record<string, string | string[]>>;

/**
 * An application with the routes of {@link EchoController}. In its requests, `{access}` and `{refresh}` stand for the tokens
 * of alice, `{csrf}` and `{refreshCsrf}` for their CSRF values, and `{other}` for an access token of mallory.
 */
export class EchoApp {
  app!: RunningApp;
  pair!: TokenPair;
  values: Readonly<Record<string, string>> = {};

  /** Runs during the tests of the block that calls this. */
  static use(
    adapter: AdapterName,
    options: JwtExtendedOptions = {},
    { controllers = [], ...parts }: Omit<AppParts, 'options'> = {},
  ): EchoApp {
    const echo = new EchoApp();
    beforeAll(async () => {
      echo.app = await createApp(adapter, {
        ...parts,
        controllers: [EchoController, ...controllers],
        options: { errorCodeKey: 'code', ...options },
      });
      await echo.#createTokens();
    });
    afterAll(() => echo.app.close());
    return echo;
  }

  /** The answer to a request like `GET /access`. An object is sent as JSON. */
  answer(line: string, headers: SentHeaders = {}, body: string | object = ''): Promise<Answer> {
    const [method = '', path = ''] = this.fill(line).split(' ');
    const isJson = typeof body === 'object';
    const type = isJson ? { 'content-type': 'application/json' } : {};
    const sent = Object.entries({ ...type, ...headers }).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((each) => this.fill(each)) : this.fill(value),
    ]);
    return sendRaw(this.app, method, path, {
      headers: Object.fromEntries(sent) as Record<string, string | string[]>,
      body: this.fill(isJson ? JSON.stringify(body) : body),
    });
  }

  /** Its status and its body. */
  async send(...request: Parameters<EchoApp['answer']>): Promise<ReturnType<typeof said>> {
    return said(await this.answer(...request));
  }

  fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (same, name: string) => this.values[name] ?? same);
  }

  async #createTokens(): Promise<void> {
    const tokens = this.app.get(TokenService);
    this.pair = await tokens.createTokenPair('alice');
    const { accessToken: access, refreshToken: refresh } = this.pair;
    const csrfOf = async (token: string) =>
      String((await tokens.decodeToken(token)).claims.csrf ?? '');
    this.values = {
      access,
      refresh,
      other: await tokens.createAccessToken('mallory'),
      csrf: await csrfOf(access),
      refreshCsrf: await csrfOf(refresh),
    };
  }
}

/** A request as {@link EchoApp.send} takes it, and the answer. */
export type Row = readonly [
  what: string,
  line: string,
  headers: SentHeaders,
  outcome: object,
  body?: string | object,
];

/** Sends the requests to an application with these options, on both adapters. */
export function describeRequests(
  title: string,
  options: JwtExtendedOptions,
  rows: readonly Row[],
  parts: Omit<AppParts, 'options'> = {},
): void {
  describe.each(ADAPTERS)(`${title} on %s`, (adapter) => {
    const echo = EchoApp.use(adapter, options, parts);

    it.each(rows)('%s: %s %j', async (_what, line, headers, outcome, body = '') => {
      expect(await echo.send(line, headers, body)).toEqual(outcome);
    });
  });
}
