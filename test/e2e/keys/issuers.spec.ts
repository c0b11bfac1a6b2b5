import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger, UseGuards } from '@nestjs/common';
import { createHash, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import {
  AccessGuard,
  type Algorithm,
  CurrentIdentity,
  type IssuerOptions,
  type JwtExtendedOptions,
  KeyRing,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { Calamities, UNAVAILABLE } from '../../support/faults.js';
import { Clock, SECRET, segment } from '../../support/forge.js';
import { JwksServer, published, SystemTime } from '../../support/jwks-server.js';
import { ecPair, rsaPair } from '../../support/keys.js';
import { claimsAtNow, forgeAs, startTokens, withSignature } from '../../support/tokens.js';
import { mistakesOf } from '../../unit/keys/mistake.js';
import { configMistake, mistakeIn, type RingKey, ringKey } from './ring-keys.js';

const ISSUER = 'https://issuer.example';
const own = ringKey('own', 'ES256');
const rsa = foreignKey('rsa', 'RS256');
const ec = foreignKey('ec', 'ES256');
const edwards = foreignKey('edwards', 'EdDSA');
const next = foreignKey('next', 'ES256');
const HTTPS = `${ISSUER}/jwks.json`;
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

const LET_IN = { status: 200, body: { identity: 'alice' } };
const NO_KEY = 'no key is given, or it is undefined: set secret, or privateKey and publicKey';

const refusal = (msg: string) => ({ status: 422, body: { msg } });
const REFUSED = refusal('Signature verification failed');
const NOT_ALLOWED = refusal('The specified alg value is not allowed');
const NO_KID = refusal('Token has no kid');

/** A key of the other issuer. Its tokens name that issuer, and the audience `api`. */
function foreignKey(kid: string, algorithm: Algorithm, name = kid): RingKey {
  const key = ringKey(kid, algorithm, name);
  const token: RingKey['token'] = (claims, header) =>
    key.token({ iss: ISSUER, aud: 'api', ...claims }, header);
  return { ...key, token };
}

let reached = 0;

@Controller()
class MeController {
  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    reached += 1;
    return { identity };
  }
}

let issuer: JwksServer;
let time: SystemTime;
let calamities: Calamities;
let app: RunningApp | undefined;

beforeEach(async () => {
  issuer = await JwksServer.start(rsa.jwk(), ec.jwk(), edwards.jwk());
  time = new SystemTime();
  calamities = new Calamities();
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  expect(await calamities.settled()).toEqual([]);
  calamities.stop();
  time.restore();
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
  await issuer.stop();
});

/** The entry of the issuer, with changes. */
function entry(changes: Partial<IssuerOptions> = {}): IssuerOptions {
  return {
    ...{ issuer: ISSUER, audience: 'api', algorithms: ALGORITHMS, jwksUri: issuer.uri },
    ...changes,
  };
}

/** An application that accepts the issuer's tokens, and those of its own key unless the options say otherwise. */
async function start(
  changes: Partial<IssuerOptions> = {},
  options: JwtExtendedOptions = { keys: { current: own.signing } },
): Promise<RunningApp> {
  app = await createApp('express', {
    controllers: [MeController],
    options: {
      ...{ secret: undefined, issuers: [entry(changes)], clock: new Clock().now },
      ...options,
    },
  });
  return app;
}

/** The response to a token; a refused request must not reach the handler. */
async function answerTo(token: string) {
  const before = reached;
  const { status, body } = await (app as RunningApp).send('GET', '/me', { token });
  expect(reached - before).toBe(status === 200 ? 1 : 0);
  return { status, body };
}

async function expectAnswer(answer: object, ...tokens: readonly string[]): Promise<void> {
  for (const token of tokens) expect(await answerTo(token)).toEqual(answer);
}

/** An application that has fetched the issuer's keys, because it has accepted one of its tokens. */
async function startInUse(): Promise<RunningApp> {
  const started = await start();
  expect(await answerTo(rsa.token())).toEqual(LET_IN);
  return started;
}

/** A token under a key id of the issuer, signed with any key. */
function signedAs(alg: Algorithm, kid: string, key: KeyObject): string {
  return forgeAs(alg, claimsAtNow({ iss: ISSUER, aud: 'api' }), {
    header: { alg, typ: 'JWT', kid },
    key,
  });
}

/** Waits until the issuer has had so many requests, and the last response has been read. */
async function backgroundFetch(requests: number): Promise<void> {
  while (issuer.requests < requests) await turn();
  await pause(50);
}

async function issuerHasRequest(): Promise<void> {
  while (issuer.requests === 0) await turn();
}

/** The options of a module with this entry. */
const trusting = (changes: object) => ({
  issuers: [{ issuer: ISSUER, audience: 'api', ...changes }],
});

describe('A mistake in an entry of issuers is refused at start', () => {
  const http =
    'must be an https address; http is for loopback addresses only, or needs allowHttp: true';
  const algorithms =
    "give one of 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'";
  const mistakes = mistakesOf({
    'issuers[0].jwksUri must be an absolute address: https://…': {
      null: trusting({ jwksUri: null }),
      'empty text': trusting({ jwksUri: '' }),
      'a path': trusting({ jwksUri: '/.well-known/jwks.json' }),
      'a host': trusting({ jwksUri: 'issuer.example' }),
      'a number': trusting({ jwksUri: 443 }),
      'an object': trusting({ jwksUri: { href: HTTPS } }),
    },
    [`issuers[0].jwksUri ${http}`]: {
      http: trusting({ jwksUri: 'http://issuer.example/jwks.json' }),
      'http in a URL': trusting({ jwksUri: new URL('http://issuer.example/jwks.json') }),
      'http of a private network': trusting({ jwksUri: 'http://10.0.0.1/jwks.json' }),
      'http of a name that begins with localhost': trusting({
        jwksUri: 'http://localhost.example/',
      }),
      'http of a name that begins with a loopback address': trusting({
        jwksUri: 'http://127.0.0.1.example/jwks',
      }),
      'http with localhost as a user name': trusting({
        jwksUri: 'http://localhost@issuer.example/',
      }),
      'http of the unspecified address': trusting({ jwksUri: 'http://0.0.0.0/jwks' }),
      'a file': trusting({ jwksUri: 'file:///etc/jwks.json' }),
      'a file with allowHttp': trusting({ jwksUri: 'file:///etc/jwks.json', allowHttp: true }),
      data: trusting({ jwksUri: 'data:application/json,{"keys":[]}' }),
      ftp: trusting({ jwksUri: 'ftp://issuer.example/jwks.json' }),
    },
    'issuers[0].jwksUri must not contain a user name or password: key sets are public': {
      'a user name and a password': trusting({ jwksUri: 'https://me:pass@issuer.example/' }),
    },
    [`issuers[0].issuer ${http}`]: {
      'an http issuer to discover keys of': trusting({ issuer: 'http://keycloak:8080/realms/a' }),
    },
    'issuers[0].issuer must be an absolute address (https://…), from which the key set is discovered, or give jwksUri':
      {
        'an issuer without an address to discover keys of': trusting({
          issuer: 'accounts.google.com',
        }),
      },
    'issuers[0].issuer has a query or a fragment, so its key set cannot be discovered: give jwksUri':
      {
        'a query in an issuer to discover keys of': trusting({ issuer: `${ISSUER}/?tenant=a` }),
      },
    "issuers[0].issuer was given ''; give a string that is not empty": {
      'an empty issuer': trusting({ issuer: '' }),
    },
    'issuers[0].issuer was given undefined; give a string that is not empty': {
      'no issuer': { issuers: [{ audience: 'api' }] },
    },
    ['issuers[0].audience was given undefined; give the audience of this service, without which a token that the ' +
    'issuer made for any other client would open its routes, or false if that is meant']: {
      'no audience (C1)': { issuers: [{ issuer: ISSUER }] },
      'undefined as the audience (C1)': trusting({ audience: undefined }),
    },
    'issuers[0].audience was given a boolean; give a string, or an array of strings that is not empty':
      {
        'true as the audience': trusting({ audience: true }),
      },
    'issuers[0].audience was given an empty array; give a string, or an array of strings that is not empty':
      { 'no audience in a list': trusting({ audience: [] }) },
    "issuers[0].audience was given ''; give a string that is not empty": {
      'an empty audience': trusting({ audience: '' }),
    },
    [`issuers[0].algorithms[0] was given 'HS256'; ${algorithms}`]: {
      'an HMAC algorithm (R3)': trusting({ algorithms: ['HS256'] }),
    },
    [`issuers[0].algorithms[1] was given 'HS512'; ${algorithms}`]: {
      'an HMAC algorithm among others (R3)': trusting({ algorithms: ['RS256', 'HS512'] }),
    },
    [`issuers[0].algorithms[1] was given 'None'; ${algorithms}`]: {
      'none as an algorithm (R1)': trusting({ algorithms: ['RS256', 'None'] }),
    },
    "issuers[0].algorithms was given an empty array; give at least one algorithm, such as ['RS256']":
      {
        'no algorithm': trusting({ algorithms: [] }),
      },
    "issuers[0].algorithms was given 'ES256'; give an array with it: ['ES256']": {
      'text for the algorithms (R2)': trusting({ algorithms: 'ES256' }),
    },
    "issuers[0].tokens was given 'refresh'; give one of 'access', 'id'": {
      'refresh tokens': trusting({ tokens: 'refresh' }),
    },
    "issuers[0].tokenTypes[0] was given 'Refresh'; name types of access or ID tokens only": {
      'the type of refresh tokens': trusting({ tokenTypes: ['Refresh'] }),
    },
    "issuers[0].tokenTypes[1] was given 'logout+jwt'; name types of access or ID tokens only": {
      'the type of logout tokens': trusting({ tokenTypes: [null, 'logout+jwt'] }),
    },
    "issuers[0].tokenTypes was given an empty array; give at least one type, such as ['at+jwt']": {
      'no type of token': trusting({ tokenTypes: [] }),
    },
    "issuers[0].revocations was given 'ours'; give one of 'own', 'shared'": {
      'an unknown name space': trusting({ revocations: 'ours' }),
    },
    'issuers[0].jwksUrl is not an option; did you mean issuers[0].jwksUri?': {
      'a misspelt name': trusting({ jwksUrl: HTTPS }),
    },
    'issuers[0] was given a string of 22 characters; give an object of options': {
      'text for an entry': { issuers: [ISSUER] },
    },
    'issuers was given an object; give an array': { 'an entry without a list': { issuers: {} } },
    'issuers[1].issuer is the issuer of another entry: name each only once': {
      'one issuer twice': {
        issuers: [trusting({}).issuers[0], trusting({ audience: 'other' }).issuers[0]],
      },
    },
    "issuers[0].issuer is this module's own issuer (encodeIssuer or decodeIssuer): name other issuers only":
      {
        'the issuer of our own tokens (C3)': {
          ...trusting({}),
          keys: { current: own.signing },
          encodeIssuer: ISSUER,
        },
        'the issuer that our own keys accept (C3)': {
          ...trusting({}),
          keys: { current: own.signing },
          decodeIssuer: ['https://us.example', ISSUER],
        },
      },
    'keys.jwksUri is not an option; name the issuer instead: issuers: [{ issuer, audience, jwksUri }]':
      {
        'keys.jwksUri, which issuers replaces': { keys: { current: own.signing, jwksUri: HTTPS } },
        'keys.jwksUri without a value': { keys: { current: own.signing, jwksUri: undefined } },
      },
    [NO_KEY]: { 'an empty list and no own key': { issuers: [] } },
  });
  it.each(mistakes)('%s (R26, R83)', async (_, options, message) => {
    expect(await mistakeIn(options)).toEqual(configMistake(message));
  });

  it.each<[string, Partial<IssuerOptions>]>([
    ...[
      'http://localhost:1/jwks',
      'http://127.0.0.1:1/jwks',
      'http://127.1.2.3/jwks',
      'http://[::1]:1/jwks',
      HTTPS,
      new URL(HTTPS),
    ].map((jwksUri): [string, Partial<IssuerOptions>] => [String(jwksUri), { jwksUri }]),
    [
      'http inside a network with allowHttp (C10)',
      { jwksUri: 'http://keycloak:8080/certs', allowHttp: true },
    ],
    [
      'an http issuer to discover keys of with allowHttp (C10)',
      { issuer: 'http://keycloak:8080/realms/a', jwksUri: undefined, allowHttp: true },
    ],
    ['an issuer that is no address, with jwksUri', { issuer: 'accounts.google.com' }],
    ['false as the audience', { audience: false }],
  ])('but %s is accepted (R26)', async (_, changes) => {
    await start(changes);

    expect(await answerTo(own.token())).toEqual(LET_IN);
  });
});

describe('Tokens of another issuer', () => {
  it('are accepted by their key ids, beside those of the own key', async () => {
    await start();

    const keys = [rsa, ec, edwards, own, rsa];
    await expectAnswer(LET_IN, ...keys.map((key) => key.token()));
    expect(issuer.requests).toBe(1);
  });

  it('are accepted if there is no own key, and other tokens are refused for their issuer', async () => {
    await start({}, {});

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await expectAnswer(refusal('Token is missing the "iss" claim'), own.token());
    await expectAnswer(refusal('Invalid issuer'), rsa.token({ iss: `${ISSUER}/` }));
    await expectAnswer(
      refusal('Payload Issuer (iss) must be a string'),
      rsa.token({ iss: [ISSUER] }),
    );
  });

  it('are refused under key ids of the ring, and tokens of the ring under theirs', async () => {
    await start();

    await expectAnswer(REFUSED, ec.token({}, { kid: 'own' }), own.token({}, { kid: 'ec' }));
  });

  it.each<[string, (ours: string) => readonly string[]]>([
    ['theirs, which names our issuer (C3)', (iss) => [rsa.token({ iss }), ec.token({ iss })]],
    ['theirs, which names no issuer', () => [ec.token({ iss: undefined })]],
    ['theirs, which names a third issuer', () => [ec.token({ iss: 'https://third.example' })]],
    ['theirs under our key id', (iss) => [ec.token({ iss }, { kid: 'own' })]],
  ])('are never verified by our ring: a token of %s (R83)', async (_, tokensOf) => {
    const ours = 'https://us.example';
    await start({}, { keys: { current: own.signing }, encodeIssuer: ours, decodeIssuer: ours });
    expect(await answerTo(own.token({ iss: ours }))).toEqual(LET_IN);

    for (const token of tokensOf(ours)) expect((await answerTo(token)).status).toBe(422);
    expect(issuer.requests).toBe(0);
  });

  it('are never verified by a key of ours: neither of the ring nor of decodeKey (R83, C3)', async () => {
    await start();
    await expectAnswer(REFUSED, own.token({ iss: ISSUER, aud: 'api' }));
    await app?.close();

    const decodeKey = jest.fn(() => ecPair('P-256', 'own').publicKey);
    await start({}, { algorithm: 'ES256', loaders: { decodeKey } });
    expect(await answerTo(own.token())).toEqual(LET_IN);
    await expectAnswer(REFUSED, own.token({ iss: ISSUER, aud: 'api' }));
    await expectAnswer(LET_IN, rsa.token());
    expect(decodeKey).toHaveBeenCalledTimes(1);
  });

  it('are not subject to the rules for our own tokens', async () => {
    const ours = { iss: 'https://us.example', aud: 'us', tier: 1, uid: 'alice' };
    await start(
      {},
      {
        keys: { current: own.signing },
        decodeIssuer: ours.iss,
        decodeAudience: ours.aud,
        requiredClaims: ['tier'],
        identityClaim: 'uid',
      },
    );

    expect(await answerTo(own.token(ours))).toEqual(LET_IN);
    await expectAnswer(
      LET_IN,
      rsa.token({ grant: 'theirs', fresh: 'theirs' }),
      rsa.token({ type: undefined, jti: undefined }),
      rsa.token({ type: 'Bearer' }),
    );
    await expectAnswer(refusal("Audience doesn't match"), rsa.token({ aud: 'us' }));
    await expectAnswer(
      refusal('Token is missing the "tier" claim'),
      own.token({ ...ours, tier: undefined }),
    );
  });

  it.each<[string, Partial<IssuerOptions>, readonly unknown[], readonly unknown[]]>([
    [
      'a text',
      { audience: 'api' },
      ['api', ['x', 'api']],
      ['API', 'x', undefined, ['x'], [7, 'api']],
    ],
    ['a list', { audience: ['a', 'b'] }, ['a', ['b']], ['api', undefined, []]],
    ['false', { audience: false }, ['api', undefined, ['x']], []],
  ])('need the audience of their entry: %s (R83, C1)', async (_, changes, good, bad) => {
    await start(changes);

    await expectAnswer(LET_IN, ...good.map((aud) => rsa.token({ aud })));
    for (const aud of bad) expect((await answerTo(rsa.token({ aud }))).status).toBe(422);
  });

  it.each<[string, Partial<IssuerOptions>, readonly unknown[], readonly unknown[]]>([
    [
      'by default',
      {},
      [undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'AT+JWT', 'application/jwt'],
      ['', 'secevent+jwt', 'at+jwt;x', 7, null, 'dpop+jwt'],
    ],
    ['of the entry', { tokenTypes: ['application/at+jwt'] }, ['at+jwt'], [undefined, 'JWT', '']],
    ['of the entry, or none', { tokenTypes: [null, 'x+JWT'] }, [undefined, 'X+jwt'], ['JWT', null]],
  ])('need a header type that is accepted %s', async (_, changes, good, bad) => {
    await start(changes);

    await expectAnswer(LET_IN, ...good.map((typ) => rsa.token({}, { typ })));
    await expectAnswer(refusal('Invalid header: typ'), ...bad.map((typ) => rsa.token({}, { typ })));
  });

  it('have their identity in the claim of their entry', async () => {
    await start({ identityClaim: 'oid' });

    await expectAnswer(LET_IN, rsa.token({ sub: 'pairwise', oid: 'alice' }));
    await expectAnswer(refusal('Missing claim: oid'), rsa.token(), rsa.token({ oid: '' }));
    await expectAnswer(refusal('Subject must be a string'), rsa.token({ sub: 7, oid: 'alice' }));
  });

  it('are checked for everything else', async () => {
    await start();

    expect(await answerTo(rsa.token({ exp: 1 }))).toEqual({
      status: 401,
      body: { msg: 'Token has expired' },
    });
    expect(await answerTo(rsa.token({ type: 'refresh' }))).toMatchObject({ status: 422 });
  });

  it('are never verified by HMAC with the public key as the secret (R3, F3)', async () => {
    const secret = ringKey('secret', 'HS256');
    await start({}, { keys: { current: own.signing, others: [secret.signing] } });
    const publicKey = rsaPair('rsa').publicKey;
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const material = [
      pem,
      pem.trim(),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(rsa.jwk()),
      String(publicKey.export({ format: 'jwk' }).n),
    ];
    for (const bytes of material) {
      const token = signedAs('HS256', 'rsa', createSecretKey(Buffer.from(bytes)));
      expect(await answerTo(token)).toEqual(NOT_ALLOWED);
    }
    const foreign = { iss: ISSUER, aud: 'api' };
    await expectAnswer(NOT_ALLOWED, secret.token(foreign, { kid: 'rsa' }), secret.token(foreign));
    expect(await answerTo(secret.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(0);
  });

  it.each(['RS512', 'HS256', 'none', 'rs256', 'toString', ''])(
    'cause no fetch if their algorithm is not allowed: "%s" (R2, R3)',
    async (alg) => {
      await start();

      expect(await answerTo(rsa.token({}, { alg }))).toEqual(NOT_ALLOWED);
      expect(issuer.requests).toBe(0);
    },
  );
});

describe('An issuer that a token spells otherwise than its entry', () => {
  const pair = rsaPair('own');
  const loaders = {
    encodeKey: () => pair.privateKey,
    decodeKey: () => Promise.resolve(pair.publicKey),
  };
  it.each<[what: string, options: JwtExtendedOptions | undefined, answer: object]>([
    ['a ring', undefined, NOT_ALLOWED],
    ['another algorithm', { secret: SECRET }, NOT_ALLOWED],
    ['a loader', { algorithm: 'RS256', loaders }, REFUSED],
    ['no own key', {}, refusal('Invalid issuer')],
  ])('is a warning with the fix, once, beside %s', async (_what, options, answer) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start({}, options);
    for (const iss of ['https://other.example', `${ISSUER}//`, '', 5, undefined])
      await answerTo(rsa.token({ iss }));
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(warn).not.toHaveBeenCalled();

    for (const iss of [`${ISSUER}/`, `${ISSUER}/`, 'https://Issuer.example'])
      expect(await answerTo(rsa.token({ iss }))).toEqual(answer);
    expect(warn.mock.calls).toEqual([
      [
        'issuers has "https://issuer.example", and a token that names "https://issuer.example/" was refused: only a final ' +
          'slash or letter case differs. If both are one issuer, write issuer exactly as its tokens do',
      ],
    ]);
  });

  it.each<[entry: string, iss: string]>([
    [`${ISSUER}/`, ISSUER],
    [ISSUER, 'HTTPS://ISSUER.EXAMPLE/'],
  ])('is one warning: %s, %s', async (given, iss) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start({ issuer: given });
    await answerTo(rsa.token({ iss }));
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`"${iss}" was refused`)]]);
  });

  it('is no mistake if it is our own', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start({}, { keys: { current: own.signing }, decodeIssuer: `${ISSUER}/` });
    expect(await answerTo(own.token({ iss: `${ISSUER}/` }))).toEqual(LET_IN);
    expect(await answerTo(own.token({ iss: `${ISSUER}/`, type: 'x' }))).not.toEqual(LET_IN);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('An unknown key id', () => {
  it('causes one fetch in half a minute, even if ten thousand tokens have one (R27)', async () => {
    const tokens = (await startInUse()).get(TokenService);
    const rest = ec.token().split('.').slice(1).join('.');
    const withKid = (index: number) =>
      `${segment({ alg: 'ES256', kid: `random ${index}` })}.${rest}`;

    time.forward(31);
    issuer.forget();
    let refused = 0;
    for (let batch = 0; batch < 100; batch += 1) {
      const hundred = Array.from({ length: 100 }, (_, index) => withKid(100 * batch + index));
      for (const isGood of await Promise.all(hundred.map((token) => tokens.verifyToken(token)))) {
        if (!isGood) refused += 1;
      }
    }

    expect({ refused, requests: issuer.requests }).toEqual({ refused: 10_000, requests: 1 });
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is answered like a bad signature (R71)', async () => {
    await start();

    await expectAnswer(REFUSED, next.token(), ec.token({}, { kid: 'rsa' }));
  });

  it('causes one fetch for many tokens at the same time (R27)', async () => {
    await start();
    const waiting: (() => void)[] = [];
    issuer.answerBy((_, response) => {
      waiting.push(() => response.end(JSON.stringify({ keys: [rsa.jwk()] })));
    });

    const answers = Array.from({ length: 20 }, (_, index) =>
      statusOf(index % 2 === 0 ? rsa.token() : rsa.token({}, { kid: `other ${index}` })),
    );
    await issuerHasRequest();
    await pause(20);
    for (const answer of waiting) answer();

    const statuses = await Promise.all(answers);
    expect(statuses).toEqual(statuses.map((_, index) => (index % 2 === 0 ? 200 : 422)));
    expect({ requests: issuer.requests, mostAtOnce: issuer.mostAtOnce }).toEqual({
      requests: 1,
      mostAtOnce: 1,
    });
  });

  it('causes another fetch after half a minute, which finds a new key', async () => {
    await startInUse();
    issuer.publish(rsa.jwk(), next.jwk());

    time.forward(29);
    expect(await answerTo(next.token())).toEqual(REFUSED);
    expect(issuer.requests).toBe(1);

    time.forward(2);
    await expectAnswer(LET_IN, next.token(), rsa.token());
    expect(issuer.requests).toBe(2);
  });

  it('is found in a set that is fetched after ten minutes, and a removed key is not', async () => {
    await startInUse();
    issuer.publish(next.jwk());

    time.forward(601);

    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(REFUSED);
    expect(issuer.requests).toBe(2);
  });
});

describe('A set that is older than ten minutes', () => {
  it('is used while it is fetched again, so a slow issuer delays no request whose key is known', async () => {
    await startInUse();
    time.forward(601);
    const answered = slowAnswer({ keys: [next.jwk()] });

    await expectAnswer(LET_IN, rsa.token(), ec.token(), rsa.token());
    const waiting = statusOf(next.token());
    await issuerHasRequest();
    await expectAnswer(LET_IN, rsa.token());
    answered();

    expect(await waiting).toBe(200);
    await expectAnswer(REFUSED, rsa.token());
    expect({ requests: issuer.requests, mostAtOnce: issuer.mostAtOnce }).toEqual({
      requests: 1,
      mostAtOnce: 1,
    });
  });

  it('is fetched every half a minute at most while that fails', async () => {
    await startInUse();
    issuer.answer(500);
    issuer.forget();

    time.forward(601);
    for (let count = 0; count < 5; count += 1) {
      await expectAnswer(LET_IN, rsa.token(), ec.token());
      await pause(10);
    }
    expect(issuer.requests).toBe(1);

    time.forward(31);
    await expectAnswer(LET_IN, rsa.token());
    await backgroundFetch(2);
    issuer.publish(ec.jwk());
    time.forward(31);
    await expectAnswer(LET_IN, rsa.token());
    await backgroundFetch(3);
    await expectAnswer(REFUSED, rsa.token());
    expect(issuer.requests).toBe(3);
  });

  it('is not used any more after an hour: then requests wait for the new one', async () => {
    await startInUse();
    issuer.publish(next.jwk());
    time.forward(3601);

    await expectAnswer(REFUSED, rsa.token());
    await expectAnswer(LET_IN, next.token());
  });
});

describe('A token without a key id', () => {
  const nameless = { kid: undefined };

  it('may use the only key of its algorithm (C9)', async () => {
    issuer.publish(rsa.jwk(), ec.jwk(), foreignKey('enc', 'RS256', 'first').jwk({ use: 'enc' }));
    await start();

    await expectAnswer(LET_IN, rsa.token({}, nameless), ec.token({}, nameless));
    await expectAnswer(REFUSED, next.token({}, nameless));
  });

  it('may use a key that has no id either', async () => {
    issuer.publish(rsa.jwk(nameless));
    await start();

    await expectAnswer(LET_IN, rsa.token({}, nameless));
    await expectAnswer(REFUSED, rsa.token());
  });

  it('is refused for that if there are several keys of its algorithm, or none (C9)', async () => {
    issuer.publish(ec.jwk(), next.jwk());
    await start();

    await expectAnswer(
      NO_KID,
      ec.token({}, nameless),
      next.token({}, nameless),
      rsa.token({}, nameless),
    );
  });

  it('causes one fetch in half a minute if the set has no key for it', async () => {
    issuer.publish(ec.jwk());
    await start();
    await expectAnswer(NO_KID, rsa.token({}, nameless), rsa.token({}, nameless));
    expect(issuer.requests).toBe(1);
    issuer.publish(rsa.jwk());
    time.forward(31);

    await expectAnswer(LET_IN, rsa.token({}, nameless));
    expect(issuer.requests).toBe(2);
  });

  it('is refused for that by our own ring, if the current key does not verify it and is not the only one', async () => {
    const [secret, retired] = [ringKey('secret', 'HS256'), ringKey('retired', 'ES256')];
    const others = [secret.signing, { ...retired.verifying, retireAt: new Date(0) }];
    await start({}, { keys: { current: own.signing, others } });

    await expectAnswer(LET_IN, own.token({}, nameless));
    await expectAnswer(NO_KID, secret.token({}, nameless), retired.token({}, nameless));
    await app?.close();

    await start({}, { keys: { current: own.signing, others: others.slice(1) } });
    await expectAnswer(REFUSED, retired.token({}, nameless));
    await expectAnswer(NOT_ALLOWED, secret.token({}, nameless));
  });
});

describe('Two issuers', () => {
  it('with equal key ids and algorithms verify their own tokens only (C10)', async () => {
    const twin = foreignKey('rsa', 'RS256', 'twin');
    const other = 'https://other.example';
    const second = await JwksServer.start(twin.jwk());
    await start(
      {},
      { issuers: [entry(), { issuer: other, audience: 'other', jwksUri: second.uri }] },
    );

    await expectAnswer(LET_IN, rsa.token(), twin.token({ iss: other, aud: 'other' }));
    await expectAnswer(REFUSED, rsa.token({ iss: other, aud: 'other' }), twin.token());
    await expectAnswer(refusal("Audience doesn't match"), twin.token({ iss: other }));
    await expectAnswer(NOT_ALLOWED, ec.token({ iss: other, aud: 'other' }));
    expect([issuer.requests, second.requests]).toEqual([1, 1]);

    await second.goAway();
    await expectAnswer(LET_IN, rsa.token());
  });
});

describe('The key set of an issuer without jwksUri', () => {
  const PATH = '/.well-known/openid-configuration';

  /** Answers discovery with a document about the issuer, and everything else with its keys. */
  function publishDiscovery(
    issuer: JwksServer,
    changes: Record<string, unknown> = {},
    ...keys: readonly object[]
  ): readonly string[] {
    const paths: string[] = [];
    issuer.answerBy((request, response) => {
      paths.push(request.url ?? '');
      const document = { issuer: originOf(issuer), jwks_uri: issuer.uri, ...changes };
      const isDiscovery = request.url?.endsWith(PATH);
      response.end(
        JSON.stringify(isDiscovery ? document : { keys: keys.length > 0 ? keys : [rsa.jwk()] }),
      );
    });
    return paths;
  }

  const originOf = ({ uri }: JwksServer) => new URL(uri).origin;
  const discovering = (iss = originOf(issuer)) => ({ issuer: iss, jwksUri: undefined });
  const tokenOf = (key = rsa, iss = originOf(issuer)) => key.token({ iss });

  it('is discovered at the first token, and the address is remembered', async () => {
    const paths = publishDiscovery(issuer);
    await start(discovering());
    expect(paths).toEqual([]);

    await expectAnswer(LET_IN, tokenOf(), tokenOf());
    expect(paths).toEqual([PATH, '/jwks.json']);
    await expectAnswer(REFUSED, tokenOf(next));
    time.forward(31);
    await expectAnswer(REFUSED, tokenOf(next));
    expect(paths).toEqual([PATH, '/jwks.json', '/jwks.json']);
  });

  it.each([
    ['/realms/a', '/realms/a/.well-known/openid-configuration'],
    ['/realms/a/', '/realms/a/.well-known/openid-configuration'],
    ['/', PATH],
  ])('is discovered below the path of the issuer: %s', async (path, expected) => {
    const iss = `${originOf(issuer)}${path}`;
    const paths = publishDiscovery(issuer, { issuer: iss });
    await start(discovering(iss));

    await expectAnswer(LET_IN, tokenOf(rsa, iss));
    expect(paths).toEqual([expected, '/jwks.json']);
  });

  it('is discovered again after a failure, so that the issuer may move it', async () => {
    publishDiscovery(issuer, { jwks_uri: `${originOf(issuer)}/old` });
    await start(discovering());
    await expectAnswer(LET_IN, tokenOf());
    const moved = await JwksServer.start(next.jwk());
    issuer.answerBy((request, response) => {
      const document = { issuer: originOf(issuer), jwks_uri: moved.uri };
      response.statusCode = request.url === PATH ? 200 : 404;
      response.end(JSON.stringify(document));
    });

    time.forward(31);
    await expectAnswer(REFUSED, tokenOf(next));
    time.forward(31);
    await expectAnswer(LET_IN, tokenOf(next));
    await moved.stop();
  });

  it.each<[what: string, changes: Record<string, unknown>]>([
    ['names another issuer', { issuer: 'https://attacker.example' }],
    ['names the issuer with a final slash', { issuer: '<origin>/' }],
    ['names no issuer', { issuer: undefined }],
    ['names no key set', { jwks_uri: undefined }],
    ['names a key set by a path', { jwks_uri: '/jwks.json' }],
    // It is this machine too, but not by a loopback address.
    ['names a key set on plain http', { jwks_uri: 'http://0.0.0.0:<port>/jwks.json' }],
    ['names a key set in a file', { jwks_uri: 'file:///etc/passwd' }],
    ['names a key set with a password', { jwks_uri: 'https://me:pass@issuer.example/' }],
    ['is larger than half a megabyte', { padding: 'x'.repeat(512 * 1024) }],
  ])('is not fetched if the document %s (R83)', async (_, changes) => {
    const { origin, port } = new URL(issuer.uri);
    const fill = (value: unknown) =>
      typeof value === 'string' ? value.replace('<port>', port).replace('<origin>', origin) : value;
    const filled = Object.entries(changes).map(([name, value]) => [name, fill(value)] as const);
    const paths = publishDiscovery(issuer, Object.fromEntries(filled));
    await start(discovering());

    await expectAnswer(UNAVAILABLE, tokenOf(), tokenOf());
    expect(paths).toEqual([PATH]);

    publishDiscovery(issuer);
    time.forward(1);
    await expectAnswer(LET_IN, tokenOf());
  });

  it.each<[what: string, fail: (response: ServerResponse, request: IncomingMessage) => unknown]>([
    ['is a redirect', (response) => response.writeHead(302, { location: issuer.uri }).end()],
    ['has status 404', (response) => response.writeHead(404).end('{}')],
    ['is a page', (response) => response.end('<html>')],
    ['is null', (response) => response.end('null')],
    ['is text', (response) => response.end('"x"')],
    ['breaks off', (response, request) => (response.write('{'), request.socket.destroy())],
  ])('cannot be had if the document %s, and is asked for once in a second', async (_, fail) => {
    issuer.answerBy((request, response) => fail(response, request));
    await start(discovering());

    await expectAnswer(UNAVAILABLE, tokenOf(), tokenOf(), tokenOf());
    expect(issuer.requests).toBe(1);
  });

  it('cannot be had if the document hangs: document and set together may take five seconds', async () => {
    const seconds = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      void pause(200).then(() => controller.abort(new DOMException('late', 'TimeoutError')));
      return controller.signal;
    });
    await start(discovering());
    issuer.hang();

    expect(await Promise.all([statusOf(tokenOf()), statusOf(tokenOf())])).toEqual([503, 503]);
    expect(seconds.mock.calls).toEqual([[5000]]);
    expect(issuer.requests).toBe(1);
  });

  it('may be on plain http inside a network with allowHttp only (C10)', async () => {
    const iss = 'http://keycloak:8080/realms/a';
    const calls: string[] = [];
    jest.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      calls.push(String(input));
      const isDocument = String(input).endsWith(PATH);
      const body = isDocument ? { issuer: iss, jwks_uri: `${iss}/certs` } : { keys: [rsa.jwk()] };
      return new Response(JSON.stringify(body));
    });
    const { message } = await mistakeIn(trusting({ issuer: iss }));
    expect(message).toContain('allowHttp');
    const { tokens } = await startTokens({
      secret: undefined,
      issuers: [{ issuer: iss, audience: 'api', allowHttp: true }],
      clock: new Clock().now,
    });

    expect(await tokens.verifyToken(tokenOf(rsa, iss))).toBe(true);
    expect(calls).toEqual([`${iss}${PATH}`, `${iss}/certs`]);
  });
});

