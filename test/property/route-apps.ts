import { connect, type Socket } from 'node:net';
import {
  All,
  Controller,
  Get,
  Post,
  type Provider,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AccessGuard,
  anyOf,
  BlocklistService,
  CurrentIdentity,
  Fresh,
  FreshGuard,
  type HttpRequest,
  JwtExtendedModule,
  JwtOptional,
  JwtRequired,
  type JwtRequiredOptions,
  MatchParam,
  Public,
  RefreshGuard,
  RequireClaims,
  type RequiredClaims,
  RequireScope,
  type RouteDecorator,
} from '../../src/index.js';
import { KeyGuard } from '../support/any-of.js';
import { type AdapterName, createApp, type RunningApp } from '../support/app.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../support/forge.js';
import { Model } from './route-model.js';
import type { Demands, Mark, Route, Sent } from './route-notation.js';

const GUARDS = { AccessGuard, FreshGuard, RefreshGuard, KeyGuard };
const METHODS = { GET: Get, POST: Post, ALL: All };

function demandsOf({ claims, scope, params = {}, override }: Demands): RouteDecorator[] {
  const options = override ? { override: override as RequiredClaims } : {};
  return [
    ...(claims ? [RequireClaims(claims as RequiredClaims, options)] : []),
    ...(scope ? [RequireScope(scope, options)] : []),
    ...Object.entries(params).map(([claim, name]) => MatchParam(name, { claim, ...options })),
  ];
}

function decoratorsOf(mark: Mark): readonly (ClassDecorator & MethodDecorator)[] {
  switch (mark.kind) {
    case 'guard':
      return [UseGuards(GUARDS[mark.guard])];
    case 'key':
      return [UseGuards(KeyGuard)];
    case 'anyOf':
      return [UseGuards(anyOf(...mark.members.map((name) => GUARDS[name])))];
    case 'required':
      return [JwtRequired(mark.options as JwtRequiredOptions)];
    case 'fresh':
      return [Fresh(mark.wanted)];
    case 'optional':
      return [JwtOptional()];
    case 'public':
      return [Public(mark.isPublic)];
    default:
      return demandsOf(mark.demands);
  }
}

/** Decorators from the last to the first, which is the order in which JavaScript applies them. */
function applied(marks: readonly Mark[]): readonly (ClassDecorator & MethodDecorator)[] {
  return marks.flatMap(decoratorsOf).reverse();
}

function methodOf({ levels }: Route): keyof typeof METHODS {
  return (['GET', 'POST', 'ALL'] as const)[levels.flat().length % 3] ?? 'GET';
}

/** How often handlers have run. */
export const handled = { count: 0 };

function declareHandler(owner: Type, route: Route, marks: readonly Mark[]): void {
  const prototype = owner.prototype as object;
  const value = function show({ user }: HttpRequest, identity?: string) {
    handled.count++;
    const { name, ...token } = (user ?? {}) as { identity?: string; name?: string };
    const isSame = token.identity === undefined || token.identity === identity;
    return { who: isSame ? (identity ?? name ?? 'nobody') : 'another in request.user' };
  };
  Object.defineProperty(prototype, 'show', { value, configurable: true, writable: true });
  const show = Object.getOwnPropertyDescriptor(prototype, 'show') as PropertyDescriptor;
  const path = route.parameters.map((name) => `:${name}`).join('/');
  for (const decorate of [...applied(marks), METHODS[methodOf(route)](path)])
    decorate(prototype, 'show', show);
  Req()(prototype, 'show', 0);
  // It throws where no token guard is.
  if (new Model(route).isGuarded) CurrentIdentity()(prototype, 'show', 1);
}

/** The controller of a route, under the path `name`. Its handler answers who is there. */
function controllerOf(route: Route, name: string): Type {
  const classes = route.levels.slice(1, -1);
  let last: Type = class {};
  for (const [at, marks] of classes.entries()) {
    last = { [`${name}C${at}`]: class extends last {} }[`${name}C${at}`] as Type;
    if (at === route.owner % classes.length) declareHandler(last, route, route.levels.at(-1) ?? []);
    for (const decorate of applied(marks)) decorate(last);
  }
  Controller(name)(last);
  return last;
}

