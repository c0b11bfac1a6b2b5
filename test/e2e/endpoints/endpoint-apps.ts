import { afterAll } from '@jest/globals';
import type { AdapterName, Answer, AppParts, RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, pairIn, startEndpoints } from '../../support/endpoints.js';
import { namesIn } from '../../support/sliding.js';
import { said } from '../../support/transport.js';

const running: RunningApp[] = [];

/** Starts an application with token endpoints that runs until the end of the spec. */
export async function start(adapter: AdapterName, parts: AppParts = {}): Promise<RunningApp> {
  const app = await startEndpoints(adapter, parts);
  running.push(app);
  return app;
}

afterAll(() => Promise.all(running.splice(0).map((app) => app.close())));

/** The tokens of a user who logs in. */
export async function login(app: RunningApp, json: object = ALICE) {
  return pairIn((await app.send('POST', '/auth', { json })).body);
}

/** A browser with the cookies of a user who logs in. */
export async function inBrowser(app: RunningApp, json: object = ALICE): Promise<Browser> {
  const browser = new Browser(app);
  await browser.send('POST', '/auth', { json });
  return browser;
}

/** The parts of an answer that every endpoint decides about. */
export function shown(answer: Answer) {
  const caching = answer.headers.get('cache-control');
  return { ...said(answer), caching, cookies: namesIn(answer.cookies) };
}

/** What {@link shown} gives for an answer that may not be cached and sets no cookie. */
export function uncached(expected: { readonly status: number; readonly body: unknown }) {
  return { ...expected, caching: 'no-store', cookies: [] };
}

export const ALL_COOKIES = [
  'access_token_cookie',
  'csrf_access_token',
  'refresh_token_cookie',
  'csrf_refresh_token',
];
