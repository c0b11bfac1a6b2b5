import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Post, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AccessGuard } from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Clock, forgeToken, SECRET, segment } from '../../support/forge.js';
import { accepts, eachOf, refuses } from '../../support/token-rows.js';
import {
  claimsAtNow,
  describeTokens,
  forgeAs,
  forgeSegments,
  invalid,
  refusalOf,
  startTokens,
  withSignature,
  withUnusedBits,
} from '../../support/tokens.js';

const GOOD = forgeToken(claimsAtNow());
const [GOOD_HEADER = '', GOOD_PAYLOAD = '', GOOD_SIGNATURE = ''] = GOOD.split('.');
const HS256 = { alg: 'HS256', typ: 'JWT' };

/** Text that plain base64 spells with `+` and `/`, and base64url with `-` and `_`. */
const TILDES = claimsAtNow({ sub: '~~~~~~~~??????' });
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LONE_SURROGATE = Buffer.from([0xed, 0xa0, 0x80]);

const NOT_ENOUGH = invalid('Not enough segments');
const BAD_HEADER_SPELLING = invalid('Invalid header padding');
const BAD_PAYLOAD_SPELLING = invalid('Invalid payload padding');
const BAD_SIGNATURE_SPELLING = invalid('Invalid crypto padding');
const HEADER_NOT_JSON = invalid('Invalid header string: not valid JSON');
const PAYLOAD_NOT_JSON = invalid('Invalid payload string: not valid JSON');
const HEADER_NO_OBJECT = invalid('Invalid header string: must be a json object');
const PAYLOAD_NO_OBJECT = invalid('Invalid payload string: must be a json object');
const TOO_LONG = invalid('Token is too long');
const NOT_ALLOWED = invalid('The specified alg value is not allowed');
const BAD_SIGNATURE = invalid('Signature verification failed');
const BAD_KID = invalid('Key ID header parameter must be a string');
const BAD_CRIT = invalid('Invalid header: crit');
const BAD_TYP = invalid('Invalid header: typ');

/** A well signed token under any header. */
function underHeader(header: unknown): string {
  return forgeToken(claimsAtNow(), header);
}

/** A well signed token with other header parameters. */
function withHeader(changes: object): string {
  return underHeader({ ...HS256, ...changes });
}

function withTyp(typ: unknown): string {
  return withHeader({ typ });
}

function withoutTyp(payload: unknown): string {
  return forgeToken(payload, { alg: 'HS256' });
}

/** The signed part of a good token that claims to be under another algorithm. */
function claiming(alg: string): string {
  return `${segment({ ...HS256, alg })}.${GOOD_PAYLOAD}`;
}

/** A token of a given length, by the weight of a claim. */
function ofLength(length: number): string {
  const pads = (count: number) => forgeToken(claimsAtNow({ jti: 'x', weight: 'w'.repeat(count) }));
  let weight = Math.floor((length * 3) / 4) - 300;
  while (pads(weight).length < length) weight++;
  return pads(weight);
}

/** Standard base64 of a value, which no token may be spelt in. */
function plainBase64(value: object): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('=', '');
  if (!/[+/]/.test(text)) throw new Error('The alphabets do not differ here');
  return text;
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describeTokens(
  'A good token',
  {},
  accepts({
    'a token of this format': GOOD,
    'exactly 8192 characters (R7)': ofLength(8192),
    'claims that are nested 2500 levels deep': forgeToken(
      JSON.stringify(claimsAtNow()).replace('}', `,"a":${nested(2500)}}`),
    ),
  }),
);

describeTokens('The structure of a token (R7, R8)', {}, [
  ...refuses(NOT_ENOUGH, {
    'a word': 'foobarbaz',
    'two segments': 'a.b',
    'two good segments': `${GOOD_HEADER}.${GOOD_PAYLOAD}`,
  }),
  ...refuses(BAD_HEADER_SPELLING, {
    'three letters': 'a.b.c',
    'three words': 'aaaaa.bbbbb.ccccc',
  }),
  ...refuses(BAD_PAYLOAD_SPELLING, {
    'four segments': `${GOOD}.x`,
    'a fourth segment that is empty': `${GOOD}.`,
    'five good segments': `${GOOD}.${GOOD_PAYLOAD}.${GOOD_SIGNATURE}`,
    'a JWE': `${segment({ alg: 'dir', enc: 'A256GCM' })}..aXY.Y2lwaGVy.dGFn`,
  }),
  ...refuses(PAYLOAD_NOT_JSON, { 'a detached payload': `${GOOD_HEADER}..${GOOD_SIGNATURE}` }),
  ...refuses(HEADER_NOT_JSON, {
    'an empty header': `.${GOOD_PAYLOAD}.${GOOD_SIGNATURE}`,
    'three empty segments': '..',
    'only dots': '.'.repeat(5000),
  }),
  ...refuses(TOO_LONG, {
    'one character more than 8192': `${ofLength(8192)}A`,
    'a header of more than 2 KB': withHeader({ x: 'x'.repeat(1600) }),
    'a header that is nested 3000 levels deep': underHeader(`{"alg":"HS256","x":${nested(3000)}}`),
  }),
]);

