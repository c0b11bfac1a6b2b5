import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Refusals } from '../../../src/authentication/refusals.js';
import {
  InvalidTokenError,
  type JwtExtendedResponses,
  TokenCheckUnavailableError,
} from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { Output, rejecting, throwing } from '../../support/faults.js';
import { SECRET } from '../../support/forge.js';

/** Things that fail when somebody asks what they say. */
const UNPRINTABLE: readonly (readonly [string, unknown])[] = [
  ['an object without a prototype', Object.create(null)],
  ['an object whose text is none', { toString: () => ({}) }],
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
  return new Refusals(resolveOptions({ secret: SECRET, responses }));
}

const UNAVAILABLE = { status: 503, body: { msg: 'Token could not be checked' } };
const INVALID = { status: 422, body: { msg: 'no good' } };

describe('Refusals answer, whatever they are given: Nest does not wait for them', () => {
  let output: Output;
  beforeAll(() => {
    output = new Output();
  });
  afterAll(() => output.restore());

  it.each(UNPRINTABLE)('for a fault that is %s (R73, R77)', async (_, cause) => {
    const answered = refusalsWith().answer(new TokenCheckUnavailableError(cause), {});
    await expect(answered).resolves.toMatchObject(UNAVAILABLE);
  });

  it.each(UNPRINTABLE)('for a response callback that throws %s (R73, R77)', async (_, thrown) => {
    for (const invalidToken of [throwing(thrown), rejecting(thrown)]) {
      const answered = refusalsWith({ invalidToken }).answer(new InvalidTokenError('no good'), {});
      await expect(answered).resolves.toMatchObject(INVALID);
    }
  });

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
