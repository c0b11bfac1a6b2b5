import { forgeToken, NOW } from '../../support/forge.js';
import {
  accepts as tokensAccepted,
  eachOf,
  refuses as tokensRefused,
} from '../../support/token-rows.js';
import {
  claimsAtNow,
  describeTokens,
  EXPIRED,
  invalid,
  type Refusal,
  type Row,
  STALE,
  type TableParts,
  withSignature,
  wrongType,
} from '../../support/tokens.js';

type Changes = Record<string, unknown>;

const NOT_YET_NBF = invalid('The token is not yet valid (nbf)');
const NOT_YET_IAT = invalid('The token is not yet valid (iat)');
const BAD_SUBJECT = invalid('Subject must be a string');
const BAD_TYPE = invalid('Missing or invalid claim: type');
const BAD_FORMAT = invalid('Invalid claim format in token');
const NO_JTI = invalid('Missing claim: jti');
const NO_SUB = invalid('Missing claim: sub');
const OTHER_AUDIENCE = invalid("Audience doesn't match");
const ACCESS_ONLY = wrongType('Only non-refresh tokens are allowed');
const REFRESH_ONLY = wrongType('Only refresh tokens are allowed');

/** A well signed token whose claims are changed. */
function withClaims(changes: Changes): string {
  return forgeToken(claimsAtNow(changes));
}

/** By title: what is changed in the claims of a well signed token, or a whole token. */
type Given = Readonly<Record<string, Changes | string>>;

function tokensOf(given: Given): Record<string, string> {
  const tokens = Object.entries(given).map(([what, change]) => [
    what,
    typeof change === 'string' ? change : withClaims(change),
  ]);
  return Object.fromEntries(tokens) as Record<string, string>;
}

function refuses(reason: Refusal, given: Given): Row[] {
  return tokensRefused(reason, tokensOf(given));
}

function accepts(given: Given): Row[] {
  return tokensAccepted(tokensOf(given));
}

/** Well signed tokens that differ in the value of one claim. */
function each(claim: string, values: readonly unknown[], others: Changes = {}): Given {
  return eachOf(`the ${claim}`, values, (value) => ({ ...others, [claim]: value }));
}

/** A well signed token with one more claim as JSON text, which can say what no value can. */
function withText(member: string, changes: Changes = {}): string {
  return forgeToken(JSON.stringify(claimsAtNow(changes)).replace(/}$/, `,${member}}`));
}

function missing(claim: string) {
  return invalid(`Token is missing the "${claim}" claim`);
}

/** A table on one application only. */
function variant(options: TableParts['options']): TableParts {
  return { isVariant: true, options };
}

/** JSON values that are not a finite number from 0 to the last second of the year 9999. */
const NO_MOMENTS: readonly string[] = [
  ...['null', 'true', '"abc"', '"1795000900"', '""', '[]', '[1795000900]', '{}'],
  ...['-1', '1e400', '-1e400', '253402300800', `${NOW * 1000}`],
];

function noMoments(claim: string, reason: string): Row[] {
  const make = (text: string) => withText(`"${claim}":${text}`, { [claim]: undefined });
  return refuses(invalid(reason), eachOf(`the ${claim}`, NO_MOMENTS, make));
}

describeTokens('The moments of a token (R32)', {}, [
  ...refuses(EXPIRED, each('exp', [NOW, NOW - 1, 0])),
  ...accepts({
    'one that expires in half a second': { exp: NOW + 0.5 },
    'one that expires in the last second of 9999': { exp: 253402300799 },
    'one that never expires': { exp: undefined },
    'one that begins now': { nbf: NOW },
    'one without nbf and iat': { nbf: undefined, iat: undefined },
  }),
  ...refuses(NOT_YET_NBF, {
    'one that begins in a second': { nbf: NOW + 1 },
    'one that begins in half a second': { nbf: NOW + 0.5 },
  }),
  ...refuses(NOT_YET_IAT, { 'one that is made in a second': { iat: NOW + 1 } }),
  ...noMoments('exp', 'Expiration Time claim (exp) must be an integer.'),
  ...noMoments('nbf', 'Not Before claim (nbf) must be an integer.'),
  ...noMoments('iat', 'Issued At claim (iat) must be an integer.'),
]);

