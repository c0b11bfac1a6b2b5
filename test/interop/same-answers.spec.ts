import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, type RunningApp } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { accessClaims, forgeToken } from '../support/forge.js';
import { alike, ask, type Peers, startNest } from './peers.js';

const NOT_ALLOWED = 'The specified alg value is not allowed';
const NO_BEARER =
  "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
const BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";

let flask: FlaskApp;
beforeAll(async () => {
  flask = await FlaskApp.start();
});
afterAll(() => flask.close());

describe.each(ADAPTERS)('Flask and Nest on %s, shown the same token', (adapter) => {
  let nest: RunningApp;
  let peers: Peers;
  beforeAll(async () => {
    nest = await startNest(adapter);
    peers = { Flask: flask, Nest: nest };
  });
  afterAll(() => nest.close());

  it.each([
    ['text', () => 'foobarbaz', 'Not enough segments'],
    ['two segments', () => 'a.b', 'Not enough segments'],
    ['segments of one character (R9)', () => 'a.b.c', 'Invalid header padding'],
    ['a segment too many (R8)', () => `${forge({})}.AAAA`, 'Invalid payload padding'],
    [
      'a header that is an array (R11)',
      () => forgeToken(accessClaims(), ['x']),
      'Invalid header string: must be a json object',
    ],
    [
      'a payload that is an array (R11)',
      () => forgeToken(['x']),
      'Invalid payload string: must be a json object',
    ],
    ['no signature (R8)', () => forge({}).replace(/[^.]+$/, ''), 'Signature verification failed'],
    [
      'the signature of another secret',
      () => forgeToken(accessClaims(), { alg: 'HS256', typ: 'JWT' }, 'another secret'.repeat(4)),
      'Signature verification failed',
    ],
    ['the algorithm none (R1)', () => forge({}, { alg: 'none' }), NOT_ALLOWED],
    ['an algorithm that is not configured (R2)', () => forge({}, { alg: 'HS512' }), NOT_ALLOWED],
    [
      'a kid that is a number (R6)',
      () => forge({}, { kid: 5 }),
      'Key ID header parameter must be a string',
    ],
    [
      'an exp that is text (R32)',
      () => forge({ exp: 'abc' }),
      'Expiration Time claim (exp) must be an integer.',
    ],
    [
      'an nbf that is text (R32)',
      () => forge({ nbf: 'abc' }),
      'Not Before claim (nbf) must be an integer.',
    ],
    [
      'an iat that is text (R32)',
      () => forge({ iat: 'abc' }),
      'Issued At claim (iat) must be an integer.',
    ],
    ['an nbf to come', () => forge({ nbf: inSeconds(60) }), 'The token is not yet valid (nbf)'],
    ['an iat to come', () => forge({ iat: inSeconds(60) }), 'The token is not yet valid (iat)'],
    ['no identity (R30)', () => forge({ sub: undefined }), 'Missing claim: sub'],
    [
      'an exp that has passed and an nbf to come',
      () => forge({ exp: inSeconds(-60), nbf: inSeconds(60) }),
      'The token is not yet valid (nbf)',
    ],
    [
      'an exp that has passed and no identity',
      () => forge({ exp: inSeconds(-60), sub: undefined }),
      'Missing claim: sub',
    ],
    [
      'an exp that has passed and a bad signature (R12)',
      () => forge({ exp: inSeconds(-60) }).replace(/[^.]+$/, 'A'.repeat(43)),
      'Signature verification failed',
    ],
  ])('both refuse %s with the same body', async (_, token, msg) => {
    const said = await ask(peers, 'GET', '/access', { token: token() });
    expect(said).toEqual(alike(422, { msg }));
  });

  it.each([
    ['fractions of seconds', { iat: 1.5, nbf: 1.25, exp: 4e9 + 0.5 }],
    ['no iat and no nbf', { iat: undefined, nbf: undefined }],
    ['no exp', { exp: undefined }],
    ['no fresh and no csrf', { fresh: undefined, csrf: undefined }],
    ['claims that neither knows', { scope: 'a b', azp: 'web' }],
    ['an aud, where none is configured (R31)', { aud: ['elsewhere'] }],
  ])('both accept %s', async (_, changes) => {
    const said = await ask(peers, 'GET', '/access', { token: forge(changes) });
    expect(said).toMatchObject(alike(200, { identity: 'alice' }));
  });

  it.each([
    ['a list of credentials (R39)', (token: string) => `Basic eA==, Bearer ${token}`],
    ['a comma at the end', (token: string) => `Bearer ${token},`],
    ['more than one space', (token: string) => `Bearer   ${token}`],
  ])('both find the token in %s', async (_, authorization) => {
    const headers = { authorization: authorization(forge({})) };
    const said = await ask(peers, 'GET', '/access', { headers });
    expect(said).toMatchObject(alike(200, { identity: 'alice' }));
  });

  it.each([
    ['another scheme', 'Basic eA==', 401, NO_BEARER],
    ['two bearer tokens (R39)', 'Bearer x, Bearer y', 401, NO_BEARER],
    ['a scheme alone', 'Bearer', 422, BAD_HEADER],
    ['two words after the scheme', 'Bearer x y', 422, BAD_HEADER],
    ['nothing but a comma', ',', 401, 'Missing Authorization Header'],
  ])('both refuse %s with the same body', async (_, authorization, status, msg) => {
    const said = await ask(peers, 'GET', '/access', { headers: { authorization } });
    expect(said).toEqual(alike(status, { msg }));
  });

  it.each([
    ['until a second that has passed', -60, 401, { msg: 'Fresh token required' }],
    ['until a second to come', 60, 200, { identity: 'alice' }],
    ['until a fraction of a second to come', 60.5, 200, { identity: 'alice' }],
  ])('both read alike a token that is fresh %s (R34)', async (_, seconds, status, body) => {
    const token = forge({ fresh: inSeconds(seconds) });
    const said = await ask(peers, 'GET', '/fresh', { token });
    expect(said).toMatchObject(alike(status, body));
  });

  it.each([
    [
      'a header without alg',
      () => forgeToken(accessClaims(), { typ: 'JWT' }),
      'The specified alg value is not allowed',
      'Algorithm not specified',
    ],
    [
      'a header that is not JSON',
      () => forgeToken(accessClaims(), 'nonsense'),
      'Invalid header string: Expecting value: line 1 column 1 (char 0)',
      'Invalid header string: not valid JSON',
    ],
    [
      'a payload that is not JSON',
      () => forgeToken('nonsense'),
      'Invalid payload string: Expecting value: line 1 column 1 (char 0)',
      'Invalid payload string: not valid JSON',
    ],
  ])('both refuse %s, in words of their own (PyJWT 2.6 there)', async (_, token, theirs, ours) => {
    const said = await ask(peers, 'GET', '/access', { token: token() });
    expect(said).toEqual({
      Flask: { status: 422, body: { msg: theirs } },
      Nest: { status: 422, body: { msg: ours } },
    });
  });

  it.each([
    ['an identity that is a number (R30)', () => forge({ sub: 5 }), 'Subject must be a string'],
    ['an empty identity (R30)', () => forge({ sub: '' }), 'Subject must be a string'],
    ['no type (R29)', () => forge({ type: undefined }), 'Missing or invalid claim: type'],
    ['a type of its own (R29)', () => forge({ type: 'app' }), 'Missing or invalid claim: type'],
    ['no jti (R33)', () => forge({ jti: undefined }), 'Missing claim: jti'],
    ['a jti of null (R33)', () => forge({ jti: null }), 'JWT ID must be a string'],
    ['a jti that is a number (R33)', () => forge({ jti: 5 }), 'JWT ID must be a string'],
    [
      'an exp that is a number as text (R32)',
      () => forge({ exp: String(inSeconds(60)) }),
      'Expiration Time claim (exp) must be an integer.',
    ],
    [
      'a critical extension (R10)',
      () => forge({}, { crit: ['x'] }),
      'Unsupported critical extension: x',
    ],
    ['another typ (R13)', () => forge({}, { typ: 'x' }), 'Invalid header: typ'],
  ])('only Flask (4.4.4) accepts %s', async (_, token, msg) => {
    const said = await ask(peers, 'GET', '/access', { token: token() });
    expect(said).toMatchObject({ Flask: { status: 200 }, Nest: { status: 422, body: { msg } } });
  });

  it('only Nest says what is wrong with an exp of null, which is a 500 there (R32)', async () => {
    const said = await ask(peers, 'GET', '/access', { token: forge({ exp: null }) });
    expect(said).toMatchObject({
      Flask: { status: 500 },
      Nest: { status: 422, body: { msg: 'Expiration Time claim (exp) must be an integer.' } },
    });
  });

  it('only Nest takes nonsense in fresh for not fresh, which is a 500 there (R34)', async () => {
    const said = await ask(peers, 'GET', '/fresh', { token: forge({ fresh: 'x' }) });
    expect(said).toMatchObject({
      Flask: { status: 500 },
      Nest: { status: 401, body: { msg: 'Fresh token required' } },
    });
  });

  it('only Nest reads the scheme in any case (R38)', async () => {
    const headers = { authorization: `bearer ${forge({})}` };
    const said = await ask(peers, 'GET', '/access', { headers });
    expect(said).toMatchObject({
      Flask: { status: 401, body: { msg: NO_BEARER } },
      Nest: { status: 200, body: { identity: 'alice' } },
    });
  });

  it('only Flask takes a tab between scheme and token (R38)', async () => {
    const headers = { authorization: `Bearer\t${forge({})}` };
    const said = await ask(peers, 'GET', '/access', { headers });
    expect(said).toMatchObject({
      Flask: { status: 200 },
      Nest: { status: 401, body: { msg: NO_BEARER } },
    });
  });
});

/** An access token as both mint it, but for some claims and header parameters. */
function forge(claims: Record<string, unknown>, header: object = {}): string {
  return forgeToken(accessClaims(claims), { alg: 'HS256', typ: 'JWT', ...header });
}

/** By the real clock, which is the only one that Flask has. */
function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
