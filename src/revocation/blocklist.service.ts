import { Inject, Injectable } from '@nestjs/common';
import type { Token } from '../contracts/token.js';
import { type ErrorOrigin, raisedBy } from '../errors/token.error.js';
import type { TokenReader } from '../tokens/token-reader.js';
import { isVerifiedToken } from '../tokens/verified-token.js';
import type { BlocklistAccess } from './blocklist-access.js';

/** What the service works with; injected as a property, so that a subclass has its constructor to itself. */
export const BLOCKLIST_PARTS = Symbol('nestjs-jwt-extended:blocklist-parts');

export interface BlocklistParts {
  readonly access: BlocklistAccess;
  readonly reader: TokenReader;
  readonly leeway: number;
  readonly origin: ErrorOrigin;
}

/**
 * Ends tokens before their time. A revocation resolves only once the store has acknowledged it, so that a logout that
 * did not happen is never reported as one.
 *
 * Extend it and name your class as the module's `blocklistService` to keep revocations your own way.
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Post('logout')
 * async logout(@CurrentToken() token: JwtContext) {
 *   await this.blocklist.revoke(token);
 * }
 * ```
 */
@Injectable()
export class BlocklistService {
  @Inject(BLOCKLIST_PARTS)
  private readonly parts!: BlocklistParts;

  /**
   * Revokes one token until it would have expired.
   *
   * @param token - an encoded token, or what a guard or `decodeToken` gave
   * @throws TypeError - when it is neither
   * @throws InvalidTokenError - when an encoded token is not one of ours
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   */
  async revoke(token: string | Token): Promise<void> {
    const { access, leeway } = this.parts;
    const { jti, expiresAt } = await this.#verified(token);
    if (!jti) throw new TypeError('A token without a jti cannot be revoked');
    const until = expiresAt ? new Date(expiresAt.getTime() + leeway * 1000) : null;
    await this.#told(access.add(keyOf(jti), until));
  }

  /**
   * Takes a revocation back; of a token that is not revoked, too.
   *
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   */
  async unrevoke(jti: string): Promise<void> {
    if (typeof jti !== 'string' || jti === '')
      throw new TypeError('unrevoke takes the jti of a token');
    await this.#told(this.parts.access.delete(keyOf(jti)));
  }

  /**
   * Whether a token was revoked.
   *
   * @throws TokenCheckUnavailableError - when the store did not answer: silence is not "no"
   */
  async isRevoked(token: string | Token): Promise<boolean> {
    const { jti } = await this.#verified(token);
    return jti !== '' && (await this.#told(this.parts.access.has(keyOf(jti))));
  }

  async #verified(token: unknown): Promise<Token> {
    if (isVerifiedToken(token)) return token;
    if (typeof token === 'string') return this.parts.reader.read(token, { allowExpired: true });
    throw new TypeError('Give an encoded token, or the token that a guard or decodeToken gave');
  }

  async #told<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw raisedBy(this.parts.origin, error);
    }
  }
}

function keyOf(jti: string): string {
  return `jti:${jti}`;
}
