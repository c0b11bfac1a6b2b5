/**
 * Whether the rules for production hold: unless `NODE_ENV` says otherwise, because many servers never set it.
 */
export function isProduction(): boolean {
  return process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test';
}

/** Whether a developer reads the log: in development, and where `NODE_ENV` is unset, as `nest start` leaves it. */
export function isDevelopment(): boolean {
  return (process.env.NODE_ENV || 'development') === 'development';
}

/** Whether a test runs, in whatever environment: Jest and Vitest tell their workers, and what these start. */
export function isTest(): boolean {
  const { NODE_ENV, JEST_WORKER_ID, VITEST } = process.env;
  return NODE_ENV === 'test' || JEST_WORKER_ID !== undefined || VITEST !== undefined;
}
