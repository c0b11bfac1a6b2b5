/** The parts of an HTTP request that this library reads; Express and Fastify share them. */
export interface HttpRequest {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly params?: unknown;
  /** Set by a cookie plug-in of the application, if it has one. */
  readonly cookies?: unknown;
  user?: unknown;
}

/** A response whose headers can be read and set: Express' response or Fastify's reply. */
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
 * What a response callback returns. It is sent as it is.
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
