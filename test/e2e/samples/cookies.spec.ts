import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { freePort } from '../../support/ports.js';
import { compileSample, Sample } from '../../support/sample.js';

const ALICE = { username: 'alice', password: 'wonderland' };
const COOKIES = [
  'access_token_cookie',
  'csrf_access_token',
  'csrf_refresh_token',
  'refresh_token_cookie',
];
/** How long the access tokens live, in seconds: a part of a second less, because the times of tokens are whole seconds. */
const LIFE = 3;

/** A server for the pages of attackers, under any host name. */
const others = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/html').end('<title>Attacker</title>');
});
const contexts: BrowserContext[] = [];
let chrome: Browser;

beforeAll(async () => {
  await compileSample('start:cookies');
  chrome = await chromium.launch({ executablePath: '/usr/bin/chromium' });
  await once(others.listen(0), 'listening');
});
afterEach(() => Promise.all(contexts.splice(0).map((context) => context.close())));
afterAll(async () => {
  await chrome?.close();
  others.close();
  others.closeAllConnections();
});

/** Chromium finds every name below `localhost` on this machine, and treats it as it treats HTTPS. */
async function start(TOKENS: string, domain?: string, others: NodeJS.ProcessEnv = {}) {
  const at = async (host: string) =>
    `http://${domain === undefined ? 'localhost' : `${host}.${domain}`}:${await freePort()}`;
  const [api, page] = [await at('api'), await at('app')];
  const variables = {
    TOKENS,
    API_ORIGIN: api,
    PAGE_ORIGIN: page,
    COOKIE_DOMAIN: domain,
    ACCESS_TOKEN_EXPIRES: `${LIFE}s`,
    JWT_SECRET: undefined,
    ...others,
  };
  const sample = await Sample.start('start:cookies', variables);
  return { api, page, sample };
}

async function visitor(): Promise<BrowserContext> {
  const context = await chrome.newContext();
  contexts.push(context);
  return context;
}

/** The answers of the API that a tab gets from now on, preflights aside. */
function answersTo(tab: Page, api: string): string[] {
  const answers: string[] = [];
  tab.on('response', (response) => {
    const [method, url] = [response.request().method(), response.url()];
    if (url.startsWith(api) && method !== 'OPTIONS')
      answers.push(`${method} ${url.slice(api.length)} ${response.status()}`);
  });
  return answers;
}

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(url);
  return tab;
}

async function logIn(tab: Page, password = ALICE.password): Promise<void> {
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Log in' }).click();
}

async function add(tab: Page, text: string): Promise<void> {
  await tab.getByLabel('Note').fill(text);
  await tab.getByRole('button', { name: 'Add' }).click();
  await tab.getByRole('listitem').getByText(text, { exact: true }).first().waitFor();
}

const expiry = () => setTimeout(LIFE * 1000 + 50);
const loggedIn = (tab: Page) => tab.getByRole('heading', { name: 'Notes of alice' }).waitFor();
const loggedOut = (tab: Page) => tab.getByRole('button', { name: 'Log in' }).waitFor();
const says = (tab: Page, text: string) => tab.getByRole('status').getByText(text).waitFor();

