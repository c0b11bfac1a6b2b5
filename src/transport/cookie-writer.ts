import type { HttpAdapterHost } from '@nestjs/core';
import { type SerializeOptions, serialize } from 'cookie';
import type { HttpResponse } from '../contracts/http.js';
import type { TokenType } from '../contracts/token.js';
import type { ResolvedOptions, TokenCarrier } from '../options/resolved-options.js';

/** How long a persistent cookie of a token that never expires is kept, in seconds: Flask-JWT-Extended's year. */
const ONE_YEAR = 31_540_000;

/** What goes into the cookies of a token. */
export interface CookieContent {
  readonly encoded: string;
  /** Absent where no csrf cookie goes with the token. */
  readonly csrf: string | undefined;
}

/** What may differ from cookie to cookie. */
export type CookieAttributes = Pick<SerializeOptions, 'domain' | 'maxAge' | 'expires'>;

/** Writes `Set-Cookie` headers, and remembers whose cookies were written to which response. */
export class CookieWriter {
  readonly #touched = { access: new WeakSet(), refresh: new WeakSet() };

  constructor(
    private readonly options: ResolvedOptions,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Whether the csrf value goes with a token in a cookie of its own. */
  get carriesCsrf(): boolean {
    return this.options.csrf.protect && this.options.csrf.inCookies;
  }

  set(
    type: TokenType,
    response: HttpResponse,
    { encoded, csrf }: CookieContent,
    attributes: CookieAttributes,
  ): void {
    const { cookie, csrfCookie } = this.options.carriers[type];
    this.#append(response, cookie, encoded, { ...attributes, httpOnly: true });
    if (csrf !== undefined) this.#append(response, csrfCookie, csrf, attributes);
    this.#forbidStoring(response);
  }

  unset(type: TokenType, response: HttpResponse, domain: string | undefined): void {
    this.touch(type, response);
    const gone = { domain, maxAge: 0, expires: new Date(0) };
    this.set(type, response, { encoded: '', csrf: this.carriesCsrf ? '' : undefined }, gone);
  }

  /** Seconds that a cookie is kept; `undefined` for one that ends with the browser's session. */
  maxAgeOf({ expiresAt }: { readonly expiresAt?: Date | undefined }): number | undefined {
    if (this.options.cookies.session) return undefined;
    if (!expiresAt) return ONE_YEAR;
    return Math.max(0, Math.floor((expiresAt.getTime() - this.options.clock().getTime()) / 1000));
  }

  /** Notes that somebody is about to write cookies, which may take them a while. */
  touch(type: TokenType, response: HttpResponse): void {
    this.#touched[type].add(response);
  }

  /** Whether somebody has written cookies of these names, or is about to; with whatever means. */
  isTouched(type: TokenType, response: HttpResponse): boolean {
    const { cookie, csrfCookie } = this.options.carriers[type];
    const names = [cookie.name, csrfCookie.name];
    const lines = [response.getHeader('set-cookie') ?? []].flat().map(String);
    const written = [...lines.map(nameIn), ...namesKeptBack(response)];
    return this.#touched[type].has(response) || written.some((name) => names.includes(name));
  }

  #append(
    response: HttpResponse,
    { name, path }: TokenCarrier['cookie'],
    value: string,
    attributes: SerializeOptions,
  ): void {
    const { domain, secure, sameSite } = this.options.cookies;
    const settings = { path, secure, sameSite, ...attributes, domain: attributes.domain ?? domain };
    this.host.httpAdapter.appendHeader(response, 'Set-Cookie', serialize(name, value, settings));
  }

  /** What holds a token must not stay in a cache (RFC 6749 section 5.1). */
  #forbidStoring(response: HttpResponse): void {
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.setHeader(response, 'Pragma', 'no-cache');
  }
}

/** `@fastify/cookie` writes its cookies when the answer is sent, and keeps them under a symbol until then. */
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
