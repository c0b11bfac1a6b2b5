/** The little of an HTTP request that Express and Fastify share and this library reads. */
export interface HttpRequest {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly params?: unknown;
  /** Filled by a cookie plug-in of the application, where there is one. */
  readonly cookies?: unknown;
  user?: unknown;
}

/** A response that headers can be read from and written to: Express' response or Fastify's reply. */
export type HttpResponse = ExpressLikeResponse | FastifyLikeReply;

/** Node's own response, as Express extends it. */
export interface ExpressLikeResponse {
  setHeader(name: string, value: string | readonly string[]): unknown;
  getHeader(name: string): number | string | string[] | undefined;
}

/** Fastify's reply. */
export interface FastifyLikeReply {
  header(name: string, value: string | readonly string[]): unknown;
  getHeader(name: string): number | string | string[] | undefined;
}

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
