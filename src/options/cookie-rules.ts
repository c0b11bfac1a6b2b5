import { describe, mistake } from '../common/describe.js';
import type { ResolvedOptions } from './resolved-options.js';

/** A cookie together with the options that named it. */
interface NamedCookie {
  readonly name: string;
  readonly path: string;
  readonly nameOption: string;
  readonly pathOption: string;
}

/** What must hold between cookies, and between a cookie's name and its attributes. */
export function checkCookieRules({
  cookies,
  carriers,
}: Pick<ResolvedOptions, 'cookies' | 'carriers'>): void {
  const all = namedCookies(carriers);
  for (const [index, cookie] of all.entries()) {
    refuseSharedName(cookie, all.slice(0, index));
    checkPrefix(cookie, cookies);
  }
}

/** A token that is due for renewal from its first second on would be renewed by every request. */
export function checkRenewal(
  { renewWithin }: ResolvedOptions['cookies'],
  { expires }: Pick<ResolvedOptions['token'], 'expires'>,
): void {
  if (renewWithin === undefined || expires.access === false || renewWithin < expires.access) return;
  const given = `${renewWithin} seconds, and access tokens live for ${expires.access}`;
  throw mistake('cookies.renewWithin', given, 'give less than accessTokenExpires');
}

function namedCookies({ access, refresh }: ResolvedOptions['carriers']): readonly NamedCookie[] {
  return [
    { ...access.cookie, nameOption: 'cookies.accessName', pathOption: 'cookies.accessPath' },
    { ...refresh.cookie, nameOption: 'cookies.refreshName', pathOption: 'cookies.refreshPath' },
    {
      ...access.csrfCookie,
      nameOption: 'csrf.accessCookieName',
      pathOption: 'csrf.accessCookiePath',
    },
    {
      ...refresh.csrfCookie,
      nameOption: 'csrf.refreshCookieName',
      pathOption: 'csrf.refreshCookiePath',
    },
  ];
}

/** Of two cookies with one name a browser keeps the later, or sends both: either way one token hides the other. */
function refuseSharedName(
  { name, nameOption }: NamedCookie,
  earlier: readonly NamedCookie[],
): void {
  const twin = earlier.find((other) => other.name === name);
  if (twin === undefined) return;
  throw mistake(
    nameOption,
    `${describe(name)}, as was ${twin.nameOption}`,
    'give each cookie a name of its own',
  );
}

/** RFC 6265bis section 4.1.3: browsers drop a cookie that does not keep its prefix's promise; they ignore its case. */
function checkPrefix(cookie: NamedCookie, { secure, domain }: ResolvedOptions['cookies']): void {
  const { nameOption, name, pathOption, path } = cookie;
  const isHost = /^__host-/i.test(name);
  if (!isHost && !/^__secure-/i.test(name)) return;
  const refuse = (circumstance: string, fix: string) =>
    mistake(nameOption, `${describe(name)} while ${circumstance}`, fix);
  if (!secure)
    throw refuse('cookies.secure is false', 'such a prefix demands cookies.secure: true');
  if (!isHost) return;
  if (path !== '/')
    throw refuse(
      `${pathOption} is ${describe(path)}`,
      `the prefix __Host- demands ${pathOption}: '/'`,
    );
  if (domain !== undefined)
    throw refuse('cookies.domain is set', 'the prefix __Host- demands no cookies.domain');
}
