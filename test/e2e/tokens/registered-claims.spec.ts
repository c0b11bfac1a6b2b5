import { forgeToken, NOW } from '../../support/forge.js';
import {
  claimsAtNow,
  describeTokens,
  EXPIRED,
  invalid,
  LET_IN,
  type Row,
  STALE,
  withSignature,
  wrongType,
} from '../../support/tokens.js';

const NOT_YET_NBF = invalid('The token is not yet valid (nbf)');
const NOT_YET_IAT = invalid('The token is not yet valid (iat)');
const BAD_SUBJECT = invalid('Subject must be a string');
const BAD_TYPE = invalid('Missing or invalid claim: type');
const BAD_FORMAT = invalid('Invalid claim format in token');
const NO_JTI = invalid('Missing claim: jti');
const NO_AUDIENCE = invalid('Token is missing the "aud" claim');
const NO_ISSUER = invalid('Token is missing the "iss" claim');
const BAD_SIGNATURE = invalid('Signature verification failed');
const ACCESS_ONLY = wrongType('Only non-refresh tokens are allowed');

/** A well signed token whose claims are changed. */
function withClaims(changes: Record<string, unknown>): string {
  return forgeToken(claimsAtNow(changes));
}

/** A well signed token with one more claim, spelt as text: JSON can say what no value of ours is. */
function withText(member: string, changes: Record<string, unknown> = {}): string {
  return forgeToken(JSON.stringify(claimsAtNow(changes)).replace(/}$/, `,${member}}`));
}

/** What is no moment: not a finite number from 0 to the last second of the year 9999. */
const NO_MOMENTS: readonly string[] = [
  'null',
  'true',
  '"abc"',
  '"1795000900"',
  '""',
  '[]',
  '[1795000900]',
  '{}',
  '-1',
  '1e400',
  '-1e400',
  '253402300800',
  `${NOW * 1000}`,
];

function noMoments(claim: string, told: string): Row[] {
  return NO_MOMENTS.map((text) => [
    `refuses the ${claim} ${text}`,
    withText(`"${claim}":${text}`, { [claim]: undefined }),
    invalid(told),
  ]);
}

describeTokens('The moments of a token (R32)', {}, [
  ['refuses one that expires now', withClaims({ exp: NOW }), EXPIRED],
  ['refuses one that expired a second ago', withClaims({ exp: NOW - 1 }), EXPIRED],
  ['refuses one that expired in 1970', withClaims({ exp: 0 }), EXPIRED],
  ['lets in one that expires in half a second', withClaims({ exp: NOW + 0.5 }), LET_IN],
  [
    'lets in one that expires in the last second of 9999',
    withClaims({ exp: 253402300799 }),
    LET_IN,
  ],
  ['lets in one that never expires', withClaims({ exp: undefined }), LET_IN],
  ['lets in one that begins now', withClaims({ nbf: NOW }), LET_IN],
  ['refuses one that begins in a second', withClaims({ nbf: NOW + 1 }), NOT_YET_NBF],
  ['refuses one that begins in half a second', withClaims({ nbf: NOW + 0.5 }), NOT_YET_NBF],
  ['refuses one that is made in a second', withClaims({ iat: NOW + 1 }), NOT_YET_IAT],
  ['lets in one without nbf and iat', withClaims({ nbf: undefined, iat: undefined }), LET_IN],
  ...noMoments('exp', 'Expiration Time claim (exp) must be an integer.'),
  ...noMoments('nbf', 'Not Before claim (nbf) must be an integer.'),
  ...noMoments('iat', 'Issued At claim (iat) must be an integer.'),
]);

