import type { JwtContext, Token, TokenLocation } from '../contracts/token.js';
import { VerifiedToken } from '../tokens/verified-token.js';

/** The one implementation of `JwtContext`. The user is left out of what is printed: it is the application's. */
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
