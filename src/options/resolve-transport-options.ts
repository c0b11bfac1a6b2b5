import type { TokenType } from '../contracts/token.js';
import { checkMemberName, checkString, checkToken } from '../common/checks.js';
import { checkCookieRules } from './cookie-rules.js';
import type { LocationOptions } from './location-options.js';
import { resolveCookieOptions } from './resolve-cookie-options.js';
import { resolveCsrfOptions } from './resolve-csrf-options.js';
import { resolveLocations } from './resolve-locations.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';
import type { Unchecked } from '../common/read-options.js';

/** How tokens travel. */
export type TransportOptions = Pick<
  ResolvedOptions,
  'locations' | 'header' | 'queryString' | 'cookies' | 'csrf' | 'carriers'
>;

export function resolveTransportOptions(given: Unchecked<LocationOptions>): TransportOptions {
  const cookies = resolveCookieOptions(given.cookies);
  const csrf = resolveCsrfOptions(given.csrf);
  const carriers: Readonly<Record<TokenType, TokenCarrier>> = {
    access: {
      jsonKey: checkMemberName(given.jsonKey, 'jsonKey'),
      ...cookies.access,
      ...csrf.access,
    },
    refresh: {
      jsonKey: checkMemberName(given.refreshJsonKey, 'refreshJsonKey'),
      ...cookies.refresh,
      ...csrf.refresh,
    },
  };
  checkCookieRules({ cookies: cookies.attributes, carriers });
  return {
    locations: resolveLocations(given.locations),
    header: resolveHeader(given),
    queryString: {
      name: checkMemberName(given.queryStringName, 'queryStringName'),
      valuePrefix: checkString(given.queryStringValuePrefix, 'queryStringValuePrefix'),
    },
    cookies: cookies.attributes,
    csrf: csrf.rules,
    carriers,
  };
}

function resolveHeader(given: Unchecked<LocationOptions>): ResolvedOptions['header'] {
  const name = checkToken(given.headerName, 'headerName');
  const type = given.headerType === '' ? '' : checkToken(given.headerType, 'headerType');
  return { name, lowerCaseName: name.toLowerCase(), type };
}
