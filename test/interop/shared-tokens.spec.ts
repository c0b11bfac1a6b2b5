import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BlocklistService, TokenService } from '../../src/index.js';
import { ADAPTERS, type RunningApp } from '../support/app.js';
import { accessClaims, forgeToken, segment } from '../support/forge.js';
import { ecPair, type KeyPair, rsaPair } from '../support/keys.js';
import { alike, ask, headerOf, mint, NAMES, payloadOf, startNest, startPeers } from './peers.js';

const FAILED = 'Signature verification failed';

describe('Tokens signed with a shared secret', () => {
  const SOON = { fresh: 300 };
  const NEVER = { expires_in: false } as const;
  const PAST = { expires_in: -5 };
  const EXPIRED = [401, 'Token has expired'] as const;
  const NOT_FRESH = [401, 'Fresh token required'] as const;
  const NOT_ACCESS = [422, 'Only non-refresh tokens are allowed'] as const;
  const NOT_REFRESH = [422, 'Only refresh tokens are allowed'] as const;

  const peers = startPeers();

  describe.each(NAMES)('Tokens that %s minted', (minter) => {
    it.each([
      ['an access token opens an access route', 'access', {}, 'GET', '/access'],
      ['an access token opens an optional route', 'access', {}, 'GET', '/optional'],
      ['a fresh token opens a fresh route', 'access', { fresh: true }, 'GET', '/fresh'],
      ['a token that is fresh for 5 min opens a fresh route', 'access', SOON, 'GET', '/fresh'],
      ['a token that never expires opens an access route', 'access', NEVER, 'GET', '/access'],
      ['a refresh token opens the refresh route', 'refresh', {}, 'POST', '/refresh'],
    ] as const)('%s on both sides', async (_, kind, wanted, method, path) => {
      const token = await mint(peers[minter], kind, { identity: 'alice', ...wanted });
      const said = await ask(peers, method, path, { token });
      expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
    });

    it.each([
      ['a token that is not fresh on a fresh route', 'access', {}, 'GET', '/fresh', NOT_FRESH],
      ['a refresh token on an access route (R55)', 'refresh', {}, 'GET', '/access', NOT_ACCESS],
      ['a refresh token on a fresh route (R34)', 'refresh', {}, 'GET', '/fresh', NOT_ACCESS],
      ['a refresh token on an optional route (R53)', 'refresh', {}, 'GET', '/optional', NOT_ACCESS],
      ['an access token on the refresh route (R55)', 'access', {}, 'POST', '/refresh', NOT_REFRESH],
      ['an expired token', 'access', PAST, 'GET', '/access', EXPIRED],
      ['an expired token on an optional route (R53)', 'access', PAST, 'GET', '/optional', EXPIRED],
      ['an expired token on a fresh route', 'access', PAST, 'GET', '/fresh', EXPIRED],
      ['an expired refresh token on an access route', 'refresh', PAST, 'GET', '/access', EXPIRED],
    ] as const)(
      '%s is refused by both with the same status and body',
      async (_, kind, wanted, method, path, [status, msg]) => {
        const token = await mint(peers[minter], kind, { identity: 'alice', ...wanted });
        expect(await ask(peers, method, path, { token })).toEqual(alike(status, { msg }));
      },
    );

    it.each([
      ['payload', (token: string) => withSegment(token, 1, { ...payloadOf(token), sub: 'bob' })],
      ['header', (token: string) => withSegment(token, 0, { alg: 'HS256', typ: 'JWT', x: 1 })],
      ['signature', (token: string) => withSegment(token, 2, Buffer.alloc(32))],
    ])('a token with a changed %s is refused by both with the same body', async (_, tamper) => {
      const token = tamper(await mint(peers[minter], 'access', { identity: 'alice' }));
      expect(await ask(peers, 'GET', '/access', { token })).toEqual(alike(422, { msg: FAILED }));
    });

    it.each(['42', 'Zoë ☃ 你好', 'a "quoted" \\ name', ' ', 'x'.repeat(500)])(
      'a token of the identity %j has that identity on both sides',
      async (identity) => {
        const token = await mint(peers[minter], 'access', { identity });
        const said = await ask(peers, 'GET', '/access', { token });
        expect(said).toEqual(alike(200, { identity, claims: payloadOf(token) }));
      },
    );

    it.each([
      ['access', 'GET', '/access'],
      ['refresh', 'POST', '/refresh'],
    ] as const)(
      'a token of type %s keeps additional claims of every JSON type on both sides',
      async (kind, method, path) => {
        const claims = {
          roles: ['admin', 'Köchin'],
          plan: { name: 'gold', seats: 12, trial: null },
          ratio: 0.25,
          active: true,
          note: '',
        };
        const token = await mint(peers[minter], kind, { identity: 'alice', claims });
        const said = await ask(peers, method, path, { token });
        expect(payloadOf(token)).toMatchObject(claims);
        expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
      },
    );
  });

  it('Flask accepts both tokens of a pair that Nest minted and sees their session', async () => {
    const pair = await peers.Nest.get(TokenService).createTokenPair('alice', { fresh: true });
    const fresh = await ask(peers, 'GET', '/fresh', { token: pair.accessToken });
    const refreshed = await ask(peers, 'POST', '/refresh', { token: pair.refreshToken });
    const session = { identity: 'alice', claims: { sid: pair.sessionId } };
    expect(fresh).toMatchObject(alike(200, session));
    expect(refreshed).toMatchObject(alike(200, session));
  });

  it('Flask accepts tokens that say what a login decided, also after a rotation', async () => {
    const tokens = peers.Nest.get(TokenService);
    const first = await tokens.createTokenPair('alice', {
      additionalClaims: { scope: 'read' },
      refreshExpiresIn: '2h',
      remember: true,
    });
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    for (const { accessToken, refreshToken } of [first, second]) {
      const opened = await ask(peers, 'GET', '/access', { token: accessToken });
      expect(opened).toMatchObject(alike(200, { claims: { scope: 'read' } }));
      const { status, body } = await peers.Flask.send('POST', '/refresh', { token: refreshToken });
      expect([status, body]).toMatchObject([200, { claims: { grant: { refresh: 7200 } } }]);
    }
  });

  it('Nest can revoke a token that Flask minted, and only Nest then refuses it', async () => {
    const token = await mint(peers.Flask, 'access', { identity: 'alice' });
    await peers.Nest.get(BlocklistService).revoke(token);
    const said = await ask(peers, 'GET', '/access', { token });
    expect(said).toMatchObject({
      Flask: { status: 200, body: { identity: 'alice' } },
      Nest: { status: 401, body: { msg: 'Token has been revoked' } },
    });
  });

  it.each([
    ['GET', '/access'],
    ['POST', '/access'],
    ['GET', '/fresh'],
    ['POST', '/refresh'],
  ])('both refuse %s %s without a token, with the same body', async (method, path) => {
    const said = await ask(peers, method, path);
    expect(said).toEqual(alike(401, { msg: 'Missing Authorization Header' }));
  });

  it('both let a request without a token through an optional route, without an identity', async () => {
    const said = await ask(peers, 'GET', '/optional');
    expect(said).toEqual(alike(200, { identity: null, claims: {} }));
  });

  function withSegment(token: string, index: number, part: unknown): string {
    const segments = token.split('.');
    segments[index] = segment(part);
    return segments.join('.');
  }
});

