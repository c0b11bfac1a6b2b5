import { type Callback, checkFunction } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { CallbackResponse } from '../contracts/http.js';
import type { Claims, Token, TokenHeader, TokenType } from '../contracts/token.js';
import type { KeyPairInput, SecretInput } from './key-options.js';

/** The last argument of every loader and response callback. */
export interface LoaderContext {
  /** The request that brought the token, if there is one. Its type is the application's own. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Express' request or Fastify's, as the application knows
  readonly request?: any;
  /** The type of the token that is created or read. */
  readonly type?: TokenType;
}

/** A key that a loader returns, for the algorithm of the options. It is checked as a configured key is. */
export type LoadedKey = SecretInput | KeyPairInput;

/** A key of a loader, with its id and the tenant that it belongs to. */
export interface LoadedKeyWithNames {
  readonly key: LoadedKey;
  /** The key id in the header of new tokens. It means nothing in what `decodeKey` returns. */
  readonly kid?: string;
  /**
   * The tenant: 1 to 256 characters. Tenants share neither sessions nor revocations, even if they have users of the same
   * name. Return the same one from `encodeKey` and `decodeKey`.
   */
  readonly namespace?: string;
}

/** What a token contains, before any of it was checked. Frozen. */
export interface UnverifiedToken {
  readonly header: TokenHeader;
  readonly claims: Claims;
}

/**
 * Functions that the module calls while it creates and reads tokens. Each may be async, and must end within
 * `loaderTimeout`. If one throws an `HttpException`, the response has its status; any other failure is answered with 503.
 * A value of the wrong kind is a `TokenCreationError` (500) while a token is created, and otherwise a failure like others.
 *
 * `subject` is the first argument of `createAccessToken`, `createRefreshToken` or `createTokenPair`, and what `userLookup`
 * returned if a token is rotated or renewed; annotate it with your own type.
 */
/* eslint-disable @typescript-eslint/no-explicit-any -- the subject's and the user's types are the application's own */
export interface JwtExtendedLoaders {
  /** Returns the identity of a subject: a string. Flask: `user_identity_loader`. */
  userIdentity?(subject: any, context: LoaderContext): Awaitable<unknown>;
  /** Returns claims to add to the tokens of a subject. Flask: `additional_claims_loader`. */
  additionalClaims?(subject: any, context: LoaderContext): Awaitable<object | null | undefined>;
  /** Returns header parameters to add to the tokens of a subject. Flask: `additional_headers_loader`. */
  additionalHeaders?(subject: any, context: LoaderContext): Awaitable<object | null | undefined>;
  /** Returns the key that signs a subject's tokens. Flask: `encode_key_loader`. */
  encodeKey?(subject: any, context: LoaderContext): Awaitable<LoadedKey | LoadedKeyWithNames>;
  /**
   * Returns the key that verifies a token, or `null`; header and claims are **unverified**. It is not called for tokens of
   * `issuers`. Flask: `decode_key_loader`.
   */
  decodeKey?(
    unverified: UnverifiedToken,
    context: LoaderContext,
  ): Awaitable<LoadedKey | LoadedKeyWithNames | null | undefined>;
  /** Returns whether a token is revoked; called in addition to the blocklist. Flask: `token_in_blocklist_loader`. */
  isTokenRevoked?(token: Token, context: LoaderContext): Awaitable<boolean>;
  /** Returns whether the application accepts a verified token. Flask: `token_verification_loader`. */
  tokenVerification?(token: Token, context: LoaderContext): Awaitable<boolean>;
  /** Returns the user of a token; `null`, `undefined` or `false` refuses the token. Flask: `user_lookup_loader`. */
  userLookup?(token: Token, context: LoaderContext): Awaitable<unknown>;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/**
 * Functions that answer refusals instead of the defaults. Each may be async, and must end within `loaderTimeout`. If one
 * throws, or returns no status from 100 to 599, the failure is logged and the default answers.
 */
export interface JwtExtendedResponses {
  /** No token, a missing or wrong CSRF value, or wrong credentials: 401 `{ msg: reason }`. Flask: `unauthorized_loader`. */
  unauthorized?(reason: string, context: LoaderContext): Awaitable<CallbackResponse>;
  /** An invalid token, or one of the wrong type: 422 `{ msg: reason }`. Flask: `invalid_token_loader`. */
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

export const LOADER_ROWS = {
  userIdentity: [checkFunction],
  additionalClaims: [checkFunction],
  additionalHeaders: [checkFunction],
  encodeKey: [checkFunction],
  decodeKey: [checkFunction],
  isTokenRevoked: [checkFunction],
  tokenVerification: [checkFunction],
  userLookup: [checkFunction],
} satisfies Rows<JwtExtendedLoaders>;

export const RESPONSE_CALLBACK_ROWS = {
  unauthorized: [checkFunction],
  invalidToken: [checkFunction],
  expiredToken: [checkFunction],
  needsFreshToken: [checkFunction],
  revokedToken: [checkFunction],
  userLookupError: [checkFunction],
  tokenVerificationFailed: [checkFunction],
  insufficientClaims: [checkFunction],
  unavailable: [checkFunction],
} satisfies Rows<JwtExtendedResponses>;

export function readLoaders(given: unknown, path: string): Readonly<JwtExtendedLoaders> {
  return boundTo(given, readOptions(path, LOADER_ROWS, given));
}

export function readResponses(given: unknown, path: string): Readonly<JwtExtendedResponses> {
  return boundTo(given, readOptions(path, RESPONSE_CALLBACK_ROWS, given));
}

/** The functions that were given, bound to the object that holds them, which may be an instance of a class. */
function boundTo(
  owner: unknown,
  callbacks: Readonly<Record<string, Callback | undefined>>,
): object {
  const given = Object.entries(callbacks).filter(([, callback]) => callback !== undefined);
  return Object.fromEntries(given.map(([name, callback]) => [name, callback?.bind(owner)]));
}
