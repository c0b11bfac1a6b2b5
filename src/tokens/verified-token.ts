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

/** The implementation of `Token`. Its text is private, so that nothing prints it by accident. */
export class VerifiedToken implements Token {
  readonly #encoded: string;
  readonly header: TokenHeader;
  readonly claims: Claims;
  readonly identity: string;
  readonly type: TokenType;
  readonly fresh: boolean;

  /** Everything else follows from the claims. */
  constructor(
    content: Pick<Token, 'encoded' | 'header' | 'claims' | 'identity' | 'type' | 'fresh'>,
  ) {
    this.#encoded = content.encoded;
    this.header = content.header;
    this.claims = content.claims;
    this.identity = content.identity;
    this.type = content.type;
    this.fresh = content.fresh;
  }

  get [VERIFIED](): true {
    return true;
  }

  get encoded(): string {
    return this.#encoded;
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
    return { header, claims, identity, type, jti, sessionId, fresh, issuedAt, expiresAt };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }
}

/** Whether a value is a token that this library verified, in this copy or in another one. */
export function isVerifiedToken(value: unknown): value is Token {
  return typeof value === 'object' && value !== null && VERIFIED in value;
}

function dateOf(seconds: unknown): Date | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
}

/** The implementation of `JwtContext`. It does not print the user, whose data belongs to the application. */
export class AuthenticatedToken extends VerifiedToken implements JwtContext {
  readonly location: TokenLocation | 'custom';
  readonly #user: unknown;

  constructor(token: Token, location: TokenLocation | 'custom', user: unknown) {
    super(token);
    this.location = location;
    this.#user = user;
  }

  get user(): unknown {
    return this.#user;
  }

  override toJSON(): object {
    return { ...super.toJSON(), location: this.location };
  }
}
