import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { setImmediate as soon } from 'node:timers/promises';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  Sse,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { of, tap } from 'rxjs';
import {
  AccessGuard,
  BlocklistService,
  type HttpResponse,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, type Answer } from '../../support/app.js';
import type { Browser } from '../../support/browser.js';
import { NOW } from '../../support/forge.js';
import { NEST_MAJOR } from '../../support/nest.js';
import { namesIn, RENEWED, type Scene, SlidingApp } from '../../support/sliding.js';
import { claimsOf } from '../../support/tokens.js';
import { said, useCookiePlugin } from '../../support/transport.js';

const CLEARED = 'access_token_cookie=; Max-Age=0; Path=/';

@UseGuards(AccessGuard)
@Controller()
class StreamsController {
  @Get('file')
  file() {
    return new StreamableFile(Buffer.from('a file'));
  }

  @Sse('events')
  events() {
    return of({ data: 'one' }, { data: 'two' });
  }
}

interface Socket {
  write(chunk: string): unknown;
  end(chunk: string): unknown;
}

/** Methods of Express' response and Fastify's reply. */
interface Native extends Socket {
  header?(name: string, value: string): unknown;
  append?(name: string, value: string): unknown;
  cookie?(name: string, value: string): unknown;
  clearCookie(name: string, options: object): unknown;
  send(body: unknown): unknown;
  raw?: Socket;
  hijack?(): unknown;
}

const native = (response: HttpResponse) => response as unknown as Native;

/** The response of Node, taken over from Fastify. */
function socketOf(response: HttpResponse): Socket {
  native(response).hijack?.();
  return native(response).raw ?? native(response);
}

function addHeader(response: HttpResponse, line: string): void {
  const { append, header } = native(response);
  (append ?? header)?.call(response, 'Set-Cookie', line);
}

/** A browser whose cookie is due for renewal. */
async function comeBack(sliding: SlidingApp): Promise<Browser> {
  const browser = await sliding.logIn();
  sliding.clock.forward(600);
  return browser;
}

describe.each(ADAPTERS)('On %s, a handler', (adapter) => {
  let sliding: SlidingApp;
  let browser: Browser;
  /** Unhandled rejections, and logged warnings and errors. */
  const trouble: unknown[] = [];
  const note = (what: unknown) => trouble.push(what);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    sliding = await SlidingApp.start(adapter, {
      controllers: [StreamsController],
      configure: (nest) => useCookiePlugin(adapter, nest),
    });
    sliding.app.nest.useLogger({ log() {}, warn: note, error: note });
  });
  afterEach(() => {
    expect(trouble.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await sliding.close();
  });

  /** The answer of such a handler to a browser whose cookie is due for renewal. */
  async function act(scene: Scene, path = '/passthrough'): Promise<Answer> {
    sliding.clock.seconds = NOW;
    browser = await comeBack(sliding);
    sliding.play(scene);
    return browser.send('GET', path);
  }

  const BOTH = [...RENEWED, 'refresh_token_cookie', 'csrf_refresh_token'];

  it.each<[what: string, scene: (cookies: TokenCookies) => Scene, names: string[], left: string[]]>(
    [
      ['logs out', (cookies) => (response) => cookies.unsetCookies(response), BOTH, []],
      [
        'clears only the access cookie',
        (cookies) => (response) => cookies.unsetAccessCookies(response),
        RENEWED,
        [],
      ],
      [
        'sets other cookies',
        (cookies) => (response) => {
          addHeader(response, 'theme=dark');
          cookies.unsetRefreshCookies(response);
        },
        ['theme', 'refresh_token_cookie', 'csrf_refresh_token', ...RENEWED],
        [...RENEWED, 'theme'],
      ],
    ],
  )(
    'that %s keeps its cookies, and only an untouched access cookie is renewed',
    async (_what, scene, names, left) => {
      const answer = await act(scene(sliding.app.get(TokenCookies)));
      expect(answer.status).toBe(200);
      expect(namesIn(answer.cookies)).toEqual(names);
      expect(browser.cookies).toEqual(left);
    },
  );

  it('that logs another user in sets that cookie, and none is renewed', async () => {
    const cookies = sliding.app.get(TokenCookies);
    const token = await sliding.app.get(TokenService).createAccessToken('bob');
    const answer = await act((response) => cookies.setAccessCookies(response, token));
    expect(namesIn(answer.cookies)).toEqual(RENEWED);
    expect(browser.cookie('access_token_cookie')).toBe(token);
  });

  it.each([
    ['clears it', `${CLEARED}; HttpOnly`],
    ['clears the csrf cookie', 'csrf_access_token=; Max-Age=0; Path=/'],
    ['sets it on another path', 'access_token_cookie=elsewhere; Path=/elsewhere'],
  ])('that %s by a header keeps its header, and no cookie is renewed', async (_what, line) => {
    const answer = await act((response) => addHeader(response, line));
    expect(answer.cookies).toEqual([line]);
  });

  it.each<[what: string, change: (response: Native) => unknown, line: RegExp]>([
    [
      'clears it',
      (response) => response.clearCookie('access_token_cookie', { path: '/' }),
      /^access_token_cookie=;.*Expires=Thu, 01 Jan 1970/,
    ],
    [
      'sets it',
      (response) => response.cookie?.('access_token_cookie', 'mine'),
      /^access_token_cookie=mine/,
    ],
  ])(
    'that %s through the adapter or a plug-in keeps its cookie, and none is renewed',
    async (_what, change, line) => {
      const answer = await act((response) => void change(native(response)));
      expect(answer.cookies).toEqual([expect.stringMatching(line)]);
    },
  );

  it('that ends the session gets no renewed cookie', async () => {
    const blocklist = sliding.app.get(BlocklistService);
    const answer = await act(async (_response, { user }) => {
      await blocklist.revokeSession((user as { sessionId: string }).sessionId);
    });
    expect(answer.cookies).toEqual([]);
  });

  it.each<[what: string, scene: Scene]>([
    ['sends text', (response) => void native(response).send('sent')],
    [
      'sends text before it is done',
      async (response) => {
        native(response).send('sent');
        await soon();
        return 'late';
      },
    ],
    ['writes to the socket', (response) => void socketOf(response).end('sent')],
    [
      'has begun to write to the socket',
      async (response) => {
        const socket = socketOf(response);
        socket.write('se');
        void soon().then(() => socket.end('nt'));
      },
    ],
  ])('that %s by itself gets no renewed cookie', async (_what, scene) => {
    expect(await act(scene, '/handled')).toMatchObject({ status: 200, body: 'sent', cookies: [] });
  });

  it('that sends later succeeds, with or without a renewed cookie', async () => {
    const answer = await act((response) => {
      void soon().then(() => native(response).send(Readable.from(['sent'])));
    }, '/handled');
    expect(answer.status).toBe(200);
    expect([[], RENEWED]).toContainEqual(namesIn(answer.cookies));
  });

  /** With Fastify, NestJS 11 sends events without the headers that were set before. */
  const canHaveCookie = NEST_MAJOR > 11 || adapter === 'express';
  it.each([
    ['a file', '/file', 'a file', RENEWED],
    ['events', '/events', expect.stringMatching(/one[^]*two/), canHaveCookie ? RENEWED : []],
  ])('that gives %s gets a renewed cookie if it can', async (_what, path, body, cookies) => {
    const answer = await act(() => undefined, path);
    expect(said(answer)).toEqual({ status: 200, body });
    expect(namesIn(answer.cookies)).toEqual(cookies);
  });
});