describeTokens('The moments of a token, with a leeway of 10 s (R32)', variant({ leeway: 10 }), [
  ...accepts({
    'one that expired 9 s ago': { exp: NOW - 9 },
    'one that begins in 10 s': { nbf: NOW + 10 },
    'one that is made in 10 s': { iat: NOW + 10 },
  }),
  ...refuses(EXPIRED, { 'one that expired 10 s ago': { exp: NOW - 10 } }),
  ...refuses(NOT_YET_NBF, { 'one that begins in 11 s': { nbf: NOW + 11 } }),
  ...refuses(NOT_YET_IAT, { 'one that is made in 11 s': { iat: NOW + 11 } }),
]);

describeTokens('The identity of a token (R30)', {}, [
  ...refuses(BAD_SUBJECT, each('sub', [123, 0, {}, [], ['alice'], false, null, ''])),
  ...refuses(NO_SUB, {
    'a missing sub': withClaims({ sub: undefined }),
    'a sub that only a prototype has': withText('"__proto__":{"sub":"admin"}', { sub: undefined }),
  }),
]);

describeTokens('The identity in a claim of another name', variant({ identityClaim: 'user_id' }), [
  ...accepts({
    text: { user_id: 'alice', sub: undefined },
    'a number, as Flask does': { user_id: 5, sub: undefined },
  }),
  ...refuses(invalid('Missing claim: user_id'), {
    'empty text': { user_id: '' },
    'a missing claim': {},
  }),
  ...refuses(BAD_SUBJECT, { 'a sub that is not text': { user_id: 'alice', sub: 5 } }),
]);

describeTokens('The identity with verifySub: false', variant({ verifySub: false }), [
  ...accepts(each('sub', [123, 0, {}, [], false, null])),
  ...refuses(NO_SUB, { 'empty text': { sub: '' }, 'a missing sub': { sub: undefined } }),
]);

describeTokens('The names of a token (R29, R33, R35)', {}, [
  ...refuses(invalid('JWT ID must be a string'), each('jti', [null, 5, true, {}, [], ['x']])),
  ...refuses(NO_JTI, { 'an empty jti': { jti: '' }, 'a missing jti': { jti: undefined } }),
  ...refuses(BAD_FORMAT, {
    'a jti of 257 characters': { jti: 'x'.repeat(257) },
    ...each('sid', [null, 5, {}, [], '', 'x'.repeat(257)]),
  }),
  ...refuses(BAD_TYPE, {
    ...each('type', [null, 5, true, {}, [], ['access'], '', 'auth', 'app', 'ACCESS', 'access ']),
    ...each('type', ['toString', undefined]),
    'a type that only a prototype has': withText('"__proto__":{"type":"access","admin":true}', {
      type: undefined,
    }),
  }),
  ...refuses(ACCESS_ONLY, {
    'a refresh token': withClaims({ type: 'refresh' }),
    'two types for the last (R11)': withText('"type":"refresh"'),
  }),
  ...refuses(EXPIRED, { 'two expiries for the last (R11)': withText(`"exp":${NOW - 1}`) }),
  ...refuses(BAD_SUBJECT, { 'two subjects for the last (R11)': withText('"sub":5') }),
  ...accepts({
    'a jti of 256 characters': { jti: 'x'.repeat(256) },
    'claims with the names of methods': { toString: 1, hasOwnProperty: 2, constructor: {} },
    'an audience and an issuer if the options name none (R31)': { aud: 'x', iss: 5 },
    'a claim called __proto__ without touching a prototype': withText('"__proto__":{"admin":true}'),
    'a constructor that has a prototype without touching one': withText(
      '"constructor":{"prototype":{"admin":true}}',
    ),
  }),
]);

describeTokens('A refresh route', { route: 'refresh' }, [
  ...accepts({ 'a refresh token': { type: 'refresh' } }),
  ...refuses(REFRESH_ONLY, { 'an access token': {}, 'a fresh access token': { fresh: true } }),
]);

const NOT_FRESH = [
  false,
  null,
  0,
  1,
  '',
  'x',
  'zzz',
  'true',
  '99999999999',
  {},
  [],
  [9e99],
  [true],
];

describeTokens('A fresh route (R34)', { route: 'fresh' }, [
  ...accepts({
    'a fresh token': { fresh: true },
    'one that is fresh for another second': { fresh: NOW + 1 },
    'one that is fresh for half a second': { fresh: NOW + 0.5 },
  }),
  ...refuses(STALE, {
    ...each('fresh', [NOW, NOW - 1, undefined, ...NOT_FRESH]),
    'a fresh without end': withText('"fresh":1e400', { fresh: undefined }),
    'a fresh that only a prototype has': withText('"__proto__":{"fresh":true}', {
      fresh: undefined,
    }),
  }),
  ...refuses(ACCESS_ONLY, {
    'a refresh token that says it is fresh': { type: 'refresh', fresh: true },
  }),
  ...refuses(EXPIRED, { 'an expired token before a stale one': { exp: NOW } }),
]);