type Fault = readonly [what: string, fail: (issuer: JwksServer) => unknown];

const body = (text: string | Buffer) => (server: JwksServer) => server.answer(200, text);
const keySet = (...keys: readonly unknown[]) => body(JSON.stringify({ keys }));
const secret = { kid: 'oct', k: 'c2VjcmV0' };
const ecKeys = (count: number) =>
  Array.from({ length: count }, (_, index) => ec.jwk({ kid: `ec ${index}` }));

/** Faults of an issuer that make its keys unavailable. */
const FAULTS: readonly Fault[] = [
  ['is down', (server) => server.goAway()],
  ['hangs up', (server) => server.answerBy((request) => request.socket.destroy())],
  ...[201, 204, 206, 304, 401, 404, 429, 500, 503].map((status): Fault => [
    `answers with status ${status}`,
    (server) =>
      server.answer(
        status,
        status === 204 || status === 304 ? '' : JSON.stringify({ keys: [rsa.jwk()] }),
      ),
  ]),
  ...[301, 302, 307, 308].map((status): Fault => [
    `redirects with status ${status}, and has keys in the body`,
    (server) =>
      server.answer(status, JSON.stringify({ keys: [rsa.jwk()] }), {
        location: `${server.uri}?elsewhere`,
      }),
  ]),
  ['answers with an empty body', body('')],
  ['answers with a page', body('<html><title>Sign in</title></html>')],
  ['answers with half a document', body('{"keys":[{"kty":"RSA",')],
  ['answers with bytes', body(Buffer.from([0xff, 0xfe, 0, 1]))],
  ['answers with null', body('null')],
  ['answers with text', body('"keys"')],
  ['answers with a list of keys alone', body(JSON.stringify([rsa.jwk()]))],
  ['answers with no keys', body('{}')],
  ['answers with keys by name', body(JSON.stringify({ keys: { rsa: rsa.jwk() } }))],
  ['answers with null for a key', keySet(rsa.jwk(), null)],
  ['answers with text for a key', keySet(rsa.jwk(), 'MIIB')],
  ['answers with an array for a key', keySet(rsa.jwk(), [rsa.jwk()])],
  ['answers with more than half a megabyte', keySet(rsa.jwk({ x5c: 'A'.repeat(512 * 1024) }))],
  [
    'answers without an end',
    (server) =>
      server.answerBy((_, response) => {
        const more = () => {
          while (response.writable && response.write(Buffer.alloc(64 * 1024, ' ')));
        };
        response.on('drain', more).writeHead(200);
        more();
      }),
  ],
  ['answers with more than a hundred keys', keySet(rsa.jwk(), ...ecKeys(100))],
  ['answers with one id for two keys', keySet(rsa.jwk(), ec.jwk({ kid: 'rsa' }))],
  [
    'answers with a private key',
    keySet(rsa.jwk(), published(ecPair().privateKey, { kid: 'private' })),
  ],
  [
    'answers with the factors of a key',
    keySet(rsa.jwk({ p: rsaPair('rsa').privateKey.export({ format: 'jwk' }).p })),
  ],
  ['answers with a secret', keySet(rsa.jwk(), { kty: 'oct', ...secret })],
  ['answers with a secret of unknown kind', keySet(rsa.jwk(), { kty: 'octet', ...secret })],
];

