import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isEncodedToken } from '../common/checks.js';
import { parseExpiresIn, parseLifetime } from '../common/duration.js';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Claims, Duration, Token, TokenHeader, TokenType } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import type { LoaderContext } from '../options/callbacks.js';
import { RESERVED_CLAIMS, type ResolvedTokenOptions } from '../options/token-options.js';
import { mergeAdditions, requireJson, RESERVED_HEADERS } from './custom-claims.js';
import type { SigningKey } from '../keys/ring-key.js';
import { type Grant, writtenGrant } from './grant.js';
import type { LoaderCalls } from './loaders.js';
import { isFresh, isId } from './registered-claims.js';
import { headerFor, sign } from './signature.js';
import type { TokenKeys } from './token-keys.js';
import type { TokenIds, TokenRequest } from './token-request.js';
import { VerifiedToken } from './verified-token.js';

/** Makes tokens in Flask-JWT-Extended's wire format. */
export class TokenMint {
  readonly #reserved: ReadonlySet<string>;
  readonly #asksLoaders: boolean;

  constructor(
    private readonly options: ResolvedTokenOptions,
    private readonly keys: TokenKeys,
    private readonly loaders: LoaderCalls,
    private readonly clock: () => Date,
  ) {
    const { userClaimsKey, identityClaim } = options;
    this.#reserved = new Set(userClaimsKey ? [] : [...RESERVED_CLAIMS, identityClaim]);
    const names = ['additionalHeaders', 'additionalClaims', 'userIdentity'] as const;
    this.#asksLoaders = names.some((name) => loaders.has(name));
  }

  /** The current second. */
  now(): number {
    return Math.floor(this.clock().getTime() / 1000);
  }

  newIds(): TokenIds {
    return { jti: randomUUID(), csrf: randomUUID() };
  }

  /**
   * It answers at once if no loader is asked.
   *
   * @param now - the second that lifetimes count from
   * @throws TokenCreationError, TokenCheckUnavailableError
   */
  mint(subject: unknown, wanted: TokenRequest, now: number = this.now()): Awaitable<Token> {
    const { identity: known = subject } = wanted;
    const answers = this.#asksLoaders ? this.#askLoaders(subject, wanted) : { identity: known };
    return thenOrNow<Answers, Token>(answers, ({ identity, ...loaded }) => {
      const headers = mergeAdditions(
        'additionalHeaders',
        loaded.headers,
        wanted.additionalHeaders,
        RESERVED_HEADERS,
      );
      const custom = mergeAdditions(
        'additionalClaims',
        loaded.claims,
        wanted.additionalClaims,
        this.#reserved,
      );
      checkIdentity(identity, this.options);
      const context = { request: wanted.request, type: wanted.type };
      return thenOrNow(this.keys.forSigning(subject, context), (key) => {
        const claims = this.#claims(identity, wanted, custom, now);
        return this.#sign(claims, headerFor(key, headers), key, wanted.type, now);
      });
    });
  }