describeTokens('The spelling of a token (R9)', {}, [
  ...accepts({ 'a claim that base64 and base64url spell differently': forgeToken(TILDES) }),
  ...refuses(BAD_SIGNATURE_SPELLING, {
    'padding of the signature': `${GOOD}=`,
    'unused bits in the signature': withUnusedBits(GOOD),
    'a tilde': `${GOOD}~`,
  }),
  ...refuses(BAD_HEADER_SPELLING, {
    'a plus or a slash in the header': forgeSegments(
      plainBase64({ ...HS256, x: TILDES.sub }),
      GOOD_PAYLOAD,
    ),
    'unused bits in the header': forgeSegments(
      withUnusedBits(segment('{"alg":"HS256"} ')),
      GOOD_PAYLOAD,
    ),
  }),
  ...refuses(BAD_PAYLOAD_SPELLING, {
    'a plus or a slash in the payload': forgeSegments(GOOD_HEADER, plainBase64(TILDES)),
    'a lone last character': forgeSegments(GOOD_HEADER, `${segment('{"a":1}..')}A`),
    'unused bits in the payload': forgeSegments(
      GOOD_HEADER,
      withUnusedBits(evenLess(GOOD_PAYLOAD)),
    ),
  }),
]);

const CLAIMS_TEXT = JSON.stringify(claimsAtNow());
const NOT_OBJECTS = ['[]', 'null', '5', '"abc"', 'true'];

describeTokens('The JSON of a token (R11)', {}, [
  ...refuses(HEADER_NOT_JSON, {
    'a header that is not JSON': underHeader('alg=HS256'),
    'a header that is not UTF-8': underHeader(Buffer.from('{"alg":"HS256","x":"\xff"}', 'latin1')),
    'a header with a byte order mark': underHeader(
      Buffer.concat([UTF8_BOM, Buffer.from('{"alg":"HS256"}')]),
    ),
  }),
  ...refuses(HEADER_NO_OBJECT, eachOf('the header', NOT_OBJECTS, underHeader)),
  ...refuses(PAYLOAD_NOT_JSON, {
    'an unsigned payload that is not JSON': `${GOOD_HEADER}.${segment('what?')}.${GOOD_SIGNATURE}`,
    'a signed payload that is not JSON': forgeToken('what?'),
    'a signed payload that is not JSON under a header without typ': withoutTyp('what?'),
    'a payload that is not UTF-8': forgeToken(
      Buffer.from(JSON.stringify(claimsAtNow({ sub: '\xff' })), 'latin1'),
    ),
    'a payload with half a surrogate pair': forgeToken(
      Buffer.concat([Buffer.from('{"a":"'), LONE_SURROGATE, Buffer.from('"}')]),
    ),
    'a payload with a byte order mark': forgeToken(
      Buffer.concat([UTF8_BOM, Buffer.from(CLAIMS_TEXT)]),
    ),
    'a payload in UTF-16': forgeToken(Buffer.from(CLAIMS_TEXT, 'utf16le')),
    'a payload with a comma too many': forgeToken('{"sub":"alice",}'),
  }),
  ...refuses(PAYLOAD_NO_OBJECT, {
    ...eachOf('the payload', [...NOT_OBJECTS, '[1]'], (text) => forgeToken(text)),
    ...eachOf('under a header without typ the payload', [...NOT_OBJECTS, '[1]'], withoutTyp),
  }),
  ...refuses(NOT_ALLOWED, {
    'two algorithms of which the last is none': underHeader('{"alg":"HS256","alg":"none"}'),
  }),
  ...accepts({
    'two algorithms of which the last is good': underHeader('{"alg":"none","alg":"HS256"}'),
  }),
]);

