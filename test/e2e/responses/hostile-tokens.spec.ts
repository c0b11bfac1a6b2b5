import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidTokenError, TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Calamities, failureOf, Output, ProbeController, wordsOf } from '../../support/faults.js';
import { accessClaims, forgeToken, segment } from '../../support/forge.js';
import { ecPair } from '../../support/keys.js';
import { said } from '../../support/transport.js';

const JWT = { alg: 'HS256', typ: 'JWT' };
const HEADER = segment(JWT);
const MARK = 'canaryInTheInput';

const NOT_JSON = 'Invalid payload string: not valid JSON';
const FOREIGN = forgeToken({ MARK }, undefined, 'x'.repeat(64));
const unsigned = (header: unknown, payload: unknown) =>
  `${segment(header)}.${segment(payload)}.${segment('x')}`;
const signed = (changes: object) => forgeToken(accessClaims({ ...changes }));
const headed = (header: object) => forgeToken(accessClaims(), header);

/** What a stranger may send. Each contains a mark that must not come back. */
const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['text', MARK, 'Not enough segments'],
  ['two segments', `${HEADER}.${segment({ MARK })}`, 'Not enough segments'],
  ['an unsigned payload that is not JSON (F6)', unsigned(JWT, `{"${MARK}`), NOT_JSON],
  ['a signed payload that is not JSON (F6)', forgeToken(`${MARK}{`), NOT_JSON],
  ['a header that is not JSON', unsigned(MARK, {}), 'Invalid header string: not valid JSON'],
  ['an array for its payload', forgeToken([MARK]), 'Invalid payload string: must be a json object'],
  ['its own algorithm', headed({ ...JWT, alg: MARK }), 'The specified alg value is not allowed'],
  ['no algorithm', headed({ typ: 'JWT', x: MARK }), 'Algorithm not specified'],
  [
    'a kid that is not text',
    headed({ ...JWT, kid: [MARK] }),
    'Key ID header parameter must be a string',
  ],
  ['a foreign signature', FOREIGN, 'Signature verification failed'],
  ['no identity', signed({ sub: undefined, x: MARK }), 'Missing claim: sub'],
  ['an odd type', signed({ type: MARK }), 'Missing or invalid claim: type'],
  ['an expiry in text', signed({ exp: MARK }), 'Expiration Time claim (exp) must be an integer.'],
  ['more than the limit', signed({ x: MARK.repeat(600) }), 'Token is too long'],
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
    'with %s gets a fixed answer without any part of it (R67, R70)',
    async (_, token, msg) => {
      const answer = await app.send('GET', '/access', { token });
      expect(said(answer)).toEqual({ status: 422, body: { msg } });
      expect([...answer.headers].flat().join()).not.toContain(MARK);
      const error = await failureOf(app.get(TokenService).decodeToken(token));
      expect(error).toBeInstanceOf(InvalidTokenError);
      expect(wordsOf(error)).not.toContain(MARK);
      expect(output.text).not.toContain(MARK);
    },
  );

  it.each([1, 32, 63, 65, 96, 200])(
    'of ES256 with a signature of %i bytes is refused as badly signed (F6)',
    async (length) => {
      const verifying = await createApp(adapter, {
        controllers: [ProbeController],
        options: { secret: undefined, algorithm: 'ES256', publicKey: ecPair().publicKey },
      });
      const input = `${segment({ alg: 'ES256', typ: 'JWT' })}.${segment(accessClaims())}`;
      const token = `${input}.${randomBytes(length).toString('base64url')}`;
      const answer = await verifying.send('GET', '/access', { token });
      await verifying.close();
      const body = { msg: 'Signature verification failed' };
      expect(said(answer)).toEqual({ status: 422, body });
    },
  );

  it.each([
    ['a deep header', unsigned('['.repeat(700_000), {})],
    ['a deep header within the limit', unsigned('['.repeat(1_500), {})],
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
