/**
 * What a response callback answers with; it is sent as it is.
 *
 * @example
 * ```ts
 * const teapot: CallbackResponse = { status: 418, body: { msg: 'no' }, headers: { 'Retry-After': '60' } };
 * ```
 */
export interface CallbackResponse {
  /** An integer from 100 to 599. */
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
