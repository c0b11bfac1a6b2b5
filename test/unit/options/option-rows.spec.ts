import { Logger } from '@nestjs/common';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
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
import { parseDuration, parseLifetime, parseTimeout } from '../../../src/common/duration.js';
import { BLOCKLIST_ROWS, ROTATION_ROWS } from '../../../src/options/blocklist-options.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from '../../../src/options/callbacks.js';
import { COOKIE_ROWS } from '../../../src/options/cookie-options.js';
import { CSRF_ROWS } from '../../../src/options/csrf-options.js';
import { KEY_ROWS } from '../../../src/options/key-options.js';
import { LOGIN_ROWS } from '../../../src/options/login-options.js';
import { OPTION_ROWS } from '../../../src/options/resolve-options.js';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

const GROUPS = {
  cookies: COOKIE_ROWS,
  csrf: CSRF_ROWS,
  blocklist: BLOCKLIST_ROWS,
  rotation: ROTATION_ROWS,
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

const isEnvironmentVariable =
  " (an environment variable is a string: compare it, value === 'true')";
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
const store = 'give an object with the methods add, raise, get and delete';
const emitter = 'give an object with a function emit, such as an EventEmitter2';
const date = 'return a valid Date, as () => new Date() does';
const locations = "give one of 'headers', 'cookies', 'query_string', 'json'";
const notNegative = 'give a duration that is not negative';

const NOT_STRINGS: readonly Wrong[] = [
  [7, ' was given 7; give a string'],
  [null, ' was given null; give a string'],
  [true, ' was given true; give a string'],
];

const NOT_TIMES: readonly Wrong[] = [
  ['60', ` was given '60'; ${unit}`],
  ['', ` was given ''; ${unit}`],
  ['abc', ` was given 'abc'; ${unit}`],
  ['15m\n', ` was given a string of 4 characters; ${unit}`],
  ['15 parsecs', ` was given '15 parsecs'; ${unit}`],
  [`${'9'.repeat(100)}s`, ` was given a string of 101 characters; ${unit}`],
  [Number.NaN, ` was given NaN; ${whole}`],
  [Infinity, ` was given Infinity; ${whole}`],
  [2 ** 53, ` was given 9007199254740992; ${whole}`],
  [1.5, ` was given 1.5; ${whole}`],
  [true, ` was given true; ${duration}`],
  [null, ` was given null; ${duration}`],
  [10n, ` was given a bigint; ${duration}`],
  [{}, ` was given an object; ${duration}`],
  [[], ` was given an empty array; ${duration}`],
  [new Date(0), ` was given an object of type Date; ${duration}`],
];

const NOT_DURATIONS: readonly Wrong[] = [
  ...NOT_TIMES,
  [-1, ` was given -1; ${notNegative}`],
  ['1.5s', " was given '1.5s'; give whole seconds"],
  ['1000y', " was given '1000y'; give 100 years at most"],
];

const NOT_GROUPS: readonly Wrong[] = [
  [null, ' was given null; give an object of options'],
  [[], ' was given an empty array; give an object of options'],
  ['canary', ' was given a string of 6 characters; give an object of options'],
  [() => ({}), ' was given a function; give an object of options'],
];

const NOT_ACCEPTED: readonly Wrong[] = [
  [/me/, ` was given an object of type RegExp; ${strings}`],
  [new Set(['me']), ` was given an object of type Set; ${strings}`],
  [[], ` was given an empty array; ${strings}`],
  [null, ` was given null; ${strings}`],
  ['', " was given ''; give a string that is not empty"],
  [['me', ''], "[1] was given ''; give a string that is not empty"],
  [[/me/], '[0] was given an object of type RegExp; give a string that is not empty'],
];

/** Wrong values of options that share a check. */
const BY_CHECK = new Map<unknown, readonly Wrong[]>([
  [
    checkBoolean,
    [
      ['false', ` was given 'false'; give true or false${isEnvironmentVariable}`],
      ['', ` was given ''; give true or false${isEnvironmentVariable}`],
      [0, ' was given 0; give true or false'],
      [null, ' was given null; give true or false'],
      [{}, ' was given an object; give true or false'],
    ],
  ],
  [checkString, NOT_STRINGS],
  [
    checkNonEmptyString,
    [
      ['', " was given ''; give a string that is not empty"],
      [['me'], ' was given an array; give a string that is not empty'],
      [/me/, ' was given an object of type RegExp; give a string that is not empty'],
    ],
  ],
  [
    checkMemberName,
    [
      ...NOT_STRINGS,
      ...['', '__proto__', 'constructor', 'prototype'].map((name): Wrong => [
        name,
        ` was given '${name}'; ${member}`,
      ]),
    ],
  ],
  [
    checkToken,
    [
      ...NOT_STRINGS,
      ['', ` was given ''; ${header}`],
      ['X Token', ` was given 'X Token'; ${header}`],
      ['X-Token:', ` was given 'X-Token:'; ${header}`],
      ['X-Token\r\nX: y', ` was given a string of 13 characters; ${header}`],
      ['X-Tökén', ` was given a string of 7 characters; ${header}`],
    ],
  ],
  [
    checkCookieName,
    [
      ...NOT_STRINGS,
      ...['', 'a b', 'a;b', 'a,b', 'a=b'].map((name): Wrong => [
        name,
        ` was given '${name}'; ${cookie}`,
      ]),
      ['a\r\nSet-Cookie: x', ` was given a string of 16 characters; ${cookie}`],
    ],
  ],
  [
    checkCookiePath,
    [
      ...NOT_STRINGS,
      ...['', 'api', '/a;Domain=x'].map((value): Wrong => [
        value,
        ` was given '${value}'; ${path}`,
      ]),
      ['/a\n', ` was given a string of 3 characters; ${path}`],
      ['/é', ` was given a string of 2 characters; ${path}`],
    ],
  ],
  [
    checkFunction,
    [
      [null, ' was given null; give a function'],
      [true, ' was given a boolean; give a function'],
      ['canary', ' was given a string of 6 characters; give a function'],
      [{}, ' was given an object; give a function'],
    ],
  ],
  [parseDuration, [...NOT_DURATIONS, [false, ` was given false; ${duration}`]]],
  [
    parseLifetime,
    [
      ...NOT_DURATIONS,
      // In Flask-JWT-Extended 0 means for ever.
      [0, ' was given 0; give more than 0 seconds, or use false for never'],
      ['0s', " was given '0s'; give more than 0 seconds, or use false for never"],
    ],
  ],
  [
    parseTimeout,
    [
      ...NOT_TIMES,
      // A timer of more than 2^31 - 1 milliseconds fires at once.
      [0, ` was given 0; ${timer}`],
      ['-1s', ` was given '-1s'; ${timer}`],
      [-1, ` was given -1; ${timer}`],
      ['2147483648ms', ` was given '2147483648ms'; ${timer}`],
      ['25d', ` was given '25d'; ${timer}`],
    ],
  ],
]);

/** Wrong values of options that have a check of their own. */
const BY_PATH: Readonly<Record<string, readonly Wrong[]>> = {
  identityClaim: NOT_STRINGS,
  userClaimsKey: NOT_STRINGS,
  requiredClaims: [
    ['exp', " was given 'exp'; give an array with it: ['exp']"],
    ['', " was given ''; give an array"],
    [null, ' was given null; give an array'],
    [[''], `[0] was given ''; ${member}`],
    [['exp', 5], '[1] was given 5; give a string'],
    [['__proto__'], `[0] was given '__proto__'; ${member}`],
    [new Array(1), '[0] was given undefined; give a string'],
  ],
  decodeIssuer: NOT_ACCEPTED,
  decodeAudience: NOT_ACCEPTED,
  encodeAudience: NOT_ACCEPTED,
  maxTokenLength: [
    [255, ' was given 255; give a whole number from 256 to 1048576'],
    [1_048_577, ' was given 1048577; give a whole number from 256 to 1048576'],
    [1000.5, ' was given 1000.5; give a whole number from 256 to 1048576'],
    [Number.NaN, ' was given NaN; give a whole number from 256 to 1048576'],
    ['8192', " was given '8192'; give a whole number from 256 to 1048576"],
  ],
  locations: [
    ['cookies', " was given 'cookies'; give an array with it: ['cookies']"],
    ['', " was given ''; give an array"],
    [new Set(['headers']), ' was given an object of type Set; give an array'],
    [null, ' was given null; give an array'],
    [[], " was given an empty array; name one location at least, such as 'headers'"],
    [['headers', 'header'], `[1] was given 'header'; ${locations}`],
    [new Array(1), `[0] was given undefined; ${locations}`],
    [[1], `[0] was given 1; ${locations}`],
    [['json', 'headers', 'json'], " was given 'json' twice; name each only once"],
    [[resolve, resolve], ' was given a function twice; name each only once'],
  ],
  headerType: [
    ['Bearer ', ` was given 'Bearer '; ${header}`],
    ['a,b', ` was given 'a,b'; ${header}`],
    [null, ' was given null; give a string'],
    [false, ' was given false; give a string'],
  ],
  cookies: NOT_GROUPS,
  csrf: NOT_GROUPS,
  statusProfile: [
    ['rfc', " was given 'rfc'; give one of 'flask', 'rfc6750'"],
    [422, " was given 422; give one of 'flask', 'rfc6750'"],
    [null, " was given null; give one of 'flask', 'rfc6750'"],
  ],
  realm: [
    ['', " was given ''; give printable ASCII characters, one at least"],
    [
      'a\r\nSet-Cookie: b=c',
      ' was given a string of 18 characters; give printable ASCII characters, one at least',
    ],
    ['Küche', ' was given a string of 5 characters; give printable ASCII characters, one at least'],
    ['a\x7f', ' was given a string of 2 characters; give printable ASCII characters, one at least'],
    [null, ' was given null; give a string'],
  ],
  responses: NOT_GROUPS,
  blocklist: NOT_GROUPS,
  rotation: NOT_GROUPS,
  events: [
    [null, ` was given null; ${emitter}`],
    [{}, ` was given an object; ${emitter}`],
    ['canary', ` was given a string of 6 characters; ${emitter}`],
    [class Emitter {}, ` was given a function; ${emitter}`],
  ],
  login: NOT_GROUPS,
  loaders: NOT_GROUPS,
  clock: [
    [new Date(), ' was given an object of type Date; give a function'],
    [null, ' was given null; give a function'],
    [() => 5, ` was given a function that returns 5; ${date}`],
    [
      () => Promise.resolve(new Date()),
      ` was given a function that returns an object of type Promise; ${date}`,
    ],
    [() => new Date('x'), ` was given a function that returns an invalid Date; ${date}`],
  ],
  'cookies.domain': [
    ...[
      '',
      '.',
      '..example.com',
      'https://example.com',
      'example.com:3000',
      'example.com/',
      '-a.example',
      'a_b.example',
      'a; Secure',
    ].map((domain): Wrong => [domain, ` was given '${domain}'; ${host}`]),
    ['bücher.example', ` was given a string of 14 characters; ${host}`],
    [`${'a'.repeat(64)}.example`, ` was given a string of 72 characters; ${host}`],
    [`${'a.'.repeat(127)}aa`, ` was given a string of 256 characters; ${host}`],
    [null, ' was given null; give a string'],
  ],
  'cookies.sameSite': [
    ['Lax', " was given 'Lax'; give one of 'strict', 'lax', 'none'"],
    [null, " was given null; give one of 'strict', 'lax', 'none'"],
    [false, " was given false; give one of 'strict', 'lax', 'none'"],
  ],
  'cookies.renewWithin': [
    [0, " was given 0; give more than 0 seconds, or leave it out for half of the token's life"],
    ['5', ` was given '5'; ${unit}`],
    [-5, ` was given -5; ${notNegative}`],
    [false, ` was given false; ${duration}`],
  ],
  'csrf.methods': [
    ['POST', " was given 'POST'; give an array with it: ['POST']"],
    [null, ' was given null; give an array'],
    [[], ' was given an empty array; to protect no method at all set csrf.protect to false'],
    [[1], '[0] was given 1; give a string'],
    [['POST '], `[0] was given 'POST '; ${header}`],
  ],
  'blocklist.store': [
    [null, ` was given null; ${store}`],
    ['redis://user:canary@host', ` was given a string of 24 characters; ${store}`],
    [{ add: 1, raise: 2, get: 3, delete: 4 }, ` was given an object; ${store}`],
    [new Map(), ` was given an object of type Map; ${store}`],
    [Promise.resolve({}), ` was given an object of type Promise; ${store}`],
    [class Store {}, ` was given a function; ${store} (new …Store(client) rather than the class)`],
    [
      storeWith({ sessions: { put() {} } }),
      '.sessions was given an object; give an object with the methods put, list and remove, or none',
    ],
    [storeWith({ isAtomic: 0 }), '.isAtomic was given 0; give true or false'],
    [storeWith({ check: 1 }), '.check was given a number; give a function'],
  ],
  'blocklist.checks': [
    ['access', " was given 'access'; give an array with it: ['access']"],
    [['acess'], "[0] was given 'acess'; give one of 'access', 'refresh'"],
    [['access', 'access'], " was given 'access' twice; name each only once"],
  ],
  'blocklist.onStoreError': [
    ['ignore', " was given 'ignore'; give one of 'deny', 'allow'"],
    [true, " was given true; give one of 'deny', 'allow'"],
  ],
  'rotation.grace': [
    ['61s', " was given '61s'; give 60 seconds at most: within it a stolen token goes unnoticed"],
    ['10', ` was given '10'; ${unit}`],
    [-1, ` was given -1; ${notNegative}`],
    [false, ` was given false; ${duration}`],
  ],
  'rotation.sessionLifetime': [
    [0, ' was given 0; give more than 0 seconds, or leave it out for none'],
    ['90', ` was given '90'; ${unit}`],
    [false, ` was given false; ${duration}`],
  ],
  'rotation.maxSessions': [
    [0, ' was given 0; give a whole number from 1 to 1000000'],
    ['5', " was given '5'; give a whole number from 1 to 1000000"],
  ],
};

function storeWith(members: object): object {
  return { add() {}, raise() {}, get() {}, delete() {}, ...members };
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

/** As long as the shortest secret that HS256 takes. */
const CANARY = 'canary;canary canary;canary{32}!';

describe('A secret in the wrong place (R70)', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  afterAll(() => warn.mockRestore());

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