describeTokens(
  'The moments of a token, with a leeway of 10 s (R32)',
  { isVariant: true, options: { leeway: 10 } },
  [
    ['lets in one that expired 9 s ago', withClaims({ exp: NOW - 9 }), LET_IN],
    ['refuses one that expired 10 s ago', withClaims({ exp: NOW - 10 }), EXPIRED],
    ['lets in one that begins in 10 s', withClaims({ nbf: NOW + 10 }), LET_IN],
    ['refuses one that begins in 11 s', withClaims({ nbf: NOW + 11 }), NOT_YET_NBF],
    ['lets in one that is made in 10 s', withClaims({ iat: NOW + 10 }), LET_IN],
    ['refuses one that is made in 11 s', withClaims({ iat: NOW + 11 }), NOT_YET_IAT],
  ],
);

describeTokens('The identity of a token (R30)', {}, [
  ...[123, 0, {}, [], ['alice'], false, null, ''].map((sub): Row => [
    `refuses the sub ${JSON.stringify(sub)}`,
    withClaims({ sub }),
    BAD_SUBJECT,
  ]),
  ['refuses a missing sub', withClaims({ sub: undefined }), invalid('Missing claim: sub')],
  [
    'refuses a sub that only a prototype has',
    withText('"__proto__":{"sub":"admin"}', { sub: undefined }),
    invalid('Missing claim: sub'),
  ],
]);

describeTokens(
  'The identity in a claim of another name',
  { isVariant: true, options: { identityClaim: 'user_id' } },
  [
    ['lets in text', withClaims({ user_id: 'alice', sub: undefined }), LET_IN],
    ['lets in a number, as Flask does', withClaims({ user_id: 5, sub: undefined }), LET_IN],
    ['refuses empty text', withClaims({ user_id: '' }), invalid('Missing claim: user_id')],
    ['refuses a missing claim', withClaims({}), invalid('Missing claim: user_id')],
    [
      'refuses a sub that is no text, even so',
      withClaims({ user_id: 'alice', sub: 5 }),
      BAD_SUBJECT,
    ],
  ],
);

describeTokens(
  'The identity with verifySub: false',
  { isVariant: true, options: { verifySub: false } },
  [
    ...[123, 0, {}, [], false, null].map((sub): Row => [
      `lets in the sub ${JSON.stringify(sub)}`,
      withClaims({ sub }),
      LET_IN,
    ]),
    ['refuses empty text', withClaims({ sub: '' }), invalid('Missing claim: sub')],
    ['refuses a missing sub', withClaims({ sub: undefined }), invalid('Missing claim: sub')],
  ],
);

describeTokens('The names of a token (R29, R33, R35)', {}, [
  ...[null, 5, true, {}, [], ['x']].map((jti): Row => [
    `refuses the jti ${JSON.stringify(jti)}`,
    withClaims({ jti }),
    invalid('JWT ID must be a string'),
  ]),
  ['refuses an empty jti', withClaims({ jti: '' }), NO_JTI],
  ['refuses a missing jti', withClaims({ jti: undefined }), NO_JTI],
  ['lets in a jti of 256 characters', withClaims({ jti: 'x'.repeat(256) }), LET_IN],
  ['refuses a jti of 257 characters', withClaims({ jti: 'x'.repeat(257) }), BAD_FORMAT],
  ...[null, 5, true, {}, [], ['access'], '', 'auth', 'app', 'ACCESS', 'access ', 'toString'].map(
    (type): Row => [`refuses the type ${JSON.stringify(type)}`, withClaims({ type }), BAD_TYPE],
  ),
  ['refuses a missing type', withClaims({ type: undefined }), BAD_TYPE],
  [
    'refuses a type that only a prototype has',
    withText('"__proto__":{"type":"access","admin":true}', { type: undefined }),
    BAD_TYPE,
  ],
  ['refuses a refresh token', withClaims({ type: 'refresh' }), ACCESS_ONLY],
  ...[null, 5, {}, [], '', 'x'.repeat(257)].map((sid): Row => [
    `refuses the sid ${JSON.stringify(sid).slice(0, 10)}`,
    withClaims({ sid }),
    BAD_FORMAT,
  ]),
  [
    'lets in claims with the names of methods',
    withClaims({ toString: 1, hasOwnProperty: 2, constructor: {} }),
    LET_IN,
  ],
  [
    'lets in a claim called __proto__ without touching a prototype',
    withText('"__proto__":{"admin":true}'),
    LET_IN,
  ],
  [
    'lets in a constructor that has a prototype without touching one',
    withText('"constructor":{"prototype":{"admin":true}}'),
    LET_IN,
  ],
  ['takes the last of two types (R11)', withText('"type":"refresh"'), ACCESS_ONLY],
  ['takes the last of two expiries (R11)', withText(`"exp":${NOW - 1}`), EXPIRED],
  ['takes the last of two subjects (R11)', withText('"sub":5'), BAD_SUBJECT],
  [
    'lets in an audience and an issuer if the options name none (R31)',
    withClaims({ aud: 'x', iss: 5 }),
    LET_IN,
  ],
]);

