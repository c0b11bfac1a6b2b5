import { StreamableFile } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Stream } from 'node:stream';
import type { CallbackResponse, HttpResponse } from '../contracts/http.js';
import type { Answer } from '../errors/token.error.js';

/** Every other body is sent as JSON. */
const AS_IT_IS = [Uint8Array, Stream, StreamableFile];

/**
 * Checks what a response callback returned and copies it: a getter may fail when it is read again.
 *
 * @throws Error - if it is not a response, or if HTTP cannot carry a header or the body
 */
export function readCallbackResponse(answer: unknown): Answer {
  const { status, body, headers } = Object(answer) as Partial<CallbackResponse>;
  if (!isStatus(status))
    throw new TypeError('it must give { status, body?, headers? } with a status from 100 to 599');
  if (!AS_IT_IS.some((kind) => body instanceof kind)) JSON.stringify(body);
  return { status, body, headers: readHeaders(headers) };
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 100 && (status as number) <= 599;
}

function readHeaders(headers: unknown = {}): Record<string, string> {
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError('its headers must be an object');
  const entries = Object.entries(headers) as [string, string][];
  for (const [name, value] of entries) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return Object.fromEntries(entries);
}

/** Sets headers. `Set-Cookie` is appended, because each cookie has its own header (RFC 6265 section 3). */
export function setHeaders(
  adapter: HttpAdapterHost['httpAdapter'],
  response: HttpResponse,
  headers: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === 'set-cookie') adapter.appendHeader(response, name, value);
    else adapter.setHeader(response, name, value);
  }
}
