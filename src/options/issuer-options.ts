import {
  checkArray,
  checkBoolean,
  checkMemberName,
  checkNonEmptyString,
  oneOf,
} from '../common/checks.js';
import { configError, describe, kindOf } from '../common/describe.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm } from './key-options.js';
import { checkOneOrSeveral, type ResolvedTokenOptions } from './token-options.js';

/**
 * Another issuer, whose access tokens this module accepts. A token belongs to the entry whose `issuer` equals its claim
 * `iss`, and only the keys and names of that entry count for it.
 *
 * @example
 * ```ts
 * JwtExtendedModule.forRoot({
 *   issuers: [{ issuer: 'https://example.eu.auth0.com/', audience: 'https://api.example.com' }],
 * });
 * ```
 */
export interface IssuerOptions {
  /** The exact `iss` of its tokens, with its final slash, if it has one (RFC 7519 section 4.1.1). */
  issuer: string;
  /**
   * The `aud` that its tokens must name: this one, or one of these (RFC 8725 section 3.9). `false` accepts tokens that the
   * issuer made for any of its clients; check the client in `tokenVerification` then. Required.
   */
  audience: string | readonly string[] | false;
  /**
   * The https address of its key set (RFC 7517 section 5); http for this machine, or with `allowHttp`. Without it, the key
   * set is discovered (OpenID Connect Discovery section 4).
   * @default as `<issuer>/.well-known/openid-configuration` says
   */
  jwksUri?: string | URL;
  /** The algorithms of its tokens, whatever its key set says (RFC 8725 section 3.1). @default ['RS256'] */
  algorithms?: readonly Exclude<Algorithm, 'HS256' | 'HS384' | 'HS512'>[];
  /** Which of its tokens are meant: access tokens, or ID tokens, as those of Google. @default 'access' */
  tokens?: 'access' | 'id';
  /**
   * The accepted `typ`s of its tokens' headers, compared as media types; `null` for a header without one.
   * @default [null, 'JWT', 'at+jwt']
   */
  tokenTypes?: readonly (string | null)[];
  /** The claim that holds the identity. @default 'sub' */
  identityClaim?: string;
  /** The claim that `@RequireScope` reads, such as `'scp'` or `'permissions'`. @default the option `scopeClaim` */
  scopeClaim?: string;
  /** Whether its addresses may be plain http, inside a closed network. @default false */
  allowHttp?: boolean;
  /**
   * `'own'`: its tokens are revoked in a name space of its own, so they never end a session of this module. `'shared'`: for
   * a service with this library that works with the same store.
   * @default 'own'
   */
  revocations?: 'own' | 'shared';
}

/** A secret is never shared with an issuer that publishes its keys. */
const ASYMMETRIC = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] satisfies readonly Algorithm[];

export const ISSUER_ROWS = {
  issuer: [checkNonEmptyString, undefined],
  // A row with a default, so that an option that was not given is refused.
  audience: [checkAudience, undefined],
  jwksUri: [unchecked],
  algorithms: [checkAlgorithms, ['RS256']],
  tokens: [oneOf('access', 'id'), 'access'],
  tokenTypes: [checkTokenTypes, [null, 'JWT', 'at+jwt']],
  identityClaim: [checkMemberName, 'sub'],
  scopeClaim: [checkMemberName],
  allowHttp: [checkBoolean, false],
  revocations: [oneOf('own', 'shared'), 'own'],
} satisfies Rows<IssuerOptions>;

type IssuerValues = Values<typeof ISSUER_ROWS>;

export interface ResolvedIssuer extends Omit<IssuerValues, 'jwksUri' | 'scopeClaim'> {
  /** The path of the entry, for messages. */
  readonly path: string;
  /** The address of the key set; `undefined` if the discovery document says it. */
  readonly jwksUri: string | undefined;
  /** The address of the discovery document; `undefined` beside `jwksUri`. */
  readonly discoveryUri: string | undefined;
  readonly scopeClaim: string;
}

/** Reads the entries; what depends on the module's own options follows in {@link resolveIssuers}. */
export function readIssuers(given: unknown, path: string): readonly IssuerValues[] {
  return checkArray(given, path, (entry, name) => readOptions(name, ISSUER_ROWS, entry));
}