describe('If the other issuer', () => {
  it.each(FAULTS)('%s, its tokens cannot be checked, and own tokens can (R26)', async (_, fail) => {
    await start();
    await fail(issuer);

    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    expect(await answerTo(own.token())).toEqual(LET_IN);
    expect(issuer.requests).toBeLessThanOrEqual(1);

    // Nothing of the bad response was kept: as soon as the issuer works, its keys of that time count.
    if (issuer.requests === 0) await issuer.comeBack().catch(() => undefined);
    issuer.publish(ec.jwk());
    time.forward(1);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(REFUSED);
  });

  it.each(FAULTS)('%s after a good response, its last keys are used (R26)', async (_, fail) => {
    await startInUse();
    await fail(issuer);

    time.forward(601);
    await expectAnswer(LET_IN, rsa.token(), ec.token());
    time.forward(31);
    expect(await answerTo(next.token())).toEqual(REFUSED);
  });

  it.each<[string, (server: JwksServer) => void]>([
    ['does not answer', (server) => server.hang()],
    ['stops in the middle', (server) => server.stall()],
  ])('%s, the fetch ends after five seconds (R26)', async (_, fail) => {
    const seconds = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      void issuerHasRequest()
        .then(() => pause(50))
        .then(() => controller.abort(new DOMException('late', 'TimeoutError')));
      return controller.signal;
    });
    await start();
    fail(issuer);

    expect(await Promise.all([statusOf(rsa.token()), statusOf(ec.token())])).toEqual([503, 503]);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);

    expect(seconds.mock.calls.every(([milliseconds]) => milliseconds === 5000)).toBe(true);
    expect(issuer.requests).toBe(1);
  });

  it('is down, the response is 503 with its code', async () => {
    await start({}, { errorCodeKey: 'code' });
    await issuer.goAway();

    expect(await answerTo(rsa.token())).toEqual({
      status: 503,
      body: { msg: 'Token could not be checked', code: 'CHECK_UNAVAILABLE' },
    });
  });

  it('fails, the next fetch waits for a second', async () => {
    await start();
    issuer.answer(500);

    await expectAnswer(UNAVAILABLE, ...Array<string>(20).fill(rsa.token()));
    expect(issuer.requests).toBe(1);

    issuer.publish(rsa.jwk());
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    time.forward(1);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(issuer.requests).toBe(2);
  });

  it('fails and the system clock is set back, the next fetch does not wait', async () => {
    await start();
    issuer.answer(500);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    issuer.publish(rsa.jwk());

    time.forward(-3600);

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is down, its last keys are used for an hour (R26)', async () => {
    await startInUse();
    await issuer.goAway();

    for (let minutes = 0; minutes < 55; minutes += 5) {
      time.forward(300);
      expect(await answerTo(rsa.token())).toEqual(LET_IN);
    }
    time.forward(299);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is down, the hour of its last keys counts from their own fetch (R26)', async () => {
    await startInUse();
    issuer.publish(ec.jwk());
    time.forward(3000);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
    await backgroundFetch(2);
    await issuer.goAway();

    time.forward(3000);

    expect(await answerTo(ec.token())).toEqual(LET_IN);
  });

  it('is down for longer than an hour, its keys are no longer used (R26)', async () => {
    await startInUse();
    await issuer.goAway();

    time.forward(3599);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    time.forward(2);
    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);
    expect(await answerTo(own.token())).toEqual(LET_IN);
  });

  it('comes back, its new keys are known within half a minute', async () => {
    await startInUse();
    await issuer.goAway();
    time.forward(601);
    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    await pause(50);
    issuer.publish(next.jwk());
    await issuer.comeBack();

    time.forward(31);

    expect(await answerTo(next.token())).toEqual(LET_IN);
    expect(await answerTo(rsa.token())).toEqual(REFUSED);
  });

  it('redirects, the other address is not called (R5, R26)', async () => {
    const elsewhere = await JwksServer.start(rsa.jwk());
    await start();
    issuer.answer(302, '', { location: elsewhere.uri });

    expect(await answerTo(rsa.token())).toEqual(UNAVAILABLE);

    expect([issuer.requests, elsewhere.requests]).toEqual([1, 0]);
    await elsewhere.stop();
  });

  it('has exactly a hundred keys, they are used', async () => {
    issuer.publish(...ecKeys(99), rsa.jwk());
    await start();

    await expectAnswer(LET_IN, rsa.token(), ec.token({}, { kid: 'ec 98' }));
  });
});