const NONES = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\0', '\u217c\u00ba', ''];
const JSON_VALUES = [null, 5, true, [], {}];

describeTokens('The algorithm of a token (R1, R2)', {}, [
  ...refuses(NOT_ALLOWED, {
    ...eachOf('without a signature', NONES, (alg) => `${claiming(alg)}.`),
    ...eachOf(
      "with another token's signature",
      NONES,
      (alg) => `${claiming(alg)}.${GOOD_SIGNATURE}`,
    ),
    ...eachOf("with the secret's own signature", NONES, (alg) => withHeader({ alg })),
    ...eachOf('the algorithm', [...JSON_VALUES, ['HS256'], { name: 'HS256' }], (alg) =>
      withHeader({ alg }),
    ),
    ...eachOf(
      'the unknown algorithm',
      ['HS257', 'hs256', 'HS256 ', 'toString', '__proto__', 'EdDSA', 'ES256K'],
      (alg) => withHeader({ alg }),
    ),
    ...eachOf(
      'a good signature of',
      ['HS384', 'HS512', 'RS256', 'PS256', 'ES256'] as const,
      (algorithm) => forgeAs(algorithm, claimsAtNow()),
    ),
  }),
  ...refuses(NOT_ENOUGH, {
    'none with an empty signature in two segments': `${segment({ alg: 'none' })}.${GOOD_PAYLOAD}`,
  }),
  ...refuses(invalid('Algorithm not specified'), {
    'a missing algorithm': underHeader({ typ: 'JWT' }),
    'an algorithm that only a prototype has': underHeader('{"__proto__":{"alg":"HS256"}}'),
  }),
]);

describeTokens('The header of a token (R6, R8, R10, R13)', {}, [
  ...refuses(
    BAD_KID,
    eachOf('the kid', [...JSON_VALUES, ['k'], '', 'k'.repeat(257), 'a\nb', 'a\0b', 'clé'], (kid) =>
      withHeader({ kid }),
    ),
  ),
  ...accepts(
    eachOf(
      'if there is only one key, the kid',
      ['k', 'k'.repeat(256), '__proto__', '../../etc/passwd', "' OR 1=1 --"],
      (kid) => withHeader({ kid }),
    ),
  ),
  ...refuses(invalid('Unsupported critical extension: x'), {
    'an unknown extension': withHeader({ crit: ['x'], x: 1 }),
    'an extension that is not there': withHeader({ crit: ['x'] }),
    'an extension twice': withHeader({ crit: ['x', 'x'], x: 1 }),
  }),
  ...refuses(invalid('Unsupported critical extension: b64'), {
    'b64 as an extension': withHeader({ crit: ['b64'], b64: false }),
  }),
  ...refuses(invalid('Unsupported critical extension: alg'), {
    'a registered name as an extension': withHeader({ crit: ['alg'] }),
  }),
  ...refuses(BAD_CRIT, {
    'an extension whose name is not plain, without repeating the name': withHeader({
      crit: ['<script>'],
    }),
    ...eachOf('the crit', [...JSON_VALUES, 'x', [5], [null], [['x']], ['x'.repeat(65)]], (crit) =>
      withHeader({ crit }),
    ),
  }),
  ...refuses(invalid('Invalid header: b64'), {
    'an unencoded payload': withHeader({ b64: false }),
    'b64 with the value true': withHeader({ b64: true }),
  }),
  ...refuses(invalid('Invalid header: zip'), { compression: withHeader({ zip: 'DEF' }) }),
  ...refuses(invalid('Invalid header: enc'), { encryption: withHeader({ enc: 'A256GCM' }) }),
  ...refuses(
    invalid('Invalid header: cty'),
    eachOf('a nested token of cty', ['JWT', 'jwt', 'application/jwt'], (cty) =>
      withHeader({ cty }),
    ),
  ),
  ...accepts({
    ...eachOf('the typ', ['JWT', 'jwt', 'JwT', 'application/jwt', 'Application/JWT'], withTyp),
    'a header without typ': underHeader({ alg: 'HS256' }),
    'parameters that have no meaning here': withHeader({ cty: 'json', x5t: 'x', admin: true }),
  }),
  ...refuses(BAD_TYP, {
    ...eachOf('the typ', ['at+jwt', 'application/at+jwt', 'JOSE', 'JWE', 'dpop+jwt'], withTyp),
    ...eachOf('the typ', ['jwt ', '', 'application/', 5, null, true, ['JWT'], {}], withTyp),
  }),
]);