describe('Answers to the same token', () => {
  const NO_BEARER =
    "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
  const BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";
  const NOT_ALLOWED = 'The specified alg value is not allowed';
  const NO_OBJECT = 'string: must be a json object';
  const NOT_JSON = 'Expecting value: line 1 column 1 (char 0)';
  const [BAD_EXP, BAD_NBF, BAD_IAT] = [
    'Expiration Time claim (exp)',
    'Not Before claim (nbf)',
    'Issued At claim (iat)',
  ].map((claim) => `${claim} must be an integer.`) as [string, string, string];
  const EARLY = 'The token is not yet valid';
  const NO_SUB = 'Missing claim: sub';
  const BAD_SUB = 'Subject must be a string';
  const BAD_TYPE = 'Missing or invalid claim: type';
  const BAD_JTI = 'JWT ID must be a string';
  const PAST = inSeconds(-60);
  const FUTURE = inSeconds(3600);
  const OTHER = 'another secret'.repeat(4);

  describe.each(ADAPTERS)('Flask and Nest on %s', (adapter) => {
    const peers = startPeers({}, undefined, adapter);

    it.each([
      ['text', 'foobarbaz', 'Not enough segments'],
      ['two segments', 'a.b', 'Not enough segments'],
      ['segments of one character (R9)', 'a.b.c', 'Invalid header padding'],
      ['one segment too many (R8)', `${forge({})}.AAAA`, 'Invalid payload padding'],
      [
        'an array as header (R11)',
        forgeToken(accessClaims(), ['x']),
        `Invalid header ${NO_OBJECT}`,
      ],
      ['an array as payload (R11)', forgeToken(['x']), `Invalid payload ${NO_OBJECT}`],
      ['no signature (R8)', forge({}).replace(/[^.]+$/, ''), FAILED],
      ['the signature of another secret', forgeToken(accessClaims(), undefined, OTHER), FAILED],
      ['the algorithm none (R1)', forge({}, { alg: 'none' }), NOT_ALLOWED],
      ['an algorithm that is not configured (R2)', forge({}, { alg: 'HS512' }), NOT_ALLOWED],
      ['a number as kid (R6)', forge({}, { kid: 5 }), 'Key ID header parameter must be a string'],
      ['an exp that is text (R32)', forge({ exp: 'abc' }), BAD_EXP],
      ['an nbf that is text (R32)', forge({ nbf: 'abc' }), BAD_NBF],
      ['an iat that is text (R32)', forge({ iat: 'abc' }), BAD_IAT],
      ['an nbf in the future', forge({ nbf: FUTURE }), `${EARLY} (nbf)`],
      ['an iat in the future', forge({ iat: FUTURE }), `${EARLY} (iat)`],
      ['no identity (R30)', forge({ sub: undefined }), NO_SUB],
      ['a past exp and a future nbf', forge({ exp: PAST, nbf: FUTURE }), `${EARLY} (nbf)`],
      ['a past exp and no identity', forge({ exp: PAST, sub: undefined }), NO_SUB],
      [
        'a past exp and a bad signature (R12)',
        forge({ exp: PAST }).replace(/[^.]+$/, 'A'.repeat(43)),
        FAILED,
      ],
    ])('both refuse %s with the same body', async (_, token, msg) => {
      expect(await ask(peers, 'GET', '/access', { token })).toEqual(alike(422, { msg }));
    });

    it.each([
      ['fractions of seconds', { iat: 1.5, nbf: 1.25, exp: 4e9 + 0.5 }],
      ['no iat and no nbf', { iat: undefined, nbf: undefined }],
      ['no exp', { exp: undefined }],
      ['no fresh and no csrf', { fresh: undefined, csrf: undefined }],
      ['claims that are unknown to both', { scope: 'a b', azp: 'web' }],
      ['an aud claim although no audience is configured (R31)', { aud: ['elsewhere'] }],
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
      ['only a scheme', 'Bearer', 422, BAD_HEADER],
      ['two words after the scheme', 'Bearer x y', 422, BAD_HEADER],
      ['only a comma', ',', 401, 'Missing Authorization Header'],
    ])('both refuse %s with the same body', async (_, authorization, status, msg) => {
      const said = await ask(peers, 'GET', '/access', { headers: { authorization } });
      expect(said).toEqual(alike(status, { msg }));
    });

    it.each([
      ['until a second in the past', -60, 401, { msg: 'Fresh token required' }],
      ['until a second in the future', 60, 200, { identity: 'alice' }],
      ['until a fraction of a second in the future', 60.5, 200, { identity: 'alice' }],
    ])(
      'both give the same answer to a token that is fresh %s (R34)',
      async (_, seconds, status, body) => {
        const token = forge({ fresh: inSeconds(seconds) });
        expect(await ask(peers, 'GET', '/fresh', { token })).toMatchObject(alike(status, body));
      },
    );

    it.each([
      [
        'a header without alg',
        forgeToken(accessClaims(), { typ: 'JWT' }),
        NOT_ALLOWED,
        'Algorithm not specified',
      ],
      [
        'a header that is not JSON',
        forgeToken(accessClaims(), 'nonsense'),
        `Invalid header string: ${NOT_JSON}`,
        'Invalid header string: not valid JSON',
      ],
      [
        'a payload that is not JSON',
        forgeToken('nonsense'),
        `Invalid payload string: ${NOT_JSON}`,
        'Invalid payload string: not valid JSON',
      ],
    ])(
      'both refuse %s, each with its own message (Flask with PyJWT 2.6)',
      async (_, token, theirs, ours) => {
        expect(await ask(peers, 'GET', '/access', { token })).toEqual({
          Flask: { status: 422, body: { msg: theirs } },
          Nest: { status: 422, body: { msg: ours } },
        });
      },
    );

    it.each([
      ['an identity that is a number (R30)', forge({ sub: 5 }), BAD_SUB],
      ['an empty identity (R30)', forge({ sub: '' }), BAD_SUB],
      ['no type (R29)', forge({ type: undefined }), BAD_TYPE],
      ['a type of its own (R29)', forge({ type: 'app' }), BAD_TYPE],
      ['no jti (R33)', forge({ jti: undefined }), 'Missing claim: jti'],
      ['a jti of null (R33)', forge({ jti: null }), BAD_JTI],
      ['a jti that is a number (R33)', forge({ jti: 5 }), BAD_JTI],
      ['an exp that is a number as text (R32)', forge({ exp: String(FUTURE) }), BAD_EXP],
      [
        'a critical extension (R10)',
        forge({}, { crit: ['x'] }),
        'Unsupported critical extension: x',
      ],
      ['another typ (R13)', forge({}, { typ: 'x' }), 'Invalid header: typ'],
    ])('only Flask (4.4.4) accepts %s', async (_, token, msg) => {
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toMatchObject({ Flask: { status: 200 }, Nest: { status: 422, body: { msg } } });
    });

    it.each([
      ['exp of null', '/access', { exp: null }, 422, BAD_EXP],
      ['nonsense in fresh', '/fresh', { fresh: 'x' }, 401, 'Fresh token required'],
    ])(
      'Nest refuses an %s with a reason; Flask responds with 500 (R32, R34)',
      async (_, path, claims, status, msg) => {
        const said = await ask(peers, 'GET', path, { token: forge(claims) });
        expect(said).toMatchObject({ Flask: { status: 500 }, Nest: { status, body: { msg } } });
      },
    );

    it('only Nest accepts the scheme in any letter case (R38)', async () => {
      const headers = { authorization: `bearer ${forge({})}` };
      const said = await ask(peers, 'GET', '/access', { headers });
      expect(said).toMatchObject({
        Flask: { status: 401, body: { msg: NO_BEARER } },
        Nest: { status: 200, body: { identity: 'alice' } },
      });
    });

    it('only Flask accepts a tab between scheme and token (R38)', async () => {
      const headers = { authorization: `Bearer\t${forge({})}` };
      const said = await ask(peers, 'GET', '/access', { headers });
      expect(said).toMatchObject({
        Flask: { status: 200 },
        Nest: { status: 401, body: { msg: NO_BEARER } },
      });
    });
  });

  /** An access token as both mint it, with some claims and header parameters changed. */
  function forge(claims: Record<string, unknown>, header: object = {}): string {
    return forgeToken(accessClaims(claims), { alg: 'HS256', typ: 'JWT', ...header });
  }

  /** Reads the real clock, because Flask has no other. */
  function inSeconds(seconds: number): number {
    return Math.floor(Date.now() / 1000) + seconds;
  }
});

