import type { HttpRequest } from '../contracts/http.js';

/** A header's value, `''` where it is absent; Node gives some headers that came twice as an array. */
export function headerOf(request: HttpRequest, lowerCaseName: string): string {
  const value = request.headers[lowerCaseName];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}
