import { afterAll, beforeAll } from '@jest/globals';
import { type AdapterName, createApp, type RunningApp } from '../support/app.js';
import { FlaskApp, type FlaskConfig } from '../support/flask.js';
import type { JwtExtendedOptions } from '../../src/index.js';
import { NestTwin, type Wanted } from './nest-twin.js';

/** The two applications that share their tokens. */
export const NAMES = ['Flask', 'Nest'] as const;
export type Name = (typeof NAMES)[number];
export interface Peers {
  readonly Flask: FlaskApp;
  readonly Nest: RunningApp;
}

export type TokenKind = 'access' | 'refresh';

/** The part of an answer that both must agree on; Flask has no `WWW-Authenticate`. */
export interface Said {
  readonly status: number;
  readonly body: unknown;
}

export function startNest(adapter: AdapterName, options?: JwtExtendedOptions): Promise<RunningApp> {
  return createApp(adapter, { controllers: [NestTwin], options });
}

/** The Flask applications of a spec file, by configuration. */
const flasks = new Map<string, Promise<FlaskApp>>();
afterAll(async () => {
  for (const flask of flasks.values()) await (await flask).close();
});

function flaskWith(config: FlaskConfig | undefined): Promise<FlaskApp> {
  const name = JSON.stringify(config ?? {});
  const flask = flasks.get(name) ?? FlaskApp.start(config);
  flasks.set(name, flask);
  return flask;
}

/** Both applications, which run during the tests of the block that calls this. */
export function startPeers(
  options: JwtExtendedOptions = {},
  config?: FlaskConfig,
  adapter: AdapterName = 'fastify',
): Peers {
  const peers = {} as { -readonly [N in Name]: Peers[N] };
  beforeAll(async () => {
    peers.Flask = await flaskWith(config);
    peers.Nest = await startNest(adapter, options);
  });
  afterAll(() => peers.Nest.close());
  return peers;
}

/** Calls one of the two over HTTP to mint a token. */
export async function mint(
  peer: FlaskApp | RunningApp,
  kind: TokenKind,
  wanted: Wanted,
): Promise<string> {
  const { status, body } = await peer.send('POST', `/tokens/${kind}`, { json: wanted });
  if (status !== 200) throw new Error(`No token was minted: ${status} ${JSON.stringify(body)}`);
  return (body as { token: string }).token;
}

/** Sends the same request to both and returns both answers. */
export async function ask(
  peers: Peers,
  ...request: Parameters<FlaskApp['send']>
): Promise<Record<Name, Said>> {
  const said = async (name: Name): Promise<Said> => {
    const { status, body } = await peers[name].send(...request);
    return { status, body };
  };
  return { Flask: await said('Flask'), Nest: await said('Nest') };
}

/** The same answer from both. */
export function alike(status: number, body: unknown): Record<Name, Said> {
  return { Flask: { status, body }, Nest: { status, body } };
}

/** The payload of a token, in the order in which it was written. */
export function payloadOf(token: string): Record<string, unknown> {
  return partOf(token, 1);
}

export function headerOf(token: string): Record<string, unknown> {
  return partOf(token, 0);
}

function partOf(token: string, index: 0 | 1): Record<string, unknown> {
  const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString();
  return JSON.parse(text) as Record<string, unknown>;
}
