import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { createHash } from 'node:crypto';
import type { HttpRequest } from '../contracts/http.js';
import { KeyRing } from '../keys/key-ring.js';

/** Where the endpoint is mounted. */
export const JWKS_PATH = Symbol('nestjs-jwt-extended:jwks-path');

/** How long verifiers may keep the set, in seconds: an announced key is known to all of them after that. */
const MAX_AGE = 300;

/**
 * Publishes the public halves of the keys (RFC 7517 section 5). It is registered with the HTTP adapter itself: the
 * address is told to others as it stands, so no global prefix, version or guard of the application may move or close it.
 */
@Injectable()
export class JwksEndpoint implements OnModuleInit {
  constructor(
    @Inject(JWKS_PATH) private readonly path: string,
    @Inject(KeyRing) private readonly ring: KeyRing,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    // A standalone application context has no adapter, and nobody to publish to.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    adapter?.get(this.path, (request: HttpRequest, response: unknown) => {
      this.#answer(request, response);
    });
  }

  #answer(request: HttpRequest, response: unknown): void {
    const { httpAdapter } = this.host;
    const body = JSON.stringify(this.ring.jwks());
    const tag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    httpAdapter.setHeader(response, 'Cache-Control', `public, max-age=${MAX_AGE}`);
    httpAdapter.setHeader(response, 'ETag', tag);
    if (hasTag(request.headers['if-none-match'], tag)) {
      httpAdapter.reply(response, undefined, 304);
      return;
    }
    httpAdapter.setHeader(response, 'Content-Type', 'application/jwk-set+json');
    httpAdapter.reply(response, body, 200);
  }
}

/** RFC 9110 section 13.1.2: a list, compared without regard to weakness. */
function hasTag(header: string | string[] | undefined, tag: string): boolean {
  const listed = String(header ?? '').split(',');
  return listed
    .map((each) => each.trim().replace(/^W\//, ''))
    .some((each) => each === tag || each === '*');
}
