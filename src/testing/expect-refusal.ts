import assert from 'node:assert/strict';
import type { TokenErrorCode } from '../errors/token.error.js';
import { codeIn, codesThatLookLike } from './refusal-looks.js';

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
  readonly bodyUsed?: boolean;
  /** Of `fetch`. */
  clone?(): { text(): Promise<string> };
}

/**
 * Asserts that a response is a certain refusal. Where the body holds a code (`errorCodeKey`, the form that Nest gives an
 * error without a filter, or an answer of the application's own), it must be that one, under any status from 400 on; else
 * status and message must be what the library answers with.
 *
 * @param response - of supertest, `inject` or `fetch`, its body not read before
 * @throws AssertionError - that says what came instead
 *
 * @example
 * ```ts
 * clock.advance('15m');
 * await expectRefusal(await request(app.getHttpServer()).get('/me').set(headers), 'TOKEN_EXPIRED');
 * ```
 */
export async function expectRefusal(response: TestResponse, code: TokenErrorCode): Promise<void> {
  const status = statusOf(response);
  const text = await textOf(response);
  const possible = status < 400 ? [] : codesOf(status, textsIn(text), response.headers);
  const message = `expected the refusal ${code}, got ${status} ${text.slice(0, 500)}`;
  assert.ok(possible.includes(code), message);
}

/** What refusal it may be: the one that it says it is, or all that look like it. */
function codesOf(
  status: number,
  texts: readonly string[],
  headers: object,
): readonly TokenErrorCode[] {
  const told = codeIn(texts);
  if (told !== undefined) return [told];
  // Of an invalid token the library speaks in many words, some of them common: a challenge has to go with them.
  const isChallenged = status !== 401 || challengeIn(headers).includes('error="invalid_token"');
  return codesThatLookLike(status, texts).filter(
    (code) => code !== 'TOKEN_INVALID' || isChallenged,
  );
}

function challengeIn(headers: object): string {
  const name = 'www-authenticate';
  const value: unknown =
    headers instanceof Headers ? headers.get(name) : Reflect.get(headers, name);
  return typeof value === 'string' ? value : '';
}

function statusOf({ statusCode, status = statusCode }: TestResponse): number {
  assert.ok(
    typeof status === 'number',
    'expected a response, got something without a status: was the request awaited?',
  );
  return status;
}

async function textOf(response: TestResponse): Promise<string> {
  const { payload, text, bodyUsed } = response;
  if (typeof payload === 'string') return payload;
  if (typeof text === 'string') return text;
  assert.ok(!bodyUsed, 'its body was read before: expect the refusal first, or give a clone()');
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
