import assert from 'node:assert/strict';
import { type RefusalRow, REFUSALS, type TokenErrorCode } from '../errors/token.error.js';

/** The default messages of each refusal. */
const MESSAGES: Readonly<Record<TokenErrorCode, readonly RegExp[]>> = {
  TOKEN_MISSING: [
    /^Missing .+ Header$/,
    /^Missing '.+' type in '.+' header\. Expected /,
    /^Missing cookie ".+"$/,
    /^Missing '.+' query paramater$/,
    /^Invalid content-type\. Must be application\/json\.$/,
    /^Missing ".+" key in json data\.$/,
    /^Missing token$/,
    /^Missing JWT in .+ or .+$/,
  ],
  CSRF_FAILED: [/^Missing CSRF token$/, /^CSRF double submit tokens do not match$/],
  CREDENTIALS_INVALID: [/^Bad username or password$/],
  TOKEN_INVALID: [
    /^Bad .+ header\. Expected /,
    /^Invalid value for query parameter '.+'\. Expected the value to start with /,
    /^Multiple values for (query parameter|cookie) .+$/,
    /^Invalid token type\. Token must be (a <class 'bytes'>|an (access|ID) token)$/,
    /^Token is too long$/,
    /^Not enough segments$/,
    /^Invalid \w+ padding$/,
    /^Invalid \w+ string: /,
    /^Algorithm not specified$/,
    /^The specified alg value is not allowed$/,
    /^Key ID header parameter must be a string$/,
    /^Unsupported critical extension: .+$/,
    /^Invalid header: \w+$/,
    /^Signature verification failed$/,
    /^Token has no kid$/,
    /^(Not Before|Issued At|Expiration Time) claim \(\w+\) must be an integer\.$/,
    /^The token is not yet valid \(\w+\)$/,
    /^Token is missing the ".+" claim$/,
    /^Payload Issuer \(iss\) must be a string$/,
    /^Invalid issuer$/,
    /^Audience doesn't match$/,
    /^(Subject|JWT ID) must be a string$/,
    /^Invalid claim format in token$/,
    /^Missing claim: .+$/,
    /^Missing or invalid claim: type$/,
  ],
  TOKEN_WRONG_TYPE: [/^Only (non-)?refresh tokens are allowed$/],
  TOKEN_EXPIRED: [/^Token has expired$/],
  TOKEN_NOT_FRESH: [/^Fresh token required$/],
  TOKEN_REVOKED: [/^Token has been revoked$/],
  TOKEN_REUSED: [/^Token has been revoked$/],
  TOKEN_REJECTED: [/^User claims verification failed$/],
  USER_NOT_FOUND: [/^Error loading the user /],
  CLAIMS_INSUFFICIENT: [/^Missing required (claim|scope)\(s\)$/],
  CHECK_UNAVAILABLE: [/^Token could not be checked$/],
};

const CODES = Object.keys(REFUSALS) as readonly TokenErrorCode[];

/** The common part of the responses of supertest, `inject` (`statusCode`, `payload`) and `fetch` (`bodyUsed`, `clone`). */
export interface TestResponse {
  /** Of supertest and `fetch`. */
  readonly status?: number;
  /** Of `inject` and supertest. */
  readonly statusCode?: number;
  readonly headers: object;
  /** Of `inject`. */
  readonly payload?: string;
  /** Of supertest; a method of `fetch`, which is not used. */
  readonly text?: unknown;
  /** Of `fetch`. */
  readonly bodyUsed?: boolean;
  /** Of `fetch`. */
  clone?(): { text(): Promise<string> };
}

/**
 * Asserts that a response is a certain refusal. If the body has a code (by `errorCodeKey`, by the profile `'nest'`, without
 * the filter, or by a response callback), that code must match, with any status from 400. Otherwise status and message
 * must be the library's defaults.
 *
 * @param response - of supertest, `inject` or `fetch`; its body must not have been read
 * @throws AssertionError - with the status and body that came instead
 *
 * @example
 * ```ts
 * clock.advance('15m');
 * await expectRefusal(await request(app.getHttpServer()).get('/me').set(headers), 'TOKEN_EXPIRED');
 * ```
 */
export async function expectRefusal(response: TestResponse, code: TokenErrorCode): Promise<void> {
  const { statusCode, status = statusCode } = response;
  assert.ok(
    typeof status === 'number',
    'expected a response, got a value without a status: was the request awaited?',
  );
  const text = await textOf(response);
  const possible = status < 400 ? [] : codesOf(status, textsIn(text), response.headers);
  const message = `expected the refusal ${code}, got ${status} ${text.slice(0, 500)}`;
  assert.ok(possible.includes(code), message);
}

/** The code that the body names, or all codes whose default response matches. */
function codesOf(
  status: number,
  texts: readonly string[],
  headers: object,
): readonly TokenErrorCode[] {
  const told = CODES.find((code) => texts.includes(code));
  if (told !== undefined) return [told];
  // Some messages of TOKEN_INVALID are common phrases, so the challenge of the library must be there too.
  const isChallenged = status !== 401 || challengeIn(headers).includes('error="invalid_token"');
  return CODES.filter((code) => {
    const row: RefusalRow = REFUSALS[code];
    return (
      (status === row.status || status === row.rfc6750Status) &&
      (code !== 'TOKEN_INVALID' || isChallenged) &&
      MESSAGES[code].some((message) => texts.some((text) => message.test(text)))
    );
  });
}

function challengeIn(headers: object): string {
  const name = 'www-authenticate';
  const value: unknown =
    headers instanceof Headers ? headers.get(name) : Reflect.get(headers, name);
  return typeof value === 'string' ? value : '';
}

async function textOf(response: TestResponse): Promise<string> {
  const { payload, text, bodyUsed } = response;
  if (typeof payload === 'string') return payload;
  if (typeof text === 'string') return text;
  assert.ok(!bodyUsed, 'its body was read before: call expectRefusal first, or pass a clone()');
  return (await response.clone?.().text()) ?? '';
}

/** The texts of a body. The application chooses the member that holds the message. */
function textsIn(body: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(body);
    const members = typeof parsed === 'object' && parsed !== null ? Object.values(parsed) : [];
    return members.filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}
