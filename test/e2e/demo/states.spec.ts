import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compileSample } from '../../support/sample.js';
import { Demo } from './demo-page.js';

const FOLDER = 'dist/states';
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** Keeps every time left that the page shows. */
const RECORD = `
  shown = new Set();
  const look = () => shown.add(document.querySelector('#access .left').textContent);
  new MutationObserver(look).observe(document.querySelector('#access'), { subtree: true, childList: true });
`;
const demo = new Demo(FOLDER);
const hasty = new Demo(FOLDER, { ACCESS_TOKEN_EXPIRES: '3s', REFRESH_TOKEN_EXPIRES: '6s' });

beforeAll(async () => {
  await compileSample('start', FOLDER);
  await Promise.all([demo.open(), hasty.open()]);
});
afterEach(() => Promise.all([demo.leave(), hasty.leave()]));
afterAll(() => Promise.all([demo.close(), hasty.close()]));

describe('The page of the demo', () => {
  it('says so if the password is wrong, and lets one try again', async () => {
    const page = await demo.visit();
    await page.page.getByLabel('Username').fill('alice');
    await page.page.getByLabel('Password', { exact: true }).fill('looking-glass');
    await page.press('Log in');
    await page.says(/Username or password is wrong/);
    await page.page.locator('#login-error', { hasText: 'is wrong' }).waitFor();
    expect(await page.page.locator('#password:focus').count()).toBe(1);

    await page.call('Protected', /There was no token/);
    expect(await page.page.locator('#login-error').textContent()).toBe('');

    await page.page.getByLabel('Password', { exact: true }).focus();
    await page.page.keyboard.press('ControlOrMeta+A');
    await page.page.keyboard.type('wonderland');
    await page.page.keyboard.press('Enter');
    await page.says(/^Logged in/);
  });

  it('says at once that a request is under way', async () => {
    const page = await demo.visit();
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await page.page.route('**/{login,protected}', async (route) => {
      await held;
      await route.continue();
    });
    await page.press(/alice/);
    await page.press('Log in');
    await page.says(/^Logging in…$/);
    await page.press(/^Protected/);
    await page.says(/^Sending…$/);
    goOn();
    await page.says(/^Logged in|^Refused/);
  });

  it.each(['headers', 'cookies'] as const)(
    'gets a fresh token for the password after the access token has expired: %s',
    async (transport) => {
      const page = await hasty.visit();
      const enter = async (password: string) => {
        await page.page.getByLabel('Enter the password again').fill(password);
        await page.press('Get a fresh token');
      };
      await page.login('alice', transport);
      const session = await page.claim('access', 'sid');
      await page.says(/access token has expired/);
      await enter('looking-glass');
      await page.says(/not the password of alice: in this demo it is wonderland/);
      expect(await page.page.locator('#again-password:focus').count()).toBe(1);

      await enter('wonderland');
      await page.says(/A fresh access token, of the same session/);
      expect(await page.claim('access', 'sid')).toBe(session);
      await page.call('Fresh only', /Let in as alice/);
    },
  );

  it('leads to what is on the wire by a link, on a phone', async () => {
    const page = await demo.visit(PHONE);
    await page.call('Protected', /There was no token/);
    await page.page.getByRole('link', { name: 'See it on the wire' }).click();
    await page.page.locator('#h-wire:focus').waitFor();

    const { bottom, top } = await page.page.evaluate<{ bottom: number; top: number }>(`({
      bottom: document.querySelector('.bar').getBoundingClientRect().bottom,
      top: document.querySelector('#h-wire').getBoundingClientRect().top,
    })`);
    expect(top).toBeGreaterThanOrEqual(bottom);
    expect(top).toBeLessThan(PHONE.viewport.height);
  });

  it('can be used with the keyboard alone', async () => {
    const page = await demo.visit();
    const { keyboard } = page.page;
    await keyboard.press('Tab');
    await keyboard.press('ArrowRight');
    await page.page.getByRole('radio', { name: 'Cookies', checked: true }).waitFor();
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await page.page.locator('#password:focus').waitFor();
    await keyboard.press('Enter');

    await page.says(/^Logged in/);
  });

  it('counts down, and says when a token and when the session has expired', async () => {
    const page = await hasty.visit();
    await page.login();
    await page.page.evaluate(RECORD);
    await page.page.getByRole('timer', { name: 'Access token' }).getByText('expired').waitFor();
    expect((await page.page.evaluate<string[]>('[...shown]')).slice(-2)).toEqual([
      '0:01',
      'expired',
    ]);
    await page.says(/access token has expired/);
    await page.call('Protected', /Refused \(401\)\. The token has expired/);
    await page.press('Refresh');
    await page.says(/^New tokens/);
    await page.call('Protected', /Let in as alice/);

    await page.says(/refresh token has expired, and with it the session/);
    await page.login();
    await page.call('Protected', /Let in as alice/);
  });

  it('knows the session in its cookies again, with the access token expired', async () => {
    const page = await hasty.visit();
    await page.login('alice', 'cookies');
    await page.says(/access token has expired/);
    await page.page.reload();
    await page.page.getByText('It has expired, and the page has not seen it').waitFor();
    await page.press('Refresh');
    await page.says(/^New tokens/);
    await page.call('Protected', /Let in as alice/);
  });

  it('says so if the browser blocks cookies, and works with the header', async () => {
    const page = await demo.openTab(await demo.contextWithout('cookies'));

    await page.choose('cookies');
    await page.press(/alice/);
    await page.press('Log in');
    await page.says(/your browser did not keep the cookies/);
    await page.picture('cookies-blocked');
    await page.login('alice', 'headers');
    await page.call('Protected', /Let in as alice/);

    expect(page.complaints).toEqual([]);
  });

  it('says what to do instead without JavaScript', async () => {
    const context = await demo.contextWithout('javascript');
    const page = await context.newPage();
    await page.goto(demo.sample.url);

    const accessibility = await context.newCDPSession(page);
    const { nodes } = await accessibility.send('Accessibility.getFullAXTree');
    const valuesOf = (key: 'name' | 'role') => nodes.map((node) => String(node[key]?.value));
    expect(valuesOf('name').join('\n')).toContain('This page needs JavaScript');
    expect(valuesOf('role')).not.toContain('button');
  });

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['light-phone', { ...PHONE, colorScheme: 'light' }],
    ['dark-phone', { ...PHONE, colorScheme: 'dark' }],
  ] as const)('keeps the rules of accessibility: %s', async (name, options) => {
    const page = await demo.visit(options);
    const check = async (state: string) => {
      await page.picture(`${name}-${state}`);
      expect(await page.violations()).toEqual([]);
      const wide = 'document.documentElement.scrollWidth - innerWidth';
      expect(await page.page.evaluate<number>(wide)).toBeLessThanOrEqual(0);
    };
    await page.picture(`${name}-logged-out`);
    await page.login();
    await page.press('Refresh');
    await page.says(/^New tokens/);
    await page.lists((await page.devices()).length);
    await page.page.locator('details:not([open]) summary').first().click();
    await check('logged-in');
    await page.call('Fresh only', /Refused/);
    await page.press('Log out here');
    await page.says(/^Logged out/);
    await check('ended');
    expect(page.complaints).toEqual([]);
  });

  it.each(['headers', 'cookies'] as const)(
    'goes on by itself after a restart, with tokens in %s',
    async (transport) => {
      const page = await demo.visit();
      await page.login('alice', transport);
      await demo.sample.stop();
      await page.page.getByText('Server does not answer', { exact: true }).waitFor();
      await page.says(/server does not answer\. Start it again/);
      for (const button of [/^Protected/, 'Refresh', 'Log out here']) {
        await page.press(button);
        await page.says(/server does not answer\. Start it again/);
      }
      await page.picture(`server-gone-${transport}`);
      expect(await page.violations()).toEqual([]);

      await demo.start();

      await page.page.getByText('Server answers').waitFor();
      await page.call('Protected', /Let in as alice/);
      await page.press('Refresh');
      await page.says(/^New tokens/);
      expect(page.complaints).toEqual([]);
    },
  );
});