const ISSUER = 'https://issuer.example';
const FOR_US = { iss: ISSUER, aud: 'shop' };

describeTokens(
  'The issuer and the audience of the options (R31)',
  variant({ decodeIssuer: ISSUER, decodeAudience: ['shop', 'bank'] }),
  [
    ...accepts({
      'the right ones': FOR_US,
      'one audience of several': { ...FOR_US, aud: ['x', 'bank'] },
    }),
    ...refuses(missing('iss'), each('iss', [undefined], FOR_US)),
    ...refuses(invalid('Invalid issuer'), each('iss', [`${ISSUER}/`, ''], FOR_US)),
    ...refuses(
      invalid('Payload Issuer (iss) must be a string'),
      each('iss', [null, 5, {}, [ISSUER]], FOR_US),
    ),
    ...refuses(missing('aud'), each('aud', [undefined, [], null, ''], FOR_US)),
    ...refuses(
      OTHER_AUDIENCE,
      each('aud', ['shops', 'SHOP', ' shop', ['x', 'y'], 'shop,bank'], FOR_US),
    ),
    ...refuses(
      BAD_FORMAT,
      each('aud', [5, {}, true, ['shop', 5], ['shop', null], [['shop']]], FOR_US),
    ),
  ],
);

describeTokens(
  'The claims of requiredClaims (R35)',
  variant({ requiredClaims: ['exp', 'roles', 'toString'] }),
  [
    ...accepts({
      'a token that has them all': { roles: [], toString: 'x' },
      'values that are false': { roles: '', toString: 0 },
    }),
    ...refuses(missing('exp'), {
      'a token without exp (R32)': { roles: [], toString: 'x', exp: undefined },
    }),
    ...refuses(missing('roles'), {
      'a claim that is null': withClaims({ roles: null, toString: 'x' }),
      'a claim that only a prototype has': withText('"__proto__":{"roles":[]},"toString":"x"'),
    }),
    ...refuses(missing('toString'), { 'a claim that every object inherits': { roles: [] } }),
  ],
);

describeTokens(
  'The order of the checks of claims (R12)',
  variant({ decodeIssuer: 'us', decodeAudience: 'them', requiredClaims: ['roles'] }),
  withOneFaultLess([
    [{ nbf: NOW + 1 }, NOT_YET_NBF],
    [{ iat: NOW + 1 }, NOT_YET_IAT],
    [{ iss: 'others' }, invalid('Invalid issuer')],
    [{ aud: 'others' }, OTHER_AUDIENCE],
    [{ roles: undefined }, missing('roles')],
    [{ sub: 5 }, BAD_SUBJECT],
    [{ jti: undefined }, NO_JTI],
    [{ type: undefined }, BAD_TYPE],
    [{ exp: NOW - 1 }, EXPIRED],
  ]),
);

const PAST = { exp: NOW - 1 };

describeTokens('An expired token that is also otherwise wrong (R12)', {}, [
  ...refuses(invalid('Signature verification failed'), {
    'a bad signature': withSignature(withClaims(PAST), (bytes) => bytes.reverse()),
  }),
  ...refuses(NOT_YET_NBF, { 'its beginning in the future': { ...PAST, nbf: NOW + 1 } }),
  ...refuses(NOT_YET_IAT, { 'its making in the future': { ...PAST, iat: NOW + 1 } }),
  ...refuses(NO_SUB, { 'a missing identity': { ...PAST, sub: undefined } }),
  ...refuses(NO_JTI, { 'a missing id': { ...PAST, jti: undefined } }),
  ...refuses(EXPIRED, { 'its expiry before its type': { ...PAST, type: 'refresh' } }),
]);

/** One token with all faults, then tokens with the first faults mended: each is refused for the first that is left. */
function withOneFaultLess(faults: [Changes, Row[2]][]): Row[] {
  const sound = { iss: 'us', aud: 'them', roles: ['x'] };
  return faults.map(([fault, outcome], at) => {
    const left = faults.slice(at).map(([change]) => change);
    const token = withClaims(Object.assign({}, sound, ...left) as Changes);
    return [`reports ${Object.keys(fault)[0]} before later faults`, token, outcome];
  });
}
