import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Post, type Type, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  type Algorithm,
  BlocklistService,
  CurrentToken,
  type IssuerOptions,
  type JwtContext,
  type JwtExtendedOptions,
  JwtRequired,
  type JwtRequiredOptions,
  LogoutGuard,
  MemoryBlocklistStore,
  RefreshGuard,
  SessionService,
  type Token,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { type Answer, createApp, type RunningApp } from '../../support/app.js';
import { Clock, NOW } from '../../support/forge.js';
import { JwksServer, published } from '../../support/jwks-server.js';
import { rsaPair } from '../../support/keys.js';
import { headerOf, refusalOf } from '../../support/tokens.js';
import { type RingKey, ringKey } from './ring-keys.js';

const own = ringKey('own', 'ES256');

const said = ({ status, body }: Answer) => ({ status, body });
const refusal = (status: number, msg: string) => ({ status, body: { msg } });
const letIn = (identity: string, issuer?: string) => ({
  status: 200,
  body: { identity, type: 'access', issuer: issuer ?? 'ours' },
});

const NO_ACCESS_TOKEN = refusal(422, 'Invalid token type. Token must be an access token');
const NO_ID_TOKEN = refusal(422, 'Invalid token type. Token must be an ID token');
const REFRESH_TOKEN = refusal(422, 'Only non-refresh tokens are allowed');
const OTHER_AUDIENCE = refusal(422, "Audience doesn't match");
const OTHER_CLIENT = refusal(400, 'User claims verification failed');
const OPAQUE = refusal(422, 'Not enough segments');
const BAD_SIGNATURE = refusal(422, 'Signature verification failed');
const BAD_ALGORITHM = refusal(422, 'The specified alg value is not allowed');
const REVOKED = refusal(401, 'Token has been revoked');
const NO_SCOPE = refusal(403, 'Missing required scope(s)');
const NO_CLAIM = refusal(403, 'Missing required claim(s)');

type ClaimSet = Readonly<Record<string, unknown>>;

/** A token of a provider: its claims over those of its access tokens, or a text that no key of it signed. */
type Presented = ClaimSet | string;

interface Provider {
  readonly issuer: string;
  readonly options: Omit<IssuerOptions, 'issuer' | 'jwksUri'>;
  readonly algorithm?: Algorithm;
  /** Members of the header besides `alg` and `kid`. */
  readonly header: ClaimSet;
  /** Members of the keys in its set besides those of every JWK. */
  readonly jwk?: ClaimSet;
  /** What its set has besides the key. */
  readonly otherKeys?: readonly object[];
  /** The claims of the token that opens routes. */
  readonly claims: ClaimSet;
  readonly identity: string;
  /** What a route may demand of such a token, claims that it lacks, and the answer then. */
  readonly demand: JwtRequiredOptions;
  readonly lacking: ClaimSet;
  readonly demanded: object;
  /** Tokens that are refused. */
  readonly refused: Readonly<Record<string, readonly [Presented, object]>>;
}

const clientId = '3f2a7c1e-5b7d-4c1a-9f65-0d5f4f0c9f11';
const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const instants = { iat: NOW - 10, exp: NOW + 3590 };
const secretKey = ringKey('secret', 'HS256');