describeTokens('A refresh route', { route: 'refresh' }, [
  ['lets in a refresh token', withClaims({ type: 'refresh' }), LET_IN],
  ['refuses an access token', withClaims({}), wrongType('Only refresh tokens are allowed')],
  [
    'refuses a fresh access token',
    withClaims({ fresh: true }),
    wrongType('Only refresh tokens are allowed'),
  ],
]);

describeTokens('A fresh route (R34)', { route: 'fresh' }, [
  ['lets in a fresh token', withClaims({ fresh: true }), LET_IN],
  ['lets in one that is fresh for another second', withClaims({ fresh: NOW + 1 }), LET_IN],
  ['lets in one that is fresh for half a second', withClaims({ fresh: NOW + 0.5 }), LET_IN],
  ['refuses one that is fresh until now', withClaims({ fresh: NOW }), STALE],
  ['refuses one that was fresh until a second ago', withClaims({ fresh: NOW - 1 }), STALE],
  ...[false, null, 0, 1, '', 'x', 'zzz', 'true', '99999999999', {}, [], [9e99], [true]].map(
    (fresh): Row => [`refuses the fresh ${JSON.stringify(fresh)}`, withClaims({ fresh }), STALE],
  ),
  ['refuses a fresh without end', withText('"fresh":1e400', { fresh: undefined }), STALE],
  ['refuses a missing fresh', withClaims({ fresh: undefined }), STALE],
  [
    'refuses a fresh that only a prototype has',
    withText('"__proto__":{"fresh":true}', { fresh: undefined }),
    STALE,
  ],
  [
    'refuses a refresh token that says it is fresh',
    withClaims({ type: 'refresh', fresh: true }),
    ACCESS_ONLY,
  ],
  ['tells the expiry before the freshness', withClaims({ exp: NOW }), EXPIRED],
]);

describeTokens(
  'The issuer and the audience of the options (R31)',
  {
    isVariant: true,
    options: { decodeIssuer: 'https://issuer.example', decodeAudience: ['shop', 'bank'] },
  },
  [
    ['lets in the right ones', forUs({}), LET_IN],
    ['lets in one audience of several', forUs({ aud: ['x', 'bank'] }), LET_IN],
    ['refuses a missing issuer', forUs({ iss: undefined }), NO_ISSUER],
    [
      'refuses another issuer',
      forUs({ iss: 'https://issuer.example/' }),
      invalid('Invalid issuer'),
    ],
    ['refuses an empty issuer', forUs({ iss: '' }), invalid('Invalid issuer')],
    ...[null, 5, {}, ['https://issuer.example']].map((iss): Row => [
      `refuses the issuer ${JSON.stringify(iss)}`,
      forUs({ iss }),
      invalid('Payload Issuer (iss) must be a string'),
    ]),
    ['refuses a missing audience', forUs({ aud: undefined }), NO_AUDIENCE],
    ...[[], null, ''].map((aud): Row => [
      `refuses the audience ${JSON.stringify(aud)}`,
      forUs({ aud }),
      NO_AUDIENCE,
    ]),
    ...['shops', 'SHOP', ' shop', ['x', 'y'], 'shop,bank'].map((aud): Row => [
      `refuses the audience ${JSON.stringify(aud)}`,
      forUs({ aud }),
      invalid("Audience doesn't match"),
    ]),
    ...[5, {}, true, ['shop', 5], ['shop', null], [['shop']]].map((aud): Row => [
      `refuses the audience ${JSON.stringify(aud)}`,
      forUs({ aud }),
      BAD_FORMAT,
    ]),
  ],
);