describe.each(ADAPTERS)('On %s, while a cookie is being renewed', (adapter) => {
  it('an answer that the handler sends prevents the renewal', async () => {
    const warnings: unknown[] = [];
    let send: (() => unknown) | undefined;
    const isTokenRevoked = async () => {
      send?.();
      await soon();
      return false;
    };
    const sliding = await SlidingApp.start(adapter, { options: { loaders: { isTokenRevoked } } });
    const warn = (warning: unknown) => warnings.push(warning);
    sliding.app.nest.useLogger({ log() {}, error() {}, warn });
    const browser = await comeBack(sliding);
    sliding.play((response) => {
      send = () => native(response).send('sent');
    });

    const answer = await browser.send('GET', '/handled');

    expect(answer).toMatchObject({ status: 200, body: 'sent', cookies: [] });
    // The client has its answer before the renewal comes to its end.
    for (let turn = 0; turn < 100; turn += 1) await soon();
    expect(warnings).toEqual([]);
    await sliding.close();
  });
});

describe.each(ADAPTERS)('On %s, after a renewal', (adapter) => {
  it('an outer interceptor that logs out clears the renewed cookie', async () => {
    @Injectable()
    class Farewell implements NestInterceptor {
      constructor(private readonly cookies: TokenCookies) {}

      intercept(context: ExecutionContext, next: CallHandler) {
        const response = context.switchToHttp().getResponse<HttpResponse>();
        return next.handle().pipe(tap(() => this.cookies.unsetCookies(response)));
      }
    }
    const sliding = await SlidingApp.start(adapter, {
      before: [{ provide: APP_INTERCEPTOR, useClass: Farewell }],
    });
    const browser = await comeBack(sliding);
    await browser.send('GET', '/room');

    expect(browser.cookies).toEqual([]);
    await sliding.close();
  });

  it('the new token is refused once the session ends', async () => {
    const sliding = await SlidingApp.start(adapter);
    const browser = await comeBack(sliding);
    const { sid } = claimsOf(browser.cookie('access_token_cookie') ?? '');
    await browser.send('GET', '/room');

    await sliding.app.get(BlocklistService).revokeSession(String(sid));

    expect((await browser.send('GET', '/room')).status).toBe(401);
    await sliding.close();
  });
});
