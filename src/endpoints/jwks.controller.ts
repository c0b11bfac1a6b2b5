import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { KeyRing } from '../keys/key-ring.js';

/** Where the endpoint is mounted. */
export const JWKS_PATH = Symbol('nestjs-jwt-extended:jwks-path');

/** For how many seconds verifiers may cache the set; after that, all of them know an announced key. */
const MAX_AGE = 300;

/**
 * Publishes the public keys (RFC 7517 section 5). It registers with the HTTP adapter itself, because other services are
 * configured with the exact address: no global prefix, version or guard of the application may move or close it.
 */
@Injectable()
export class JwksEndpoint implements OnModuleInit {
  constructor(
    @Inject(JWKS_PATH) private readonly path: string,
    @Inject(KeyRing) private readonly ring: KeyRing,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    // A standalone application context has no adapter.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    adapter?.get(this.path, (_request: unknown, response: unknown) => {
      adapter.setHeader(response, 'Cache-Control', `public, max-age=${MAX_AGE}`);
      adapter.setHeader(response, 'Content-Type', 'application/jwk-set+json');
      adapter.reply(response, JSON.stringify(this.ring.jwks()), 200);
    });
  }
}
