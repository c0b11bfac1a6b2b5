import { checkString } from './checks.js';
import { describe } from './describe.js';
import { mistake } from './mistake.js';

/** RFC 9110 section 5.6.2, `token`: names of headers, schemes and methods; cookie names too (RFC 6265 section 4.1.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 6265 section 4.1.1, `path-value`: ASCII without control characters and without the `;` that ends it. */
const COOKIE_PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;

/** RFC 1123 section 2.1: labels of letters, digits and inner hyphens. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;

/** Names that reach an object's prototype instead of a member of its own. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The name of a header, a scheme or a method. */
export function checkToken(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (TOKEN.test(text)) return text;
  throw mistake(
    name,
    describe(text),
    'give letters, digits and hyphens only (a token of RFC 9110 section 5.6.2)',
  );
}

export function checkCookieName(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (TOKEN.test(text)) return text;
  throw mistake(
    name,
    describe(text),
    "give a cookie name without blanks, ';', ',' or '=' (RFC 6265 section 4.1.1)",
  );
}

export function checkCookiePath(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (COOKIE_PATH.test(text)) return text;
  throw mistake(
    name,
    describe(text),
    "give a path that starts with '/', in ASCII, without ';' or control characters",
  );
}

/** A host name; a leading dot is dropped, as Werkzeug does and RFC 6265 section 5.2.3 tells browsers to. */
export function checkDomain(value: unknown, name: string): string {
  const host = checkString(value, name).replace(/^\./, '');
  if (HOST_NAME.test(host)) return host;
  throw mistake(
    name,
    describe(value),
    "give a host name such as 'example.com', without scheme, port or path",
  );
}

/** The name of a claim, or of a member of a body. */
export function checkMemberName(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (text !== '' && !PROTOTYPE_NAMES.has(text)) return text;
  throw mistake(
    name,
    describe(text),
    'give a name that is neither empty nor __proto__, constructor or prototype',
  );
}