const PROVIDERS: Readonly<Record<string, Provider>> = {
  Auth0: {
    issuer: 'https://example.eu.auth0.com/',
    options: { audience: 'https://api.example.com', scopeClaim: 'permissions' },
    header: { typ: 'at+jwt' },
    jwk: { alg: 'RS256', x5t: 'aW0', x5c: ['MIIC'] },
    claims: {
      ...instants,
      sub: 'auth0|507f1f77bcf86cd799439011',
      aud: ['https://api.example.com', 'https://example.eu.auth0.com/userinfo'],
      azp: clientId,
      scope: 'openid profile',
      permissions: ['read', 'write'],
    },
    identity: 'auth0|507f1f77bcf86cd799439011',
    demand: { scope: 'read' },
    lacking: { permissions: ['write'], scope: 'read' },
    demanded: NO_SCOPE,
    refused: {
      'an ID token': [
        { aud: clientId, nonce: 'n-0S6', sid: 's', scope: undefined },
        NO_ACCESS_TOKEN,
      ],
      'an ID token that no code flow asked for': [{ aud: clientId }, OTHER_AUDIENCE],
      'a refresh token': ['v1.M0Yz', OPAQUE],
      'a token for another API': [{ aud: 'https://other.example.com' }, OTHER_AUDIENCE],
    },
  },
  'Entra ID v1': {
    issuer: `https://sts.windows.net/${tenant}/`,
    options: { audience: 'api://orders', scopeClaim: 'scp', identityClaim: 'oid' },
    header: { typ: 'JWT', x5t: 'aW0' },
    jwk: { x5t: 'aW0', x5c: ['MIIC'] },
    claims: {
      ...instants,
      nbf: NOW - 10,
      aud: 'api://orders',
      sub: 'pairwise',
      oid: 'e3f2',
      tid: tenant,
      appid: clientId,
      scp: 'read write',
      uti: 'kz',
      ver: '1.0',
    },
    identity: 'e3f2',
    demand: { scope: ['read', 'write'] },
    lacking: { scp: 'read', scope: 'read write' },
    demanded: NO_SCOPE,
    refused: {
      'an ID token': [{ nonce: '678910', scp: undefined }, NO_ACCESS_TOKEN],
      'an ID token of the hybrid flow': [{ c_hash: 'LDkt', scp: undefined }, NO_ACCESS_TOKEN],
      'a refresh token': ['0.AXEA', OPAQUE],
      'a token for another API': [{ aud: 'https://graph.microsoft.com' }, OTHER_AUDIENCE],
      'a token of another tenant': [{ iss: 'https://sts.windows.net/other/' }, BAD_ALGORITHM],
    },
  },
  'Entra ID v2': {
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    options: { audience: clientId, scopeClaim: 'scp', identityClaim: 'oid' },
    header: { typ: 'JWT' },
    // The set of Entra ID names no algorithm.
    jwk: { x5t: 'aW0', x5c: ['MIIC'], issuer: `https://login.microsoftonline.com/${tenant}/v2.0` },
    claims: {
      ...instants,
      nbf: NOW - 10,
      aud: clientId,
      sub: 'pairwise',
      oid: 'e3f2',
      tid: tenant,
      azp: clientId,
      scp: 'read',
      roles: ['Orders.Approve'],
      uti: 'kz',
      ver: '2.0',
    },
    identity: 'e3f2',
    demand: { scope: 'read', claims: { roles: 'Orders.Approve' } },
    lacking: { roles: ['Orders.Read'] },
    demanded: NO_CLAIM,
    refused: {
      'an ID token, which has the same audience': [
        { nonce: '6789', scp: undefined },
        NO_ACCESS_TOKEN,
      ],
      'an ID token with the hash of an access token': [{ at_hash: 'x' }, NO_ACCESS_TOKEN],
      'a refresh token': ['0.AXEA', OPAQUE],
      'a token for another API': [{ aud: '00000003-0000-0000-c000-000000000000' }, OTHER_AUDIENCE],
    },
  },
  Okta: {
    issuer: 'https://dev-1.okta.com/oauth2/default',
    options: { audience: 'api://default', scopeClaim: 'scp', identityClaim: 'uid' },
    header: {},
    jwk: { alg: 'RS256' },
    claims: {
      ...instants,
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      aud: 'api://default',
      cid: '0oa62b57p7c8PaGpU0h7',
      uid: '00u62d4gvzlEjFPmG0h7',
      scp: ['openid', 'read'],
      sub: 'alice@example.com',
      auth_time: NOW - 20,
    },
    identity: '00u62d4gvzlEjFPmG0h7',
    demand: { scope: 'read' },
    lacking: { scp: ['openid'] },
    demanded: NO_SCOPE,
    refused: {
      'an ID token': [
        { aud: '0oa62b57', jti: 'ID.4e', at_hash: 'x', scp: undefined },
        NO_ACCESS_TOKEN,
      ],
      'a refresh token': ['_SqGh', OPAQUE],
      'a token for another API': [{ aud: 'api://payroll' }, OTHER_AUDIENCE],
    },
  },
  Keycloak: {
    issuer: 'https://login.example.com/realms/shop',
    options: { audience: 'orders' },
    header: { typ: 'JWT' },
    jwk: { alg: 'RS256', x5c: ['MIIC'], 'x5t#S256': 'x' },
    otherKeys: [published(rsaPair('enc').publicKey, { kid: 'enc', use: 'enc', alg: 'RSA-OAEP' })],
    claims: {
      ...instants,
      jti: 'onrtac:8c14',
      aud: ['orders', 'account'],
      sub: 'f1d2',
      typ: 'Bearer',
      azp: 'shop',
      sid: '01b7',
      acr: '1',
      realm_access: { roles: ['editor', 'offline_access'] },
      resource_access: { orders: { roles: ['approve'] } },
      scope: 'email profile',
    },
    identity: 'f1d2',
    demand: {
      claims: {
        realm_access: { roles: 'editor' },
        resource_access: { orders: { roles: 'approve' } },
      },
    },
    lacking: { realm_access: { roles: ['viewer'] } },
    demanded: NO_CLAIM,
    refused: {
      'an ID token': [{ typ: 'ID', aud: 'shop', at_hash: 'x' }, NO_ACCESS_TOKEN],
      'an ID token for this audience (C8)': [{ typ: 'ID' }, NO_ACCESS_TOKEN],
      'a refresh token (C8)': [{ typ: 'Refresh' }, REFRESH_TOKEN],
      'a refresh token for offline use': [{ typ: 'Offline' }, REFRESH_TOKEN],
      'a refresh token under its own secret': [
        secretKey.token({ iss: 'https://login.example.com/realms/shop', typ: 'Refresh' }),
        BAD_ALGORITHM,
      ],
      'a logout token': [
        {
          typ: 'Logout',
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        },
        NO_ACCESS_TOKEN,
      ],
      'a token of another client': [{ aud: 'account' }, OTHER_AUDIENCE],
      'a token of another realm': [{ iss: 'https://login.example.com/realms/hr' }, BAD_ALGORITHM],
    },
  },
  Cognito: {
    issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf',
    // Its access tokens have no audience; the application compares the client.
    options: { audience: false },
    header: {},
    jwk: { alg: 'RS256' },
    otherKeys: [published(rsaPair('cognito 2').publicKey, { kid: 'second', alg: 'RS256' })],
    claims: {
      ...instants,
      sub: 'aaaaaaaa-bbbb',
      'cognito:groups': ['editors'],
      client_id: clientId,
      origin_jti: '8d0c',
      event_id: '9a6b',
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin orders/read',
      auth_time: NOW - 20,
      jti: '1f7a',
      username: 'alice',
    },
    identity: 'aaaaaaaa-bbbb',
    demand: { scope: 'orders/read', claims: { 'cognito:groups': 'editors' } },
    lacking: { scope: 'aws.cognito.signin.user.admin' },
    demanded: NO_SCOPE,
    refused: {
      'an ID token (C8)': [
        { token_use: 'id', aud: clientId, client_id: undefined },
        NO_ACCESS_TOKEN,
      ],
      'a refresh token, which is encrypted': [
        `${Buffer.from('{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').toString('base64url')}.YQ.YQ.YQ.YQ`,
        refusal(422, 'Invalid payload padding'),
      ],
      'a token of another client': [{ client_id: 'another' }, OTHER_CLIENT],
    },
  },
  Firebase: {
    issuer: 'https://securetoken.google.com/shop-1',
    options: { audience: 'shop-1' },
    header: { typ: 'JWT' },
    jwk: { alg: 'RS256' },
    claims: {
      ...instants,
      aud: 'shop-1',
      auth_time: NOW - 20,
      user_id: 'Xb1',
      sub: 'Xb1',
      admin: true,
      email: 'alice@example.com',
      firebase: { identities: { email: ['alice@example.com'] }, sign_in_provider: 'password' },
    },
    identity: 'Xb1',
    demand: { claims: { admin: true, firebase: { sign_in_provider: 'password' } } },
    lacking: { admin: undefined },
    demanded: NO_CLAIM,
    refused: {
      'a session cookie, which has another issuer': [
        { iss: 'https://session.firebase.google.com/shop-1' },
        BAD_ALGORITHM,
      ],
      'a refresh token': ['AMf-vBw', OPAQUE],
      'a token of another project': [{ aud: 'shop-2' }, OTHER_AUDIENCE],
    },
  },
  Supabase: {
    issuer: 'https://abcdefgh.supabase.co/auth/v1',
    options: { audience: 'authenticated', algorithms: ['ES256'] },
    algorithm: 'ES256',
    header: { typ: 'JWT' },
    jwk: { alg: 'ES256', ext: true, key_ops: ['verify'] },
    claims: {
      ...instants,
      aud: 'authenticated',
      sub: '11111111-2222',
      email: 'alice@example.com',
      app_metadata: { provider: 'email', roles: ['editor'] },
      role: 'authenticated',
      aal: 'aal1',
      session_id: '5b0a',
      is_anonymous: false,
    },
    identity: '11111111-2222',
    demand: {
      claims: { role: 'authenticated', is_anonymous: false, app_metadata: { roles: 'editor' } },
    },
    lacking: { is_anonymous: true },
    demanded: NO_CLAIM,
    refused: {
      'the anonymous key of the project': [
        secretKey.token({ iss: 'supabase', role: 'anon', type: undefined }, { kid: undefined }),
        BAD_ALGORITHM,
      ],
      'a refresh token': ['4nYUCw0wZR_DNOTSDbSGMQ', OPAQUE],
      'a token with another audience': [{ aud: 'anon' }, OTHER_AUDIENCE],
    },
  },
  Clerk: {
    issuer: 'https://clerk.example.com',
    options: { audience: false },
    header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' },
    jwk: { alg: 'RS256' },
    claims: {
      ...instants,
      nbf: NOW - 20,
      azp: 'https://app.example.com',
      sub: 'user_2a',
      sid: 'sess_2b',
      v: 2,
      o: { id: 'org_2c', rol: 'admin', slg: 'acme', per: 'read,manage' },
    },
    identity: 'user_2a',
    demand: { claims: { o: { rol: 'admin' } } },
    lacking: { o: { rol: 'member' } },
    demanded: NO_CLAIM,
    refused: {
      'an ID token': [{ aud: clientId, nonce: 'x', at_hash: 'x' }, NO_ACCESS_TOKEN],
      'a refresh token': ['rt_1', OPAQUE],
      'a token of another application': [{ azp: 'https://evil.example.com' }, OTHER_CLIENT],
    },
  },
  'Google with its ID tokens': {
    issuer: 'https://accounts.google.com',
    options: {
      audience: ['web.apps.googleusercontent.com', 'ios.apps.googleusercontent.com'],
      tokens: 'id',
    },
    header: { typ: 'JWT' },
    jwk: { alg: 'RS256' },
    otherKeys: [published(rsaPair('google 2').publicKey, { kid: 'second', alg: 'RS256' })],
    claims: {
      ...instants,
      azp: 'ios.apps.googleusercontent.com',
      aud: 'web.apps.googleusercontent.com',
      sub: '110169484474386276334',
      at_hash: 'HK6E',
      nonce: '0394852',
      hd: 'example.com',
      email: 'alice@example.com',
      email_verified: true,
    },
    identity: '110169484474386276334',
    demand: { claims: { hd: 'example.com', email_verified: true } },
    lacking: { hd: undefined },
    demanded: NO_CLAIM,
    refused: {
      'an access token': ['ya29.a0Af', OPAQUE],
      'an access token in the form of a JWT': [{ token_use: 'access' }, NO_ID_TOKEN],
      'a refresh token': ['1//0g', OPAQUE],
      'a refresh token in the form of a JWT': [{ type: 'refresh' }, REFRESH_TOKEN],
      'an ID token of another client': [{ aud: 'evil.apps.googleusercontent.com' }, OTHER_AUDIENCE],
    },
  },
};