/** The guards that stand on applications. */
export const APPLICATIONS: readonly (readonly Mark[])[] = [
  [],
  [{ kind: 'guard', guard: 'AccessGuard' }],
  [{ kind: 'guard', guard: 'FreshGuard' }],
  [{ kind: 'guard', guard: 'RefreshGuard' }],
  [{ kind: 'anyOf', members: ['AccessGuard', 'KeyGuard'] }],
  [{ kind: 'anyOf', members: ['KeyGuard', 'RefreshGuard'] }],
];

function appGuards(marks: readonly Mark[]): Provider[] {
  return marks.map((mark) => {
    if (mark.kind === 'guard') return { provide: APP_GUARD, useClass: GUARDS[mark.guard] };
    if (mark.kind !== 'anyOf') throw new Error(`${mark.kind} does not stand on an application`);
    return { provide: APP_GUARD, useClass: anyOf(...mark.members.map((name) => GUARDS[name])) };
  });
}

/** The `jti` of all revoked tokens. */
const REVOKED = 'revoked';
const OTHER_SECRET = `${SECRET}!`;

function encode({ state, claims }: NonNullable<Sent['token']>): string {
  const payload = accessClaims({
    ...{ nbf: NOW - 3600, exp: state === 'expired' ? NOW : NOW + 900 },
    ...{ jti: state === 'revoked' ? REVOKED : 'good' },
    ...claims,
  });
  return forgeToken(payload, undefined, state === 'forged' ? OTHER_SECRET : SECRET);
}

/** Routes of one application: all of them have the same guards on their outermost level. */
export class RouteApp {
  private readonly waiting: ((answer: string) => void)[] = [];
  private received = '';

  private constructor(
    private readonly app: RunningApp,
    private readonly routes: readonly Route[],
    private readonly socket: Socket,
  ) {
    socket.setEncoding('latin1').on('data', (part: string) => {
      this.received += part;
      this.read();
    });
  }

  static async start(adapter: AdapterName, routes: readonly Route[]): Promise<RouteApp> {
    const marks = routes[0]?.levels[0] ?? [];
    const [first] = marks;
    // The two ways to have it: the option, and a provider.
    const globalGuard =
      adapter === 'express' && first?.kind === 'guard' && first.guard === 'AccessGuard';
    const app = await createApp(adapter, {
      controllers: routes.map((route, at) => controllerOf(route, `r${at}`)),
      providers: globalGuard ? [] : appGuards(marks),
      extras: { globalGuard },
      options: { clock: new Clock().now, errorCodeKey: 'code' },
    });
    await app.get(BlocklistService).revoke(encode({ state: 'revoked', claims: { iat: NOW } }));
    const { hostname, port } = new URL(app.url);
    return new RouteApp(app, routes, connect(Number(port), hostname));
  }

  /** The status, then the code of the refusal or who was let in. Requests share one connection (RFC 9112 section 9.3.2). */
  send(index: number, { token, key, parameters }: Sent): Promise<string> {
    const route = this.routes[index] as Route;
    const method = methodOf(route) === 'POST' ? 'POST' : 'GET';
    const path = [`/r${index}`, ...route.parameters.map((name) => parameters[name])].join('/');
    const lines = [
      ...[`${method} ${path} HTTP/1.1`, 'host: localhost', 'content-length: 0'],
      ...(token ? [`authorization: Bearer ${encode(token)}`] : []),
      ...(key ? [`x-api-key: ${key}`] : []),
    ];
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.app.close();
  }

  private read(): void {
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n') + 4;
      const length = Number(/^content-length: (\d+)/im.exec(this.received)?.[1]);
      if (end < 4 || this.received.length < end + length) return;
      const status = Number(this.received.slice(9, 12));
      const body = JSON.parse(this.received.slice(end, end + length)) as Record<string, string>;
      this.received = this.received.slice(end + length);
      this.waiting.shift()?.(`${status === 201 ? 200 : status} ${body.who ?? body.code ?? ''}`);
    }
  }
}

/** Why an application with this route does not start; `undefined` if it does. */
export async function startFailure(route: Route): Promise<Error | undefined> {
  try {
    const module = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
      controllers: [controllerOf(route, 'r0')],
      providers: appGuards(route.levels[0] ?? []),
    }).compile();
    await (await module.init()).close();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