describe('A member of a key of another issuer', () => {
  const es384 = ringKey('es384', 'ES384');
  const ofKind = (kind: 'x25519' | 'ed448') =>
    published(generateKeyPairSync(kind as 'ed448').publicKey, { kid: 'edwards' });

  it.each<[what: string, jwk: object, token: string, answer: object]>([
    ...Object.entries({
      'is accepted: use "sig"': { use: 'sig' },
      'is accepted: no use': { use: undefined },
      'is refused: use "enc"': { use: 'enc' },
      'is refused: an unknown use': { use: 'SIG' },
      'is accepted: key_ops with verify': { key_ops: ['verify'] },
      'is refused: key_ops without verify': { key_ops: ['encrypt'] },
      'is refused: empty key_ops': { key_ops: [] },
      'is refused: key_ops as text': { key_ops: 'verify' },
      'is accepted: the alg of the token': { alg: 'RS256' },
      'is refused: another alg': { alg: 'RS512' },
      'is refused: an alg for encryption': { alg: 'RSA-OAEP' },
      'is refused: no kid': { kid: undefined },
    }).map(([what, members]): [string, object, string, object] => [
      what,
      rsa.jwk(members),
      rsa.token(),
      what.startsWith('is accepted') ? LET_IN : REFUSED,
    ]),
    [
      'is refused: an alg that the options do not allow (R2)',
      rsa.jwk({ alg: 'PS256' }),
      signedAs('PS256', 'rsa', rsaPair('rsa').privateKey),
      NOT_ALLOWED,
    ],
    ['is refused: another kind of key', ec.jwk({ kid: 'rsa' }), rsa.token(), REFUSED],
    ['is refused: an unknown kind of key', { kty: 'quantum', kid: 'rsa' }, rsa.token(), REFUSED],
    ['is refused: a number for the kid', rsa.jwk({ kid: 1 }), rsa.token({}, { kid: '1' }), REFUSED],
    ['is refused: another curve', es384.jwk({ kid: 'ec' }), ec.token(), REFUSED],
    [
      'makes the key unusable: a curve that is not its own',
      es384.jwk({ kid: 'ec', crv: 'P-256' }),
      ec.token(),
      UNAVAILABLE,
    ],
    ['is refused: a curve for key agreement', ofKind('x25519'), edwards.token(), REFUSED],
    ['is refused: a curve that is not supported', ofKind('ed448'), edwards.token(), REFUSED],
  ])('%s (R24)', async (_, jwk, token, answer) => {
    issuer.publish(jwk);
    await start();

    expect(await answerTo(token)).toEqual(answer);
  });

  it('is ignored: an unknown kind of key beside a known one', async () => {
    issuer.publish({ kty: 'NEW' }, rsa.jwk());
    await start();

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
  });

  it('is ignored: a certificate, or its address (R5)', async () => {
    const elsewhere = await JwksServer.start();
    issuer.publish(rsa.jwk({ x5u: elsewhere.uri, x5c: ['MIIB'], x5t: 'x' }));
    await start();

    expect(await answerTo(rsa.token())).toEqual(LET_IN);
    expect(elsewhere.requests).toBe(0);
    await elsewhere.stop();
  });
});

