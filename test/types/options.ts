import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import type {
  Algorithm,
  BlocklistStore,
  CallbackResponse,
  Claims,
  Duration,
  HttpRequest,
  JwtExtendedLoaders,
  JwtExtendedOptions,
  JwtExtendedOptionsFactory,
  JwtExtendedResponses,
  KeyPairInput,
  LoadedKey,
  SecretInput,
  Token,
  TokenExtractor,
  TokenHeader,
  TokenLocation,
  TokenType,
  UnverifiedToken,
} from 'nestjs-jwt-extended';
import { exactly, exactValue } from './exactly.js';

// Every option on its own.

export const keys: JwtExtendedOptions[] = [
  { secret: 'text' },
  { secret: Buffer.from('bytes') },
  { secret: createSecretKey(Buffer.from('bytes')) },
  { secret: { kty: 'oct', k: 'AA' } },
  { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), algorithm: 'RS256' },
  { publicKey: '-----BEGIN PUBLIC KEY-----', algorithm: 'ES256' },
  { secret: 'text', algorithm: 'HS512', decodeAlgorithms: ['HS512', 'HS256'] },
  { secret: 'text', decodeAlgorithms: Object.freeze(['HS256'] as const) },
  // @ts-expect-error -- a list, even of one (R80)
  { secret: 'text', decodeAlgorithms: 'HS256' },
  // @ts-expect-error -- no algorithm of that name
  { secret: 'text', decodeAlgorithms: ['HS257'] },
  // @ts-expect-error -- never
  { secret: 'text', algorithm: 'none' },
  // @ts-expect-error -- a number is no secret
  { secret: 42 },
  // @ts-expect-error -- a misspelt option
  { secret: 'text', algorithims: ['HS256'] },
  // @ts-expect-error -- an extra stands beside the options of forRoot, and is none of them
  { secret: 'text', globalGuard: true },
];

export const tokens: JwtExtendedOptions[] = [
  { accessTokenExpires: '15m', refreshTokenExpires: 3600, leeway: '30s', notBeforeDelta: 0 },
  { accessTokenExpires: false, refreshTokenExpires: false },
  { decodeIssuer: 'one', encodeAudience: 'two', decodeAudience: ['two', 'three'] },
  { requiredClaims: ['tenant'], identityClaim: 'uid', verifySub: false, maxTokenLength: 4096 },
  { scopeClaim: 'scp' },
  // @ts-expect-error -- `true` is no duration
  { accessTokenExpires: true },
  // @ts-expect-error -- only a lifetime may be switched off
  { leeway: false },
  // @ts-expect-error -- one issuer signs
  { encodeIssuer: ['one', 'two'] },
  // @ts-expect-error -- a date is no duration
  { refreshTokenExpires: new Date() },
];

export const issuers: JwtExtendedOptions['issuers'][] = [
  [{ issuer: 'https://login.example.com/', audience: 'api' }],
  [{ issuer: 'https://login.example.com/', audience: ['api', 'admin'], tokens: 'id' }],
  [
    {
      issuer: 'accounts.example.com',
      audience: false,
      jwksUri: new URL('https://login.example.com/jwks'),
      algorithms: ['RS256', 'EdDSA'],
      tokenTypes: [null, 'at+jwt'],
      identityClaim: 'oid',
      scopeClaim: 'scp',
      allowHttp: true,
      revocations: 'shared',
    },
  ],
  // @ts-expect-error -- the audience is required (R83)
  [{ issuer: 'https://login.example.com/' }],
  // @ts-expect-error -- only false says that every audience is meant
  [{ issuer: 'https://login.example.com/', audience: true }],
  // @ts-expect-error -- an issuer that publishes its keys has no secret (R3)
  [{ issuer: 'https://login.example.com/', audience: 'api', algorithms: ['HS256'] }],
  // @ts-expect-error -- refresh tokens of others are never accepted (R84)
  [{ issuer: 'https://login.example.com/', audience: 'api', tokens: 'refresh' }],
];

// @ts-expect-error -- issuers replaces it
export const formerRing: JwtExtendedOptions = { keys: { jwksUri: 'https://login.example.com' } };

export const locations: JwtExtendedOptions[] = [
  { locations: ['headers', 'cookies', 'query_string', 'json'] },
  { locations: [(request: HttpRequest) => request.headers['x-token']?.toString() ?? null] },
  { locations: [() => null, 'headers'] },
  { cookies: { sameSite: 'strict', secure: false, domain: 'example.com' } },
  { csrf: { protect: true, methods: ['POST'], inCookies: false } },
  // @ts-expect-error -- a list, even of one
  { locations: 'headers' },
  // @ts-expect-error -- Flask's spelling, with an underscore
  { locations: ['query-string'] },
  // @ts-expect-error -- an extractor gives text or null
  { locations: [() => 42] },
  // @ts-expect-error -- lower case
  { cookies: { sameSite: 'Lax' } },
];

export const others: JwtExtendedOptions[] = [
  { profile: 'rfc6750', errorMessageKey: 'error', errorCodeKey: 'code', realm: 'shop' },
  { profile: 'nest' },
  { blocklist: { checks: ['refresh'], timeout: '500ms', onStoreError: 'allow' } },
  { clock: () => new Date(), loaderTimeout: '1s' },
  // @ts-expect-error -- one of three
  { profile: 'rfc7519' },
  // @ts-expect-error -- one of two
  { blocklist: { onStoreError: 'ignore' } },
  // @ts-expect-error -- a moment, not its number
  { clock: () => Date.now() },
];