describe.each([
  ['cookies', 'on one host', undefined, '/session', '/session/refresh', '/session/end', 415],
  ['memory', 'on two hosts', 'shop.localhost', '/auth', '/auth/refresh', '/auth/logout', 401],
] as const)(
  'A page with its access token in %s, page and API %s,',
  (kind, _where, domain, ...rest) => {
    const [login, refresh, logout, formLogin] = rest;
    let sample: Sample;
    let api: string;
    let page: string;
    beforeAll(async () => {
      ({ sample, api, page } = await start(kind, domain));
    });
    afterAll(() => sample?.stop());

    it('logs in, goes on when tokens expire, and logs out', async () => {
      const context = await visitor();
      const tab = await openTab(context, page);
      await logIn(tab, 'looking-glass');
      await says(tab, 'Log in: 401');
      await logIn(tab);
      await loggedIn(tab);
      await add(tab, 'first');

      await expiry();
      const answers = answersTo(tab, api);
      await add(tab, 'second');

      expect(answers.slice(0, 3)).toEqual([
        'POST /notes 401',
        `POST ${refresh} 200`,
        'POST /notes 201',
      ]);
      await tab.getByRole('button', { name: 'Log out' }).click();
      await says(tab, 'Log out: 200');
      await loggedOut(tab);
      expect(answers).toContain(`POST ${logout} 200`);
      expect(await context.cookies([api + refresh, api])).toEqual([]);
    });

    it('knows its session again when it is loaded again, and in other tabs', async () => {
      const context = await visitor();
      const tab = await openTab(context, page);
      await logIn(tab);
      await loggedIn(tab);

      await tab.reload();
      await loggedIn(tab);
      await expiry();
      const [one, other] = await Promise.all([openTab(context, page), openTab(context, page)]);
      await Promise.all([one, other].map(loggedIn));
      await tab.getByRole('button', { name: 'Log out' }).click();
      await loggedOut(tab);
      // Nothing covers a tab of a browser without windows.
      await one.evaluate("document.dispatchEvent(new Event('visibilitychange'))");

      await loggedOut(one);
    });

    it('refreshes once if several tabs come back at the same time', async () => {
      const context = await visitor();
      const tab = await openTab(context, page);
      await logIn(tab);
      await loggedIn(tab);
      const other = await openTab(context, page);
      await loggedIn(other);
      await expiry();
      const answers = [tab, other].map((each) => answersTo(each, api));
      // Long enough for the other tab to be refused, too.
      await context.route(api + refresh, async (route) => {
        await setTimeout(1000);
        await route.continue();
      });

      await Promise.all([add(tab, 'one'), add(other, 'another')]);

      const refreshed = answers.flat().filter((answer) => answer === `POST ${refresh} 200`);
      expect(refreshed).toHaveLength(kind === 'cookies' ? 1 : 2);
      await add(tab, 'still here');
    });

    it('has cookies that scripts cannot read, except for the CSRF values', async () => {
      const context = await visitor();
      const tab = await openTab(context, page);
      await logIn(tab);
      await loggedIn(tab);

      const cookies = await context.cookies(api + refresh);

      const shared = {
        secure: true,
        sameSite: 'Lax',
        domain: domain === undefined ? 'localhost' : `.${domain}`,
      };
      const names = kind === 'cookies' ? COOKIES : COOKIES.slice(2);
      expect(cookies.map(({ name }) => name).sort()).toEqual(names);
      for (const cookie of cookies) {
        const isToken = cookie.name.endsWith('_cookie');
        expect(cookie).toMatchObject({ ...shared, httpOnly: isToken });
        expect(cookie.path).toBe(cookie.name === 'refresh_token_cookie' ? login : '/');
      }
      const visible = await tab.evaluate<string>('document.cookie');
      expect(visible).toContain('csrf_refresh_token=');
      expect(visible).not.toContain('token_cookie');
      expect(await tab.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    });

    it.each([
      ['the same site', domain === undefined ? 'localhost' : `other.${domain}`, true],
      ['another site', 'attacker.localhost', false],
    ])('is safe from the forms and scripts of %s', async (_which, host, isSameSite) => {
      const context = await visitor();
      const tab = await openTab(context, page);
      await logIn(tab);
      await loggedIn(tab);
      await add(tab, 'mine');
      const origin = attackersPage(host);

      const forged = await postForm(await openTab(context, origin), api + refresh);
      expect(forged.cookie.includes('refresh_token_cookie=')).toBe(isSameSite);
      expect(forged.status).toBe(401);
      expect(forged.body).toMatch(isSameSite ? /Missing CSRF token/ : /Missing cookie/);
      const attacker = await openTab(context, origin);
      for (const path of ['/notes', refresh])
        for (const headers of [{}, { 'X-CSRF-TOKEN': 'guess' }])
          expect(await readByScript(attacker, api + path, headers)).toBe('Failed to fetch');
      const cookies = await context.cookies([api + refresh, api]);
      expect((await postForm(attacker, api + login, ALICE)).status).toBe(formLogin);
      expect(await context.cookies([api + refresh, api])).toEqual(cookies);
      await add(tab, 'also mine');
      expect(await tab.getByRole('listitem').allTextContents()).not.toContain('forged');
    });
  },
);

function attackersPage(host: string): string {
  return `http://${host}:${(others.address() as AddressInfo).port}`;
}

/** Submits a form of a tab's page. The browser leaves the page and shows the answer. */
async function postForm(tab: Page, action: string, fields: object = { text: 'forged' }) {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input name="${name}" value="${value}">`,
  );
  await tab.setContent(
    `<form method="post" action="${action}">${inputs.join('')}<button>Go</button></form>`,
  );
  const [request] = await Promise.all([
    tab.waitForRequest((each) => each.method() === 'POST'),
    tab.getByRole('button').click(),
  ]);
  const response = await request.response();
  const { cookie = '' } = await request.allHeaders();
  const status = response?.status();
  return { cookie, status, body: status === 303 ? '' : await response?.text() };
}

/** What a script of a tab's page reads of an address, or why it cannot. */
function readByScript(tab: Page, url: string, headers: object): Promise<string> {
  const options = JSON.stringify({ credentials: 'include', method: 'POST', headers });
  const read = `fetch('${url}', ${options}).then((it) => it.text(), (error) => error.message)`;
  return tab.evaluate<string>(read);
}

describe('Pages that the server renders', () => {
  let sample: Sample;
  let api: string;
  beforeAll(async () => {
    ({ sample, api } = await start('rendered', undefined, { RENEW_WITHIN: '2s' }));
  });
  afterAll(() => sample?.stop());

  async function loggedInTab(): Promise<Page> {
    const tab = await openTab(await visitor(), api);
    expect(tab.url()).toBe(`${api}/login`);
    await logIn(tab);
    await tab.getByRole('heading', { name: 'Logged in as alice' }).waitFor();
    return tab;
  }

  it('keep a session alive that is used, and lead to the login when one is not', async () => {
    const tab = await loggedInTab();
    const end = Date.now() + LIFE * 1500;
    while (Date.now() < end) {
      await setTimeout(500);
      await tab.goto(api);
      expect(tab.url()).toBe(`${api}/`);
    }

    await expiry();
    await tab.goto(api);
    expect(tab.url()).toBe(`${api}/login`);
  });

  it('log out by a form, although the token in the cookie was renewed after the page was sent', async () => {
    const tab = await loggedInTab();
    const cookies = async () => {
      const all = await tab.context().cookies(api);
      return Object.fromEntries(all.map(({ name, value }) => [name, value]));
    };
    const before = await cookies();
    await setTimeout(1050);
    await openTab(tab.context(), api);
    const after = await cookies();
    expect(after['access_token_cookie']).not.toBe(before['access_token_cookie']);
    expect(after['csrf_access_token']).toBe(before['csrf_access_token']);

    await tab.getByRole('button', { name: 'Log out' }).click();
    await loggedOut(tab);
    expect(await cookies()).toEqual({});
  });

  it.each([
    ['the same site', 'localhost', true],
    ['another site', 'attacker.localhost', false],
  ])('refuse the forms of %s', async (_which, host, isSameSite) => {
    const tab = await loggedInTab();
    const attacker = await openTab(tab.context(), attackersPage(host));
    const logout = await postForm(attacker, `${api}/logout`, { csrf_token: 'guess' });
    await attacker.goto(attackersPage(host));
    const login = await postForm(attacker, `${api}/login`, ALICE);

    expect(logout.cookie.includes('access_token_cookie=')).toBe(isSameSite);
    expect(logout.status).toBe(303);
    expect(login.status).toBe(403);
    await tab.goto(api);
    expect(tab.url()).toBe(`${api}/`);
  });
});
