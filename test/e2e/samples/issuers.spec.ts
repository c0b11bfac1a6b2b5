import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { JwksServer, published } from '../../support/jwks-server.js';
import { rsaPair } from '../../support/keys.js';
import { compileSample, Sample } from '../../support/sample.js';
import { forgeAs } from '../../support/tokens.js';

type ClaimSet = Readonly<Record<string, unknown>>;

/** A provider as it is configured, and what it writes into its tokens. */
interface Provider {
  readonly variable: string;
  /** What follows the host in its issuer. */
  readonly path: string;
  readonly header: ClaimSet;
  readonly claims: ClaimSet;
  readonly identity: string;
  /** A route, and claims with which a token must not open it. */
  readonly routes: Readonly<Record<string, ClaimSet>>;
  /** Tokens that are refused, by their changed claims. */
  readonly refused: Readonly<Record<string, readonly [ClaimSet, Answer]>>;
}

type Answer = readonly [status: number, msg: string];
const OTHER_AUDIENCE: Answer = [422, "Audience doesn't match"];
const NO_ACCESS_TOKEN: Answer = [422, 'Invalid token type. Token must be an access token'];
const UNKNOWN_ISSUER: Answer = [422, 'The specified alg value is not allowed'];
const BAD_SIGNATURE: Answer = [422, 'Signature verification failed'];

const apiId = '3f2a7c1e-5b7d-4c1a-9f65-0d5f4f0c9f11';