describeTokens('The order of the refusals (R12)', {}, [
  ...refuses(PAYLOAD_NO_OBJECT, {
    'a bad payload before a bad algorithm': `${segment({ alg: 'none' })}.${segment('[]')}.`,
  }),
  ...refuses(BAD_SIGNATURE_SPELLING, {
    'a bad spelling of the signature before a bad payload': `${GOOD_HEADER}.${segment('[]')}.=`,
  }),
  ...refuses(HEADER_NO_OBJECT, {
    'a bad header before a bad payload': `${segment('[]')}.${segment('[]')}.`,
  }),
  ...refuses(NOT_ALLOWED, {
    'a bad algorithm before a bad signature': `${segment({ alg: 'HS512' })}.${GOOD_PAYLOAD}.AAAA`,
  }),
  ...refuses(BAD_SIGNATURE, {
    'a bad signature before bad claims': withSignature(forgeToken({}), () => Buffer.alloc(32)),
  }),
]);

const FOREIGN = { options: { acceptForeignTokens: true } };

describeTokens('The header of foreign tokens, with acceptForeignTokens (R13)', FOREIGN, [
  ...accepts({
    ...eachOf('the typ', ['at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT'], withTyp),
    'a token without type and jti': forgeToken(claimsAtNow({ type: undefined, jti: undefined })),
    'another type as an access token': forgeToken(claimsAtNow({ type: 'auth' })),
    'a jti that is empty': forgeToken(claimsAtNow({ jti: '' })),
  }),
  ...refuses(BAD_TYP, eachOf('the typ', ['JOSE', 'dpop+jwt', 'at+jwt2', '', null], withTyp)),
  ...refuses(invalid('JWT ID must be a string'), {
    'a jti that is not text': forgeToken(claimsAtNow({ jti: null })),
  }),
]);

const SERIALISED = { protected: GOOD_HEADER, payload: GOOD_PAYLOAD, signature: GOOD_SIGNATURE };
const MARKS = [' ', '\n', '\t', '\0', '\u00a0', '?'];

describeTokens('A token in a JSON body', { inBody: true }, [
  ...accepts({ 'a good token': GOOD }),
  ...refuses(invalid("Invalid token type. Token must be a <class 'bytes'>"), {
    'a number': 5,
    'a list with a good token': [GOOD],
    'the JSON serialisation': SERIALISED,
    'an object whose toString is a token': { toString: GOOD },
  }),
  ...refuses(NOT_ENOUGH, {
    'the JSON serialisation as text': JSON.stringify(SERIALISED),
    'dots of another script': GOOD.replaceAll('.', '\u3002'),
  }),
  ...refuses(BAD_HEADER_SPELLING, {
    ...eachOf('before the header', MARKS, (mark) => mark + GOOD),
    'padding of the header': forgeSegments(`${segment({ alg: 'HS256' })}=`, GOOD_PAYLOAD),
    'a scheme before the token': `Bearer ${GOOD}`,
  }),
  ...refuses(BAD_PAYLOAD_SPELLING, {
    ...eachOf(
      'after the payload',
      MARKS,
      (mark) => `${GOOD_HEADER}.${GOOD_PAYLOAD}${mark}.${GOOD_SIGNATURE}`,
    ),
    'padding of the payload': forgeSegments(GOOD_HEADER, `${GOOD_PAYLOAD}==`),
  }),
  ...refuses(
    BAD_SIGNATURE_SPELLING,
    eachOf('after the signature', MARKS, (mark) => GOOD + mark),
  ),
]);

const MEGABYTE = 1024 * 1024;
const REFUSED = { name: 'InvalidTokenError', code: 'TOKEN_INVALID', message: 'Token is too long' };

@Controller()
class AccessController {
  @UseGuards(AccessGuard)
  @Post('access')
  access(): string {
    return 'in';
  }
}

const WEIGHTY = { weight: 'w'.repeat(8192) };

/** A megabyte each, of text that takes time to decode. */
const HUGE: readonly [what: string, token: string][] = [
  ['one letter', 'a'.repeat(MEGABYTE)],
  ['dots', '.'.repeat(MEGABYTE)],
  ['a deeply nested header', `${segment(deep(MEGABYTE / 3))}.e30.x`],
  ['a deeply nested payload', forgeToken(deep(MEGABYTE / 3))],
  ['a well signed token', forgeToken(claimsAtNow({ weight: 'w'.repeat(MEGABYTE) }))],
  ['text of two bytes a letter', 'é'.repeat(MEGABYTE / 2)],
];

