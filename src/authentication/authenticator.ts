import type { HttpRequest } from '../contracts/http.js';
import type { Requirement, RoutePolicy } from '../contracts/route-policy.js';
import type { Claims, JwtContext, Token } from '../contracts/token.js';
import { type ErrorRenderer, TokenError, withRenderer } from '../errors/token.error.js';
import {
  InsufficientClaimsError,
  MissingTokenError,
  StaleTokenError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import { type LoaderCalls, loadUser, requireVerified } from '../tokens/loaders.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { ExtractedToken } from '../http/token-locations.js';
import { extractToken } from '../http/extract-token.js';
import { AuthenticatedToken } from '../tokens/verified-token.js';

/** Authenticates a request, one step after the other; the first step that fails refuses. It does not change the request. */
export class Authenticator {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly reader: TokenReader,
    private readonly revocations: RevocationCheck,
    private readonly loaders: LoaderCalls,
    private readonly events: EventPublisher,
    private readonly renderer: ErrorRenderer,
  ) {}

  /**
   * The token of a request and its user; `undefined` for OPTIONS, and if there is no token and the policy is optional.
   *
   * @throws TokenError - of the step that refused
   */
  async authenticate(request: HttpRequest, policy: RoutePolicy): Promise<JwtContext | undefined> {
    if (request.method === 'OPTIONS') return undefined;
    try {
      const extracted = this.#extract(request, policy);
      return extracted && (await this.#admit(extracted, request, policy));
    } catch (error) {
      if (error instanceof TokenError) this.#announce(error);
      throw withRenderer(this.renderer, error);
    }
  }

  async #admit(
    extracted: ExtractedToken,
    request: HttpRequest,
    policy: RoutePolicy,
  ): Promise<JwtContext> {
    const token = await this.reader.read(extracted.encoded, {
      request,
      csrf: extracted.csrf,
      isRepeated: true,
      allowExpired: policy.allowExpired,
    });
    requireType(token, policy);
    requireFresh(token, policy, this.options.clock());
    await this.revocations.requireActive(token, policy, request);
    await requireVerified(this.loaders, token, request);
    requireClaims(token, policy, request);
    const user = await loadUser(this.loaders, token, request);
    return new AuthenticatedToken(token, extracted.location, user);
  }

  /** An optional route accepts a missing token, and nothing else that is wrong. */
  #extract(request: HttpRequest, policy: RoutePolicy): ExtractedToken | undefined {
    try {
      return extractToken(request, policy, this.options);
    } catch (error) {
      if (policy.optional && error instanceof MissingTokenError) return undefined;
      throw error;
    }
  }

  #announce(error: TokenError): void {
    const { code } = error;
    if (error instanceof VerifiedTokenError) {
      const { type, identity, jti, sessionId } = error.token;
      this.events.publish('refused', { code, type, identity, jti, sessionId });
    } else this.events.publish('refused', { code });
  }
}

export function requireType(token: Token, policy: RoutePolicy): void {
  if (policy.verifyType && token.type !== policy.type) throw new WrongTokenTypeError(policy.type);
}

/**
 * A token is *fresh* if it was created with `fresh: true`, right after the user entered a password. Tokens obtained with a
 * refresh token are not fresh, however new they are. With `maxAge`, a fresh token must not be older than that.
 */
export function requireFresh(token: Token, { fresh }: RoutePolicy, now: Date): void {
  if (!fresh) return;
  const isYoungEnough =
    fresh.maxAge === undefined || secondsSinceLogin(token.claims, now) <= fresh.maxAge;
  if (!token.fresh || !isYoungEnough) throw new StaleTokenError(token, fresh);
}

/** Reports claims and route parameters before scopes, as Flask_PyJWT does. */
function requireClaims(token: Token, { requirements }: RoutePolicy, request: HttpRequest): void {
  if (!requirements) return;
  const { claims } = token;
  const missing = requirements.filter(
    ({ isMet, applies }) => !isMet(claims, request.params) && applies(claims),
  );
  if (missing.length === 0) return;
  if (missing.some(({ kind }) => kind === 'claim'))
    throw new InsufficientClaimsError(token, 'Missing required claim(s)');
  throw new InsufficientClaimsError(
    token,
    'Missing required scope(s)',
    missing.some(({ word }) => word) ? requiredWords(requirements, claims) : [],
  );
}

/** All words that the route requires, because the client will ask for a new token with exactly these words. */
function requiredWords(requirements: readonly Requirement[], claims: Claims): readonly string[] {
  const words = requirements
    .filter(({ applies }) => applies(claims))
    .flatMap(({ word }) => word ?? []);
  return [...new Set(words)];
}

/** Counts from `auth_time` (OpenID Connect Core section 2), otherwise from `iat`. A missing moment is infinitely long ago. */
function secondsSinceLogin({ auth_time: authTime, iat }: Claims, now: Date): number {
  const moment = typeof authTime === 'number' ? authTime : iat;
  return typeof moment === 'number' ? now.getTime() / 1000 - moment : Infinity;
}