describe('Tokens signed with a shared key pair', () => {
  it('Python has python3-cryptography, which RSA and EC need', async () => {
    const imported = promisify(execFile)('/usr/bin/python3', ['-c', 'import cryptography']);
    await expect(imported).resolves.toEqual({ stdout: '', stderr: '' });
  });

  describe.each([
    ['RS256', rsaPair(), rsaPair('another')],
    ['ES256', ecPair(), ecPair('P-256', 'another')],
  ] as const)('%s', (algorithm, pair, anotherPair) => {
    const { privateKey, publicKey } = pemOf(pair);
    const config = {
      JWT_ALGORITHM: algorithm,
      JWT_PRIVATE_KEY: privateKey,
      JWT_PUBLIC_KEY: publicKey,
    };
    const options = { secret: undefined, algorithm, privateKey, publicKey };
    const peers = startPeers(options, config);
    let verifying: RunningApp;
    let stranger: RunningApp;
    beforeAll(async () => {
      verifying = await startNest('fastify', { ...options, privateKey: undefined });
      stranger = await startNest('fastify', { ...options, ...pemOf(anotherPair) });
    });
    afterAll(() => Promise.all([verifying.close(), stranger.close()]));

    it.each(NAMES)('tokens that %s signed open routes on both sides', async (minter) => {
      for (const [kind, method, path] of [
        ['access', 'GET', '/fresh'],
        ['refresh', 'POST', '/refresh'],
      ] as const) {
        const token = await mint(peers[minter], kind, { identity: 'alice', fresh: true });
        const said = await ask(peers, method, path, { token });
        expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'JWT' });
        expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
      }
    });

    it('a token that Flask signed opens a route of a service that has only the public key', async () => {
      const token = await mint(peers.Flask, 'access', { identity: 'alice' });
      const { status, body } = await verifying.send('GET', '/access', { token });
      expect({ status, body }).toEqual({
        status: 200,
        body: { identity: 'alice', claims: payloadOf(token) },
      });
    });

    it.each([
      ['of another pair', () => mint(stranger, 'access', { identity: 'alice' }), FAILED],
      [
        'with a signature of the wrong length (R14)',
        async () =>
          (await mint(peers.Flask, 'access', { identity: 'alice' })).replace(/[^.]+$/, 'AAAA'),
        FAILED,
      ],
      [
        'signed with the public key as a secret (R3)',
        () => Promise.resolve(forgeToken(accessClaims(), undefined, publicKey)),
        'The specified alg value is not allowed',
      ],
    ])('a token %s is refused by both with the same body', async (_, make, msg) => {
      const said = await ask(peers, 'GET', '/access', { token: await make() });
      expect(said).toEqual(alike(422, { msg }));
    });
  });

  /** A pair as PEM text, the form in which services exchange keys. */
  function pemOf(pair: KeyPair): { readonly privateKey: string; readonly publicKey: string } {
    return {
      privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    };
  }
});