/** @throws JwtExtendedConfigError - if two entries, or an entry and the module itself, are one issuer */
export function resolveIssuers(
  entries: readonly IssuerValues[],
  { encodeIssuer, decodeIssuer = [], scopeClaim }: ResolvedTokenOptions,
): readonly ResolvedIssuer[] {
  return entries.map((entry, index) => {
    const { issuer, allowHttp } = entry;
    const path = `issuers[${index}]`;
    const name = `${path}.issuer`;
    if (entries.findIndex((other) => other.issuer === issuer) < index)
      throw new JwtExtendedConfigError(
        `${name} is the issuer of another entry: name each only once`,
      );
    if (issuer === encodeIssuer || decodeIssuer.includes(issuer))
      throw new JwtExtendedConfigError(
        `${name} is this module's own issuer (encodeIssuer or decodeIssuer): name other issuers only`,
      );
    const isGiven = entry.jwksUri !== undefined;
    return {
      ...entry,
      path,
      scopeClaim: entry.scopeClaim ?? scopeClaim,
      jwksUri: isGiven ? checkAddress(entry.jwksUri, `${path}.jwksUri`, allowHttp) : undefined,
      discoveryUri: isGiven ? undefined : discoveryUriOf(issuer, name, allowHttp),
    };
  });
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address of a key set: https, or http on a loopback address or inside a network that the options trust.
 *
 * @throws JwtExtendedConfigError
 */
export function checkAddress(given: unknown, name: string, allowHttp: boolean): string {
  const address = typeof given === 'string' && URL.canParse(given) ? new URL(given) : given;
  if (!(address instanceof URL))
    throw new JwtExtendedConfigError(`${name} must be an absolute address: https://…`);
  const isHttp = address.protocol === 'http:';
  const isAllowed = isHttp && (allowHttp || LOOPBACK.test(address.hostname));
  if (address.protocol !== 'https:' && !isAllowed)
    throw new JwtExtendedConfigError(
      `${name} must be an https address; http is for loopback addresses only, or needs allowHttp: true`,
    );
  if (address.username || address.password)
    throw new JwtExtendedConfigError(
      `${name} must not contain a user name or password: key sets are public`,
    );
  return address.href;
}

/** OpenID Connect Discovery section 4: a final slash of the issuer is removed before the path is added. */
function discoveryUriOf(issuer: string, name: string, allowHttp: boolean): string {
  if (!URL.canParse(issuer))
    throw new JwtExtendedConfigError(
      `${name} must be an absolute address (https://…), from which the key set is discovered, or give jwksUri`,
    );
  const address = new URL(checkAddress(issuer, name, allowHttp));
  if (address.search !== '' || address.hash !== '')
    throw new JwtExtendedConfigError(
      `${name} has a query or a fragment, so its key set cannot be discovered: give jwksUri`,
    );
  return `${address.href.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** {@link resolveIssuers} checks the address, because the check depends on `allowHttp`. */
function unchecked(value: unknown): unknown {
  return value;
}

function checkAudience(value: unknown, name: string): readonly string[] | false {
  if (value === false) return false;
  if (value !== undefined) return [checkOneOrSeveral(value, name)].flat();
  const fix =
    'give the audience of this service, without which a token that the issuer made for any other client would open ' +
    'its routes, or false if that is meant';
  throw configError(name, 'undefined', fix);
}

function checkAlgorithms(value: unknown, name: string): readonly Algorithm[] {
  const algorithms = checkArray(value, name, oneOf(...ASYMMETRIC));
  if (algorithms.length > 0) return algorithms;
  throw configError(name, kindOf(value), "give at least one algorithm, such as ['RS256']");
}

/** RFC 7515 section 4.1.9: compared without case, and `application/` may be omitted. `''` for what is not text. */
export function mediaType(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}

/** What names a token that is never meant, whatever the options say. */
export const REFRESH_TYPE = 'refresh';
export const LOGOUT_TYPE = 'logout+jwt';

function checkTokenTypes(value: unknown, name: string): ReadonlySet<string | null> {
  const types = checkArray(value, name, checkTokenType);
  if (types.length > 0) return new Set(types);
  throw configError(name, kindOf(value), "give at least one type, such as ['at+jwt']");
}

function checkTokenType(value: unknown, name: string): string | null {
  if (value === null) return null;
  const type = mediaType(checkNonEmptyString(value, name)) as string;
  if (!['', REFRESH_TYPE, LOGOUT_TYPE].includes(type)) return type;
  throw configError(name, describe(value), 'name types of access or ID tokens only');
}
