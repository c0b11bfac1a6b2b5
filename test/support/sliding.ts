import {
  All,
  Controller,
  Get,
  Injectable,
  Post,
  type Provider,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import {
  AccessGuard,
  type HttpRequest,
  type HttpResponse,
  JwtRequired,
  LogoutGuard,
  SlidingSessionInterceptor,
  TokenCookies,
  TokenService,
} from '../../src/index.js';
import type { CreateTokenPairOptions } from '../../src/index.js';
import { type AdapterName, type AppParts, type RunningApp } from './app.js';
import { Browser } from './browser.js';
import { startEndpoints } from './endpoints.js';
import { Clock } from './forge.js';

/** What the handler of a test does with request and response. */
export type Scene = (response: HttpResponse, request: HttpRequest) => unknown;

/** The handler of the current test. */
@Injectable()
export class Play {
  scene: Scene = () => undefined;
  deliver: (response: HttpResponse) => void = () => undefined;
}

/** Routes that call the handler of the current test, and others that renew no cookie. */
@Controller()
class TheatreController {
  constructor(private readonly play: Play) {}

  /** Delivers tokens in cookies. */
  @Get('entrance')
  entrance(@Res({ passthrough: true }) response: HttpResponse) {
    return this.play.deliver(response);
  }

  @UseGuards(AccessGuard)
  @Get('passthrough')
  passthrough(@Res({ passthrough: true }) response: HttpResponse, @Req() request: HttpRequest) {
    return this.play.scene(response, request);
  }

  @UseGuards(AccessGuard)
  @Get('handled')
  handled(@Res() response: HttpResponse, @Req() request: HttpRequest) {
    return this.play.scene(response, request);
  }

  @JwtRequired({ cookieName: 'another_cookie' })
  @Get('another-cookie')
  anotherCookie() {
    return 'in';
  }

  @JwtRequired({ optional: true })
  @All('optional')
  optional() {
    return 'in';
  }

  @UseGuards(LogoutGuard)
  @Get('late')
  late() {
    return 'in';
  }

  @JwtRequired({ refresh: true })
  @Post('spend')
  spend() {
    return 'in';
  }
}

type SlidingParts = AppParts & {
  /** Registered before the interceptor, so that they run around it. */
  readonly before?: Provider[];
};

/** An application with the interceptor, and with a clock that the test moves. */
export class SlidingApp {
  private constructor(
    readonly app: RunningApp,
    readonly clock: Clock,
  ) {}

  static async start(
    adapter: AdapterName,
    { options, before = [], providers = [], controllers = [], ...parts }: SlidingParts = {},
  ): Promise<SlidingApp> {
    const clock = new Clock();
    const app = await startEndpoints(adapter, {
      ...parts,
      options: {
        locations: ['cookies', 'headers'],
        clock: clock.now,
        sessions: { lifetime: '30d' },
        ...options,
      },
      controllers: [TheatreController, ...controllers],
      providers: [
        Play,
        ...before,
        { provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor },
        ...providers,
      ],
    });
    return new SlidingApp(app, clock);
  }

  /** A browser with the cookies of a pair. */
  async logIn(subject: unknown = 'alice', options?: CreateTokenPairOptions): Promise<Browser> {
    const tokens = this.app.get(TokenService);
    const pair = await tokens.createTokenPair(subject, { fresh: true, ...options });
    return this.browserWith(pair.accessToken);
  }

  /** A browser that got an access token in a cookie. */
  async browserWith(accessToken: string): Promise<Browser> {
    const browser = new Browser(this.app);
    this.app.get(Play).deliver = (response) =>
      this.app.get(TokenCookies).setAccessCookies(response, accessToken);
    await browser.send('GET', '/entrance');
    return browser;
  }

  /** A browser into whose cookies someone put a token that was not delivered in a cookie. */
  async browserOfThief(accessToken: string): Promise<Browser> {
    const browser = new Browser(this.app);
    browser.keep('access_token_cookie', accessToken);
    const csrf = await this.app.get(TokenService).getCsrfToken(accessToken);
    browser.keep('csrf_access_token', csrf);
    return browser;
  }

  play(scene: Scene): void {
    this.app.get(Play).scene = scene;
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** The names of the cookies that an answer sets or clears, in order. */
export function namesIn(cookies: readonly string[]): readonly string[] {
  return cookies.map((line) => line.slice(0, line.indexOf('=')));
}

export const RENEWED = ['access_token_cookie', 'csrf_access_token'];
