import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Post, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AccessGuard } from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Clock, forgeToken, SECRET, segment } from '../../support/forge.js';
import {
  claimsAtNow,
  describeTokens,
  forgeAs,
  forgeSegments,
  invalid,
  LET_IN,
  refusalOf,
  type Row,
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

/** A well signed token with other header parameters. */
function withHeader(changes: object): string {
  return forgeToken(claimsAtNow(), { ...HS256, ...changes });
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

describeTokens('A good token', {}, [
  ['is accepted', GOOD, LET_IN],
  ['is accepted with exactly 8192 characters (R7)', ofLength(8192), LET_IN],
  [
    'is accepted with claims that are nested 2500 levels deep',
    forgeToken(JSON.stringify(claimsAtNow()).replace('}', `,"a":${nested(2500)}}`)),
    LET_IN,
  ],
]);

describeTokens('The structure of a token (R7, R8)', {}, [
  ['refuses a word', 'foobarbaz', NOT_ENOUGH],
  ['refuses two segments', 'a.b', NOT_ENOUGH],
  ['refuses two good segments', `${GOOD_HEADER}.${GOOD_PAYLOAD}`, NOT_ENOUGH],
  ['refuses three letters', 'a.b.c', BAD_HEADER_SPELLING],
  ['refuses three words', 'aaaaa.bbbbb.ccccc', BAD_HEADER_SPELLING],
  ['refuses four segments', `${GOOD}.x`, BAD_PAYLOAD_SPELLING],
  ['refuses a fourth segment that is empty', `${GOOD}.`, BAD_PAYLOAD_SPELLING],
  ['refuses five good segments', `${GOOD}.${GOOD_PAYLOAD}.${GOOD_SIGNATURE}`, BAD_PAYLOAD_SPELLING],
  [
    'refuses a JWE',
    `${segment({ alg: 'dir', enc: 'A256GCM' })}..aXY.Y2lwaGVy.dGFn`,
    BAD_PAYLOAD_SPELLING,
  ],
  ['refuses a detached payload', `${GOOD_HEADER}..${GOOD_SIGNATURE}`, PAYLOAD_NOT_JSON],
  ['refuses an empty header', `.${GOOD_PAYLOAD}.${GOOD_SIGNATURE}`, HEADER_NOT_JSON],
  ['refuses three empty segments', '..', HEADER_NOT_JSON],
  ['refuses dots only', '.'.repeat(5000), HEADER_NOT_JSON],
  ['refuses one character more than 8192', `${ofLength(8192)}A`, TOO_LONG],
  [
    'refuses a header of more than 2 KB',
    forgeToken(claimsAtNow(), { ...HS256, x: 'x'.repeat(1600) }),
    TOO_LONG,
  ],
  [
    'refuses a header that is nested 3000 levels deep',
    forgeToken(claimsAtNow(), `{"alg":"HS256","x":${nested(3000)}}`),
    TOO_LONG,
  ],
]);

describeTokens('The spelling of a token (R9)', {}, [
  ['refuses padding of the signature', `${GOOD}=`, BAD_SIGNATURE_SPELLING],
  [
    'refuses a plus or a slash in the header',
    forgeSegments(plainBase64({ ...HS256, x: TILDES.sub }), GOOD_PAYLOAD),
    BAD_HEADER_SPELLING,
  ],
  [
    'refuses a plus or a slash in the payload',
    forgeSegments(GOOD_HEADER, plainBase64(TILDES)),
    BAD_PAYLOAD_SPELLING,
  ],
  ['lets the same in as base64url spells it', forgeToken(TILDES), LET_IN],
  [
    'refuses a lone last character',
    forgeSegments(GOOD_HEADER, `${segment('{"a":1}..')}A`),
    BAD_PAYLOAD_SPELLING,
  ],
  [
    'refuses unused bits in the header',
    forgeSegments(withUnusedBits(segment('{"alg":"HS256"} ')), GOOD_PAYLOAD),
    BAD_HEADER_SPELLING,
  ],
  [
    'refuses unused bits in the payload',
    forgeSegments(GOOD_HEADER, withUnusedBits(evenLess(GOOD_PAYLOAD))),
    BAD_PAYLOAD_SPELLING,
  ],
  ['refuses unused bits in the signature', withUnusedBits(GOOD), BAD_SIGNATURE_SPELLING],
  ['refuses a tilde', `${GOOD}~`, BAD_SIGNATURE_SPELLING],
]);

describeTokens('The JSON of a token (R11)', {}, [
  ['refuses a header that is no JSON', forgeToken(claimsAtNow(), 'alg=HS256'), HEADER_NOT_JSON],
  [
    'refuses a header that is no UTF-8',
    forgeToken(claimsAtNow(), Buffer.from('{"alg":"HS256","x":"\xff"}', 'latin1')),
    HEADER_NOT_JSON,
  ],
  [
    'refuses a header with a byte order mark',
    forgeToken(claimsAtNow(), Buffer.concat([UTF8_BOM, Buffer.from('{"alg":"HS256"}')])),
    HEADER_NOT_JSON,
  ],
  ...(['[]', 'null', '5', '"abc"', 'true'] as const).map((text): Row => [
    `refuses ${text} for a header`,
    forgeToken(claimsAtNow(), text),
    HEADER_NO_OBJECT,
  ]),
  [
    'refuses an unsigned payload that is no JSON',
    `${GOOD_HEADER}.${segment('what?')}.${GOOD_SIGNATURE}`,
    PAYLOAD_NOT_JSON,
  ],
  ['refuses a signed payload that is no JSON', forgeToken('what?'), PAYLOAD_NOT_JSON],
  [
    'refuses a signed payload that is no JSON under a header without typ',
    forgeToken('what?', { alg: 'HS256' }),
    PAYLOAD_NOT_JSON,
  ],
  [
    'refuses a payload that is no UTF-8',
    forgeToken(Buffer.from(JSON.stringify(claimsAtNow({ sub: '\xff' })), 'latin1')),
    PAYLOAD_NOT_JSON,
  ],
  [
    'refuses a payload with half a surrogate pair',
    forgeToken(Buffer.concat([Buffer.from('{"a":"'), LONE_SURROGATE, Buffer.from('"}')])),
    PAYLOAD_NOT_JSON,
  ],
  [
    'refuses a payload with a byte order mark',
    forgeToken(Buffer.concat([UTF8_BOM, Buffer.from(JSON.stringify(claimsAtNow()))])),
    PAYLOAD_NOT_JSON,
  ],
  [
    'refuses a payload in UTF-16',
    forgeToken(Buffer.from(JSON.stringify(claimsAtNow()), 'utf16le')),
    PAYLOAD_NOT_JSON,
  ],
  ['refuses a payload with a comma too many', forgeToken('{"sub":"alice",}'), PAYLOAD_NOT_JSON],
  ...(['[]', '[1]', 'null', '5', '"abc"', 'true'] as const).flatMap((text): Row[] => [
    [`refuses ${text} for a payload`, forgeToken(text), PAYLOAD_NO_OBJECT],
    [
      `refuses ${text} for a payload under a header without typ`,
      forgeToken(text, { alg: 'HS256' }),
      PAYLOAD_NO_OBJECT,
    ],
  ]),
  [
    'uses the last of two algorithms',
    forgeToken(claimsAtNow(), '{"alg":"HS256","alg":"none"}'),
    NOT_ALLOWED,
  ],
  [
    'uses the last of two algorithms the other way round',
    forgeToken(claimsAtNow(), '{"alg":"none","alg":"HS256"}'),
    LET_IN,
  ],
]);

describeTokens('The algorithm of a token (R1, R2)', {}, [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\0', '\u217c\u00ba', ''].flatMap(
    (alg): Row[] => {
      const header = segment({ alg, typ: 'JWT' });
      return [
        [
          `refuses ${JSON.stringify(alg)} without a signature`,
          `${header}.${GOOD_PAYLOAD}.`,
          NOT_ALLOWED,
        ],
        [
          `refuses ${JSON.stringify(alg)} with another token's signature`,
          `${header}.${GOOD_PAYLOAD}.${GOOD_SIGNATURE}`,
          NOT_ALLOWED,
        ],
        [
          `refuses ${JSON.stringify(alg)} with the secret's own signature`,
          withHeader({ alg }),
          NOT_ALLOWED,
        ],
      ];
    },
  ),
  [
    'refuses none with an empty signature in two segments',
    `${segment({ alg: 'none' })}.${GOOD_PAYLOAD}`,
    NOT_ENOUGH,
  ],
  [
    'refuses a missing algorithm',
    forgeToken(claimsAtNow(), { typ: 'JWT' }),
    invalid('Algorithm not specified'),
  ],
  [
    'refuses an algorithm that only a prototype has',
    forgeToken(claimsAtNow(), '{"__proto__":{"alg":"HS256"}}'),
    invalid('Algorithm not specified'),
  ],
  ...[null, 5, true, [], {}, ['HS256'], { name: 'HS256' }].map((alg): Row => [
    `refuses ${JSON.stringify(alg)} for an algorithm`,
    withHeader({ alg }),
    NOT_ALLOWED,
  ]),
  ...['HS257', 'hs256', 'HS256 ', 'toString', '__proto__', 'EdDSA', 'ES256K'].map((alg): Row => [
    `refuses the unknown ${JSON.stringify(alg)}`,
    withHeader({ alg }),
    NOT_ALLOWED,
  ]),
  ['refuses HS384, well signed with the same secret', forgeWithSecret('HS384'), NOT_ALLOWED],
  ['refuses HS512, well signed with the same secret', forgeWithSecret('HS512'), NOT_ALLOWED],
  ['refuses RS256', forgeAs('RS256', claimsAtNow()), NOT_ALLOWED],
  ['refuses PS256', forgeAs('PS256', claimsAtNow()), NOT_ALLOWED],
  ['refuses ES256', forgeAs('ES256', claimsAtNow()), NOT_ALLOWED],
]);

describeTokens('The header of a token (R6, R8, R10, R13)', {}, [
  ...[5, null, true, [], ['k'], {}, '', 'k'.repeat(257), 'a\nb', 'a\0b', 'clé'].map((kid): Row => [
    `refuses the kid ${JSON.stringify(kid).slice(0, 20)}`,
    withHeader({ kid }),
    BAD_KID,
  ]),
  ...['k', 'k'.repeat(256), '__proto__', '../../etc/passwd', "' OR 1=1 --"].map((kid): Row => [
    `ignores the kid ${kid.slice(0, 20)}, because there is only one key`,
    withHeader({ kid }),
    LET_IN,
  ]),
  [
    'refuses an unknown extension',
    withHeader({ crit: ['x'], x: 1 }),
    invalid('Unsupported critical extension: x'),
  ],
  [
    'refuses an extension that is not there',
    withHeader({ crit: ['x'] }),
    invalid('Unsupported critical extension: x'),
  ],
  [
    'refuses an extension twice',
    withHeader({ crit: ['x', 'x'], x: 1 }),
    invalid('Unsupported critical extension: x'),
  ],
  [
    'refuses b64 as an extension',
    withHeader({ crit: ['b64'], b64: false }),
    invalid('Unsupported critical extension: b64'),
  ],
  [
    'refuses a registered name as an extension',
    withHeader({ crit: ['alg'] }),
    invalid('Unsupported critical extension: alg'),
  ],
  [
    'does not repeat the name of an extension that is not plain',
    withHeader({ crit: ['<script>'] }),
    BAD_CRIT,
  ],
  ...[[], 'x', {}, null, 5, true, [5], [null], [['x']], ['x'.repeat(65)]].map((crit): Row => [
    `refuses the crit ${JSON.stringify(crit).slice(0, 20)}`,
    withHeader({ crit }),
    BAD_CRIT,
  ]),
  ['refuses an unencoded payload', withHeader({ b64: false }), invalid('Invalid header: b64')],
  [
    'refuses b64 with the value true, too',
    withHeader({ b64: true }),
    invalid('Invalid header: b64'),
  ],
  ['refuses compression', withHeader({ zip: 'DEF' }), invalid('Invalid header: zip')],
  ['refuses encryption', withHeader({ enc: 'A256GCM' }), invalid('Invalid header: enc')],
  ...['JWT', 'jwt', 'JwT', 'application/jwt', 'Application/JWT'].map((typ): Row => [
    `accepts the typ ${typ}`,
    withHeader({ typ }),
    LET_IN,
  ]),
  ['accepts a header without typ', forgeToken(claimsAtNow(), { alg: 'HS256' }), LET_IN],
  ...[
    'at+jwt',
    'application/at+jwt',
    'JOSE',
    'JWE',
    'dpop+jwt',
    'jwt ',
    '',
    'application/',
    5,
    null,
    true,
    ['JWT'],
    {},
  ].map((typ): Row => [`refuses the typ ${JSON.stringify(typ)}`, withHeader({ typ }), BAD_TYP]),
  ...['JWT', 'jwt', 'application/jwt'].map((cty): Row => [
    `refuses a nested token, of cty ${cty}`,
    withHeader({ cty }),
    invalid('Invalid header: cty'),
  ]),
  [
    'ignores parameters that have no meaning here',
    withHeader({ cty: 'json', x5t: 'x', admin: true }),
    LET_IN,
  ],
]);

describeTokens('The order of the refusals (R12)', {}, [
  [
    'reports a bad payload before a bad algorithm',
    `${segment({ alg: 'none' })}.${segment('[]')}.`,
    PAYLOAD_NO_OBJECT,
  ],
  [
    'reports a bad spelling of the signature before a bad payload',
    `${GOOD_HEADER}.${segment('[]')}.=`,
    BAD_SIGNATURE_SPELLING,
  ],
  [
    'reports a bad header before a bad payload',
    `${segment('[]')}.${segment('[]')}.`,
    HEADER_NO_OBJECT,
  ],
  [
    'reports a bad algorithm before a bad signature',
    `${segment({ alg: 'HS512' })}.${GOOD_PAYLOAD}.AAAA`,
    NOT_ALLOWED,
  ],
  [
    'reports a bad signature before bad claims',
    withSignature(forgeToken({}), () => Buffer.alloc(32)),
    BAD_SIGNATURE,
  ],
]);

describeTokens(
  'The header of foreign tokens, with acceptForeignTokens (R13)',
  { options: { acceptForeignTokens: true } },
  [
    ...['at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT'].map((typ): Row => [
      `accepts the typ ${typ}`,
      withHeader({ typ }),
      LET_IN,
    ]),
    ...['JOSE', 'dpop+jwt', 'at+jwt2', '', null].map((typ): Row => [
      `refuses the typ ${JSON.stringify(typ)}`,
      withHeader({ typ }),
      BAD_TYP,
    ]),
    [
      'accepts a token without type and jti',
      forgeToken(claimsAtNow({ type: undefined, jti: undefined })),
      LET_IN,
    ],
    ['accepts another type as an access token', forgeToken(claimsAtNow({ type: 'auth' })), LET_IN],
    ['accepts a jti that is empty', forgeToken(claimsAtNow({ jti: '' })), LET_IN],
    [
      'refuses a jti that is no text',
      forgeToken(claimsAtNow({ jti: null })),
      invalid('JWT ID must be a string'),
    ],
  ],
);

describeTokens('What is presented in a JSON body', { inBody: true }, [
  ['lets in a good token', GOOD, LET_IN],
  ['refuses a number', 5, invalid("Invalid token type. Token must be a <class 'bytes'>")],
  [
    'refuses a list with a good token',
    [GOOD],
    invalid("Invalid token type. Token must be a <class 'bytes'>"),
  ],
  [
    'refuses the JSON serialisation',
    { protected: GOOD_HEADER, payload: GOOD_PAYLOAD, signature: GOOD_SIGNATURE },
    invalid("Invalid token type. Token must be a <class 'bytes'>"),
  ],
  [
    'refuses the JSON serialisation as text',
    JSON.stringify({ protected: GOOD_HEADER, payload: GOOD_PAYLOAD, signature: GOOD_SIGNATURE }),
    NOT_ENOUGH,
  ],
  [
    'refuses an object whose toString is a token',
    { toString: GOOD },
    invalid("Invalid token type. Token must be a <class 'bytes'>"),
  ],
  ...[' ', '\n', '\t', '\0', '\u00a0', '?'].flatMap((mark): Row[] => [
    [`refuses ${JSON.stringify(mark)} before the header`, mark + GOOD, BAD_HEADER_SPELLING],
    [
      `refuses ${JSON.stringify(mark)} after the payload`,
      `${GOOD_HEADER}.${GOOD_PAYLOAD}${mark}.${GOOD_SIGNATURE}`,
      BAD_PAYLOAD_SPELLING,
    ],
    [`refuses ${JSON.stringify(mark)} after the signature`, GOOD + mark, BAD_SIGNATURE_SPELLING],
  ]),
  [
    'refuses padding of the header',
    forgeSegments(`${segment({ alg: 'HS256' })}=`, GOOD_PAYLOAD),
    BAD_HEADER_SPELLING,
  ],
  [
    'refuses padding of the payload',
    forgeSegments(GOOD_HEADER, `${GOOD_PAYLOAD}==`),
    BAD_PAYLOAD_SPELLING,
  ],
  ['refuses a scheme before the token', `Bearer ${GOOD}`, BAD_HEADER_SPELLING],
  ['refuses dots of another script', GOOD.replaceAll('.', '\u3002'), NOT_ENOUGH],
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
  it.each(HUGE)('is not a megabyte, of which nothing is decoded: %s (R7)', async (_, token) => {
    const { tokens } = await startTokens();
    const decode = [jest.spyOn(Buffer, 'from'), jest.spyOn(JSON, 'parse')];

    const refusal = await refusalOf(tokens.decodeToken(token));

    const decoded = decode.flatMap(({ mock }) => mock.calls);
    for (const spy of decode) spy.mockRestore();
    expect(refusal).toEqual(REFUSED);
    expect(decoded).toEqual([]);
  });

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

    expect(await refusalOf(tokens.getUnverifiedHeaders(token))).toEqual(REFUSED);
    expect(await refusalOf(tokens.getJti(token))).toEqual(REFUSED);
    expect(await refusalOf(tokens.getCsrfToken(token))).toEqual(REFUSED);
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
    'is refused as any other if it is nested 100,000 levels deep and %s (R72, R77)',
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

function forgeWithSecret(algorithm: 'HS384' | 'HS512'): string {
  const input = `${segment({ alg: algorithm, typ: 'JWT' })}.${GOOD_PAYLOAD}`;
  const hash = algorithm === 'HS384' ? 'sha384' : 'sha512';
  return `${input}.${createHmac(hash, SECRET).update(input).digest('base64url')}`;
}

function deep(depth: number): string {
  return `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}
