import { randomUUID } from 'node:crypto';
import type { Duration, TokenType } from '../contracts/token.js';
import { TokenCreationError } from '../errors/token-creation.error.js';
import { type ErrorOrigin, raisedBy } from '../errors/token.error.js';
import { RESERVED_CLAIMS } from '../options/reserved-claims.js';
import type { ResolvedTokenOptions } from '../options/resolved-options.js';
import { additionalClaims, additionalHeaders } from './additional-members.js';
import { expiryOf, freshUntil } from './lifetimes.js';
import { jsonFault } from './json-value.js';
import type { LoaderCalls } from './loader-calls.js';
import { isId } from './registered-claims.js';
import { sign } from './signature.js';
import type { TokenKeys } from './token-keys.js';

/** What a token is to say besides what the options say. */
export interface TokenRequest {
  readonly type: TokenType;
  readonly fresh?: boolean | Duration | Date | undefined;
  readonly expiresIn?: Duration | false | undefined;
  readonly additionalClaims?: object | undefined;
  readonly additionalHeaders?: object | undefined;
  readonly sessionId?: string | undefined;
  /** When the user proved who they are, in seconds since the epoch. */
  readonly authTime?: number | undefined;
  readonly request?: unknown;
}

/** Makes tokens in Flask-JWT-Extended's wire format. */
export class TokenMint {
  readonly #reserved: ReadonlySet<string>;

  constructor(
    private readonly options: ResolvedTokenOptions,
    private readonly keys: TokenKeys,
    private readonly loaders: LoaderCalls,
    private readonly clock: () => Date,
    private readonly origin: ErrorOrigin,
  ) {
    const { userClaimsKey, identityClaim } = options;
    this.#reserved = new Set(userClaimsKey ? [] : [...RESERVED_CLAIMS, identityClaim]);
  }

  /** The current second. */
  now(): number {
    return Math.floor(this.clock().getTime() / 1000);
  }

  /** @throws TokenCreationError, TokenCheckUnavailableError */
  async mint(subject: unknown, wanted: TokenRequest, now: number = this.now()): Promise<string> {
    const context = { request: wanted.request, type: wanted.type };
    try {
      const headers = additionalHeaders(
        await this.loaders.ask('additionalHeaders', subject, context),
        wanted.additionalHeaders,
      );
      const custom = additionalClaims(
        this.#asksForClaims(wanted.type)
          ? await this.loaders.ask('additionalClaims', subject, context)
          : undefined,
        wanted.additionalClaims,
        this.#reserved,
      );
      const identity = this.loaders.has('userIdentity')
        ? await this.loaders.ask('userIdentity', subject, context)
        : subject;
      this.#checkIdentity(identity);
      const key = await this.keys.forSigning(subject, context);
      const encoded = await sign(this.#claims(identity, wanted, custom, now), headers, key);
      this.#checkLength(encoded);
      return encoded;
    } catch (error) {
      throw raisedBy(this.origin, error);
    }
  }

  /** In the order in which Flask-JWT-Extended writes them. */
  #claims(identity: unknown, wanted: TokenRequest, custom: object, now: number): object {
    const { type, sessionId } = wanted;
    if (sessionId !== undefined && !isId(sessionId)) {
      throw new TokenCreationError('sessionId must be text of 1 to 256 characters');
    }
    const options = this.options;
    const fresh = freshUntil(wanted.fresh, now);
    const expires = expiryOf(wanted.expiresIn ?? options.expires[type], now);
    const authTime = wanted.authTime ?? (fresh === false ? undefined : now);
    return {
      fresh,
      iat: now,
      jti: randomUUID(),
      type,
      [options.identityClaim]: identity,
      ...(options.encodeNotBefore && { nbf: now + options.notBeforeDelta }),
      ...(options.encodeCsrf && { csrf: randomUUID() }),
      ...(options.encodeAudience && { aud: options.encodeAudience }),
      ...(options.encodeIssuer && { iss: options.encodeIssuer }),
      ...(expires !== undefined && { exp: expires }),
      ...(sessionId !== undefined && { sid: sessionId }),
      ...(authTime !== undefined && { auth_time: authTime }),
      ...this.#nested(custom),
    };
  }

  #nested(custom: object): object {
    const { userClaimsKey } = this.options;
    if (!userClaimsKey) return custom;
    return Object.keys(custom).length > 0 ? { [userClaimsKey]: custom } : {};
  }

  #asksForClaims(type: TokenType): boolean {
    return type === 'access' || this.options.claimsInRefreshToken;
  }

  #checkLength({ length }: string): void {
    const { maxTokenLength } = this.options;
    if (length <= maxTokenLength) return;
    throw new TokenCreationError(
      `The token is ${length} bytes long, and maxTokenLength is ${maxTokenLength}: put less into it`,
    );
  }

  /** What could not be read back is not minted: the most reported break-up with Flask-JWT-Extended. */
  #checkIdentity(identity: unknown): void {
    const { identityClaim, verifySub } = this.options;
    if (typeof identity === 'string' && identity !== '') return;
    if (verifySub && identityClaim === 'sub') {
      throw new TokenCreationError(
        `The identity must be a non-empty string, not ${described(identity)}: return String(user.id) from ` +
          'loaders.userIdentity, or set verifySub: false',
      );
    }
    if (identity === undefined || identity === '') {
      throw new TokenCreationError(`The identity must not be ${described(identity)}`);
    }
    const fault = jsonFault(identity, 'The identity');
    if (fault)
      throw new TokenCreationError(`${fault}, which JSON cannot hold: use text or a number`);
  }
}

function described(identity: unknown): string {
  if (identity === '') return 'an empty string';
  if (identity === null || identity === undefined) return String(identity);
  return Array.isArray(identity) ? 'an array' : `of type ${typeof identity}`;
}