describeTokens(
  'The claims of requiredClaims (R35)',
  { isVariant: true, options: { requiredClaims: ['exp', 'roles', 'toString'] } },
  [
    ['lets in a token that has them all', withClaims({ roles: [], toString: 'x' }), LET_IN],
    ['lets in values that are false', withClaims({ roles: '', toString: 0 }), LET_IN],
    [
      'refuses a token without exp (R32)',
      withClaims({ roles: [], toString: 'x', exp: undefined }),
      invalid('Token is missing the "exp" claim'),
    ],
    [
      'refuses a claim that is null',
      withClaims({ roles: null, toString: 'x' }),
      invalid('Token is missing the "roles" claim'),
    ],
    [
      'refuses a claim that every object inherits',
      withClaims({ roles: [] }),
      invalid('Token is missing the "toString" claim'),
    ],
    [
      'refuses a claim that only a prototype has',
      withText('"__proto__":{"roles":[]},"toString":"x"'),
      invalid('Token is missing the "roles" claim'),
    ],
  ],
);

describeTokens(
  'The order of the checks of claims (R12)',
  {
    isVariant: true,
    options: { decodeIssuer: 'us', decodeAudience: 'them', requiredClaims: ['roles'] },
  },
  withOneFaultLess([
    [{ nbf: NOW + 1 }, NOT_YET_NBF],
    [{ iat: NOW + 1 }, NOT_YET_IAT],
    [{ iss: 'others' }, invalid('Invalid issuer')],
    [{ aud: 'others' }, invalid("Audience doesn't match")],
    [{ roles: undefined }, invalid('Token is missing the "roles" claim')],
    [{ sub: 5 }, BAD_SUBJECT],
    [{ jti: undefined }, NO_JTI],
    [{ type: undefined }, BAD_TYPE],
    [{ exp: NOW - 1 }, EXPIRED],
  ]),
);

describeTokens('An expired token that is also otherwise wrong (R12)', {}, [
  [
    'is refused for its signature',
    withSignature(withClaims({ exp: 1 }), (bytes) => bytes.reverse()),
    BAD_SIGNATURE,
  ],
  ['answers for its beginning', withClaims({ exp: NOW - 1, nbf: NOW + 1 }), NOT_YET_NBF],
  ['answers for the time it was made', withClaims({ exp: NOW - 1, iat: NOW + 1 }), NOT_YET_IAT],
  [
    'is refused for its identity',
    withClaims({ exp: NOW - 1, sub: undefined }),
    invalid('Missing claim: sub'),
  ],
  ['answers for its id', withClaims({ exp: NOW - 1, jti: undefined }), NO_JTI],
  [
    'is refused for its expiry rather than its type',
    withClaims({ exp: NOW - 1, type: 'refresh' }),
    EXPIRED,
  ],
]);

function forUs(changes: Record<string, unknown>): string {
  return withClaims({ iss: 'https://issuer.example', aud: 'shop', ...changes });
}

/** One token with all faults, and one each with the first faults mended: each answers for the first that is left. */
function withOneFaultLess(faults: [Record<string, unknown>, Row[2]][]): Row[] {
  const sound = { iss: 'us', aud: 'them', roles: ['x'] };
  return faults.map(([fault, outcome], at) => {
    const changes = Object.assign(
      {},
      sound,
      ...faults.slice(at).map(([change]) => change),
    ) as Record<string, unknown>;
    return [`reports ${Object.keys(fault)[0]} before later faults`, withClaims(changes), outcome];
  });
}