/** What the application compares itself, where tokens have no audience. */
const CLIENTS: Readonly<Record<string, (claims: ClaimSet) => boolean>> = {
  [PROVIDERS.Cognito?.issuer as string]: ({ client_id: id }) => id === clientId,
  [PROVIDERS.Clerk?.issuer as string]: ({ azp }) => azp === 'https://app.example.com',
};

const view = ({ identity, type, issuer = 'ours' }: Token) => ({ identity, type, issuer });

@Controller()
class Routes {
  constructor(private readonly blocklist: BlocklistService) {}

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentToken() token: JwtContext) {
    return view(token);
  }

  @UseGuards(RefreshGuard)
  @Get('refresh')
  refresh(@CurrentToken() token: JwtContext) {
    return view(token);
  }

  @UseGuards(LogoutGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revokeSession(token);
    return { msg: 'logged out' };
  }
}

/** A route with the demands of a provider's users. */
function demanding(path: string, demand: JwtRequiredOptions): Type<unknown> {
  @Controller(path)
  class Demanding {
    @JwtRequired(demand)
    @Get()
    get(@CurrentToken() token: JwtContext) {
      return view(token);
    }
  }
  return Demanding;
}

const names = Object.keys(PROVIDERS);
const pathOf = (name: string) => `demands/${names.indexOf(name)}`;
const demands = Object.entries(PROVIDERS).map(([name, { demand }]) =>
  demanding(pathOf(name), demand),
);
const keys = new Map<string, RingKey>();
const sets: JwksServer[] = [];
const clock = new Clock();
const store = new MemoryBlocklistStore({ clock: clock.now });
let app: RunningApp;

