import { Logger } from '@nestjs/common';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkFunction,
  checkMemberName,
  checkNonEmptyString,
  checkString,
  checkToken,
} from '../../../src/common/checks.js';
import { describe as describeValue, kindOf } from '../../../src/common/describe.js';
import { parseDuration, parseLifetime, parseTimeout } from '../../../src/common/duration.js';
import {
  BLOCKLIST_ROWS,
  ROTATION_ROWS,
  SESSION_ROWS,
} from '../../../src/options/blocklist-options.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from '../../../src/options/callbacks.js';
import { COOKIE_ROWS } from '../../../src/options/cookie-options.js';
import { CSRF_ROWS } from '../../../src/options/csrf-options.js';
import { KEY_ROWS } from '../../../src/options/key-options.js';
import { LOGIN_ROWS } from '../../../src/options/login-options.js';
import { OPTION_ROWS } from '../../../src/options/resolve-options.js';
import { DEVELOPMENT, environments } from '../../support/environment.js';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

const GROUPS = {
  cookies: COOKIE_ROWS,
  csrf: CSRF_ROWS,
  blocklist: BLOCKLIST_ROWS,
  rotation: ROTATION_ROWS,
  sessions: SESSION_ROWS,
  login: LOGIN_ROWS,
  loaders: LOADER_ROWS,
  responses: RESPONSE_CALLBACK_ROWS,
};

/** Every option with its check, those of a group under names such as `cookies.secure`. */
const OPTIONS: readonly [path: string, check: unknown][] = [
  ...Object.entries(OPTION_ROWS).map(([name, [check]]): [string, unknown] => [name, check]),
  ...Object.entries(GROUPS).flatMap(([group, rows]) =>
    Object.entries(rows).map(([name, [check]]): [string, unknown] => [`${group}.${name}`, check]),
  ),
];

/** A wrong value, and what the message says of it after the option's name. */
type Wrong = readonly [value: unknown, message: string];

/** Wrong values that one fix is for. Short text, numbers and booleans are repeated. */
function wrong(fix: string, ...values: readonly unknown[]): Wrong[] {
  return values.map((value) => [value, ` was given ${describeValue(value)}; ${fix}`]);
}

/** Wrong values in whose place a secret may stand: only their kind is named. */
function ofWrongKind(fix: string, ...values: readonly unknown[]): Wrong[] {
  return values.map((value) => [value, ` was given ${kindOf(value)}; ${fix}`]);
}

const member = 'give a name that is neither empty nor __proto__, constructor or prototype';
const header = 'give letters, digits and hyphens only (a token of RFC 9110 section 5.6.2)';
const cookie = "give a cookie name without blanks, ';', ',' or '=' (RFC 6265 section 4.1.1)";
const path = "give a path that starts with '/', in ASCII, without ';' or control characters";
const host = "give a host name such as 'example.com', without scheme, port or path";
const unit = "a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'";
const duration = "give a number of seconds, or a string with a unit such as '15m'";
const whole = "give a whole number of seconds, or a string such as '15m' or '500ms'";
const timer = "give a duration longer than 0 and at most 2147483647 ms, such as '500ms'";
const strings = 'give a string, or an array of strings that is not empty';
const store = 'give an object with the methods add, replace, get and delete';
const emitter = 'give an object with a function emit, such as an EventEmitter2';
const date = 'return a valid Date, as () => new Date() does';
const locations = "give one of 'headers', 'cookies', 'query_string', 'json'";
const notNegative = 'give a duration that is not negative';
const notEmpty = 'give a string that is not empty';
const length = 'give a whole number from 256 to 1048576';
const printable = 'give printable ASCII characters, one at least';
const forever = 'give more than 0 seconds, or use false for never';

const NOT_STRINGS = wrong('give a string', 7, null, true);
const NOT_ARRAYS = wrong('give an array', '', null);
const NOT_GROUPS = ofWrongKind('give an object of options', null, [], 'canary', () => ({}));