describe('A token of a megabyte over HTTP (R7)', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [AccessController],
      options: { locations: ['json'], clock: new Clock().now },
      configure: (nest) => {
        (nest as NestExpressApplication).useBodyParser('json', { limit: 4 * MEGABYTE });
      },
    });
  });
  afterAll(() => app.close());

  it.each(HUGE)('is refused before it is decoded: %s', async (_, token) => {
    const { status, body } = await app.send('POST', '/access', { json: { access_token: token } });

    expect({ status, body }).toEqual({ status: 422, body: { msg: 'Token is too long' } });
  });
});

describe('The longest token', () => {
  it.each(HUGE)(
    'is shorter than a megabyte, of which nothing is decoded: %s (R7)',
    async (_, token) => {
      const { tokens } = await startTokens();
      const decode = [jest.spyOn(Buffer, 'from'), jest.spyOn(JSON, 'parse')];

      const refusal = await refusalOf(tokens.decodeToken(token));

      const decoded = decode.flatMap(({ mock }) => mock.calls);
      for (const spy of decode) spy.mockRestore();
      expect(refusal).toEqual(REFUSED);
      expect(decoded).toEqual([]);
    },
  );

  it('has exactly as many characters as maxTokenLength says', async () => {
    const token = forgeToken(claimsAtNow());
    const options = { clock: new Clock().now };
    const exact = await startTokens({ ...options, maxTokenLength: token.length });
    const shorter = await startTokens({ ...options, maxTokenLength: token.length - 1 });

    expect(await exact.tokens.verifyToken(token)).toBe(true);
    expect(await refusalOf(shorter.tokens.decodeToken(token))).toEqual(REFUSED);
  });

  it('is also the longest that createAccessToken makes', async () => {
    const { tokens } = await startTokens();

    expect(
      await refusalOf(tokens.createAccessToken('alice', { additionalClaims: WEIGHTY })),
    ).toMatchObject({
      name: 'TokenCreationError',
      message: expect.stringMatching(
        /^The token is \d{5} bytes long, and maxTokenLength is 8192: put less into it$/,
      ) as unknown,
    });
  });

  it('is the same for every method that reads a token (R78)', async () => {
    const { tokens, blocklist } = await startTokens({ clock: new Clock().now });
    const token = forgeToken(claimsAtNow(WEIGHTY));

    for (const method of ['getUnverifiedHeaders', 'getJti', 'getCsrfToken'] as const)
      expect(await refusalOf(tokens[method](token))).toEqual(REFUSED);
    expect(await refusalOf(blocklist.revoke(token))).toEqual(REFUSED);
    expect(await tokens.verifyToken(token)).toBe(false);
  });

  it('has a header of at most 2 KB, even with a larger maxTokenLength', async () => {
    const { tokens } = await startTokens({ clock: new Clock().now, maxTokenLength: MEGABYTE });
    const header = (weight: number) => ({ alg: 'HS256', x: 'x'.repeat(weight) });
    const fitting = 2048 * 0.75 - JSON.stringify(header(0)).length;

    expect(segment(header(fitting))).toHaveLength(2048);
    expect(await tokens.verifyToken(forgeToken(claimsAtNow(), header(fitting)))).toBe(true);
    expect(
      await refusalOf(tokens.decodeToken(forgeToken(claimsAtNow(), header(fitting + 1)))),
    ).toEqual(REFUSED);
  });

  it.each([
    ['signed', (token: string) => token],
    ['unsigned', (token: string) => `${token.slice(0, token.lastIndexOf('.'))}.AAAA`],
  ])(
    'is refused like any other if it is nested 100,000 levels deep and %s (R72, R77)',
    async (_, forge) => {
      const decodeKey = () => SECRET;
      const { tokens } = await startTokens({
        maxTokenLength: MEGABYTE,
        secret: undefined,
        algorithm: 'HS256',
        loaders: { decodeKey },
      });
      const token = forge(forgeToken(deep(100_000)));

      expect(await refusalOf(tokens.decodeToken(token))).toMatchObject({ code: 'TOKEN_INVALID' });
    },
  );
});

/** Cut to a length at which the last character has bits that carry nothing. */
function evenLess(segmentText: string): string {
  return segmentText.length % 4 === 0 ? segmentText.slice(0, -1) : segmentText;
}

function deep(depth: number): string {
  return `{"a":${nested(depth)}}`;
}
