import { randomBytes } from 'node:crypto';

const { env } = process;

/** Where the tokens are: `cookies`, `memory`, or `rendered`, which has no single-page application. */
export const TOKENS = (env.TOKENS ?? 'cookies') as 'cookies' | 'memory' | 'rendered';

export const API_ORIGIN = env.API_ORIGIN ?? 'http://localhost:3000';
export const PAGE_ORIGIN = env.PAGE_ORIGIN ?? 'http://localhost:3001';

/** The domain of which both hosts are part, if they are not the same. */
export const COOKIE_DOMAIN = env.COOKIE_DOMAIN;

export const ACCESS_TOKEN_EXPIRES = env.ACCESS_TOKEN_EXPIRES ?? '15m';

/** Without JWT_SECRET, a random secret: tokens are valid until the process ends. */
export const JWT_SECRET = env.JWT_SECRET ?? randomBytes(64).toString('base64url');
