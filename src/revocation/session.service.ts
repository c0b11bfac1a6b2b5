import { requireId, requireIdentity } from '../common/checks.js';
import type { Session } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import type { BlocklistService, NamespaceOptions } from './blocklist.service.js';
import { prefixOf } from './store-keys.js';
import type { SessionRegistry } from './session-registry.js';

const ID_OF_TOKEN = '(await tokens.decodeToken(encoded)).sessionId';

/**
 * The sessions of an identity, for a page that lists a user's devices. `createTokenPair` begins a session, and each
 * rotation of its refresh token continues it.
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
    private readonly registry: SessionRegistry,
    private readonly blocklist: BlocklistService,
    private readonly renderer: ErrorRenderer,
    private readonly verifySub: boolean,
  ) {}

  /**
   * The live sessions of an identity; the session that was refreshed last comes first.
   *
   * @throws TypeError - if there is no identity, or an encoded token in its place
   * @throws JwtExtendedConfigError - without `sessions: { list: true }`
   * @throws TokenCheckUnavailableError - if the store does not answer
   */
  async list(identity: string, { namespace }: NamespaceOptions = {}): Promise<readonly Session[]> {
    requireIdentity(identity, 'list takes an identity', this.verifySub);
    if (!this.registry.isListed)
      throw new JwtExtendedConfigError(
        'SessionService.list needs the option sessions: { list: true }, or no login is written down',
      );
    return rendering(this.renderer, () => this.registry.list(identity, prefixOf({ namespace })));
  }

  /**
   * Ends a session: its tokens are refused from now on. Before a user ends a session, check that it is one of
   * `list(identity)`: this method ends the session of any identity.
   *
   * @throws TypeError - if there is no session id, or an encoded token in its place
   * @throws TokenCheckUnavailableError - if the store does not acknowledge it
   *
   * @example
   * ```ts
   * const own = await sessions.list(identity);
   * if (!own.some(({ id }) => id === sessionId)) throw new NotFoundException();
   * await sessions.end(sessionId);
   * ```
   */
  async end(sessionId: string, options: NamespaceOptions = {}): Promise<void> {
    requireId(sessionId, 'end takes the id of a session', ID_OF_TOKEN);
    await rendering(this.renderer, () => this.blocklist.revokeSession(sessionId, options));
  }

  /**
   * Ends all sessions of an identity except one: log out everywhere else.
   *
   * @param sessionId - the session that continues: the `sessionId` of the request's token
   * @throws TypeError - if there is no identity or no session id, or an encoded token in its place
   * @throws JwtExtendedConfigError, TokenCheckUnavailableError - as {@link SessionService.list}
   */
  async endOthers(
    identity: string,
    sessionId: string,
    options: NamespaceOptions = {},
  ): Promise<void> {
    requireIdentity(identity, 'endOthers takes an identity', this.verifySub);
    requireId(sessionId, 'endOthers takes the id of the session that goes on', ID_OF_TOKEN);
    const listed = await this.list(identity, options);
    const others = listed.filter(({ id }) => id !== sessionId);
    await Promise.all(others.map(({ id }) => this.end(id, options)));
    await rendering(this.renderer, () =>
      Promise.all(others.map(({ id }) => this.registry.forget(prefixOf(options), identity, id))),
    );
  }
}