beforeAll(async () => {
  const issuers: IssuerOptions[] = [];
  for (const [
    name,
    { issuer, options, jwk, algorithm = 'RS256', otherKeys = [] },
  ] of Object.entries(PROVIDERS)) {
    // All providers use one key id, as none of them knows the others.
    const key = ringKey('1', algorithm, name);
    keys.set(name, key);
    const set = await JwksServer.start(...otherKeys, key.jwk(jwk));
    sets.push(set);
    issuers.push({ issuer, jwksUri: set.uri, ...options });
  }
  app = await createApp('express', {
    controllers: [Routes, ...demands],
    options: {
      secret: undefined,
      keys: { current: own.signing },
      issuers,
      blocklist: { store },
      sessions: { list: true },
      clock: clock.now,
      loaders: {
        tokenVerification: ({ issuer = '', claims }) => CLIENTS[issuer]?.(claims) ?? true,
      },
    },
  });
});
afterAll(async () => {
  await app.close();
  await Promise.all(sets.map((set) => set.stop()));
});

/** The claims that only an access token of this library has. */
const NOT_THEIRS = Object.fromEntries(
  ['fresh', 'jti', 'type', 'csrf', 'nbf', 'sub'].map((name) => [name, undefined]),
);

function tokenOf(name: string, changes: Presented = {}, header: ClaimSet = {}): string {
  if (typeof changes === 'string') return changes;
  const provider = PROVIDERS[name] as Provider;
  const claims = { ...NOT_THEIRS, iss: provider.issuer, ...provider.claims, ...changes };
  return (keys.get(name) as RingKey).token(claims, {
    typ: undefined,
    ...provider.header,
    ...header,
  });
}