const PROVIDERS: Readonly<Record<string, Provider>> = {
  Auth0: {
    variable: 'AUTH0_ISSUER',
    path: '/',
    header: { typ: 'at+jwt' },
    claims: {
      sub: 'auth0|507f',
      aud: ['https://orders.example.com', 'https://example.eu.auth0.com/userinfo'],
      azp: 'web',
      scope: 'openid profile',
      permissions: ['orders.read'],
    },
    identity: 'auth0|507f',
    routes: { '/orders': { permissions: [], scope: 'orders.read' } },
    refused: {
      'a token for another API': [{ aud: 'https://other.example.com' }, OTHER_AUDIENCE],
      'an ID token': [{ aud: 'web', nonce: 'n' }, NO_ACCESS_TOKEN],
      'an ID token without a nonce': [{ aud: 'web' }, OTHER_AUDIENCE],
    },
  },
  'Entra ID': {
    variable: 'ENTRA_ID_ISSUER',
    path: '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    header: { typ: 'JWT' },
    claims: {
      aud: apiId,
      sub: 'pairwise',
      oid: 'e3f2',
      azp: 'web',
      scp: 'orders.read profile',
      roles: ['approver'],
      ver: '2.0',
    },
    identity: 'e3f2',
    routes: {
      '/orders': { scp: 'profile', scope: 'orders.read' },
      '/approvals/entra-id': { roles: ['reader'] },
    },
    refused: {
      'a token for another API': [{ aud: '00000003' }, OTHER_AUDIENCE],
      'an ID token, which has the same audience': [{ nonce: 'n' }, NO_ACCESS_TOKEN],
      'a token of another tenant': [
        { iss: 'https://login.microsoftonline.com/other/v2.0' },
        UNKNOWN_ISSUER,
      ],
    },
  },
  Keycloak: {
    variable: 'KEYCLOAK_ISSUER',
    path: '/realms/shop',
    header: { typ: 'JWT' },
    claims: {
      jti: 'onrtac:8c14',
      aud: ['orders', 'account'],
      sub: 'f1d2',
      typ: 'Bearer',
      azp: 'web',
      sid: '01b7',
      resource_access: { orders: { roles: ['approver'] } },
      scope: 'email orders.read',
    },
    identity: 'f1d2',
    routes: {
      '/orders': { scope: 'email' },
      '/approvals/keycloak': { resource_access: { other: { roles: ['approver'] } } },
    },
    refused: {
      'a token of a client without the audience': [{ aud: 'account' }, OTHER_AUDIENCE],
      'an ID token': [{ typ: 'ID', aud: 'web' }, NO_ACCESS_TOKEN],
      'a refresh token': [{ typ: 'Refresh' }, [422, 'Only non-refresh tokens are allowed']],
      'a token of another realm': [{ iss: 'https://login.example.com/realms/hr' }, UNKNOWN_ISSUER],
    },
  },
  Cognito: {
    variable: 'COGNITO_ISSUER',
    path: '/eu-west-1_AbCdEf',
    header: {},
    claims: {
      sub: 'aaaaaaaa-bbbb',
      'cognito:groups': ['approvers'],
      client_id: '1example23456789',
      token_use: 'access',
      scope: 'openid orders/read',
      jti: '1f7a',
      username: 'alice',
    },
    identity: 'aaaaaaaa-bbbb',
    routes: {
      '/orders/cognito': { scope: 'openid' },
      '/approvals/cognito': { 'cognito:groups': ['readers'] },
    },
    refused: {
      'a token of another client of the pool': [
        { client_id: 'another' },
        [400, 'User claims verification failed'],
      ],
      'an ID token': [{ token_use: 'id', aud: '1example23456789' }, NO_ACCESS_TOKEN],
      'a token of another pool': [
        { iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other' },
        UNKNOWN_ISSUER,
      ],
    },
  },
  Firebase: {
    variable: 'FIREBASE_ISSUER',
    path: '/shop-1',
    header: { typ: 'JWT' },
    claims: {
      aud: 'shop-1',
      user_id: 'Xb1',
      sub: 'Xb1',
      approver: true,
      email: 'alice@example.com',
      firebase: { sign_in_provider: 'password' },
    },
    identity: 'Xb1',
    routes: { '/approvals/firebase': { approver: false } },
    refused: {
      'a token of another project': [{ aud: 'shop-2' }, OTHER_AUDIENCE],
      'a session cookie': [{ iss: 'https://session.firebase.google.com/shop-1' }, UNKNOWN_ISSUER],
    },
  },
};

const NAMES = Object.keys(PROVIDERS);
const KEYS = new Map(NAMES.map((name) => [name, rsaPair(name)]));
const ISSUERS = new Map<string, string>();
const servers: JwksServer[] = [];
let sample: Sample | undefined;

beforeAll(() => compileSample('start:issuers'));

describe('The sample of issuers', () => {
  beforeAll(async () => {
    for (const name of NAMES) await startProvider(name);
    const variables = NAMES.map((name) => [PROVIDERS[name]!.variable, ISSUERS.get(name)]);
    sample = await Sample.start('start:issuers', { PORT: '0', ...Object.fromEntries(variables) });
  });
  afterAll(async () => {
    await sample?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  describe.each(Object.entries(PROVIDERS))('with a token of %s', (name, provider) => {
    it('knows the user and the issuer', async () => {
      expect(await send('GET', '/orders/mine', tokenOf(name))).toEqual({
        status: 200,
        body: { identity: provider.identity, issuer: ISSUERS.get(name) },
      });
    });

    it.each(Object.entries(provider.routes))('opens %s', async (path, lacking) => {
      expect(await send('GET', path, tokenOf(name))).toEqual({ status: 200, body: [{ id: 1 }] });
      expect(await send('GET', path, tokenOf(name, lacking))).toMatchObject({ status: 403 });
    });

    it.each(Object.entries(provider.refused))('refuses %s', async (_, [changes, [status, msg]]) => {
      expect(await send('GET', '/orders/mine', tokenOf(name, changes))).toEqual({
        status,
        body: { msg },
      });
    });

    it('refuses one that never expires', async () => {
      expect(await send('GET', '/orders/mine', tokenOf(name, { exp: undefined }))).toEqual({
        status: 400,
        body: { msg: 'User claims verification failed' },
      });
    });

    it.each(NAMES.filter((other) => other !== name))(
      'refuses one that is signed with a key of %s',
      async (other) => {
        const [status, msg] = BAD_SIGNATURE;
        expect(await send('GET', '/orders/mine', tokenOf(name, {}, other))).toEqual({
          status,
          body: { msg },
        });
      },
    );

    it('ends it at a logout, and no other', async () => {
      const [one, other] = [tokenOf(name, { jti: '1', sid: '1' }), tokenOf(name, { jti: '2' })];
      expect(await send('POST', '/auth/logout', one)).toMatchObject({ status: 200 });
      expect(await send('GET', '/orders/mine', one)).toMatchObject({ status: 401 });
      expect(await send('GET', '/orders/mine', other)).toMatchObject({ status: 200 });
    });
  });

  it('lets no user of Keycloak in where a role of Entra ID is required', async () => {
    const token = tokenOf('Keycloak', { roles: ['approver'] });
    expect(await send('GET', '/approvals/entra-id', token)).toMatchObject({ status: 403 });
  });

  it('accepts its own tokens, too', async () => {
    const token = await logIn();
    expect(await send('GET', '/orders/mine', token)).toEqual({
      status: 200,
      body: { identity: 'alice', issuer: 'this application' },
    });
    expect(await send('GET', '/orders', token)).toMatchObject({ status: 200 });
    expect(await send('GET', '/approvals/keycloak', token)).toMatchObject({ status: 403 });
  });

  it('shows no token and no key', () => {
    expect(sample?.log()).not.toMatch(/ERROR|[\w-]{60}/);
  });
});

describe('The sample of tenants', () => {
  const RED = { host: 'red.example.com' };
  const BLUE = { host: 'blue.example.com' };

  beforeAll(async () => {
    sample = await Sample.start('start:issuers', { PORT: '0', APP: 'tenants' });
  });
  afterAll(() => sample?.stop());

  it('accepts a token at the address of its tenant only', async () => {
    const token = await logIn(RED);
    expect(await send('GET', '/me', token, RED)).toEqual({
      status: 200,
      body: { username: 'alice', tenant: 'red.example.com' },
    });
    expect(await send('GET', '/me', token, BLUE)).toEqual({
      status: 422,
      body: { msg: 'Signature verification failed' },
    });
  });

  it('logs a user out at one tenant, and not the user of that name at another', async () => {
    const [red, blue] = [await logIn(RED), await logIn(BLUE)];
    expect(await send('POST', '/logout/everywhere', red, RED)).toMatchObject({ status: 201 });
    expect(await send('GET', '/me', red, RED)).toMatchObject({ status: 401 });
    expect(await send('GET', '/me', blue, BLUE)).toMatchObject({ status: 200 });
  });

  it('knows no other address', async () => {
    const host = 'green.example.com';
    expect(await send('POST', '/auth', undefined, { host })).toMatchObject({ status: 404 });
    expect(await send('GET', '/me', await logIn(RED), { host })).toMatchObject({ status: 404 });
  });
});

/** A provider with its discovery document and its key set. All of them use one key id, as none knows the others. */
async function startProvider(name: string): Promise<void> {
  const server = await JwksServer.start();
  servers.push(server);
  const issuer = new URL(PROVIDERS[name]!.path, server.uri).href;
  ISSUERS.set(name, issuer);
  const keys = [published(KEYS.get(name)!.publicKey, { kid: '1', alg: 'RS256' })];
  const documents: Readonly<Record<string, object>> = {
    [`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`]: {
      issuer,
      jwks_uri: server.uri,
    },
    [server.uri]: { keys },
  };
  server.answerBy(({ url = '' }, response) => {
    const document = documents[new URL(url, server.uri).href];
    response.writeHead(document ? 200 : 404).end(JSON.stringify(document ?? {}));
  });
}

function tokenOf(name: string, changes: ClaimSet = {}, signer = name): string {
  const { header, claims } = PROVIDERS[name]!;
  const now = Math.floor(Date.now() / 1000);
  const whole = { iss: ISSUERS.get(name), iat: now, exp: now + 3600, ...claims, ...changes };
  return forgeAs('RS256', whole, {
    header: { alg: 'RS256', kid: '1', ...header },
    key: KEYS.get(signer)!.privateKey,
  });
}

async function logIn(headers: Record<string, string> = {}): Promise<string> {
  const { body } = await send('POST', '/auth', undefined, headers);
  return (body as { access_token: string }).access_token;
}

/** Sends Alice's credentials with every POST, because only a login reads them. `fetch` cannot set the host. */
function send(
  method: string,
  path: string,
  token?: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; body: unknown }> {
  const type = { 'content-type': 'application/json' };
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request(sample!.url + path, {
      method,
      headers: { ...type, ...bearer, ...headers },
    });
    sent.once('error', reject).once('response', async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) });
    });
    sent.end(method === 'POST' ? '{"username":"alice","password":"wonderland"}' : undefined);
  });
}
