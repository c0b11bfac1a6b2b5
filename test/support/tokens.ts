import {
  constants,
  createHmac,
  createSecretKey,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { All, Controller, UseGuards } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AccessGuard,
  type Algorithm,
  BlocklistService,
  FreshGuard,
  JwtExtendedModule,
  type JwtExtendedOptions,
  RefreshGuard,
  TokenService,
} from '../../src/index.js';
import { createApp, type RunningApp } from './app.js';
import { accessClaims, Clock, NOW, SECRET, segment } from './forge.js';
import { ecPair, rsaPair } from './keys.js';

export const ALGORITHMS: readonly Algorithm[] = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
];

/** The ids of sessions (RFC 9562 section 5.7). */
export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Keys of one algorithm, as the module takes them and as `node:crypto` does. */
export interface AlgorithmKeys {
  readonly options: Pick<JwtExtendedOptions, 'secret' | 'privateKey' | 'publicKey' | 'algorithm'>;
  readonly signing: KeyObject;
  readonly verifying: KeyObject;
}

export function keysOf(algorithm: Algorithm, name = 'first'): AlgorithmKeys {
  if (algorithm.startsWith('HS')) {
    const text =
      name === 'first' ? SECRET : createHmac('sha512', SECRET).update(name).digest('hex');
    const secret = createSecretKey(Buffer.from(text));
    return { options: { secret, algorithm }, signing: secret, verifying: secret };
  }
  const curve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
  const pair = algorithm.startsWith('ES')
    ? ecPair(curve[algorithm as keyof typeof curve], name)
    : rsaPair(name);
  const { privateKey, publicKey } = pair;
  // `secret: undefined` takes away the one that applications of tests have by default.
  const options = { secret: undefined, privateKey, publicKey, algorithm };
  return { options, signing: privateKey, verifying: publicKey };
}

/** Signs any text, with no library of ours in between. */
export function signText(input: string, algorithm: Algorithm, key: KeyObject): string {
  const hash = `sha${algorithm.slice(2)}`;
  const bytes = Buffer.from(input);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, key).update(bytes).digest('base64url');
    case 'PS':
      return signBytes(hash, bytes, { key, padding, saltLength }).toString('base64url');
    case 'ES':
      return signBytes(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    default:
      return signBytes(hash, bytes, key).toString('base64url');
  }
}

/** Signs segments as they are, in whatever spelling they may be. */
export function forgeSegments(header: string, payload: string, secret: string = SECRET): string {
  const input = `${header}.${payload}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** A token under any algorithm; the header's `alg` may say something else. */
export function forgeAs(
  algorithm: Algorithm,
  payload: unknown,
  { header = { alg: algorithm, typ: 'JWT' } as unknown, key = keysOf(algorithm).signing } = {},
): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signText(input, algorithm, key)}`;
}

/** The claims of an access token made at `NOW`, with changes. */
export function claimsAtNow(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900, ...changes });
}

export function headerOf(token: string): Record<string, unknown> {
  return decoded(token, 0);
}

export function claimsOf(token: string): Record<string, unknown> {
  return decoded(token, 1);
}

/** The same token under other signature bytes, spelt canonically. */
export function withSignature(token: string, change: (signature: Buffer) => Buffer): string {
  const [header, payload, signature = ''] = token.split('.');
  const bytes = change(Buffer.from(signature, 'base64url'));
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}

/** The same bits in another spelling: the last character's unused bits are set (RFC 4648 section 3.5). */
export function withUnusedBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(text.at(-1) as string);
  return text.slice(0, -1) + alphabet[last | 1];
}

/** What is needed to make and to read tokens where no request is involved. */
export interface TokenTools {
  readonly tokens: TokenService;
  readonly blocklist: BlocklistService;
  readonly module: TestingModule;
}

export async function startTokens(options: JwtExtendedOptions = {}): Promise<TokenTools> {
  const imports = [JwtExtendedModule.forRoot({ secret: SECRET, ...options })];
  const module = await Test.createTestingModule({ imports }).compile();
  return { module, tokens: module.get(TokenService), blocklist: module.get(BlocklistService) };
}

/** What a promise was rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('The promise was fulfilled');
}

/** What a token was refused with: the class of the error, its code and its message. */
export async function refusalOf(
  promise: Promise<unknown>,
): Promise<{ name: string; code: unknown; message: string }> {
  const error = (await rejectionOf(promise)) as Error & { code?: unknown };
  return { name: error.constructor.name, code: error.code, message: error.message };
}