const ask = async (path: string, token: string, method = 'GET') =>
  said(await app.send(method, path, { token }));

describe.each(Object.entries(PROVIDERS))('%s', (name, provider) => {
  const { issuer, identity, lacking, demanded } = provider;

  it('issues tokens that open routes, with the identity that its entry names', async () => {
    expect(await ask('/me', tokenOf(name))).toEqual(letIn(identity, issuer));
  });

  it('writes scopes or roles that routes can demand (C6)', async () => {
    const path = `/${pathOf(name)}`;

    expect(await ask(path, tokenOf(name))).toEqual(letIn(identity, issuer));
    expect(await ask(path, tokenOf(name, lacking))).toEqual(demanded);
  });

  it.each(Object.entries(provider.refused))(
    'is not trusted with %s',
    async (_, [changes, answer]) => {
      expect(await ask('/me', tokenOf(name, changes))).toEqual(answer);
      expect((await ask('/logout', tokenOf(name, changes), 'POST')).status).toBe(
        (answer as { status: number }).status,
      );
    },
  );

  it.each<[string, Presented, ClaimSet, object | 'kind']>([
    ['a claim `type` of refresh tokens', { type: 'refresh' }, {}, REFRESH_TOKEN],
    ['a claim `type` of refresh tokens in capitals', { type: 'REFRESH' }, {}, REFRESH_TOKEN],
    ['a claim `typ` of refresh tokens', { typ: 'Refresh' }, {}, REFRESH_TOKEN],
    ['a header `typ` of refresh tokens', {}, { typ: 'Refresh' }, REFRESH_TOKEN],
    ['a header `typ` of logout tokens', {}, { typ: 'logout+jwt' }, 'kind'],
    [
      'the event of logout tokens',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      {},
      'kind',
    ],
  ])('is not trusted with %s (R84)', async (_, changes, header, answer) => {
    const kind = provider.options.tokens === 'id' ? NO_ID_TOKEN : NO_ACCESS_TOKEN;

    expect(await ask('/me', tokenOf(name, changes, header))).toEqual(
      answer === 'kind' ? kind : answer,
    );
  });

  it('issues no tokens for the refresh of ours (C2)', async () => {
    const refused = refusal(422, 'Only refresh tokens are allowed');
    const tokens = app.get(TokenService);
    const token = await tokens.decodeToken(tokenOf(name));

    expect(await ask('/refresh', tokenOf(name))).toEqual(refused);
    expect(await refusalOf(tokens.rotateRefreshToken(token))).toMatchObject({
      code: 'TOKEN_WRONG_TYPE',
    });
    expect(await refusalOf(tokens.createAccessToken(identity, { from: token }))).toMatchObject({
      name: 'TokenCreationError',
      message: 'from must be a token of this module, not of another issuer',
    });
  });

  it('loses a session by logout, and nothing else (C7)', async () => {
    const [one, other] = [1, 2].map((index) =>
      tokenOf(name, { iat: NOW - 100 - index, jti: undefined, sid: undefined }),
    ) as [string, string];

    expect(await ask('/logout', one, 'POST')).toEqual({ status: 201, body: { msg: 'logged out' } });
    expect(await ask('/me', one)).toEqual(REVOKED);
    expect(await ask('/me', other)).toEqual(letIn(identity, issuer));
    expect(await ask('/me', tokenOf(name))).toEqual(letIn(identity, issuer));
  });

  it.each([
    ['by its jti', 'jti-of-this-test'],
    ['by a digest, without a jti (C7)', undefined],
    ['by a digest, with an empty jti (C7)', ''],
  ])('issues tokens that are revoked one by one: %s', async (_, jti) => {
    const blocklist = app.get(BlocklistService);
    const [one, other] = [1, 2].map((index) =>
      tokenOf(name, { iat: NOW - 200 - index, jti: jti && `${jti} ${index}`, sid: undefined }),
    ) as [string, string];
    const verified = await app.get(TokenService).decodeToken(other);
    expect(verified.jti).toBe(jti ? `${jti} 2` : '');

    expect(await blocklist.isRevoked(one)).toBe(false);
    expect(await Promise.all([blocklist.revoke(one), blocklist.revoke(one)])).toEqual([
      true,
      false,
    ]);
    expect(await blocklist.isRevoked(one)).toBe(true);
    expect(await blocklist.isRevoked(other)).toBe(false);
    expect(await blocklist.revoke(verified)).toBe(true);
    for (const token of [one, other]) expect(await ask('/me', token)).toEqual(REVOKED);
  });

  it('is told apart from providers with the same key id', async () => {
    for (const other of names.filter((each) => each !== name)) {
      const token = tokenOf(other, { ...provider.claims, iss: issuer });
      expect(headerOf(token).kid).toBe(headerOf(tokenOf(name)).kid);
      expect((await ask('/me', token)).status).toBe(422);
    }
  });
});

