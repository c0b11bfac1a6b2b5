import assert from 'node:assert/strict';
import type { TokenErrorCode } from '../errors/token.error.js';

/** What supertest, `inject` and `fetch` answer with, in so far as it matters here. */
export interface TestResponse {
  /** Of supertest and `fetch`. */
  readonly status?: number;
  /** Of `inject`, and of supertest. */
  readonly statusCode?: number;
  readonly headers: object;
  /** Of `inject`. */
  readonly payload?: string;
  /** Of supertest; of `fetch` a method, which `clone` leaves unused. */
  readonly text?: unknown;
  /** Of `fetch`. */
  clone?(): { text(): Promise<string> };
}

interface Look {
  readonly status: number;
  readonly message: RegExp;
}

/** How refusals look where the application has no answers of its own. An invalid token has many messages. */
const LOOKS: Readonly<Record<Exclude<TokenErrorCode, 'TOKEN_INVALID'>, readonly Look[]>> = {
  TOKEN_MISSING: [{ status: 401, message: /^Missing (?!CSRF|required)/ }],
  CSRF_FAILED: [{ status: 401, message: /CSRF/ }],
  CREDENTIALS_INVALID: [{ status: 401, message: /^Bad username or password$/ }],
  TOKEN_WRONG_TYPE: either([422, 401], /^Only (non-)?refresh tokens are allowed$/),
  TOKEN_EXPIRED: [{ status: 401, message: /^Token has expired$/ }],
  TOKEN_NOT_FRESH: [{ status: 401, message: /^Fresh token required$/ }],
  TOKEN_REVOKED: [{ status: 401, message: /^Token has been revoked$/ }],
  TOKEN_REUSED: [{ status: 401, message: /^Token has been revoked$/ }],
  TOKEN_REJECTED: either([400, 401], /^User claims verification failed$/),
  USER_NOT_FOUND: [{ status: 401, message: /^Error loading the user / }],
  CLAIMS_INSUFFICIENT: [{ status: 403, message: /^Missing required (claim|scope)\(s\)$/ }],
  CHECK_UNAVAILABLE: [{ status: 503, message: /^Token could not be checked$/ }],
};

const CODES: ReadonlySet<string> = new Set([...Object.keys(LOOKS), 'TOKEN_INVALID']);

/**
 * Asserts that a response is a certain refusal. Where the body holds a code (`errorCodeKey`, or the form that Nest gives
 * an error without a filter), it must be that one; else status and message must be what the library answers with, so that
 * an application with `responses` of its own wants `errorCodeKey`, too.
 *
 * @param response - of supertest, `inject` or `fetch`
 * @throws AssertionError - that says what came instead
 *
 * @example
 * ```ts
 * clock.advance('15m');
 * await expectRefusal(await request(app.getHttpServer()).get('/me').set(headers), 'TOKEN_EXPIRED');
 * ```
 */
export async function expectRefusal(response: TestResponse, code: TokenErrorCode): Promise<void> {
  const status = response.statusCode ?? response.status ?? 0;
  const text = await textOf(response);
  const texts = textsIn(text);
  const told = texts.find((each) => CODES.has(each));
  const possible = told === undefined ? codesOf(status, texts, response.headers) : [told];
  const message = `expected the refusal ${code}, got ${status} ${text.slice(0, 500)}`;
  assert.ok(possible.includes(code), message);
}

function either(statuses: readonly number[], message: RegExp): readonly Look[] {
  return statuses.map((status) => ({ status, message }));
}

/** The refusals that look like this; whatever else is told of a token that was presented is that it is invalid. */
function codesOf(status: number, texts: readonly string[], headers: object): readonly string[] {
  const named = Object.entries(LOOKS)
    .filter(([, looks]) => looks.some((look) => fits(look, status, texts)))
    .map(([code]) => code);
  if (named.length > 0) return named;
  const isInvalid =
    status === 422 || (status === 401 && challengeIn(headers).includes('invalid_token'));
  return isInvalid ? ['TOKEN_INVALID'] : [];
}

function fits(look: Look, status: number, texts: readonly string[]): boolean {
  return look.status === status && texts.some((text) => look.message.test(text));
}

function challengeIn(headers: object): string {
  const name = 'www-authenticate';
  const value: unknown =
    headers instanceof Headers ? headers.get(name) : Reflect.get(headers, name);
  return typeof value === 'string' ? value : '';
}

async function textOf(response: TestResponse): Promise<string> {
  const { payload, text } = response;
  if (typeof payload === 'string') return payload;
  if (typeof text === 'string') return text;
  return (await response.clone?.().text()) ?? '';
}

/** The texts in a body's members: under which name the message stands is the application's choice. */
function textsIn(body: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(body);
    const members = typeof parsed === 'object' && parsed !== null ? Object.values(parsed) : [];
    return members.filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}
