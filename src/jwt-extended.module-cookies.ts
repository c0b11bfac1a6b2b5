import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { EventPublisher } from './events/security-event-publisher.js';
import { ModuleSettings } from './jwt-extended.module-settings.js';
import { AccessRenewal } from './revocation/access-renewal.js';
import { RevocationCheck } from './revocation/revocation-check.js';
import { SessionRegistry } from './revocation/session-registry.js';
import { CookieRenewal } from './route/sliding-session.interceptor.js';
import { LoaderCalls } from './tokens/loaders.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokenReader } from './tokens/token-reader.js';
import { CookieWriter, TokenCookies } from './http/token-cookies.js';

/** How tokens come into cookies, and how those are renewed. */
export const COOKIE_PROVIDERS: Provider[] = [
  {
    provide: CookieWriter,
    useFactory: ({ options }: ModuleSettings, host: HttpAdapterHost) =>
      new CookieWriter(options, host),
    inject: [ModuleSettings, HttpAdapterHost],
  },
  {
    provide: TokenCookies,
    useFactory: (reader: TokenReader, writer: CookieWriter) => new TokenCookies(reader, writer),
    inject: [TokenReader, CookieWriter],
  },
  {
    provide: AccessRenewal,
    useFactory: (
      { options, longestLife }: ModuleSettings,
      mint: TokenMint,
      reader: TokenReader,
      keys: TokenKeys,
      check: RevocationCheck,
      sessions: SessionRegistry,
      loaders: LoaderCalls,
      events: EventPublisher,
    ): AccessRenewal => {
      const { sessionLifetime } = options.rotation;
      const parts = { mint, reader, keys, check, sessions, loaders, events, sessionLifetime };
      const within = options.cookies.renewWithin;
      return new AccessRenewal({ ...parts, options: options.token, within, longestLife });
    },
    inject: [
      ModuleSettings,
      TokenMint,
      TokenReader,
      TokenKeys,
      RevocationCheck,
      SessionRegistry,
      LoaderCalls,
      EventPublisher,
    ],
  },
  {
    provide: CookieRenewal,
    useFactory: (
      { options }: ModuleSettings,
      renewal: AccessRenewal,
      writer: CookieWriter,
      host: HttpAdapterHost,
    ) => new CookieRenewal(options, renewal, writer, host),
    inject: [ModuleSettings, AccessRenewal, CookieWriter, HttpAdapterHost],
  },
];