describe('The claim of scopes', () => {
  it('is the one of the entry, and for other tokens that of the option scopeClaim (C6)', async () => {
    const foreign = ringKey('foreign', 'RS256');
    const set = await JwksServer.start(foreign.jwk());
    const issuers = ['inherited', 'named'].map((name) => ({
      issuer: `https://${name}.example`,
      audience: 'api',
      jwksUri: set.uri,
      ...(name === 'named' && { scopeClaim: 'permissions' }),
    }));
    const scoped = await createApp('fastify', {
      controllers: [
        demanding('words', { scope: 'read' }),
        demanding('members', { scope: { users: { read: true } } }),
        demanding('claim', { claims: { scope: 'read' } }),
      ],
      options: {
        ...{ secret: undefined, keys: { current: own.signing }, issuers, scopeClaim: 'scp' },
        clock: clock.now,
      },
    });
    const answers = async (path: string, value: unknown) => {
      const statuses = [];
      for (const claim of ['scope', 'scp', 'permissions']) {
        for (const [key, iss] of [
          [own, undefined],
          [foreign, issuers[0]?.issuer],
          [foreign, issuers[1]?.issuer],
        ] as const) {
          const token = key.token({ iss, aud: 'api', [claim]: value });
          statuses.push((await scoped.send('GET', path, { token })).status);
        }
      }
      return statuses;
    };
    // Of our tokens, of the issuer without a claim of its own, and of the one with it: in scope, scp and permissions.
    const byAuthority = [403, 403, 403, 200, 200, 403, 403, 403, 200];

    for (const value of ['read', 'write read', ['read'], ['write', 'read']])
      expect(await answers('/words', value)).toEqual(byAuthority);
    for (const value of ['readwrite', 'READ', [], { read: true }, null, 7])
      expect(await answers('/words', value)).toEqual(Array(9).fill(403));
    expect(await answers('/members', { users: { read: true } })).toEqual(byAuthority);
    expect(await answers('/claim', 'read')).toEqual([200, 200, 200, ...Array<number>(6).fill(403)]);
    await scoped.close();
    await set.stop();
  });
});