describe('A weak key of another issuer', () => {
  it.each([1024, 2047])('is never used: an RSA key of %i bits (R16)', async (modulusLength) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
    issuer.publish(published(publicKey, { kid: 'weak' }), ec.jwk());
    await start();

    expect(await answerTo(signedAs('RS256', 'weak', privateKey))).toEqual(REFUSED);
    expect(await answerTo(ec.token())).toEqual(LET_IN);
  });

  it('is never used: an RSA key with an exponent of 1, whose signatures can be forged (R16)', async () => {
    issuer.publish(rsa.jwk({ e: 'AQ' }));
    await start();
    const text = rsa.token().split('.').slice(0, 2).join('.');

    expect(await statusOf(`${text}.${paddedDigest(text)}`)).toBe(422);
  });

  it('is never used: a point of small order (R16)', async () => {
    const x = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url');
    issuer.publish(edwards.jwk({ x }));
    await start();
    const forge = () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);

    expect(await answerTo(withSignature(edwards.token(), forge))).toEqual(REFUSED);
  });
});

describe('A ring that rotates', () => {
  it('leaves the keys of other issuers as they are', async () => {
    const ring = (await startInUse()).get(KeyRing);
    await issuer.goAway();
    const successor = ringKey('successor', 'ES256');

    await ring.rotate({ current: successor.signing });

    await expectAnswer(LET_IN, rsa.token(), own.token(), successor.token());
    expect(issuer.requests).toBe(1);
  });

  it('may get its first key beside other issuers', async () => {
    const ring = (await start({}, {})).get(KeyRing);
    const current = ringKey('first', 'ES256');
    const tokens = (app as RunningApp).get(TokenService);
    await expect(tokens.createAccessToken('alice')).rejects.toThrow('only verifies tokens');

    await ring.rotate({ current: current.signing });

    await expectAnswer(
      LET_IN,
      current.token(),
      rsa.token(),
      await tokens.createAccessToken('alice'),
    );
  });

  it('refuses jwksUri, which issuers replaces, and stays as it was', async () => {
    const ring = (await start()).get(KeyRing);
    const given = { current: next.signing, jwksUri: issuer.uri } as never;

    await expect(ring.rotate(given)).rejects.toThrow(
      'keys.jwksUri is not an option; name the issuer',
    );
    await expectAnswer(LET_IN, own.token());
  });
});

it('An application starts while the other issuer is down, and fetches nothing until a token of it comes', async () => {
  await issuer.goAway();
  await start();
  expect(await answerTo(own.token())).toEqual(LET_IN);
  await issuer.comeBack();

  expect(issuer.requests).toBe(0);
  expect(await answerTo(rsa.token())).toEqual(LET_IN);
});

/** Makes the issuer wait with its answers until the returned function is called. */
function slowAnswer(body: object): () => void {
  const waiting: (() => void)[] = [];
  issuer.forget();
  let isLate = false;
  issuer.answerBy((_, response) => {
    const answer = () => response.end(JSON.stringify(body));
    if (isLate) answer();
    else waiting.push(answer);
  });
  return () => {
    isLate = true;
    for (const answer of waiting) answer();
  };
}

/** As `answerTo`, for several requests at once. */
async function statusOf(token: string): Promise<number> {
  return (await (app as RunningApp).send('GET', '/me', { token })).status;
}

/** The block of RS256 before it is raised to a power (RFC 8017 section 9.2). */
function paddedDigest(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  const info = Buffer.concat([
    Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    digest,
  ]);
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info]).toString(
    'base64url',
  );
}
