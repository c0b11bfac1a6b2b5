import { isDeepStrictEqual } from 'node:util';
import type { Token } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { ExpiredTokenError } from '../errors/token-errors.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { decidedBy, extendGrant, grantedClaims, grantOf } from '../tokens/grant.js';
import { isExpired } from '../tokens/registered-claims.js';
import {
  beginningIn,
  endOfSession,
  endOfSessionOf,
  loginOf,
  newSessionId,
  sessionIdOf,
} from '../tokens/session.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type {
  CreateAccessTokenOptions,
  CreateRefreshTokenOptions,
  CreateTokenPairOptions,
  TokenRequest,
} from '../tokens/token-request.js';
import type { BlocklistService } from './blocklist.service.js';
import type { RevocationCheck } from './revocation-check.js';
import { prefixOf } from './store-keys.js';
import { checkNote, type SessionRegistry } from './session-registry.js';

/** By how many seconds the clock of another server, which named a session, may be ahead. */
const MOST_CLOCK_SKEW = 60;

export interface IssuerParts {
  readonly tokenOptions: ResolvedTokenOptions;
  readonly mint: TokenMint;
  readonly reader: TokenReader;
  readonly check: RevocationCheck;
  readonly sessions: SessionRegistry;
  readonly blocklist: BlocklistService;
  readonly clock: () => Date;
  /** How long a session may last from its login, in seconds. */
  readonly sessionLifetime: number | undefined;
}

/** Makes the tokens of a login, and further tokens of its session. No token is made of a session that has ended. */
export class TokenIssuer {
  constructor(private readonly parts: IssuerParts) {}

  /** An access token that stands alone, or belongs to the session that the caller names. */
  async access(
    subject: unknown,
    { from: given, ...options }: CreateAccessTokenOptions,
  ): Promise<Token> {
    const { reader, check, sessions } = this.parts;
    if (given === undefined) return this.#single(subject, { ...options, type: 'access' });
    const { request } = options;
    const from = await reader.readGiven(given, { request });
    const token = await this.#continue(subject, from, options);
    await sessions.requireLasting(token);
    // Last, because the token may have been revoked meanwhile.
    await check.refuseRevoked(from, await check.statusOf(from), request);
    return token;
  }

  /** A refresh token that stands alone, or belongs to the session that the caller names. */
  async refresh(subject: unknown, options: CreateRefreshTokenOptions): Promise<Token> {
    const { additionalClaims, expiresIn: refreshExpiresIn } = options;
    const grant = decidedBy({ additionalClaims, refreshExpiresIn }, 'expiresIn');
    return this.#single(subject, { ...options, grant, fresh: false, type: 'refresh' });
  }

  /** The first access and refresh token of a session. */
  async pair(
    subject: unknown,
    {
      fresh,
      accessExpiresIn,
      refreshExpiresIn,
      remember,
      authenticatedAt,
      note,
      ...shared
    }: CreateTokenPairOptions,
  ): Promise<readonly [access: Token, refresh: Token]> {
    checkNote(note);
    const { mint, sessions, sessionLifetime } = this.parts;
    const now = mint.now();
    const login = this.#loginAt(authenticatedAt) ?? now;
    const sessionId = shared.sessionId ?? newSessionId(new Date(login * 1000));
    const { additionalClaims } = shared;
    const session = {
      ...shared,
      sessionId,
      authTime: login,
      expiresBy: endOfSession(sessionId, login, sessionLifetime),
      grant: decidedBy({ additionalClaims, accessExpiresIn, refreshExpiresIn, remember }),
    };
    const wanted = { ...session, fresh, expiresIn: accessExpiresIn, type: 'access' } as const;
    const access = await mint.mint(subject, wanted, login);
    const refresh = await mint.mint(
      subject,
      { ...session, expiresIn: refreshExpiresIn, type: 'refresh' },
      login,
    );
    if (session.expiresBy <= now) throw new ExpiredTokenError(refresh);
    if (shared.sessionId === undefined) await sessions.requireLasting(access, refresh);
    else await sessions.requireGoing(access, refresh);
    await this.#record(access, refresh, note);
    return [access, refresh];
  }

  /** Mints an access token of the session of another token. */
  async #continue(
    subject: unknown,
    from: Token,
    { sessionId, additionalClaims, expiresIn, ...options }: CreateAccessTokenOptions,
  ): Promise<Token> {
    const { mint, tokenOptions, sessionLifetime, clock } = this.parts;
    const id = sessionIdOf(from);
    const expiresBy = endOfSessionOf(from, sessionLifetime);
    const now = clock().getTime() / 1000;
    if (isExpired(from.claims, tokenOptions.leeway, now) || expiresBy <= now)
      throw new ExpiredTokenError(from);
    if (from.issuer !== undefined)
      throw new TokenCreationError('from must be a token of this module, not of another issuer');
    if (sessionId !== undefined && sessionId !== id)
      throw new TokenCreationError('sessionId names another session than from: leave it out');
    const earlier = grantOf(from.claims, tokenOptions);
    const grant = extendGrant(
      earlier,
      decidedBy({ additionalClaims, accessExpiresIn: expiresIn }, 'expiresIn'),
    );
    const token = await mint.mint(subject, {
      ...options,
      type: 'access',
      sessionId: id,
      authTime: loginOf(from),
      expiresBy,
      expiresIn: grant.access,
      additionalClaims: {
        ...grantedClaims(from.claims, earlier, tokenOptions),
        ...additionalClaims,
      },
      grant,
    });
    const isSame = isDeepStrictEqual(token.identity, from.identity);
    if (!isSame || token.namespace !== from.namespace)
      throw new TokenCreationError('from must be a token of the same identity');
    return token;
  }

  async #single(subject: unknown, wanted: TokenRequest): Promise<Token> {
    const { mint, sessions, sessionLifetime } = this.parts;
    const now = mint.now();
    const { sessionId } = wanted;
    const began = sessionId === undefined ? now : beginningIn(sessionId);
    const isKnown = began !== undefined && began <= now + MOST_CLOCK_SKEW;
    if (!isKnown && sessionLifetime !== undefined)
      throw new TokenCreationError(
        'sessionId does not say when the session began, and sessions.lifetime needs to know: give from, a token of the session',
      );
    const expiresBy = endOfSession(sessionId, began ?? now, sessionLifetime);
    const token = await mint.mint(subject, { ...wanted, expiresBy }, now);
    if (expiresBy <= now) throw new ExpiredTokenError(token);
    if (sessionId !== undefined) await sessions.requireGoing(token);
    return token;
  }

  /** The second of a login that the caller has seen; `undefined` if he does not say. */
  #loginAt(moment: Date | undefined): number | undefined {
    if (moment === undefined) return undefined;
    if (!(moment instanceof Date) || Number.isNaN(moment.getTime()) || moment.getTime() < 0)
      throw new TokenCreationError('authenticatedAt must be a valid Date');
    if (moment > this.parts.clock())
      throw new TokenCreationError('authenticatedAt must not lie in the future');
    return Math.floor(moment.getTime() / 1000);
  }

  /** Records a session, if sessions are listed, and ends the oldest ones beyond `sessions.max`. */
  async #record(access: Token, refresh: Token, note: unknown): Promise<void> {
    const { sessions, blocklist } = this.parts;
    const extra = await sessions.create(access, refresh, note);
    const { namespace, identity } = access;
    const end = async (sessionId: string) => {
      await blocklist.revokeSession(sessionId, { ...(namespace !== undefined && { namespace }) });
      await sessions.forget(prefixOf(access), identity, sessionId);
    };
    await Promise.all(extra.map(end));
  }
}
