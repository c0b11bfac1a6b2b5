import { describe, kindOf, configError } from './describe.js';

/** Returns the value, narrowed, or throws a `JwtExtendedConfigError` that names the option. */
export type Check<T> = (value: unknown, name: string) => T;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  const hint = " (an environment variable is a string: compare it, value === 'true')";
  const fix = `give true or false${typeof value === 'string' ? hint : ''}`;
  throw configError(name, describe(value), fix);
}

export function checkString(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw configError(name, describe(value), 'give a string');
}

export function checkNonEmptyString(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw configError(name, describe(value), 'give a string that is not empty');
}

export function oneOf<const T extends string>(...choices: readonly T[]): Check<T> {
  return (value, name) => {
    const choice = choices.find((each) => each === value);
    if (choice !== undefined) return choice;
    const quoted = choices.map((each) => `'${each}'`).join(', ');
    throw configError(name, describe(value), `give one of ${quoted}`);
  };
}

export function integerFrom(least: number, most: number): Check<number> {
  return (value, name) => {
    const isInteger = typeof value === 'number' && Number.isInteger(value);
    if (isInteger && value >= least && value <= most) return value;
    throw configError(name, describe(value), `give a whole number from ${least} to ${most}`);
  };
}

export type Callback = (...args: readonly unknown[]) => unknown;

export function checkFunction(value: unknown, name: string): Callback {
  if (typeof value === 'function') return value as Callback;
  throw configError(name, kindOf(value), 'give a function');
}

export function arrayOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, name) => checkArray(value, name, check);
}

/** An array, of which each element is checked; holes are elements too. */
export function checkArray<T>(value: unknown, name: string, check: Check<T>): readonly T[] {
  if (Array.isArray(value))
    return Array.from(value, (element: unknown, index) => check(element, `${name}[${index}]`));
  const hint = typeof value === 'string' && value !== '' ? ` with it: [${describe(value)}]` : '';
  throw configError(name, describe(value), `give an array${hint}`);
}

/** Each value may stand in the list once. */
export function checkUnique(values: readonly unknown[], name: string): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined)
    throw configError(name, `${describe(repeated)} twice`, 'name each only once');
}

/** Checks an option only if it was given. */
export function optional<T>(value: unknown, name: string, check: Check<T>): T | undefined {
  return value === undefined ? undefined : check(value, name);
}

/** RFC 9110 section 5.6.2, `token`: names of headers, schemes and methods; cookie names too (RFC 6265 section 4.1.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 1123 section 2.1: labels of letters, digits and inner hyphens. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;

/** Names that reach an object's prototype instead of a member of its own. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The name of a header, an authentication scheme or a method. */
export const checkToken = matching(
  TOKEN,
  'give letters, digits and hyphens only (a token of RFC 9110 section 5.6.2)',
);

export const checkCookieName = matching(
  TOKEN,
  "give a cookie name without blanks, ';', ',' or '=' (RFC 6265 section 4.1.1)",
);

/** RFC 6265 section 4.1.1, `path-value`: ASCII without control characters and without the `;` that ends it. */
export const checkCookiePath = matching(
  /^\/[\x20-\x3a\x3c-\x7e]*$/,
  "give a path that starts with '/', in ASCII, without ';' or control characters",
);

/** Text that matches a pattern. */
export function matching(pattern: RegExp, fix: string): Check<string> {
  return (value, name) => {
    const text = checkString(value, name);
    if (pattern.test(text)) return text;
    throw configError(name, describe(text), fix);
  };
}

/** A host name. A leading dot is removed, as Werkzeug does and RFC 6265 section 5.2.3 prescribes for browsers. */
export function checkDomain(value: unknown, name: string): string {
  const host = checkString(value, name).replace(/^\./, '');
  if (HOST_NAME.test(host)) return host;
  const fix = "give a host name such as 'example.com', without scheme, port or path";
  throw configError(name, describe(value), fix);
}

/** The name of a claim, or of a member of a body. */
export function checkMemberName(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (text !== '' && !PROTOTYPE_NAMES.has(text)) return text;
  const fix = 'give a name that is neither empty nor __proto__, constructor or prototype';
  throw configError(name, describe(text), fix);
}

/** A compact JWS whose header is JSON: it begins with `{"`. */
const ENCODED_TOKEN = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;

/** Whether a value is text in the form of an encoded token, which is never an id or an identity. */
export function isEncodedToken(value: unknown): boolean {
  return typeof value === 'string' && ENCODED_TOKEN.test(value);
}

/**
 * @param instead - the expression that gives the id, if the value is an encoded token
 * @throws TypeError - for an id that is not a string, is empty or is an encoded token
 */
export function requireId(value: unknown, message: string, instead: string): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(message);
  refuseEncodedToken(value, message, instead);
}

/**
 * @param isText - whether every identity is a string; with `verifySub: false` it is any JSON value
 * @throws TypeError - for `undefined`, `null` and `''`, and for a value that no token can have as its identity
 */
export function requireIdentity(identity: unknown, message: string, isText: boolean): void {
  if (identity === undefined || identity === null || identity === '') throw new TypeError(message);
  if (isText && typeof identity !== 'string')
    throw new TypeError(`${message}: the string that loaders.userIdentity returns`);
  refuseEncodedToken(identity, message, '(await tokens.decodeToken(encoded)).identity');
}

/** @throws TypeError - without the token in its message */
export function refuseEncodedToken(value: unknown, message: string, instead: string): void {
  if (isEncodedToken(value))
    throw new TypeError(`${message}, not an encoded token: give ${instead}`);
}
