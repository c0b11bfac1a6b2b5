import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ModuleSettings } from './jwt-extended.module-settings.js';
import { TokenReader } from './tokens/token-reader.js';
import { CookieWriter } from './transport/cookie-writer.js';
import { TokenCookies } from './transport/token-cookies.js';

/** How tokens come into cookies. */
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
];
