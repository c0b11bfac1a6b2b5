import type { Session } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import type { StoreGateway } from './store-gateway.js';
import type { BlocklistService } from './blocklist.service.js';
import { requireId, requireIdentity } from '../common/checks.js';
import type { SessionRegistry } from './session-registry.js';

/**
 * The sessions of an identity, for a page that shows where somebody is logged in. `createTokenPair` begins one, each
 * rotation goes on with it.
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('devices')
 * devices(@CurrentIdentity() identity: string) {
 *   return this.sessions.list(identity);
 * }
 * ```
 */
export class SessionService {
  /** @internal */
  constructor(
    private readonly access: StoreGateway,
    private readonly registry: SessionRegistry,
    private readonly blocklist: BlocklistService,
    private readonly renderer: ErrorRenderer,
  ) {}

  /**
   * The sessions that are alive, the one refreshed last coming first.
   *
   * @throws TypeError - for no identity
   * @throws JwtExtendedConfigError - when the store keeps no sessions
   * @throws TokenCheckUnavailableError - when the store does not answer
   */
  async list(identity: string): Promise<readonly Session[]> {
    requireIdentity(identity, 'list takes an identity');
    this.#requireKept();
    return rendering(this.renderer, () => this.registry.list(identity));
  }

  /**
   * Ends a session: its tokens are refused from now on. Whose session it is, is for the application to check: look for
   * it in `list(identity)` before a user ends it.
   *
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   *
   * @example
   * ```ts
   * const own = await sessions.list(identity);
   * if (!own.some(({ id }) => id === sessionId)) throw new NotFoundException();
   * await sessions.end(sessionId);
   * ```
   */
  end(sessionId: string): Promise<void> {
    return rendering(this.renderer, () => this.blocklist.revokeSession(sessionId));
  }

  /**
   * Ends all sessions of an identity but one: log out everywhere else.
   *
   * @param sessionId - the session that goes on: the `sessionId` of the request's token
   * @throws TypeError - for no identity, and for no session id
   * @throws JwtExtendedConfigError, TokenCheckUnavailableError - as {@link SessionService.list}
   */
  async endOthers(identity: string, sessionId: string): Promise<void> {
    requireIdentity(identity, 'endOthers takes an identity');
    requireId(sessionId, 'endOthers takes the id of the session that goes on');
    const others = (await this.list(identity)).filter(({ id }) => id !== sessionId);
    await Promise.all(others.map(({ id }) => this.end(id)));
    await rendering(this.renderer, () =>
      Promise.all(others.map(({ id }) => this.registry.forget(identity, id))),
    );
  }

  #requireKept(): void {
    if (this.access.keepsSessions) return;
    throw new JwtExtendedConfigError(
      'SessionService.list needs a store that keeps sessions: give Redis, SQL or the memory store as blocklist.store',
    );
  }
}