  async #askLoaders(subject: unknown, wanted: TokenRequest): Promise<Answers> {
    const { loaders, options } = this;
    const { request, type, identity = subject } = wanted;
    const context = { request, type };
    const asksClaims = type === 'access' || options.claimsInRefreshToken;
    const asksIdentity = wanted.identity === undefined && loaders.has('userIdentity');
    return {
      headers: await loaders.ask('additionalHeaders', subject, context),
      claims: asksClaims ? await loaders.ask('additionalClaims', subject, context) : undefined,
      identity: asksIdentity ? await loaders.ask('userIdentity', subject, context) : identity,
    };
  }

  /** The name space of the tokens that a call makes; `undefined` for the one of this module. */
  async namespaceFor(subject: unknown, context: LoaderContext): Promise<string | undefined> {
    return (await this.keys.forSigning(subject, context)).namespace;
  }

  /**
   * The same token with another grant; `undefined` if this module has no key for it: a loader gives the keys, or another issuer signed it.
   *
   * @throws TokenCreationError - if it would be too long
   */
  withGrant(token: Token, grant: Grant | undefined): Token | undefined {
    const key = this.keys.current();
    if (!key || token.issuer !== undefined) return undefined;
    const { alg: _alg, typ: _typ, kid: _kid, ...headers } = token.header;
    return this.#sign(
      { ...token.claims, grant },
      headerFor(key, headers),
      key,
      token.type,
      this.now(),
    );
  }

  #sign(
    claims: Claims,
    header: TokenHeader,
    key: SigningKey,
    type: TokenType,
    now: number,
  ): VerifiedToken {
    const { maxTokenLength, identityClaim } = this.options;
    const encoded = sign(claims, header, key);
    if (encoded.length > maxTokenLength)
      throw new TokenCreationError(
        `The token is ${encoded.length} bytes long, and maxTokenLength is ${maxTokenLength}: put less into it`,
      );
    const identity = claims[identityClaim] as string;
    const { namespace } = key;
    const fresh = isFresh(claims, now);
    return new VerifiedToken({ encoded, header, claims, identity, type, fresh, namespace });
  }

  /** In the order in which Flask-JWT-Extended writes them. */
  #claims(identity: unknown, wanted: TokenRequest, custom: object, now: number): Claims {
    const { type, sessionId } = wanted;
    if (isEncodedToken(sessionId))
      throw new TokenCreationError(
        'sessionId must be the id of a session, not an encoded token: give (await tokens.decodeToken(encoded)).sessionId',
      );
    if (sessionId !== undefined && !isId(sessionId))
      throw new TokenCreationError('sessionId must be text of 1 to 256 characters');
    const { options } = this;
    const { userClaimsKey } = options;
    const fresh = freshUntil(wanted.fresh, now);
    const grant = wanted.grant && writtenGrant(wanted.grant);
    const { jti, csrf } = wanted.reuseIds ?? this.newIds();
    const authTime = wanted.authTime ?? (fresh === false ? undefined : now);
    const exp = this.#endOf(wanted, now);
    const claims: Record<string, unknown> = { fresh, iat: now, jti, type };
    claims[options.identityClaim] = identity;
    if (options.encodeNotBefore) claims.nbf = now + options.notBeforeDelta;
    if (options.encodeCsrf) claims.csrf = csrf;
    if (options.encodeAudience) claims.aud = options.encodeAudience;
    if (options.encodeIssuer) claims.iss = options.encodeIssuer;
    if (exp !== Infinity) claims.exp = exp;
    if (sessionId !== undefined) claims.sid = sessionId;
    if (authTime !== undefined) claims.auth_time = authTime;
    if (grant) claims.grant = grant;
    if (!userClaimsKey) return Object.assign(claims, custom);
    if (Object.keys(custom).length > 0) claims[userClaimsKey] = custom;
    return claims;
  }

  /** The second at which a token expires; `Infinity` for never. */
  #endOf({ type, expiresIn, expiresBy = Infinity }: TokenRequest, now: number): number {
    const given = expiresIn ?? this.options.expires[type];
    const lifetime = parseExpiresIn(given, 'expiresIn', TokenCreationError);
    return Math.min(lifetime === false ? Infinity : now + lifetime, expiresBy);
  }
}

/** What the loaders add to a token, and whose it is. */
interface Answers {
  readonly headers?: unknown;
  readonly claims?: unknown;
  readonly identity: unknown;
}

/** Refuses an identity that the reader would refuse in the finished token. */
function checkIdentity(identity: unknown, options: ResolvedTokenOptions): void {
  if (typeof identity === 'string' && identity !== '') return;
  if (options.verifySub && options.identityClaim === 'sub')
    throw new TokenCreationError(
      `The identity must be a non-empty string, not ${described(identity)}: return String(user.id) from ` +
        'loaders.userIdentity, or set verifySub: false',
    );
  if (identity === undefined || identity === '')
    throw new TokenCreationError(`The identity must not be ${described(identity)}`);
  requireJson(identity, 'The identity');
  if (!isDeepStrictEqual([identity], JSON.parse(JSON.stringify([identity]))))
    throw new TokenCreationError(
      'The identity must be plain JSON: without a Date, an instance of a class or a member that is undefined',
    );
}

function described(identity: unknown): string {
  if (identity === '') return 'an empty string';
  if (identity === null || identity === undefined) return String(identity);
  return Array.isArray(identity) ? 'an array' : `of type ${typeof identity}`;
}

/** The `fresh` claim: `true`, `false`, or the second until which the token is fresh. */
function freshUntil(fresh: boolean | Duration | Date | undefined, now: number): boolean | number {
  if (fresh === undefined || typeof fresh === 'boolean') return fresh ?? false;
  if (!(fresh instanceof Date))
    return now + Number(parseLifetime(fresh, 'fresh', TokenCreationError));
  if (Number.isNaN(fresh.getTime())) throw new TokenCreationError('fresh must be a valid Date');
  return Math.floor(fresh.getTime() / 1000);
}
