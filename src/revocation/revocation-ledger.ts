import { type Awaitable, whenAnswered } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { BlocklistAccess } from './blocklist-access.js';
import { isIssuedBefore } from './cut-off.js';
import { EVERYTHING_KEY, identityKey, sessionKey, spentKey, tokenKey } from './entry-keys.js';
import { readSpentToken, type SpentToken, writeSpentToken } from './spent-token.js';
import { ACTIVE, REVOKED, type Standing } from './standing.js';

/** What is written under the keys of a token: whether it is revoked on any level, or spent. */
export class RevocationLedger {
  constructor(
    private readonly access: BlocklistAccess,
    private readonly graceMs: number,
    private readonly clock: () => Date,
  ) {}

  /** All levels in one look-up; only what became of a token that was spent takes a second one. */
  standingOf(token: Token): Awaitable<Standing> {
    const keys = levelKeys(token);
    const levels = keys.length;
    if (token.type === 'refresh' && token.jti !== '') keys.push(spentKey(token.jti));
    return whenAnswered(this.access.get(keys), (values) => {
      const spent = values[levels];
      const isRevoked = isRevokedBy(values, token);
      if (spent === null || spent === undefined) return isRevoked ? REVOKED : ACTIVE;
      return this.#standingOfSpent(understood(spent), isRevoked);
    });
  }

  /** Whether the token is revoked, spent or not. */
  async isRevoked(token: Token): Promise<boolean> {
    return isRevokedBy(await this.access.get(levelKeys(token)), token);
  }

  /** Whether it was this call that spent the token: of all that try, one does. */
  spend(token: Token, spent: SpentToken, until: Date | null): Promise<boolean> {
    return this.access.add(spentKey(token.jti), writeSpentToken(spent), until);
  }

  /** Reuse is told before revocation, or nobody would hear of it once the session has ended. */
  async #standingOfSpent(spent: SpentToken, isRevoked: boolean): Promise<Standing> {
    // A clock that was set back does not open the grace again.
    const elapsed = Math.abs(this.clock().getTime() - spent.spentAt);
    if (elapsed >= this.graceMs) return { is: 'reused', spent };
    const [successor] = await this.access.get([spentKey(spent.refresh.jti)]);
    if (successor !== null) return { is: 'reused', spent };
    return isRevoked ? REVOKED : { is: 'racing', spent };
  }
}

/** Everything, its identity, the token itself, and its session where it has one. */
function levelKeys({ identity, jti, sessionId }: Token): string[] {
  const keys = [EVERYTHING_KEY, identityKey(identity), tokenKey(jti)];
  if (sessionId !== undefined) keys.push(sessionKey(sessionId));
  return keys;
}

function isRevokedBy(values: readonly (string | null)[], token: Token): boolean {
  const [everything, identity, itself, session] = values as (string | null)[];
  if (itself !== null) return true;
  if (token.sessionId !== undefined && session !== null) return true;
  const { iat } = token.claims;
  return isIssuedBefore(iat, everything) || isIssuedBefore(iat, identity);
}

function understood(text: string): SpentToken {
  const spent = readSpentToken(text);
  if (spent) return spent;
  const fault = new TypeError('The blocklist store gave a spent token that cannot be read');
  throw new TokenCheckUnavailableError(fault);
}
