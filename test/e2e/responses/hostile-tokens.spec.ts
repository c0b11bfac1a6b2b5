import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidTokenError, TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Calamities, failureOf, Output, ProbeController, wordsOf } from '../../support/faults.js';
import { accessClaims, forgeToken, segment } from '../../support/forge.js';
import { ecPair } from '../../support/keys.js';

const HEADER = segment({ alg: 'HS256', typ: 'JWT' });
const MARK = 'canaryInTheInput';

/** What a stranger may send; each has a mark in it that must not come back. */
const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['text', MARK, 'Not enough segments'],
  ['two segments', `${HEADER}.${segment({ MARK })}`, 'Not enough segments'],
  [
    'a payload that is no JSON, unsigned (F6)',
    `${HEADER}.${segment(`{"${MARK}`)}.${segment('x')}`,
    'Invalid payload string: not valid JSON',
  ],
  [
    'a payload that is no JSON, signed (F6)',
    forgeToken(`${MARK}{`),
    'Invalid payload string: not valid JSON',
  ],
  [
    'a header that is no JSON',
    `${segment(`${MARK}`)}.${segment({})}.${segment('x')}`,
    'Invalid header string: not valid JSON',
  ],
  [
    'a payload that is an array',
    forgeToken([MARK]),
    'Invalid payload string: must be a json object',
  ],
  [
    'an algorithm of its own',
    forgeToken(accessClaims(), { alg: MARK, typ: 'JWT' }),
    'The specified alg value is not allowed',
  ],
  ['no algorithm', forgeToken(accessClaims(), { typ: 'JWT', x: MARK }), 'Algorithm not specified'],
  [
    'a kid that is no text',
    forgeToken(accessClaims(), { alg: 'HS256', kid: [MARK] }),
    'Key ID header parameter must be a string',
  ],
  [
    'a foreign signature',
    forgeToken({ MARK }, undefined, 'x'.repeat(64)),
    'Signature verification failed',
  ],
  ['no identity', forgeToken(accessClaims({ sub: undefined, x: MARK })), 'Missing claim: sub'],
  ['an odd type', forgeToken(accessClaims({ type: MARK })), 'Missing or invalid claim: type'],
  [
    'an expiry that is text',
    forgeToken(accessClaims({ exp: MARK })),
    'Expiration Time claim (exp) must be an integer.',
  ],
  ['more than the limit', forgeToken(accessClaims({ x: MARK.repeat(600) })), 'Token is too long'],
];

describe.each(ADAPTERS)('over %s, a hostile token', (adapter) => {
  let app: RunningApp;
  let output: Output;
  let calamities: Calamities;
  beforeAll(async () => {
    calamities = new Calamities();
    output = new Output();
    app = await createApp(adapter, { controllers: [ProbeController] });
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  it.each(HOSTILE)(
    'with %s gets a fixed answer, without a word of its own (R67, R70)',
    async (_, token, msg) => {
      const { status, body, headers } = await app.send('GET', '/access', { token });
      expect({ status, body }).toEqual({ status: 422, body: { msg } });
      expect([...headers].flat().join()).not.toContain(MARK);
      const error = await failureOf(app.get(TokenService).decodeToken(token));
      expect(error).toBeInstanceOf(InvalidTokenError);
      expect(wordsOf(error)).not.toContain(MARK);
      expect(output.text).not.toContain(MARK);
    },
  );

  it.each([1, 32, 63, 65, 96, 200])(
    'of ES256 with a signature of %i bytes is just not signed (F6)',
    async (length) => {
      const verifying = await createApp(adapter, {
        controllers: [ProbeController],
        options: { secret: undefined, algorithm: 'ES256', publicKey: ecPair().publicKey },
      });
      const input = `${segment({ alg: 'ES256', typ: 'JWT' })}.${segment(accessClaims())}`;
      const token = `${input}.${randomBytes(length).toString('base64url')}`;
      const { status, body } = await verifying.send('GET', '/access', { token });
      expect({ status, body }).toEqual({
        status: 422,
        body: { msg: 'Signature verification failed' },
      });
      await verifying.close();
    },
  );

  it.each([
    ['a deep header', `${segment('['.repeat(700_000))}.${segment({})}.${segment('x')}`],
    [
      'a deep header within the limit',
      `${segment('['.repeat(1_500))}.${segment({})}.${segment('x')}`,
    ],
    ['a deep payload within the limit', forgeToken('['.repeat(5_900))],
    ['dots', '.'.repeat(1_000_000)],
    ['dots within the limit', '.'.repeat(8_000)],
    ['a megabyte of text', 'A'.repeat(1_000_000)],
  ])('of %s does not hold the event loop (R72, F22)', async (_, token) => {
    const tokens = app.get(TokenService);
    let shortest = Infinity;
    // The shortest of several times, since another process may take the machine for a while.
    for (let attempt = 0; attempt < 50 && shortest >= 10; attempt += 1) {
      const begin = performance.now();
      expect(await failureOf(tokens.decodeToken(token))).toBeInstanceOf(InvalidTokenError);
      shortest = Math.min(shortest, performance.now() - begin);
    }
    expect(shortest).toBeLessThan(10);
  });
});
