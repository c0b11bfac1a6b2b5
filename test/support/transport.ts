import { All, Controller, HttpCode, Injectable, Post, Res, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyCookie from '@fastify/cookie';
import cookieParser from 'cookie-parser';
import { request as httpRequest } from 'node:http';
import {
  AccessGuard,
  CurrentToken,
  JwtRequired,
  RefreshGuard,
  TokenCookies,
  type HttpResponse,
  type JwtContext,
  type TokenErrorCode,
  type TokenLocation,
  type TokenType,
} from '../../src/index.js';
import type { RoutePolicy } from '../../src/contracts/route-policy.js';
import type { AdapterName, Answer, RunningApp, Sent } from './app.js';

/** The identity, type and location of a request's token, with which every route here answers. */
export interface Welcome {
  readonly identity: string | null;
  readonly location: TokenLocation | 'custom' | null;
}

export function welcomeOf(token: JwtContext | undefined): Welcome {
  return { identity: token?.identity ?? null, location: token?.location ?? null };
}

/** One route for each type of token and one without a guard, for every method. */
@Controller()
export class EchoController {
  @UseGuards(AccessGuard)
  @All('access')
  access(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @UseGuards(RefreshGuard)
  @All('refresh')
  refresh(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @JwtRequired({ optional: true })
  @All('optional')
  optional(@CurrentToken() token: JwtContext | undefined) {
    return welcomeOf(token);
  }
}

/** The parts of a response that a client uses. */
export function said({ status, body }: Answer): Pick<Answer, 'status' | 'body'> {
  return { status, body };
}

export function welcome(location: Welcome['location'], identity: string | null = 'alice') {
  return { status: 200, body: { identity, location } };
}

/** A refusal if `errorCodeKey` is `'code'`. */
export function refusal(status: number, code: TokenErrorCode, msg: string) {
  return { status, body: { msg, code } };
}

export const missing = (msg: string) => refusal(401, 'TOKEN_MISSING', msg);
export const invalid = (msg: string) => refusal(422, 'TOKEN_INVALID', msg);
export const csrfFailed = (msg: string) => refusal(401, 'CSRF_FAILED', msg);

/** A request with a token in one location, under the default names; `custom` is the header `X-Token`. */
export function carrying(
  location: TokenLocation | 'custom',
  token: string,
  type: TokenType = 'access',
): { readonly method: string; readonly search: string; readonly sent: Sent } {
  const empty = { method: 'GET', search: '', sent: {} };
  switch (location) {
    case 'headers':
      return { ...empty, sent: { token } };
    case 'cookies':
      return { ...empty, sent: { headers: { cookie: `${type}_token_cookie=${token}` } } };
    case 'query_string':
      return { ...empty, search: `?jwt=${token}` };
    case 'json':
      return { ...empty, method: 'POST', sent: { json: { [`${type}_token`]: token } } };
    case 'custom':
      return { ...empty, sent: { headers: { 'x-token': token } } };
  }
}

/** Sends what `fetch` cannot: any method, a body with any method, and one header several times. */
export function sendRaw(
  app: RunningApp,
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string | string[]>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest(app.url + path, {
      method,
      headers: { ...headers, ...length },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = response.headers['content-type']?.includes('json') === true && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          body: isJson ? (JSON.parse(text) as unknown) : text,
          headers: new Headers(singleHeaders(response.headers)),
          cookies: response.headers['set-cookie'] ?? [],
        });
      });
    });
    request.end(body);
  });
}

function singleHeaders(headers: NodeJS.Dict<string | string[]>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

/** The usual cookie plug-in of an adapter. */
export async function useCookiePlugin(adapter: AdapterName, app: INestApplication): Promise<void> {
  if (adapter === 'fastify') await (app as NestFastifyApplication).register(fastifyCookie);
  else app.use(cookieParser());
}

/** What a test does with a response. */
export type Act = (cookies: TokenCookies, response: HttpResponse) => unknown;

@Injectable()
class Script {
  act: Act = () => undefined;
}

@Controller()
class StageController {
  constructor(
    private readonly script: Script,
    private readonly cookies: TokenCookies,
  ) {}

  @HttpCode(200)
  @Post('stage')
  async perform(@Res({ passthrough: true }) response: HttpResponse) {
    await this.script.act(this.cookies, response);
    return { done: true };
  }
}

/** The parts of an application that {@link perform} needs. */
export const STAGE = { controllers: [StageController], providers: [Script] };

/** The response that a client gets if a handler does this. */
export function perform(app: RunningApp, act: Act): Promise<Answer> {
  app.get(Script).act = act;
  return app.send('POST', '/stage');
}

/** The policy of `AccessGuard` with changes, for tests of one part of the extraction. */
export function policy(changes: Partial<RoutePolicy> = {}): RoutePolicy {
  return {
    type: 'access',
    verifyType: true,
    optional: false,
    fresh: false,
    skipRevocationCheck: false,
    ...changes,
  };
}
