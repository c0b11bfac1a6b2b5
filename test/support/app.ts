import type { Server } from 'node:http';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  JwtExtendedModule,
  type JwtExtendedModuleExtras,
  type JwtExtendedOptions,
} from '../../src/index.js';
import { SECRET } from './forge.js';

/** The two HTTP adapters, on which the library must behave the same. */
export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** The response to a request. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
  /** The `Set-Cookie` headers, in order. */
  readonly cookies: readonly string[];
}

/** The parts of a request besides method and path. */
export interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Sent as JSON, with its content type. */
  readonly json?: unknown;
  /** Sent as a bearer token. */
  readonly token?: string;
}

/** A running application that tests call over real HTTP. */
export class RunningApp {
  private constructor(
    readonly nest: INestApplication,
    readonly url: string,
  ) {}

  static async start(nest: INestApplication): Promise<RunningApp> {
    await nest.listen(0, '127.0.0.1');
    // Only the client closes a connection that it has not used for a while, or its next request could be lost in that.
    (nest.getHttpServer() as Server).keepAliveTimeout = 0;
    return new RunningApp(nest, await nest.getUrl());
  }

  get<T>(token: Type<T> | string | symbol): T {
    return this.nest.get<T>(token, { strict: false });
  }

  async send(
    method: string,
    path: string,
    { headers = {}, body, json, token }: Sent = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? body : JSON.stringify(json),
      redirect: 'manual',
    });
    const text = await response.text();
    return {
      status: response.status,
      body: parsed(text),
      headers: response.headers,
      cookies: response.headers.getSetCookie(),
    };
  }

  close(): Promise<void> {
    return this.nest.close();
  }
}

/** The parts of a test's application besides the module under test. */
export type AppParts = Pick<ModuleMetadata, 'controllers' | 'providers' | 'imports'> & {
  readonly options?: JwtExtendedOptions;
  readonly extras?: JwtExtendedModuleExtras;
  /** Called before the application listens. */
  readonly configure?: (app: INestApplication) => unknown;
};

/** Starts an application with the module under test on a free port of the loopback interface. */
export async function createApp(
  adapter: AdapterName,
  { options, extras, configure, imports = [], ...metadata }: AppParts,
): Promise<RunningApp> {
  const module = JwtExtendedModule.forRoot({ secret: SECRET, ...options, ...extras });
  const testing = await Test.createTestingModule({
    ...metadata,
    imports: [module, ...imports],
  }).compile();
  const nest: INestApplication =
    adapter === 'fastify'
      ? testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter())
      : testing.createNestApplication();
  await configure?.(nest);
  return RunningApp.start(nest);
}

/** Starts an application of modules that configure the library themselves, on Express. */
export async function serve(
  metadata: ModuleMetadata,
  configure?: (app: INestApplication) => unknown,
): Promise<RunningApp> {
  const testing = await Test.createTestingModule(metadata).compile();
  const nest: INestApplication = testing.createNestApplication();
  await configure?.(nest);
  return RunningApp.start(nest);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
