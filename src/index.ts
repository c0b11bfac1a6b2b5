export { type BlocklistStore, type SessionRecords } from './contracts/blocklist-store.js';
export { type Awaitable } from './contracts/awaitable.js';
export { type CallbackResponse } from './contracts/http.js';
export {
  type ExpressLikeResponse,
  type FastifyLikeReply,
  type HttpRequest,
  type HttpResponse,
} from './contracts/http.js';
export {
  type ClaimValue,
  type OneOf,
  type RequiredClaim,
  type RequiredClaims,
  type RequiredScope,
  type SingleClaimValue,
} from './contracts/route-policy.js';
export { oneOf } from './options/requirement-options.js';
export { type Freshness, type TokenExtractor } from './contracts/route-policy.js';
export {
  type RefusedEvent,
  type RevokedEvent,
  type RotationEvent,
  type SecurityEvents,
  type StoreEvent,
  type SecurityEventEmitter,
  type TokenEvent,
} from './contracts/security-events.js';
export { type Session } from './contracts/token.js';
export {
  type Duration,
  type JwtContext,
  type Token,
  type TokenHeader,
  type TokenLocation,
  type TokenPair,
  type TokenType,
} from './contracts/token.js';
export { JwtExtendedConfigError } from './errors/config.error.js';
export { TokenCreationError } from './errors/config.error.js';
export {
  BadCredentialsError,
  CsrfError,
  ExpiredTokenError,
  InsufficientClaimsError,
  InvalidTokenError,
  MissingTokenError,
  ReusedTokenError,
  RevokedTokenError,
  StaleTokenError,
  TokenCheckUnavailableError,
  TokenVerificationError,
  UserLookupError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from './errors/token-errors.js';
export { TokenError, type TokenErrorCode } from './errors/token.error.js';
export { JwtExtendedModule, type JwtExtendedModuleAsyncOptions } from './jwt-extended.module.js';
export { type JwtExtendedModuleExtras } from './module/module-extras.js';
export {
  type DeliverOptions,
  type DeliveryWay,
  type EndpointOptions,
  type LoginEndpointOptions,
  type TokenEndpointOptions,
} from './options/endpoint-options.js';
export {
  type JwtExtendedOptions,
  type JwtExtendedOptionsFactory,
} from './options/jwt-extended-options.js';
export { type ResponseOptions } from './options/response-options.js';
export { type RotationOptions, type SessionOptions } from './options/blocklist-options.js';
export { type BlocklistOptions } from './options/blocklist-options.js';
export { type IssuerOptions } from './options/issuer-options.js';
export { type KeyInput, type KeyRingOptions } from './options/key-options.js';
export {
  type JwtExtendedLoaders,
  type JwtExtendedResponses,
  type LoadedKey,
  type LoadedKeyWithNames,
  type LoaderContext,
  type UnverifiedToken,
} from './options/callbacks.js';
export { type CookieOptions } from './options/cookie-options.js';
export { type CsrfOptions } from './options/csrf-options.js';
export { type LocationOptions } from './options/location-options.js';
export { type LoginOptions, type LoginPairOptions } from './options/login-options.js';
export { type TokenOptions } from './options/token-options.js';
export {
  type Algorithm,
  type KeyOptions,
  type KeyPairInput,
  type JsonWebKey,
  type SecretInput,
} from './options/key-options.js';
export {
  BlocklistService,
  type NamespaceOptions,
  type RevokeAllOptions,
} from './revocation/blocklist.service.js';
export {
  KeyvBlocklistStore,
  type KeyvBlocklistStoreOptions,
} from './stores/keyv-blocklist.store.js';
export { type CacheManagerClient, type KeyvClient } from './stores/strict-keyv.js';
export {
  MemoryBlocklistStore,
  type MemoryBlocklistStoreOptions,
} from './stores/memory-blocklist.store.js';
export {
  RedisBlocklistStore,
  type RedisBlocklistStoreOptions,
} from './stores/redis-blocklist.store.js';
export {
  type IoRedisClient,
  type NodeRedisClient,
  type RedisClient,
} from './stores/redis-client.js';
export { type SqlPurgeOptions } from './stores/sql-blocklist.store.js';
export { SqlBlocklistStore, type SqlBlocklistStoreOptions } from './stores/sql-blocklist.store.js';
export {
  type PostgresClient,
  type SqlClient,
  type SqliteDatabase,
  type SqliteStatement,
} from './stores/sql-statements.js';
export { SessionService } from './revocation/session.service.js';
export { AccessGuard } from './route/token.guards.js';
export { type AnyGuard } from './route/any-of.guard.js';
export { anyOf } from './route/any-of.guard.js';
export { FreshGuard } from './route/token.guards.js';
export { LogoutGuard } from './route/token.guards.js';
export { JwtExceptionFilter } from './route/jwt-exception.filter.js';
export {
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  type ParameterPipe,
} from './route/param.decorators.js';
export {
  Fresh,
  JwtOptional,
  JwtRequired,
  Public,
  type RouteDecorator,
} from './route/route.decorators.js';
export {
  type JwtRequiredOptions,
  type MatchParamOptions,
  type RequirementOptions,
} from './route/policy-metadata.js';
export { RefreshGuard } from './route/token.guards.js';
export { MatchParam, RequireClaims, RequireScope } from './route/route.decorators.js';
export { SlidingSessionInterceptor } from './route/sliding-session.interceptor.js';
export { type TokenDemands } from './authentication/authenticator.js';
export { TokenService } from './token.service.js';
export { KeyRing } from './keys/key-ring.js';
export { type PublicJwk } from './keys/key-ring.js';
export {
  type CreateAccessTokenOptions,
  type CreateRefreshTokenOptions,
  type CreateTokenOptions,
  type CreateTokenPairOptions,
  type DecodeTokenOptions,
  type RotateRefreshTokenOptions,
} from './tokens/token-request.js';
export {
  type SetCookieOptions,
  TokenCookies,
  type UnsetCookieOptions,
} from './http/token-cookies.js';
