import type { JwtContext, Token } from '../contracts/token.js';
import { JwtExtendedConfigError, TokenCreationError } from '../errors/config.error.js';
import {
  ExpiredTokenError,
  InvalidTokenError,
  TokenCheckUnavailableError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import {
  decidedBy,
  extendGrant,
  familyOf,
  generationOf,
  grantedClaims,
  grantOf,
  type SharedGrant,
} from '../tokens/grant.js';
import { type LoaderCalls, loadUser, requireVerified, subjectOf } from '../tokens/loaders.js';
import { isExpired } from '../tokens/registered-claims.js';
import { endOfSessionOf, loginOf, sessionIdOf } from '../tokens/session.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { RotateRefreshTokenOptions } from '../tokens/token-request.js';
import type { RevocationCheck } from './revocation-check.js';
import {
  type FamilyState,
  type RevocationLedger,
  type RotationRecord,
} from './revocation-ledger.js';
import type { SessionRegistry } from './session-registry.js';
import type { StoreGateway } from './store-gateway.js';

export interface RotationParts {
  readonly tokenOptions: ResolvedTokenOptions;
  readonly mint: TokenMint;
  readonly store: StoreGateway;
  readonly ledger: RevocationLedger;
  readonly check: RevocationCheck;
  readonly sessions: SessionRegistry;
  readonly loaders: LoaderCalls;
  readonly events: EventPublisher;
  readonly clock: () => Date;
  /** How long a session may last from its login, in seconds. */
  readonly sessionLifetime: number | undefined;
}

type Successors = readonly [access: Token, refresh: Token];

interface Claim {
  readonly record: RotationRecord;
  /** `raced` if another call decided just before what the successors are. */
  readonly outcome: 'rotated' | 'raced';
}

/**
 * Exchanges a refresh token for a new pair. The token is claimed before anything is minted, so that one of several calls
 * wins. The claim says what the successors are: a client that raced with itself, or lost the answer, gets the same ones.
 */
export class TokenRotation {
  constructor(private readonly parts: RotationParts) {}

  /**
   * A token that a guard let in keeps the guard's look-ups. Whether it was revoked meanwhile is checked last.
   *
   * @throws TokenError - every reason for which a refresh route refuses
   */
  async rotate(token: Token, options: RotateRefreshTokenOptions): Promise<Successors> {
    const { check, loaders, mint, sessions, events } = this.parts;
    const { request } = options;
    this.#requireRotatable(token);
    const status = await check.statusOf(token, 'takeStatusOf');
    const isAdmitted = isContext(token);
    if (!isAdmitted || status.is !== 'active') await check.refuseRevoked(token, status, request);
    if (!isAdmitted) await requireVerified(loaders, token, request);
    const user = isAdmitted ? token.user : await loadUser(loaders, token, request);
    const subject = subjectOf(loaders, token, user);
    const namespace = await mint.namespaceFor(subject, { request, type: 'refresh' });
    if (namespace !== token.namespace)
      throw new TokenCreationError(
        'loaders.encodeKey gives the key of another namespace than that of the token: give request, by which it chooses',
      );
    const grant = extendGrant(grantOf(token.claims, this.parts.tokenOptions), decidedBy(options));
    const { record, outcome }: Claim =
      status.is === 'superseded'
        ? { record: status.family.record, outcome: 'raced' }
        : await this.#claim(token, 'family' in status ? status.family : undefined, grant, request);
    const successors = await this.#mint(subject, token, record, grant, options);
    const [access, refresh] = successors;
    await sessions.requireLasting(access, refresh);
    await check.refuseRevokedMeanwhile(token);
    await sessions.recordRotation(access, refresh);
    const { identity, jti } = token;
    const sessionId = sessionIdOf(token);
    events.publish(outcome, { identity, sessionId, jti, successor: refresh.jti });
    return successors;
  }

  #requireRotatable(token: Token): void {
    const { store, clock, tokenOptions, sessionLifetime } = this.parts;
    if (!store.isAtomic)
      throw new JwtExtendedConfigError(
        'rotateRefreshToken needs a store whose add and replace are atomic, or two clients could rotate one token: ' +
          'give Redis, SQL or the memory store as blocklist.store',
      );
    if (token.type !== 'refresh' || token.issuer !== undefined)
      throw new WrongTokenTypeError('refresh');
    if (token.jti === '') throw new InvalidTokenError('Missing claim: jti');
    const now = clock().getTime() / 1000;
    if (
      isExpired(token.claims, tokenOptions.leeway, now) ||
      endOfSessionOf(token, sessionLifetime) <= now
    )
      throw new ExpiredTokenError(token);
  }

  /** Claims the token for new successors, or, if another call was first, finds out what those of that call are. */
  async #claim(
    token: Token,
    family: FamilyState | undefined,
    grant: SharedGrant,
    request: unknown,
  ): Promise<Claim> {
    const { ledger, check, mint, clock } = this.parts;
    const now = mint.now();
    const until = this.#lastUse(token, family, grant, now);
    const record: RotationRecord = {
      generation: generationOf(token) + 1,
      claimedAt: clock().getTime(),
      now,
      access: mint.newIds(),
      refresh: mint.newIds(),
      ...(until !== Infinity && { until }),
    };
    if (await ledger.claim(token, family, record)) return { record, outcome: 'rotated' };
    const status = await check.statusOf(token);
    const found = 'family' in status ? status.family?.record : undefined;
    // A client library that sends the command again after a lost connection finds the entry of the first time.
    if (found?.refresh.jti === record.refresh.jti) return { record, outcome: 'rotated' };
    await check.refuseRevoked(token, status, request);
    if (found && status.is === 'superseded') return { record: found, outcome: 'raced' };
    const fault = new TypeError(
      'The blocklist store refused to write an entry that it does not have',
    );
    throw new TokenCheckUnavailableError(fault);
  }

  /** The second in which the last token of the family, with its newest one, will have expired. */
  #lastUse(
    { claims: { exp } }: Token,
    family: FamilyState | undefined,
    grant: SharedGrant,
    now: number,
  ): number {
    const { leeway, expires } = this.parts.tokenOptions;
    const lifetime = grant.refresh ?? expires.refresh;
    const known = family ? (family.record.until ?? Infinity) : 0;
    const own = typeof exp === 'number' ? exp + leeway : Infinity;
    const newest = lifetime === false ? Infinity : now + lifetime + leeway;
    return Math.ceil(Math.max(known, own, newest));
  }

  async #mint(
    subject: unknown,
    token: Token,
    { generation, now, access, refresh }: RotationRecord,
    grant: SharedGrant,
    { additionalClaims, additionalHeaders, request }: RotateRefreshTokenOptions,
  ): Promise<Successors> {
    const { mint, tokenOptions, sessionLifetime } = this.parts;
    const granted = grantedClaims(token.claims, grantOf(token.claims, tokenOptions), tokenOptions);
    const shared = {
      request,
      additionalHeaders,
      additionalClaims: { ...granted, ...additionalClaims },
      identity: token.identity,
      sessionId: sessionIdOf(token),
      authTime: loginOf(token),
      expiresBy: endOfSessionOf(token, sessionLifetime),
    };
    const wantedAccess = { ...shared, grant, expiresIn: grant.access, reuseIds: access };
    const wantedRefresh = {
      ...shared,
      grant: { ...grant, family: familyOf(token), generation },
      expiresIn: grant.refresh,
      reuseIds: refresh,
    };
    return [
      await mint.mint(subject, { ...wantedAccess, type: 'access' }, now),
      await mint.mint(subject, { ...wantedRefresh, type: 'refresh' }, now),
    ];
  }
}

/** Whether a guard has verified the token, and has looked its user up. */
function isContext(token: Token): token is JwtContext {
  return 'location' in token;
}
