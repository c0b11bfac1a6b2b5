import { Controller, Get, type LoggerService, type Type } from '@nestjs/common';
import { TokenService } from '../../src/index.js';
import { type AdapterName, type AppParts, createApp, type RunningApp } from './app.js';

/** What a route's guards and decorators are put on. */
export interface RouteParts {
  /** On the class; a route without them stands in an undecorated controller. */
  readonly controller?: readonly ClassDecorator[];
  readonly handler?: readonly MethodDecorator[];
}

/** A controller with one route, `GET <path>`, which answers `in`. */
export function routeAt(path: string, { controller = [], handler = [] }: RouteParts): Type {
  class RouteController {
    answer(): string {
      return 'in';
    }
  }
  const answer = Object.getOwnPropertyDescriptor(RouteController.prototype, 'answer');
  if (!answer) throw new Error('There is no handler to decorate');
  for (const decorate of [...handler, Get()]) decorate(RouteController.prototype, 'answer', answer);
  for (const decorate of [...controller, Controller(path)]) decorate(RouteController);
  return RouteController;
}

/** Who comes to a route: somebody without a token, with something that is none, or with one of each kind. */
export type Caller = 'nobody' | 'liar' | 'access' | 'fresh' | 'refresh';

/** Who is let in, for the kinds of routes that there are. */
const LETS_IN: Readonly<Record<string, readonly Caller[]>> = {
  'lets everybody in': ['nobody', 'liar', 'access', 'fresh', 'refresh'],
  'optional access token': ['nobody', 'access', 'fresh'],
  'optional fresh token': ['nobody', 'fresh'],
  'optional refresh token': ['nobody', 'refresh'],
  'access token': ['access', 'fresh'],
  'fresh token': ['fresh'],
  'refresh token': ['refresh'],
  'either token': ['access', 'fresh', 'refresh'],
};

/** What a caller of each kind presents. */
export type Presented = Readonly<Record<Caller, string | undefined>>;

/** The tokens of one user, made by the application itself. */
export async function tokensOf(app: RunningApp, subject: unknown = 'alice'): Promise<Presented> {
  const tokens = app.get(TokenService);
  return {
    nobody: undefined,
    liar: 'a.b.c',
    access: await tokens.createAccessToken(subject),
    fresh: await tokens.createAccessToken(subject, { fresh: true }),
    refresh: await tokens.createRefreshToken(subject),
  };
}

/** What a route asks for, found out by calling it in every way: one of the words of {@link LETS_IN}. */
export async function askedBy(
  app: RunningApp,
  path: string,
  presented?: Presented,
): Promise<string> {
  const tokens = presented ?? (await tokensOf(app));
  const admitted: Caller[] = [];
  for (const caller of Object.keys(tokens) as Caller[]) {
    const { status, body } = await app.send('GET', path, { token: tokens[caller] });
    if (status === 200 && body === 'in') admitted.push(caller);
    else if (status !== 401 && status !== 422) return `${status} ${JSON.stringify(body)}`;
  }
  const known = Object.entries(LETS_IN).find(([, callers]) => String(callers) === String(admitted));
  return known?.[0] ?? `lets in ${admitted.join(', ') || 'nobody at all'}`;
}

/** Why an application does not start. */
export async function mistakeAtStart(adapter: AdapterName, parts: AppParts): Promise<unknown> {
  let app: RunningApp;
  try {
    app = await createApp(adapter, parts);
  } catch (mistake) {
    return mistake;
  }
  await app.close();
  throw new Error('The application started');
}

/** A logger that keeps what an application logs as errors and warnings, and prints nothing. */
export class ErrorLog implements LoggerService {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  error(message: unknown): void {
    this.errors.push(message instanceof Error ? message.message : String(message));
  }

  warn(message: unknown): void {
    this.warnings.push(String(message));
  }

  log(): void {}
  fatal(): void {}
}

/** A logger that keeps what an application logs for its developers, and prints nothing. */
export class DebugLog extends ErrorLog {
  readonly lines: string[] = [];

  debug(message: unknown): void {
    this.lines.push(String(message));
  }
}