const NOT_TIMES: readonly Wrong[] = [
  ...wrong(unit, '60', '', 'abc', '15m\n', '15 parsecs', `${'9'.repeat(100)}s`),
  ...wrong(whole, Number.NaN, Infinity, 2 ** 53, 1.5),
  ...wrong(duration, true, null, 10n, {}, [], new Date(0)),
];

const NOT_DURATIONS: readonly Wrong[] = [
  ...NOT_TIMES,
  ...wrong(notNegative, -1, '-1m'),
  ...wrong('give whole seconds', '1.5s', '100ms'),
  ...wrong('give 100 years at most', '101y', Number.MAX_SAFE_INTEGER),
];

const NOT_ACCEPTED: readonly Wrong[] = [
  ...wrong(strings, /me/, new Set(['me']), [], null),
  ...wrong(notEmpty, ''),
  [['me', ''], `[1] was given ''; ${notEmpty}`],
  [[/me/], `[0] was given an object of type RegExp; ${notEmpty}`],
];

/** Wrong values of options that share a check. */
const BY_CHECK = new Map<unknown, readonly Wrong[]>([
  [
    checkBoolean,
    [
      ...wrong(
        "give true or false (an environment variable is a string: compare it, value === 'true')",
        'false',
        '',
      ),
      ...wrong('give true or false', 0, null, {}),
    ],
  ],
  [checkString, NOT_STRINGS],
  [checkNonEmptyString, wrong(notEmpty, '', ['me'], /me/)],
  [
    checkMemberName,
    [...NOT_STRINGS, ...wrong(member, '', '__proto__', 'constructor', 'prototype')],
  ],
  [
    checkToken,
    [...NOT_STRINGS, ...wrong(header, '', 'X Token', 'X-Token:', 'X-Token\r\nX: y', 'X-Tökén')],
  ],
  [
    checkCookieName,
    [...NOT_STRINGS, ...wrong(cookie, '', 'a b', 'a;b', 'a,b', 'a=b', 'a\r\nSet-Cookie: x')],
  ],
  [checkCookiePath, [...NOT_STRINGS, ...wrong(path, '', 'api', '/a;Domain=x', '/a\n', '/é')]],
  [checkFunction, ofWrongKind('give a function', null, true, 'canary', {})],
  [parseDuration, [...NOT_DURATIONS, ...wrong(duration, false)]],
  // In Flask-JWT-Extended 0 means without an end.
  [parseLifetime, [...NOT_DURATIONS, ...wrong(forever, 0, '0s')]],
  // A timer of more than 2^31 - 1 milliseconds fires at once.
  [parseTimeout, [...NOT_TIMES, ...wrong(timer, 0, '-1s', -1, '2147483648ms', '25d')]],
]);

