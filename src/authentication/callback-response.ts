import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Stream } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { CallbackResponse } from '../contracts/http.js';
import type { Answer } from '../errors/token.error.js';

/** What is sent without being written as JSON. */
const AS_IT_IS = [Uint8Array, Stream, StreamableFile];

/**
 * What a response callback gave, if it can be sent; a copy, since what is computed may fail the second time.
 *
 * @throws Error - for what is no response, or for a header or a body that HTTP cannot carry
 */
export function readCallbackResponse(answer: unknown): Answer {
  const { status, body, headers } = Object(answer) as Partial<CallbackResponse>;
  if (!isStatus(status)) {
    throw new TypeError('it must give { status, body?, headers? } with a status from 100 to 599');
  }
  if (!AS_IT_IS.some((kind) => body instanceof kind)) JSON.stringify(body);
  return { status, body, headers: readHeaders(headers) };
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 100 && (status as number) <= 599;
}

function readHeaders(headers: unknown = {}): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError('its headers must be an object');
  }
  const entries = Object.entries(headers) as [string, string][];
  for (const [name, value] of entries) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return Object.fromEntries(entries);
}
