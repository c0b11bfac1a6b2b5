import { checkFunction } from '../common/checks.js';
import { type Defaults, readOptions } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { CallbackResponse } from '../contracts/http.js';
import type { Claims, Token, TokenHeader, TokenType } from '../contracts/token.js';
import type { KeyPairInput, SecretInput } from './key-options.js';

/** The last argument of every loader and response callback. */
export interface LoaderContext {
  /** The request that the token came with, where there is one. Its type is the application's own. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Express' request or Fastify's, as the application knows
  readonly request?: any;
  /** Which kind of token is made or read. */
  readonly type?: TokenType;
}

/** A key that a loader gives: for the algorithm of the options, checked as a configured key is. */
export type LoadedKey = SecretInput | KeyPairInput;

/** What a token says of itself before anything of it was checked. Frozen. */
export interface UnverifiedToken {
  readonly header: TokenHeader;
  readonly claims: Claims;
}

/**
 * Functions that the module asks while it makes and reads tokens. Each may be async, and ends within `loaderTimeout`.
 * One that throws an `HttpException` keeps its status; one that fails in any other way is answered with 503.
 *
 * `subject` is whatever was handed to `createAccessToken` and its kin, and what `userLookup` gave when a token is rotated or
 * renewed; annotate it with your own type.
 */
/* eslint-disable @typescript-eslint/no-explicit-any -- the subject's and the user's types are the application's own */
export interface JwtExtendedLoaders {
  /** The identity of a subject: a string. Flask: `user_identity_loader`. */
  userIdentity?(subject: any, context: LoaderContext): Awaitable<unknown>;
  /** Claims to add to the tokens of a subject. Flask: `additional_claims_loader`. */
  additionalClaims?(subject: any, context: LoaderContext): Awaitable<object | null | undefined>;
  /** Header parameters to add to the tokens of a subject. Flask: `additional_headers_loader`. */
  additionalHeaders?(subject: any, context: LoaderContext): Awaitable<object | null | undefined>;
  /** The key that signs a subject's tokens. Flask: `encode_key_loader`. */
  encodeKey?(
    subject: any,
    context: LoaderContext,
  ): Awaitable<LoadedKey | { key: LoadedKey; kid?: string }>;
  /** The key that verifies a token; header and claims are **unverified**; nothing where there is no key for it. Flask: `decode_key_loader`. */
  decodeKey?(
    unverified: UnverifiedToken,
    context: LoaderContext,
  ): Awaitable<LoadedKey | null | undefined>;
  /** Whether a token is revoked; asked beside the blocklist. Flask: `token_in_blocklist_loader`. */
  isTokenRevoked?(token: Token, context: LoaderContext): Awaitable<boolean>;
  /** Whether a verified token is good enough for the application. Flask: `token_verification_loader`. */
  tokenVerification?(token: Token, context: LoaderContext): Awaitable<boolean>;
  /** The user a token stands for; `null` or `undefined` refuses. Flask: `user_lookup_loader`. */
  userLookup?(token: Token, context: LoaderContext): Awaitable<unknown>;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/**
 * What refusals are answered with, in place of the defaults. Each may be async, and ends within `loaderTimeout`; one
 * that throws, or gives no status from 100 to 599, is logged and answered by the default.
 */
export interface JwtExtendedResponses {
  /**
   * No token, a csrf value missing or wrong, or at the login endpoint bad credentials: 401 `{ msg: reason }`.
   * Flask: `unauthorized_loader`.
   */
  unauthorized?(reason: string, context: LoaderContext): Awaitable<CallbackResponse>;
  /** Not a token to be believed, or of the wrong type: 422 `{ msg: reason }`. Flask: `invalid_token_loader`. */
  invalidToken?(reason: string, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 401 `{ msg: 'Token has expired' }`. Flask: `expired_token_loader`. */
  expiredToken?(token: Token, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 401 `{ msg: 'Fresh token required' }`. Flask: `needs_fresh_token_loader`. */
  needsFreshToken?(token: Token, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 401 `{ msg: 'Token has been revoked' }`. Flask: `revoked_token_loader`. */
  revokedToken?(token: Token, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 401 `{ msg: 'Error loading the user <identity>' }`. Flask: `user_lookup_error_loader`. */
  userLookupError?(token: Token, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 400 `{ msg: 'User claims verification failed' }`. Flask: `token_verification_failed_loader`. */
  tokenVerificationFailed?(token: Token, context: LoaderContext): Awaitable<CallbackResponse>;
  /** 403 `{ msg: reason }`. */
  insufficientClaims?(
    reason: string,
    token: Token,
    context: LoaderContext,
  ): Awaitable<CallbackResponse>;
  /** A store or loader failed: 503 `{ msg: reason }`. */
  unavailable?(reason: string, context: LoaderContext): Awaitable<CallbackResponse>;
}

const NO_LOADERS: Defaults<JwtExtendedLoaders> = {
  userIdentity: undefined,
  additionalClaims: undefined,
  additionalHeaders: undefined,
  encodeKey: undefined,
  decodeKey: undefined,
  isTokenRevoked: undefined,
  tokenVerification: undefined,
  userLookup: undefined,
};

const NO_RESPONSES: Defaults<JwtExtendedResponses> = {
  unauthorized: undefined,
  invalidToken: undefined,
  expiredToken: undefined,
  needsFreshToken: undefined,
  revokedToken: undefined,
  userLookupError: undefined,
  tokenVerificationFailed: undefined,
  insufficientClaims: undefined,
  unavailable: undefined,
};

export function resolveLoaders(value: unknown): Readonly<JwtExtendedLoaders> {
  return resolveCallbacks(value, NO_LOADERS, 'loaders');
}

export function resolveResponses(value: unknown): Readonly<JwtExtendedResponses> {
  return resolveCallbacks(value, NO_RESPONSES, 'responses');
}

/** The functions that were given, bound to the object they came in: that may be an instance of a class. */
function resolveCallbacks<C extends object>(
  value: unknown,
  none: Defaults<C>,
  path: string,
): Readonly<C> {
  const given = Object.entries(readOptions<C>(value, none, path)).filter(
    ([, callback]) => callback !== undefined,
  );
  const bound = given.map(([name, callback]) => [
    name,
    checkFunction(callback, `${path}.${name}`).bind(value),
  ]);
  return Object.fromEntries(bound) as C;
}
