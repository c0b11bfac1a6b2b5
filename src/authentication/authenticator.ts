import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { TokenEvent } from '../contracts/security-events.js';
import type { JwtContext } from '../contracts/token.js';
import { TokenError } from '../errors/token.error.js';
import { MissingTokenError, VerifiedTokenError } from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import { type LoaderCalls, loadUser, requireVerified } from '../tokens/loaders.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { ExtractedToken } from '../http/token-locations.js';
import { extractToken } from '../http/extract-token.js';
import { AuthenticatedToken } from '../tokens/verified-token.js';
import { requireClaims, requireFresh, requireType } from './checks.js';

/** Authenticates a request, one step after the other; the first step that fails refuses. It does not change the request. */
export class Authenticator {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly reader: TokenReader,
    private readonly revocations: RevocationCheck,
    private readonly loaders: LoaderCalls,
    private readonly events: EventPublisher,
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
      this.#announce(error);
      throw error;
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

  #announce(error: unknown): void {
    if (!(error instanceof TokenError)) return;
    const { code } = error;
    this.events.publish('refused', {
      code,
      ...(error instanceof VerifiedTokenError && about(error)),
    });
  }
}

function about({ token }: VerifiedTokenError): TokenEvent {
  const { type, identity, jti, sessionId } = token;
  return { type, identity, jti, sessionId };
}