const SIBLING = 'https://sibling.example';
const sibling = ringKey('sibling', 'ES256');

/** A service with this library, that trusts the tokens of another one. */
async function startBeside(
  changes: Partial<IssuerOptions> = {},
  options: JwtExtendedOptions = {},
): Promise<RunningApp & { readonly entries: () => readonly string[] }> {
  const set = await JwksServer.start(sibling.jwk());
  const memory = new MemoryBlocklistStore({ clock: clock.now });
  const add = jest.spyOn(memory, 'add');
  const running = await createApp('express', {
    controllers: [Routes],
    options: {
      secret: undefined,
      keys: { current: own.signing },
      issuers: [
        { issuer: SIBLING, audience: 'api', algorithms: ['ES256'], jwksUri: set.uri, ...changes },
      ],
      blocklist: { store: memory },
      sessions: { list: true, lifetime: '1d' },
      locations: ['headers', 'cookies'],
      csrf: { protect: false },
      clock: clock.now,
      ...options,
    },
    extras: { endpoints: { refresh: true, logout: true } },
  });
  opened.push(
    () => running.close(),
    () => set.stop(),
  );
  return Object.assign(running, { entries: () => add.mock.calls.map(([key]) => key) });
}

const opened: (() => Promise<void>)[] = [];
beforeEach(async () => {
  for (const close of opened.splice(0)) await close();
});
afterAll(async () => {
  for (const close of opened.splice(0)) await close();
});

const siblings = (claims: ClaimSet = {}) => sibling.token({ iss: SIBLING, aud: 'api', ...claims });