/** What a refusal looks like to the client: under Flask's statuses, and in RFC 6750's words. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
  readonly error: string;
}

export function invalid(msg: string): Refusal {
  return { status: 422, code: 'TOKEN_INVALID', msg, error: 'invalid_token' };
}

export function wrongType(msg: string): Refusal {
  return { status: 422, code: 'TOKEN_WRONG_TYPE', msg, error: 'invalid_token' };
}

export const EXPIRED: Refusal = {
  status: 401,
  code: 'TOKEN_EXPIRED',
  msg: 'Token has expired',
  error: 'invalid_token',
};

export const STALE: Refusal = {
  status: 401,
  code: 'TOKEN_NOT_FRESH',
  msg: 'Fresh token required',
  error: 'insufficient_user_authentication',
};

export const LET_IN = 'let in';

/** What is presented, as a title tells it; the token itself, or a JSON value in its place; and what comes of it. */
export type Row = readonly [what: string, presented: unknown, outcome: Refusal | typeof LET_IN];

export type TableRoute = 'access' | 'fresh' | 'refresh';

/** How often a handler was reached: a refused request never comes that far. */
let reached = 0;

@Controller()
class TableController {
  @UseGuards(AccessGuard)
  @All('access')
  access(): string {
    reached++;
    return 'in';
  }

  @UseGuards(FreshGuard)
  @All('fresh')
  fresh(): string {
    reached++;
    return 'in';
  }

  @UseGuards(RefreshGuard)
  @All('refresh')
  refresh(): string {
    reached++;
    return 'in';
  }
}

/** How the rows of a table are presented. */
export interface TableParts {
  readonly options?: JwtExtendedOptions;
  readonly route?: TableRoute;
  /** On one application only: for tables whose kinds of refusal another table has, too. */
  readonly isVariant?: boolean;
  /** In a JSON body instead of the header, which cannot carry every text. */
  readonly inBody?: boolean;
}

/** Each adapter and each status profile once: no refusal of a token depends on both. */
const TABLE_APPS = [
  ['fastify', 'flask'],
  ['express', 'rfc6750'],
] as const;

/**
 * Presents each row over HTTP at the time `NOW`. A refused request does not reach the handler, and no row changes a
 * prototype.
 */
export function describeTokens(title: string, parts: TableParts, rows: readonly Row[]): void {
  const { route = 'access', inBody = false, isVariant = false, options } = parts;
  const apps = isVariant ? TABLE_APPS.slice(0, 1) : TABLE_APPS;

  describe.each(apps)(`${title}, on %s under the statuses of %s`, (adapter, profile) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [TableController],
        options: {
          clock: new Clock().now,
          errorCodeKey: 'code',
          locations: inBody ? ['json'] : ['headers'],
          profile,
          ...options,
        },
      });
    });
    afterAll(() => app.close());

    it.each(rows)('%s', async (_, presented, outcome) => {
      const before = reached;
      const json = { access_token: presented, refresh_token: presented };
      const answer = await (inBody
        ? app.send('POST', `/${route}`, { json })
        : app.send('GET', `/${route}`, { token: presented as string }));

      expect({
        status: answer.status,
        body: answer.body,
        challenge: errorIn(answer.headers.get('www-authenticate')),
        reached: reached - before,
      }).toEqual(expectedFrom(outcome, profile));
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
      expect(Object.keys(Object.prototype)).toEqual([]);
    });
  });
}

function expectedFrom(outcome: Refusal | typeof LET_IN, profile: 'flask' | 'rfc6750'): object {
  if (outcome === LET_IN) return { status: 200, body: 'in', challenge: undefined, reached: 1 };
  const { code, msg, error } = outcome;
  const status = profile === 'rfc6750' ? 401 : outcome.status;
  const challenge = status === 401 ? `Bearer error="${error}"` : undefined;
  return { status, body: { msg, code }, challenge, reached: 0 };
}

/** The challenge up to its `error` (RFC 6750 section 3); what follows is words. */
function errorIn(challenge: string | null): string | undefined {
  return challenge?.split(',')[0];
}

function decoded(token: string, index: number): Record<string, unknown> {
  const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString();
  return JSON.parse(text) as Record<string, unknown>;
}
