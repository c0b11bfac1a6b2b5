import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpResponse } from '../contracts/http.js';

/** Sets headers; cookies join those that are set already, since each has a header of its own (RFC 6265 section 3). */
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
