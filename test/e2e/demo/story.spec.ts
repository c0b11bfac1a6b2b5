import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compileSample } from '../../support/sample.js';
import { Demo, PASSWORDS, type Transport } from './demo-page.js';

const FOLDER = 'dist/story';
const demo = new Demo(FOLDER);

beforeAll(async () => {
  await compileSample('start', FOLDER);
  await demo.open();
});
afterEach(() => demo.leave());
afterAll(() => demo.close());

describe.each<Transport>(['headers', 'cookies'])('The demo, with tokens in %s', (transport) => {
  it('goes from login to logout', async () => {
    const page = await demo.visit();
    await page.call('Protected', /Refused \(401\)\. There was no token/);
    await page.login('alice', transport);
    await page.call('Protected', /Let in as alice/);
    await page.call('Fresh only', /Let in as alice/);
    await page.call('Admins only', /Let in as alice/);
    expect(await page.claim('access', 'sub')).toBe('alice');
    expect(await page.claim('access', 'alg')).toBe('HS256');
    const session = await page.claim('access', 'sid');
    const spent = await page.claim('refresh-token', 'jti');

    await page.press('Refresh');
    await page.says(/^New tokens/);
    expect(await page.claim('refresh-token', 'jti')).not.toBe(spent);
    await page.call('Fresh only', /valid but not fresh/);
    await page.page.getByLabel('Enter the password again').fill(PASSWORDS.alice);
    await page.press('Get a fresh token');
    await page.says(/A fresh access token, of the same session/);
    await page.call('Fresh only', /Let in as alice/);
    expect(await page.claim('access', 'sid')).toBe(session);

    await page.press('Log out here');
    await page.says(/^Logged out\. The tokens have time left/);
    const refusal = { headers: /token has been revoked/, cookies: /no token in the request/ };
    await page.call('Protected', refusal[transport]);
    await page.login('bob', transport);
    await page.call('Admins only', /Refused \(403\)\. .* not an admin’s/);
    expect(page.complaints).toEqual([]);
  });

  it('shows what went over the wire, and the events, without a whole token', async () => {
    const page = await demo.visit();
    await page.login('alice', transport);
    await page.press('Refresh');
    await page.says(/^New tokens/);

    const [request, answer] = await page.wire();

    const sent = {
      headers: /^POST \/refresh HTTP\/1\.1\nAuthorization: Bearer \S+…\S{8}$/,
      cookies:
        /^POST \/refresh HTTP\/1\.1\nX-CSRF-TOKEN: [\w-]{36}\nCookie: refresh_token_cookie=… /,
    };
    const got = { headers: /"refresh_token": "\S+…\S{8}"/, cookies: /set-cookie: … .*"msg"/s };
    expect(request).toMatch(sent[transport]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\ncache-control: no-store\n/);
    expect(answer).toMatch(got[transport]);
    await page.hears(/rotated/);
    const text = await page.page.locator('body').innerText();
    expect(text).not.toMatch(/[\w-]{60}/);
  });

  it('stays logged in in two tabs that refresh at once', async () => {
    const one = await demo.visit();
    await one.login('alice', transport);
    const other = await demo.openTab(one.page.context());
    await other.page.getByText('Logged in as Alice').waitFor();

    await Promise.all([one.press('Refresh'), other.press('Refresh')]);
    for (const tab of [one, other]) await tab.says(/^New tokens|^Another tab/);
    for (const tab of [one, other]) await tab.call('Protected', /Let in as alice/);
    await other.press('Refresh');
    await other.says(/^New tokens/);
    await one.call('Protected', /Let in as alice/);
    await one.press('Log out here');
    await other.page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  it('ends one device from another, and all of them at once', async () => {
    const phone = await demo.visit();
    await phone.login('bob', transport);
    const laptop = await demo.visit();
    await laptop.login('bob', transport);
    const before = (await laptop.devices()).length;

    const others = laptop.page.locator('#devices li', { hasNotText: 'this one' });
    await others.first().getByRole('button').click();

    await laptop.says(/^Ended\./);
    await phone.says(/ended from somewhere else/);
    await laptop.lists(before - 1);
    await phone.login('bob', transport);
    await laptop.press('Log out everywhere');
    await laptop.says(/^Logged out on every device/);
    await phone.says(/ended from somewhere else/);
  });
});

describe('The demo', () => {
  it('ends the session whose spent refresh token is replayed', async () => {
    const page = await demo.visit();
    await page.login();
    const other = await demo.visit();
    await other.login();
    for (const count of [1, 2]) {
      await page.press('Refresh');
      await page.page.locator(`#chain li:nth-child(${count + 1})`).waitFor();
    }

    await page.press(/^Replay/);
    await page.says(/A spent refresh token came back/);
    await page.hears(/reused/);
    await page.call('Protected', /has been revoked/);
    await other.call('Protected', /Let in as alice/);
  });

  it('forgives the token spent last, for the grace', async () => {
    const page = await demo.visit();
    await page.login();
    await page.press('Refresh');
    await page.says(/^New tokens/);

    await page.press(/^Replay/);

    await page.says(/^Forgiven/);
    await page.hears(/raced/);
    await page.call('Protected', /Let in as alice/);
  });

  it('sets cookies that scripts cannot read, except for the CSRF values', async () => {
    const page = await demo.visit();
    await page.login('alice', 'cookies');

    const cookies = await page.page.context().cookies(`${demo.sample.url}/refresh`);

    const shared = { secure: true, sameSite: 'Lax', domain: 'localhost', expires: -1 };
    const attributes = (httpOnly: boolean) =>
      expect.objectContaining({ ...shared, httpOnly, path: '/' });
    expect(Object.fromEntries(cookies.map(({ name, ...rest }) => [name, rest]))).toEqual({
      access_token_cookie: attributes(true),
      refresh_token_cookie: attributes(true),
      csrf_access_token: attributes(false),
      csrf_refresh_token: attributes(false),
    });
    expect(await page.page.evaluate<string>('document.cookie')).not.toContain('token_cookie');
    expect(await page.page.evaluate('JSON.stringify(localStorage)')).toBe('{}');
  });

  it('refuses the form of another origin, to which the browser adds the cookies', async () => {
    const page = await demo.visit();
    await page.login('alice', 'cookies');
    const opened = page.page.context().waitForEvent('page');
    await page.page.getByRole('link', { name: 'Open the attacker’s page' }).click();
    const attacker = await opened;
    await attacker.waitForLoadState();
    await attacker.getByText('The answer opens here').waitFor();
    expect(new URL(attacker.url()).origin).not.toBe(new URL(demo.sample.url).origin);

    const [request] = await Promise.all([
      attacker.waitForRequest((each) => each.method() === 'POST'),
      attacker.getByRole('button').click(),
    ]);

    const response = await request.response();
    expect((await request.allHeaders())['cookie']).toContain('access_token_cookie=');
    expect([response?.status(), await response?.json()]).toEqual([
      401,
      { msg: 'Missing CSRF token' },
    ]);
    await page.hears(/refused.*CSRF_FAILED/);
    await page.says(/forged form .* was refused .* You are still logged in/);
    await page.call('Protected', /Let in as alice/);
  });

  it('changes between the two ways, each with a session of its own', async () => {
    const page = await demo.visit();
    await page.login('alice', 'headers');
    await page.login('bob', 'cookies');
    await page.page.reload();
    await page.call('Protected', /Let in as bob/);
    await page.choose('headers');
    await page.call('Protected', /Let in as alice/);
  });

  it('writes no token and no secret to its log', () => {
    expect(demo.sample.log()).not.toMatch(/ERROR|[\w-]{60}/);
  });
});
