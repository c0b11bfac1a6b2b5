import type { HttpAdapterHost } from '@nestjs/core';
import { serialize, type SerializeOptions } from 'cookie';
import { isObject } from '../common/checks.js';
import { configError, describe, kindOf } from '../common/describe.js';
import type { HttpResponse } from '../contracts/http.js';
import type { Claims, Token, TokenType } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { isHostOnly } from '../options/cookie-options.js';
import type { TokenCarrier } from '../options/location-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Grant } from '../tokens/grant.js';
import { csrfClaimOf } from '../tokens/registered-claims.js';

/** Seconds that the browser keeps a persistent cookie of a token without `exp`, as in Flask-JWT-Extended. */
const ONE_YEAR = 31_540_000;

/** Browsers drop a cookie whose name and value together have more bytes (RFC 6265bis section 5.7). */
const MAX_COOKIE_BYTES = 4096;

/** How many claims a message names. */
const CLAIMS_NAMED = 3;

/** The attributes that a call may give. */
type Attributes = Pick<SerializeOptions, 'domain' | 'maxAge' | 'expires'>;

/** Writes `Set-Cookie` headers: all of a call or, if one cookie cannot be set, none. */
export class CookieWriter {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Whether access tokens in cookies may be renewed there. */
  get isRenewing(): boolean {
    return this.options.sessions.lifetime !== undefined;
  }

  /** Sets the cookies of tokens and, if there is CSRF protection, their CSRF cookies. */
  set(response: HttpResponse, tokens: readonly Token[], given: Attributes = {}): void {
    const lines = tokens.flatMap((token) => {
      const attributes = { ...given, maxAge: given.maxAge ?? this.#maxAgeOf(token) };
      const csrf = this.#carriesCsrf ? csrfClaimOf(token.claims) : undefined;
      const written = this.#linesOf(token.type, token.encoded, csrf, attributes);
      for (const line of written) this.#checkSize(line, token.claims);
      return written;
    });
    this.#write(response, lines);
  }

  /** Clears cookies. */
  unset(response: HttpResponse, types: readonly TokenType[], domain: string | undefined): void {
    const gone = { domain, maxAge: 0, expires: new Date(0) };
    const csrf = this.#carriesCsrf ? '' : undefined;
    const lines = types.flatMap((type) => this.#linesOf(type, '', csrf, gone));
    this.#write(response, lines);
  }

  /** Whether the browser keeps the cookie of a token after it is closed, unless a call says otherwise. */
  remembers({ claims }: Token): boolean {
    const { remember = !this.options.cookies.session } = (claims.grant ?? {}) as Grant;
    return remember;
  }

  /** Whether cookies of this type can be set, and nothing has set or cleared them on this response by any means. */
  isOpen(type: TokenType, response: HttpResponse): boolean {
    if (isSent(response)) return false;
    const { cookie, csrfCookie } = this.options.carriers[type];
    const names = [cookie.name, csrfCookie.name];
    const lines = [response.getHeader('set-cookie') ?? []].flat().map(String);
    const written = [...lines.map(nameIn), ...namesKeptBack(response)];
    return !written.some((name) => names.includes(name));
  }

  get #carriesCsrf(): boolean {
    return this.options.csrf.protect && this.options.csrf.inCookies;
  }

  /** Seconds that the browser keeps a cookie; `undefined` for a session cookie. */
  #maxAgeOf(token: Token): number | undefined {
    const { expiresAt } = token;
    if (!this.remembers(token)) return undefined;
    if (!expiresAt) return ONE_YEAR;
    return Math.max(0, Math.floor((expiresAt.getTime() - this.options.clock().getTime()) / 1000));
  }

