import { Logger } from '@nestjs/common';
import type { ResolvedOptions } from './resolved-options.js';

/** A choice that is allowed and costs security: which option, and what follows from it. */
interface Weakness {
  /** Weak everywhere, or only where strangers can reach it. */
  readonly where: 'everywhere' | 'production';
  readonly applies: (options: ResolvedOptions) => boolean;
  readonly warning: string;
}

/** R19 and R22 of the security requirements. */
const WEAKNESSES: readonly Weakness[] = [
  {
    where: 'everywhere',
    applies: ({ locations }) => locations.includes('query_string'),
    warning:
      "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers",
  },
  {
    where: 'everywhere',
    applies: ({ blocklist }) => blocklist.onStoreError === 'allow',
    warning:
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
  },
  {
    where: 'everywhere',
    applies: ({ token }) => token.leeway > 300,
    warning:
      'leeway is more than 300 seconds: every token is accepted for that long after it has expired',
  },
  {
    where: 'production',
    applies: ({ locations, cookies }) => locations.includes('cookies') && !cookies.secure,
    warning:
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
  },
  {
    where: 'production',
    applies: ({ locations, cookies, csrf }) =>
      locations.includes('cookies') && cookies.sameSite === 'none' && !csrf.protect,
    warning:
      "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users",
  },
  {
    where: 'production',
    applies: ({ token }) => token.expires.access === false,
    warning: 'accessTokenExpires is false: a stolen access token opens every route for ever',
  },
  {
    where: 'production',
    applies: ({ token }) => token.expires.refresh === false,
    warning: 'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever',
  },
];

/** Says each weakness once, at start, where it will be read. */
export function warnAboutWeakOptions(options: ResolvedOptions): void {
  const isProduction = process.env.NODE_ENV === 'production';
  const logger = new Logger('JwtExtendedModule');
  for (const { where, applies, warning } of WEAKNESSES) {
    if ((where === 'everywhere' || isProduction) && applies(options)) logger.warn(warning);
  }
}
