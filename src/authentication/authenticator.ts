import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext, Token } from '../contracts/token.js';
import { type ErrorOrigin, raisedBy } from '../errors/token.error.js';
import {
  MissingTokenError,
  TokenVerificationError,
  UserLookupError,
} from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import type { LoaderCalls } from '../tokens/loader-calls.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { CarriedToken } from '../transport/carried-token.js';
import { extractToken } from '../transport/extract-token.js';
import { AuthenticatedToken } from './authenticated-token.js';
import { requireClaims, requireFresh, requireType } from './checks.js';

/** The journey of a request, in the order in which its steps refuse. Nothing is written to the request on the way. */
export class Authenticator {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly reader: TokenReader,
    private readonly revocations: RevocationCheck,
    private readonly loaders: LoaderCalls,
    private readonly origin: ErrorOrigin,
  ) {}

  /**
   * Who a request comes from; `undefined` for nobody, where the policy is content with that, and for OPTIONS.
   *
   * @throws TokenError - the step that refused
   */
  async authenticate(request: HttpRequest, policy: RoutePolicy): Promise<JwtContext | undefined> {
    if (request.method === 'OPTIONS') return undefined;
    try {
      const carried = this.#extract(request, policy);
      return carried && (await this.#admit(carried, request, policy));
    } catch (error) {
      throw raisedBy(this.origin, error);
    }
  }

  async #admit(
    carried: CarriedToken,
    request: HttpRequest,
    policy: RoutePolicy,
  ): Promise<JwtContext> {
    const token = await this.reader.read(carried.encoded, {
      request,
      csrf: carried.csrf,
      isRepeated: true,
    });
    requireType(token, policy);
    requireFresh(token, policy, this.options.clock());
    await this.revocations.requireActive(token, policy, request);
    await this.#requireVerified(token, request);
    requireClaims(token, policy, request);
    const user = await this.#loadUser(token, request);
    return new AuthenticatedToken(token, carried.location, user);
  }

  /** An optional route forgives one thing only: that no token was presented. */
  #extract(request: HttpRequest, policy: RoutePolicy): CarriedToken | undefined {
    try {
      return extractToken(request, policy, this.options);
    } catch (error) {
      if (policy.optional && error instanceof MissingTokenError) return undefined;
      throw error;
    }
  }

  async #requireVerified(token: Token, request: HttpRequest): Promise<void> {
    if (!this.loaders.has('tokenVerification')) return;
    const isVerified = await this.loaders.askBoolean('tokenVerification', token, {
      request,
      type: token.type,
    });
    if (!isVerified) throw new TokenVerificationError(token);
  }

  /** Whatever the application calls a user is one, `0` and `''` included; only nothing is nobody. */
  async #loadUser(token: Token, request: HttpRequest): Promise<unknown> {
    if (!this.loaders.has('userLookup')) return undefined;
    const user = await this.loaders.ask('userLookup', token, { request, type: token.type });
    if (user === undefined || user === null) throw new UserLookupError(token);
    return user;
  }
}