  #linesOf(
    type: TokenType,
    encoded: string,
    csrf: string | undefined,
    attributes: Attributes,
  ): readonly string[] {
    const { cookie, csrfCookie } = this.options.carriers[type];
    const line = this.#lineOf(cookie, encoded, { ...attributes, httpOnly: true });
    return csrf === undefined ? [line] : [line, this.#lineOf(csrfCookie, csrf, attributes)];
  }

  #lineOf(
    { name, path }: TokenCarrier['cookie'],
    value: string,
    attributes: SerializeOptions,
  ): string {
    const { domain: usual, secure, sameSite, partitioned } = this.options.cookies;
    const { domain = usual } = attributes;
    if (domain !== undefined && isHostOnly(name))
      throw configError('domain', describe(domain), `the prefix of ${name} demands no domain`);
    return serialize(name, value, { path, secure, sameSite, partitioned, ...attributes, domain });
  }

  #checkSize(line: string, claims: Claims): void {
    const pair = line.slice(0, line.indexOf(';'));
    const bytes = Buffer.byteLength(pair) - '='.length;
    if (bytes <= MAX_COOKIE_BYTES) return;
    throw new TokenCreationError(
      `The cookie ${nameIn(pair)} would have ${bytes} bytes of name and value, and browsers drop cookies of more than ` +
        `${MAX_COOKIE_BYTES}: put less into the token. Its largest claims: ${this.#largestOf(claims)}`,
    );
  }

  /** The names of the largest claims and their sizes, without their values. */
  #largestOf(claims: Claims): string {
    const { userClaimsKey = '' } = this.options.token;
    const { [userClaimsKey]: nested, ...others } = claims;
    return Object.entries({ ...others, ...(isObject(nested) && nested) })
      .map(([name, value]) => ({ name, bytes: Buffer.byteLength(JSON.stringify(value)) }))
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, CLAIMS_NAMED)
      .map(({ name, bytes }) => `${JSON.stringify(name.slice(0, 64))} (${bytes} bytes)`)
      .join(', ');
  }

  #write(response: HttpResponse, lines: readonly string[]): void {
    requireOpen(response);
    const set = (name: string, value: string | readonly string[]) =>
      'setHeader' in response ? response.setHeader(name, value) : response.header(name, value);
    if ('setHeader' in response)
      set('Set-Cookie', [...[response.getHeader('Set-Cookie') ?? []].flat().map(String), ...lines]);
    else for (const line of lines) this.host.httpAdapter.appendHeader(response, 'Set-Cookie', line);
    // A response that holds a token must not be cached (RFC 6749 section 5.1).
    set('Cache-Control', 'no-store');
    set('Pragma', 'no-cache');
  }
}

/** @throws TypeError, Error */
function requireOpen(response: unknown): asserts response is HttpResponse {
  const { setHeader, header, getHeader } = Object(response) as Record<string, unknown>;
  if (typeof (setHeader ?? header) !== 'function' || typeof getHeader !== 'function')
    throw new TypeError(
      `Cookies need the response of Express or Fastify, as @Res({ passthrough: true }) gives it, not ${kindOf(response)}`,
    );
  if (isSent(response as HttpResponse))
    throw new Error(
      'Cookies cannot be set or cleared any more: the headers of the response have been sent, or a handler has taken the response over',
    );
}

/** Whether the headers have been sent, in which case Fastify says nothing, or `reply.hijack()` was called. */
function isSent(response: HttpResponse): boolean {
  const { headersSent, sent, raw } = response as {
    readonly headersSent?: boolean;
    readonly sent?: boolean;
    readonly raw?: { readonly headersSent?: boolean };
  };
  return Boolean(headersSent || sent || raw?.headersSent);
}

/** `@fastify/cookie` writes its cookies when the response is sent; until then it keeps them under a symbol. */
function namesKeptBack(response: HttpResponse): readonly string[] {
  const symbol = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === 'fastify.reply.setCookies',
  );
  const kept: unknown = symbol && Reflect.get(response, symbol);
  return kept instanceof Map ? Array.from(kept.values(), ({ name }: { name: string }) => name) : [];
}

function nameIn(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf('='))).trim();
}