/** Wrong values of options that have a check of their own. */
const BY_PATH: Readonly<Record<string, readonly Wrong[]>> = {
  identityClaim: NOT_STRINGS,
  userClaimsKey: NOT_STRINGS,
  requiredClaims: [
    ...wrong("give an array with it: ['exp']", 'exp'),
    ...NOT_ARRAYS,
    [[''], `[0] was given ''; ${member}`],
    [['exp', 5], '[1] was given 5; give a string'],
    [['__proto__'], `[0] was given '__proto__'; ${member}`],
    [new Array(1), '[0] was given undefined; give a string'],
  ],
  decodeIssuer: NOT_ACCEPTED,
  decodeAudience: NOT_ACCEPTED,
  encodeAudience: NOT_ACCEPTED,
  maxTokenLength: wrong(length, 255, 1_048_577, 1000.5, Number.NaN, '8192'),
  locations: [
    ...wrong("give an array with it: ['cookies']", 'cookies'),
    ...NOT_ARRAYS,
    ...wrong('give an array', new Set(['headers'])),
    ...wrong("name one location at least, such as 'headers'", []),
    [['headers', 'header'], `[1] was given 'header'; ${locations}`],
    [new Array(1), `[0] was given undefined; ${locations}`],
    [[1], `[0] was given 1; ${locations}`],
    [['json', 'headers', 'json'], " was given 'json' twice; name each only once"],
    [[resolve, resolve], ' was given a function twice; name each only once'],
  ],
  headerType: [...wrong(header, 'Bearer ', 'a,b'), ...wrong('give a string', null, false)],
  cookies: NOT_GROUPS,
  csrf: NOT_GROUPS,
  issuers: [
    ...wrong('give an array', {}, null, ''),
    [[null], '[0] was given null; give an object of options'],
  ],
  profile: wrong("give one of 'flask', 'rfc6750', 'nest'", 'rfc', 422, null),
  realm: [
    ...wrong(printable, '', 'a\r\nSet-Cookie: b=c', 'Küche', 'a\x7f'),
    ...wrong('give a string', null),
  ],
  responses: NOT_GROUPS,
  blocklist: NOT_GROUPS,
  rotation: NOT_GROUPS,
  sessions: NOT_GROUPS,
  events: ofWrongKind(emitter, null, {}, 'canary', class Emitter {}),
  login: NOT_GROUPS,
  'login.fields': [
    ...wrong("give an array with it: ['remember']", 'remember'),
    ...wrong('give an array', null, {}, true),
    [[''], `[0] was given ''; ${member}`],
    [['__proto__'], `[0] was given '__proto__'; ${member}`],
    [[/remember/], '[0] was given an object of type RegExp; give a string'],
    [['a', 'b', 'a'], " was given 'a' twice; name each only once"],
    [['password'], " was given 'password', as was login.passwordKey; name other members only"],
  ],
  loaders: NOT_GROUPS,
  clock: [
    ...wrong('give a function', new Date(), null),
    [() => 5, ` was given a function that returns 5; ${date}`],
    [
      () => Promise.resolve(new Date()),
      ` was given a function that returns an object of type Promise; ${date}`,
    ],
    [() => new Date('x'), ` was given a function that returns an invalid Date; ${date}`],
  ],
  'cookies.domain': [
    ...wrong(host, '', '.', '..example.com', 'https://example.com', 'example.com:3000'),
    ...wrong(host, 'example.com/', '-a.example', 'a_b.example', 'a; Secure', 'bücher.example'),
    ...wrong(host, `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}aa`),
    ...wrong('give a string', null),
  ],
  'cookies.sameSite': wrong("give one of 'strict', 'lax', 'none'", 'Lax', null, false),
  'cookies.renewWithin': [
    ...wrong("give more than 0 seconds, or leave it out for half of the token's life", 0),
    ...wrong(unit, '5'),
    ...wrong(notNegative, -5),
    ...wrong(duration, false),
  ],
  'csrf.methods': [
    ...wrong("give an array with it: ['POST']", 'POST'),
    ...wrong('give an array', null),
    ...wrong('to protect no method at all set csrf.protect to false', []),
    [[1], '[0] was given 1; give a string'],
    [['POST '], `[0] was given 'POST '; ${header}`],
  ],
  'blocklist.store': [
    ...ofWrongKind(store, null, 'redis://user:canary@host', new Map(), Promise.resolve({})),
    ...ofWrongKind(store, { add: 1, replace: 2, get: 3, delete: 4 }),
    ...ofWrongKind(`${store} (new …Store(client) rather than the class)`, class Store {}),
    [
      storeWith({ sessions: { put() {} } }),
      '.sessions was given an object; give an object with the methods put, get, list and remove, or none',
    ],
    [storeWith({ isAtomic: 0 }), '.isAtomic was given 0; give true or false'],
    [storeWith({ check: 1 }), '.check was given a number; give a function'],
  ],
  'blocklist.checks': [
    ...wrong("give an array with it: ['access']", 'access'),
    [['acess'], "[0] was given 'acess'; give one of 'access', 'refresh'"],
    [['access', 'access'], " was given 'access' twice; name each only once"],
  ],
  'blocklist.onStoreError': wrong("give one of 'deny', 'allow'", 'ignore', true),
  'rotation.grace': [
    ...wrong('give 60 seconds at most: within it a stolen token goes unnoticed', '61s'),
    ...wrong(unit, '10'),
    ...wrong(notNegative, -1),
    ...wrong(duration, false),
  ],
  'sessions.lifetime': [
    ...wrong('give more than 0 seconds, or leave it out for none', 0),
    ...wrong(unit, '90'),
    ...wrong(duration, false),
  ],
  'sessions.max': wrong('give a whole number from 1 to 1000', 0, '5', 1001),
};

