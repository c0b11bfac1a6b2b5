import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { challenge, Refusals } from '../../../src/authentication/refusals.js';
import { Outages } from '../../../src/events/outages.js';
import {
  CsrfError,
  InsufficientClaimsError,
  InvalidTokenError,
  type JwtExtendedResponses,
  MissingTokenError,
  type Token,
  TokenCheckUnavailableError,
} from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { Output, rejecting, throwing } from '../../support/faults.js';
import { SECRET } from '../../support/forge.js';

/** Values that fail when they are converted to text. */
const UNPRINTABLE: readonly (readonly [string, unknown])[] = [
  ['an object without a prototype', Object.create(null)],
  ['an object whose text is an object', { toString: () => ({}) }],
  ['an object that fails to give its text', { toString: throwing(new Error('no')) }],
  ['a symbol', Symbol('no')],
  ['a function', () => {}],
  ['an Error whose message is a symbol', Object.assign(new Error(), { message: Symbol('no') })],
  ['an Error whose message fails', withFailing(new Error(), 'message')],
];

function withFailing(target: object, property: string): object {
  return Object.defineProperty(target, property, { get: throwing(new Error('no')) });
}

function refusalsWith(responses: JwtExtendedResponses = {}): Refusals {
  return new Refusals(resolveOptions({ secret: SECRET, responses }), new Outages());
}

const UNAVAILABLE = { status: 503, body: { msg: 'Token could not be checked' } };
const INVALID = { status: 422, body: { msg: 'no good' } };

describe('Refusals always give a response, because Nest does not wait for them,', () => {
  let output: Output;
  beforeAll(() => {
    output = new Output();
  });
  afterAll(() => output.restore());

  it.each(UNPRINTABLE)(
    'for a fault that is %s, also if a callback throws it (R73, R77)',
    async (_, cause) => {
      const unavailable = new TokenCheckUnavailableError(cause);
      expect(await refusalsWith().answer(unavailable, {})).toMatchObject(UNAVAILABLE);
      for (const invalidToken of [throwing(cause), rejecting(cause)]) {
        const answered = refusalsWith({ invalidToken }).answer(
          new InvalidTokenError('no good'),
          {},
        );
        expect(await answered).toMatchObject(INVALID);
      }
    },
  );

  it.each(['status', 'body', 'headers'])(
    'for a response callback whose %s cannot be read (R73)',
    async (member) => {
      const answer = withFailing({ status: 418, body: {}, headers: {} }, member);
      const refusals = refusalsWith({ invalidToken: () => answer as never });
      const answered = refusals.answer(new InvalidTokenError('no good'), {});
      await expect(answered).resolves.toMatchObject(INVALID);
    },
  );
});

describe('A challenge (RFC 6750 section 3)', () => {
  const ALLOWED = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~";

  it('is the bare scheme if no token was presented and no realm is set', () => {
    expect(challenge(new MissingTokenError('none'), 'Bearer', undefined)).toBe('Bearer');
  });

  it.each([
    ['api', '"api"'],
    ['', '""'],
    ['say "friend"', '"say \\"friend\\""'],
    ['C:\\door', '"C:\\\\door"'],
    ['\\"', '"\\\\\\""'],
  ])('quotes the realm %j as RFC 9110 requires: %s (R68)', (realm, quoted) => {
    expect(challenge(new MissingTokenError('none'), 'JWT', realm)).toBe(`JWT realm=${quoted}`);
  });

  it('puts the realm first, and separates parameters with commas', () => {
    expect(challenge(new CsrfError('wrong'), 'Bearer', 'api')).toBe(
      'Bearer realm="api", error="invalid_request", error_description="The CSRF token is missing or wrong"',
    );
  });

  it.each(['a "quote"', 'a line\r\nSet-Cookie: evil=1', '\u2603', 'x'.repeat(10_000)])(
    'never repeats the reason: %j (R68)',
    (reason) => {
      expect(challenge(new InvalidTokenError(reason), 'Bearer', undefined)).toBe(
        'Bearer error="invalid_token", error_description="The token is not valid"',
      );
    },
  );

  it.each<[string, readonly string[] | undefined, string?]>([
    ['words', ['read:users', 'write:users'], 'read:users write:users'],
    ['every character that RFC 6749 allows', [ALLOWED], ALLOWED],
    ['nothing', undefined],
    ['an empty list', []],
    ['an empty word', ['read', '']],
    ['a word with a blank', ['read write']],
    ['a quotation mark', ['read', 'a"b']],
    ['a backslash', ['a\\b']],
    ['a line break', ['a\r\nSet-Cookie: evil=1']],
    ['a letter that is not ASCII', ['größe']],
    ['a control character', ['a\u007f']],
  ])(
    'names the required scope if every word is allowed there: %s (R68)',
    (_title, scope, named = '') => {
      const refusal = new InsufficientClaimsError({} as Token, 'Missing required scope(s)', scope);

      expect(challenge(refusal, 'Bearer', 'api')).toBe(
        'Bearer realm="api", error="insufficient_scope", error_description="The token does not suffice"' +
          (named && `, scope="${named}"`),
      );
    },
  );
});