describe('A session of ours', () => {
  it.each<[string, Partial<IssuerOptions>, number]>([
    ['goes on after a logout', {}, 200],
    ["ends with a logout, if revocations is 'shared',", { revocations: 'shared' }, 401],
  ])('%s with a token of another issuer that has its sid (C4)', async (_, changes, status) => {
    const beside = await startBeside(changes);
    const { accessToken, sessionId } = await beside.get(TokenService).createTokenPair('alice');
    const token = siblings({ sid: sessionId });
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(letIn('alice', SIBLING));

    const logout = await beside.send('POST', '/auth/logout', { token });

    expect(logout.status).toBe(200);
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(REVOKED);
    expect((await beside.send('GET', '/me', { token: accessToken })).status).toBe(status);
    const listed = await beside.get(SessionService).list('alice');
    expect(listed.map(({ id }) => id)).toEqual(status === 200 ? [sessionId] : []);
    const [entry] = beside.entries().filter((key) => key.startsWith('sid:'));
    if (status === 200) expect(entry).toMatch(/^sid:iss:#[\w-]{43}\/[\w-]{36}$/);
    else expect(entry).toBe(`sid:${sessionId}`);
  });

  it("ends without ending another issuer's session with the same sid", async () => {
    const beside = await startBeside();
    const { accessToken, sessionId } = await beside.get(TokenService).createTokenPair('alice');
    const token = siblings({ sid: sessionId });

    await beside.send('POST', '/auth/logout', { token: accessToken });

    expect(said(await beside.send('GET', '/me', { token: accessToken }))).toEqual(REVOKED);
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(letIn('alice', SIBLING));
  });

  it('is not listed for a token of another issuer, and its identity is another one', async () => {
    const beside = await startBeside();
    const blocklist = beside.get(BlocklistService);
    const token = siblings({ iat: NOW - 60, nbf: NOW - 60 });
    await beside.send('GET', '/me', { token });
    expect(await beside.get(SessionService).list('alice')).toEqual([]);

    clock.seconds = NOW;
    await blocklist.revokeAllFor('alice', { issuedBefore: new Date((NOW - 10) * 1000) });
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(letIn('alice', SIBLING));

    await blocklist.revokeAllIssuedBefore(new Date((NOW - 10) * 1000));
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(REVOKED);
  });

  it('shares the identities of a service that works with the same store', async () => {
    const beside = await startBeside({ revocations: 'shared' });
    const token = siblings({ iat: NOW - 60, nbf: NOW - 60 });

    clock.seconds = NOW;
    const issuedBefore = new Date((NOW - 10) * 1000);
    await beside.get(BlocklistService).revokeAllFor('alice', { issuedBefore });

    expect(said(await beside.send('GET', '/me', { token }))).toEqual(REVOKED);
  });
});

describe('A token id of ours', () => {
  it("is another one than another issuer's, whose tokens may repeat it", async () => {
    const beside = await startBeside();
    const blocklist = beside.get(BlocklistService);
    const [ours, theirs] = [own.token({ jti: 'one' }), siblings({ jti: 'one' })];

    expect(await blocklist.revoke(theirs)).toBe(true);
    expect((await beside.send('GET', '/me', { token: ours })).status).toBe(200);
    expect(await blocklist.revoke(ours)).toBe(true);
    expect(await blocklist.unrevoke('one')).toBeUndefined();
    expect((await beside.send('GET', '/me', { token: ours })).status).toBe(200);
    expect(said(await beside.send('GET', '/me', { token: theirs }))).toEqual(REVOKED);
  });
});

describe('A refresh token of another service with this library', () => {
  it('gets no tokens of ours at the refresh endpoint (C2)', async () => {
    const beside = await startBeside();
    const token = siblings({ type: 'refresh' });
    const tokens = beside.get(TokenService);

    expect(said(await beside.send('POST', '/auth/refresh', { token }))).toEqual(REFRESH_TOKEN);
    expect(said(await beside.send('GET', '/me', { token }))).toEqual(REFRESH_TOKEN);
    expect(await refusalOf(tokens.rotateRefreshToken(token))).toMatchObject({
      code: 'TOKEN_WRONG_TYPE',
    });
    expect(beside.entries()).toEqual([]);
  });

  it('may not be taken for a refresh token of ours by its grant', async () => {
    const beside = await startBeside();
    const token = siblings({ grant: { family: 'f', generation: 1 }, sid: 's' });
    const verified = await beside.get(TokenService).decodeToken(token);

    expect(verified.type).toBe('access');
    expect(said(await beside.send('POST', '/auth/refresh', { token }))).toEqual(
      refusal(422, 'Only refresh tokens are allowed'),
    );
  });
});

describe('A cookie with a token of another issuer', () => {
  it('gets the token as it is, though its session has an end (R84)', async () => {
    const beside = await startBeside();
    const token = siblings({ sid: 's' });
    const lines: string[] = [];
    const response = {
      getHeader: () => undefined,
      setHeader: (_: string, value: string | readonly string[]) =>
        void lines.push(...[value].flat()),
    };

    beside.get(TokenCookies).setAccessCookies(response, token);

    expect(lines[0]).toContain(`access_token_cookie=${token};`);
  });
});

it('The key that verified a token is the only one of its issuer that is trusted: the bad signature is told', async () => {
  const beside = await startBeside();
  const impostor = ringKey('sibling', 'ES256', 'impostor').token({ iss: SIBLING, aud: 'api' });

  expect(said(await beside.send('GET', '/me', { token: impostor }))).toEqual(BAD_SIGNATURE);
});
