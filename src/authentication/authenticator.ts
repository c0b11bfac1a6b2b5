import { oneOf } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import { type Awaitable, isPromise, thenOrNow } from '../contracts/awaitable.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RequiredClaims, RequiredScope, RoutePolicy } from '../contracts/route-policy.js';
import type { Claims, Duration, JwtContext, Token, TokenType } from '../contracts/token.js';
import { type ErrorRenderer, TokenError, withRenderer } from '../errors/token.error.js';
import {
  CsrfError,
  ExpiredTokenError,
  MissingTokenError,
  StaleTokenError,
  TokenCheckUnavailableError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import { type Outages, TOKEN_CHECK } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { freshness, requiredClaims, requiredScope } from '../options/requirement-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import { type LoaderCalls, loadUser, requireVerified } from '../tokens/loaders.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { ExtractedToken } from '../http/token-locations.js';
import { extractToken } from '../http/extract-token.js';
import { collectRequirements, requireClaims } from './requirements.js';
import { AuthenticatedToken } from '../tokens/verified-token.js';

/** What `TokenService.authenticate` demands of a token, as the guards and decorators of a route do. */
export interface TokenDemands {
  /** @default 'access' */
  type?: TokenType;
  /** `true` as `FreshGuard`; `maxAge` as `@Fresh({ maxAge })`. @default false */
  fresh?: boolean | { maxAge: Duration };
  /** As `@RequireClaims`. */
  claims?: RequiredClaims;
  /** As `@RequireScope`. */
  scope?: RequiredScope;
  /** The request, for the loaders. */
  request?: unknown;
}

const DEMANDS = {
  type: [oneOf('access', 'refresh'), 'access'],
  fresh: [freshness, false],
  claims: [requiredClaims],
  scope: [requiredScope],
  request: [(value: unknown) => value],
} satisfies Rows<TokenDemands>;

function policyOf(demands: TokenDemands): RoutePolicy & { readonly request: unknown } {
  const { type, fresh, claims, scope, request } = readOptions('authenticate', DEMANDS, demands);
  const requirements = collectRequirements([{ decorator: 'authenticate', claims, scope }]);
  return {
    ...{ type, fresh, request, requirements },
    ...{ verifyType: true, optional: false, skipRevocationCheck: false },
  };
}

const refusedIn = new WeakMap<VerifiedTokenError, ExtractedToken['location']>();

/** Where the request had the token that was refused. */
export function locationOf(error: VerifiedTokenError): ExtractedToken['location'] | undefined {
  return refusedIn.get(error);
}

/** Authenticates a request, one step after the other; the first step that fails refuses. It does not change the request. */
export class Authenticator {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly reader: TokenReader,
    private readonly revocations: RevocationCheck,
    private readonly loaders: LoaderCalls,
    private readonly events: EventPublisher,
    private readonly outages: Outages,
    private readonly renderer: ErrorRenderer,
  ) {}

  /**
   * The token of a request and its user; `undefined` if there is no token and the policy is optional. It answers at once if
   * the store and the loaders do.
   *
   * @throws TokenError - of the step that refused
   */
  authenticate(request: HttpRequest, policy: RoutePolicy): Awaitable<JwtContext | undefined> {
    try {
      const found = policy.isLogout
        ? this.#admitForLogout(request, policy)
        : this.#admitFound(request, policy);
      return isPromise(found) ? found.catch((error: unknown) => this.#refuse(error)) : found;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #admitFound(request: HttpRequest, policy: RoutePolicy): Awaitable<JwtContext | undefined> {
    const extracted = this.#extract(request, policy);
    return extracted && this.#admit(extracted, request, policy);
  }

  /**
   * An access token, expired too, as an expired `id_token_hint` (OpenID Connect RP-Initiated Logout section 2); otherwise
   * the refresh token, which is what a browser has left. In other locations than cookies, an invalid access token is
   * refused, and no other token replaces it; but one of a header that only expired too long ago yields to a refresh cookie.
   */
  async #admitForLogout(
    request: HttpRequest,
    policy: RoutePolicy,
  ): Promise<JwtContext | undefined> {
    let extracted: ExtractedToken | undefined;
    let refusal: TokenError | undefined;
    try {
      extracted = this.#extract(request, { ...policy, optional: true });
      if (extracted) return await this.#admit(extracted, request, policy);
    } catch (error) {
      if (!extracted || !(error instanceof TokenError)) throw error;
      if (!this.#yieldsToCookie(extracted, error, policy)) throw error;
      // The CSRF value may be that of the refresh token, but only if the access token is no longer good.
      if (error instanceof CsrfError && (await this.#isGood(extracted, request, policy)))
        throw error;
      refusal = error;
    }
    const locations = refusal ? (['cookies'] as const) : policy.locations;
    const asRefresh: RoutePolicy = { ...policy, locations, type: 'refresh', verifyType: true };
    try {
      const found = extractToken(request, asRefresh, this.options);
      return await this.#admit(found, request, asRefresh);
    } catch (error) {
      if (refusal) throw refusal;
      if (!(error instanceof MissingTokenError)) throw error;
      // There is no token: the error of an access token, unless the route is optional.
      this.#extract(request, policy);
      return undefined;
    }
  }

  #yieldsToCookie({ location }: ExtractedToken, error: TokenError, policy: RoutePolicy): boolean {
    if (location === 'cookies') return true;
    const { locations = this.options.locations } = policy;
    const isExpired = error instanceof ExpiredTokenError && error.token.type === 'access';
    return isExpired && location === 'headers' && locations.includes('cookies');
  }

  /** Whether a token would be let in with the right CSRF value. */
  async #isGood(
    { encoded, location }: ExtractedToken,
    request: HttpRequest,
    policy: RoutePolicy,
  ): Promise<boolean> {
    try {
      await this.#admit({ encoded, location }, request, policy);
      return true;
    } catch (error) {
      if (error instanceof TokenError && !(error instanceof TokenCheckUnavailableError))
        return false;
      throw error;
    }
  }

  /**
   * The same for a token that did not come in an HTTP request.
   *
   * @throws TokenError - of the step that refused
   * @throws JwtExtendedConfigError - for a mistake in the demands
   */
  async authenticateText(encoded: string, demands: TokenDemands): Promise<JwtContext> {
    const { request, ...policy } = policyOf(demands);
    try {
      return await this.#admit({ encoded, location: 'custom' }, request, policy);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    if (error instanceof TokenError) this.#announce(error);
    throw withRenderer(this.renderer, error);
  }

  #admit(extracted: ExtractedToken, request: unknown, policy: RoutePolicy): Awaitable<JwtContext> {
    const locate = (error: unknown): never => {
      if (error instanceof VerifiedTokenError) refusedIn.set(error, extracted.location);
      throw error;
    };
    try {
      const token = this.#check(extracted, request, policy);
      return isPromise(token) ? token.catch(locate) : token;
    } catch (error) {
      return locate(error);
    }
  }

  #check(
    { encoded, location, csrf, malformed }: ExtractedToken,
    request: unknown,
    policy: RoutePolicy,
  ): Awaitable<JwtContext> {
    const { reader, revocations, loaders } = this;
    const { allowExpired } = policy;
    const options = { request, csrf, allowExpired, malformed };
    return thenOrNow(reader.read(encoded, options), (token) => {
      if (policy.isLogout) this.#requireRecent(token);
      requireType(token, policy);
      if (policy.fresh) requireFresh(token, policy, this.options.clock());
      return thenOrNow(revocations.requireActive(token, policy, request), () =>
        thenOrNow(requireVerified(loaders, token, request), () => {
          requireClaims(token, policy, request, this.#scopeClaimOf(token));
          return thenOrNow(loadUser(loaders, token, request), (user) => {
            this.outages.answered(TOKEN_CHECK);
            return new AuthenticatedToken(token, location, user);
          });
        }),
      );
    });
  }

  /** The claim in which the issuer of a token writes its scopes. */
  #scopeClaimOf({ issuer }: Token): string {
    const { issuers, token } = this.options;
    if (issuer === undefined) return token.scopeClaim;
    return issuers.find((each) => each.issuer === issuer)?.scopeClaim ?? token.scopeClaim;
  }

  /**
   * An access token that expired longer ago than any refresh token lives has no session left to end, and neither has an
   * expired refresh token.
   */
  #requireRecent(token: Token): void {
    const { clock, token: options } = this.options;
    const { exp } = token.claims;
    const tolerance = token.type === 'refresh' ? 0 : options.expires.refresh;
    if (typeof exp !== 'number' || tolerance === false) return;
    if (exp + tolerance <= clock().getTime() / 1000 - options.leeway)
      throw new ExpiredTokenError(token);
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

/** Counts from `auth_time` (OpenID Connect Core section 2), otherwise from `iat`. A missing moment is infinitely long ago. */
function secondsSinceLogin({ auth_time: authTime, iat }: Claims, now: Date): number {
  const moment = typeof authTime === 'number' ? authTime : iat;
  return typeof moment === 'number' ? now.getTime() / 1000 - moment : Infinity;
}