function storeWith(members: object): object {
  return { add() {}, replace() {}, get() {}, delete() {}, ...members };
}

/** The options with a wrong one among them; the other required option of its group is right. */
function optionsWith(path: string, value: unknown): Record<string, unknown> {
  const options = withOption(path, value);
  if (!path.startsWith('login.')) return options;
  return { login: { authenticate: () => 'alice', ...(options.login as object) } };
}

const CHECKED = OPTIONS.filter(([name]) => !(name in KEY_ROWS));
const WRONG = CHECKED.flatMap(([name, check]) =>
  (BY_PATH[name] ?? BY_CHECK.get(check) ?? []).map(
    ([value, message]): [string, unknown, string] => [name, value, message],
  ),
);

describe('A wrong value of an option', () => {
  it('is known here for every option that is checked', () => {
    const names = CHECKED.map(([name]) => name);
    expect(names.filter((name) => !WRONG.some(([path]) => path === name))).toEqual([]);
    expect(Object.keys(BY_PATH).filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(WRONG)('is refused by a message that names the option: %s %p', (name, value, message) => {
    expect(mistakeOf(optionsWith(name, value))).toBe(`${name}${message}`);
  });

  it('is refused for a login without a function that authenticates', () => {
    expect(mistakeOf({ login: {} })).toBe(
      'login.authenticate was given undefined; give a function',
    );
  });
});

describe('A value in a message', () => {
  it.each<[value: unknown, described: string, kind: string]>([
    ['twenty characters ~~', "'twenty characters ~~'", 'a string of 20 characters'],
    ['twenty-one characters', 'a string of 21 characters', 'a string of 21 characters'],
    ['a\nb', 'a string of 3 characters', 'a string of 3 characters'],
    ['é', 'a string of 1 characters', 'a string of 1 characters'],
    ['', "''", 'a string of 0 characters'],
    [1.5, '1.5', 'a number'],
    [true, 'true', 'a boolean'],
    [10n, 'a bigint', 'a bigint'],
    [null, 'null', 'null'],
    [undefined, 'undefined', 'undefined'],
    [[], 'an empty array', 'an empty array'],
    [[1], 'an array', 'an array'],
    [{}, 'an object', 'an object'],
    [new Date(0), 'an object of type Date', 'an object of type Date'],
    [Promise.resolve(), 'an object of type Promise', 'an object of type Promise'],
    [() => 5, 'a function', 'a function'],
  ])('%p is described as %s, and as %s if it may be a secret', (value, described, kind) => {
    expect([describeValue(value), kindOf(value)]).toEqual([described, kind]);
  });
});

/** As long as the shortest secret that HS256 takes. */
const CANARY = 'canary;canary canary;canary{32}!';

describe('A secret in the wrong place (R70)', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  afterAll(() => warn.mockRestore());
  const enter = environments();
  beforeEach(() => enter(DEVELOPMENT));

  /** Everything that a user can read about these options. */
  const textsAbout = (options: unknown): string => {
    warn.mockClear();
    try {
      resolve(options);
      return JSON.stringify(warn.mock.calls);
    } catch (error) {
      return String((error as Error).stack);
    }
  };

  it.each([...OPTIONS.map(([name]) => name), 'secrets'])('is not repeated at %s', (name) => {
    const values = [CANARY, [CANARY], { [CANARY]: CANARY }, Buffer.from(CANARY), `${CANARY}\n`];
    for (const value of values) expect(textsAbout(withOption(name, value))).not.toContain('canary');
  });

  it('is not repeated if it stands in for all options, or beside a mistake', () => {
    expect(textsAbout(CANARY)).not.toContain('canary');
    expect(textsAbout({ secret: CANARY, leeway: 'x' })).not.toContain('canary');
  });
});
