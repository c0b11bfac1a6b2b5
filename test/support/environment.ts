import { afterEach } from '@jest/globals';

/** What says where this process runs, without which it is in production, and alone. */
const VARIABLES = [
  ...(['NODE_ENV', 'JEST_WORKER_ID', 'VITEST'] as const),
  ...(['NODE_APP_INSTANCE', 'pm_id', 'WEB_CONCURRENCY'] as const),
];
export type Environment = Partial<Record<(typeof VARIABLES)[number], string>>;
export const DEVELOPMENT: Environment = { NODE_ENV: 'development' };
export const PRODUCTION: Environment = { NODE_ENV: 'production' };

/** A function that puts this process into an environment, in which no test runs, until the end of the test. */
export function environments(): (environment: Environment) => void {
  const before = { ...process.env };
  const enter = (environment: Environment) => {
    for (const name of VARIABLES) delete process.env[name];
    Object.assign(process.env, environment);
  };
  afterEach(() => {
    enter({});
    Object.assign(process.env, before);
  });
  return enter;
}
