import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import type {
  Claims,
  JwtContext,
  Token,
  TokenHeader,
  TokenLocation,
  TokenType,
} from '../contracts/token.js';

/** Marks verified tokens, so that two copies of this library in one process accept each other's. */
const VERIFIED = Symbol.for('nestjs-jwt-extended:verified-token');

/** Whether a token of another issuer is revoked in the name space of this module, as the option `revocations` says. */
export const SHARES_REVOCATIONS = Symbol.for('nestjs-jwt-extended:shares-revocations');

/** What a verified token consists of. Everything else follows from the claims. */
interface TokenContent extends Pick<
  Token,
  'encoded' | 'header' | 'claims' | 'identity' | 'type' | 'fresh'
> {
  readonly issuer?: string | undefined;
  readonly namespace?: string | undefined;
  readonly [SHARES_REVOCATIONS]?: boolean;
}

/**
 * The implementation of `Token`. Its content is private, so that nothing prints its text by accident, and nothing that the
 * application does to the object changes what the token says.
 */
export class VerifiedToken implements Token {
  readonly #content: TokenContent;

  constructor(content: TokenContent) {
    this.#content = #content in content ? content.#content : content;
  }

  /** Identifies one verification of a token: the token of a guard shares it with the context that the guard makes of it. */
  static readingOf(token: object): object {
    return #content in token ? token.#content : token;
  }

  get [VERIFIED](): true {
    return true;
  }

  get [SHARES_REVOCATIONS](): boolean {
    return this.#content[SHARES_REVOCATIONS] === true;
  }

  get encoded(): string {
    return this.#content.encoded;
  }

  get header(): TokenHeader {
    return this.#content.header;
  }

  get claims(): Claims {
    return this.#content.claims;
  }

  get identity(): string {
    return this.#content.identity;
  }

  get type(): TokenType {
    return this.#content.type;
  }

  get fresh(): boolean {
    return this.#content.fresh;
  }

  get issuer(): string | undefined {
    return this.#content.issuer;
  }

  get namespace(): string | undefined {
    return this.#content.namespace;
  }

  get jti(): string {
    return typeof this.claims.jti === 'string' ? this.claims.jti : '';
  }

  get sessionId(): string | undefined {
    return this.claims.sid as string | undefined;
  }

  get issuedAt(): Date | undefined {
    return dateOf(this.claims.iat);
  }

  get expiresAt(): Date | undefined {
    return dateOf(this.claims.exp);
  }

  toJSON(): object {
    const { csrf: _secret, ...claims } = this.claims;
    const { header, identity, type, jti, sessionId, fresh, issuedAt, expiresAt } = this;
    const { issuer, namespace } = this;
    return {
      ...{ header, claims, identity, type, jti, sessionId, fresh, issuedAt, expiresAt },
      ...(issuer !== undefined && { issuer }),
      ...(namespace !== undefined && { namespace }),
    };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }
}

/** Whether a value is a token that this library verified, in this copy or in another one. */
export function isVerifiedToken(value: unknown): value is Token {
  return typeof value === 'object' && value !== null && VERIFIED in value;
}

/**
 * What a token is revoked by: its `jti` or, without one, a digest of its header and payload. The signature does not count,
 * because ECDSA has several for one text.
 */
export function revocationIdOf({ jti, encoded }: Pick<Token, 'jti' | 'encoded'>): string {
  if (jti !== '') return jti;
  const signed = encoded.slice(0, encoded.lastIndexOf('.'));
  return `=${createHash('sha256').update(signed).digest('base64url')}`;
}

function dateOf(seconds: unknown): Date | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
}

/** The implementation of `JwtContext`. It does not print the user, whose data belongs to the application. */
export class AuthenticatedToken extends VerifiedToken implements JwtContext {
  readonly #location: TokenLocation | 'custom';
  readonly #user: unknown;

  constructor(token: Token, location: TokenLocation | 'custom', user: unknown) {
    super(token);
    this.#location = location;
    this.#user = user;
  }

  get location(): TokenLocation | 'custom' {
    return this.#location;
  }

  get user(): unknown {
    return this.#user;
  }

  override toJSON(): object {
    return { ...super.toJSON(), location: this.location };
  }
}