export const logins: JwtExtendedOptions[] = [
  { login: { authenticate: (username, password) => password !== '' && username } },
  { login: { authenticate: async () => null, usernameKey: 'email', passwordKey: 'secret' } },
  {
    login: {
      authenticate: (username): User => ({ id: username, roles: [] }),
      respond: async ({ accessToken }, user: User, { request }) => ({
        status: 201,
        body: { accessToken, id: user.id, agent: request?.headers['user-agent'] },
      }),
    },
  },
  { cookies: { renewWithin: '5m' } },
  // @ts-expect-error -- authenticate is required
  { login: {} },
  // @ts-expect-error -- words, and nothing else
  { login: { authenticate: (username: number) => username } },
];

// Loaders take the application's own types where it names them.

interface User {
  readonly id: string;
  readonly roles: readonly string[];
}

export const annotated: JwtExtendedLoaders = {
  userIdentity: (user: User) => user.id,
  additionalClaims: (user: User) => ({ roles: user.roles }),
  additionalHeaders: async (user: User, { type }) => ({ 'x-user': user.id, type }),
  encodeKey: (user: User) => ({ key: user.id, kid: 'one' }),
  decodeKey: ({ header, claims }) => `${header.kid} ${String(claims.iss)}`,
  isTokenRevoked: (token: Token<{ tenant: string }>) => token.claims.tenant === 'closed',
  tokenVerification: async (token: Token<{ tenant: string }>) => token.claims.tenant !== '',
  userLookup: (token: Token<{ roles: string[] }>): User => ({
    id: token.identity,
    roles: token.claims.roles,
  }),
};

export class LoadersOfTheApplication implements JwtExtendedLoaders {
  userIdentity(user: User): string {
    return user.id;
  }

  async userLookup(token: Token): Promise<User | null> {
    return token.identity === '' ? null : { id: token.identity, roles: [] };
  }
}

export const inferred: JwtExtendedLoaders = {
  decodeKey: (unverified, { type }) => {
    exactValue<UnverifiedToken>()(unverified, true);
    exactValue<TokenType | undefined>()(type, true);
    return 'key';
  },
  tokenVerification: (token) => {
    exactly<typeof token.identity, string>(true);
    exactly<typeof token.type, TokenType>(true);
    return token.fresh;
  },
  userLookup: ({ claims }) => {
    // What a token claims is unknown until the application says what it expects (R80).
    exactValue<unknown>()(claims.anything, true);
    return claims;
  },
};

export const wrong: JwtExtendedLoaders[] = [
  // @ts-expect-error -- claims are an object
  { additionalClaims: () => 'roles' },
  // @ts-expect-error -- a boolean, not something like it
  { tokenVerification: () => 1 },
  // @ts-expect-error -- a boolean, not something like it
  { isTokenRevoked: async () => 'no' },
  // @ts-expect-error -- a key, not a number
  { decodeKey: () => 42 },
  // @ts-expect-error -- Flask's name
  { tokenInBlocklist: () => false },
];

export const responses: JwtExtendedResponses = {
  unauthorized: (reason) => {
    exactly<typeof reason, string>(true);
    return { status: 401, body: { reason } };
  },
  expiredToken: async (token) => {
    exactly<typeof token, Token>(true);
    exactly<(typeof token.claims)['anything'], unknown>(true);
    return { status: 401, headers: { 'x-expired': token.jti } };
  },
  insufficientClaims: (reason, token) => ({ status: 403, body: [reason, token.identity] }),
  unavailable: () => ({ status: 503 }),
};

export const wrongResponses: JwtExtendedResponses[] = [
  // @ts-expect-error -- the status is a number
  { unauthorized: () => ({ status: '401' }) },
  // @ts-expect-error -- a response has a status
  { invalidToken: () => ({ body: 'no' }) },
  // @ts-expect-error -- headers are text
  { revokedToken: () => ({ status: 401, headers: { 'retry-after': 60 } }) },
];

export class Factory implements JwtExtendedOptionsFactory {
  createJwtExtendedOptions(): JwtExtendedOptions {
    return { secret: 'text' };
  }
}

export class AsyncFactory implements JwtExtendedOptionsFactory {
  async createJwtExtendedOptions(): Promise<JwtExtendedOptions> {
    return { secret: 'text' };
  }
}

// The exported types.

exactly<Duration, number | string>(true);
exactly<TokenType, 'access' | 'refresh'>(true);
exactly<TokenLocation, 'headers' | 'cookies' | 'query_string' | 'json'>(true);
exactly<Claims[string], unknown>(true);
exactly<TokenHeader['alg'], string>(true);
exactly<TokenHeader[string], unknown>(true);
exactly<ReturnType<TokenExtractor>, string | null>(true);
exactly<LoadedKey, SecretInput | KeyPairInput>(true);
exactly<CallbackResponse['body'], unknown>(true);
exactly<Extract<Algorithm, 'none'>, never>(true);

export const store: BlocklistStore = {
  add: () => true,
  replace: () => true,
  get: async (names) => names.map(() => null),
  delete: () => undefined,
};

// @ts-expect-error -- it says whether it added the entry
export const vagueStore: BlocklistStore = { ...store, add: () => undefined };
// @ts-expect-error -- it says whether it replaced the value
export const vaguerStore: BlocklistStore = { ...store, replace: () => undefined };
