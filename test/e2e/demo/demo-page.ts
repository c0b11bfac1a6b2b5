import type { AxeResults } from 'axe-core';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { root } from '../../support/readme.js';
import { Sample } from '../../support/sample.js';

const CHROMIUM = { executablePath: '/usr/bin/chromium' };
export const PASSWORDS = { alice: 'wonderland', bob: 'pickwick' } as const;
export type Transport = 'headers' | 'cookies';

/** The demo in a process of its own, with data of its own, and a Chromium to look at it. */
export class Demo {
  private readonly folder = mkdtempSync(join(tmpdir(), 'demo-'));
  private readonly contexts: BrowserContext[] = [];
  private readonly profiles: string[] = [];
  browser!: Browser;
  sample!: Sample;

  constructor(
    /** The folder of the compiled sample. */
    private readonly compiled: string,
    private readonly variables: NodeJS.ProcessEnv = {},
  ) {}

  async open(): Promise<void> {
    this.browser = await chromium.launch(CHROMIUM);
    await this.start('0');
  }

  /** Starts the server, again on the same port if it has run before. */
  async start(PORT = new URL(this.sample.url).port): Promise<void> {
    const variables = { JWT_SECRET: undefined, REDIS_URL: undefined, LISTEN_ON: undefined };
    const DATA_FOLDER = this.folder;
    const all = { ...variables, DATA_FOLDER, ...this.variables, PORT };
    this.sample = await Sample.start('start', all, this.compiled);
  }

  /** The page in a browser that has never been here. */
  async visit(options: Parameters<Browser['newContext']>[0] = {}): Promise<DemoPage> {
    const context = await this.browser.newContext(options);
    this.contexts.push(context);
    return this.openTab(context);
  }

  /** A browser whose user does not allow sites to do something: `cookies` or `javascript`. */
  async contextWithout(setting: string): Promise<BrowserContext> {
    const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
    this.profiles.push(profile);
    const BLOCK = 2;
    const preferences = { profile: { default_content_setting_values: { [setting]: BLOCK } } };
    mkdirSync(join(profile, 'Default'));
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(preferences));
    const context = await chromium.launchPersistentContext(profile, CHROMIUM);
    this.contexts.push(context);
    return context;
  }

  async openTab(context: BrowserContext): Promise<DemoPage> {
    const page = new DemoPage(await context.newPage());
    await page.open(this.sample.url);
    return page;
  }

  /** Closes what a test has opened. */
  async leave(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
    for (const profile of this.profiles.splice(0)) rmSync(profile, { recursive: true });
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.sample?.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** The page of the demo, as a person uses it. */
export class DemoPage {
  /** What the browser complains of, refused requests aside. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        this.complaints.push(message.text());
    });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByText('Server answers').waitFor();
  }

  /** Presses the first button of this name. The page takes back what it said about the last action. */
  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).first().click();
  }

  choose(transport: Transport): Promise<void> {
    const name = transport === 'headers' ? 'Authorization header' : 'Cookies';
    return this.page.getByRole('radio', { name }).check();
  }

  /** Logs in with the password that the page shows. */
  async login(
    username: keyof typeof PASSWORDS = 'alice',
    transport: Transport = 'headers',
  ): Promise<void> {
    await this.choose(transport);
    await this.press(new RegExp(`${username} / ${PASSWORDS[username]}`));
    await this.press('Log in');
    await this.says(/^Logged in\./);
  }

  /** Waits until the page says this about the last action. */
  async says(text: RegExp): Promise<void> {
    await this.page.locator('#status', { hasText: text }).waitFor();
  }

  /** Calls a route by its button, and waits for what the page says. */
  async call(route: 'Protected' | 'Fresh only' | 'Admins only', text: RegExp): Promise<void> {
    // In a tab behind another one nothing moves, and a click would wait for it.
    await this.page.bringToFront();
    await this.press(new RegExp(`^${route}`));
    await this.says(text);
  }

  /** A claim as the page shows it. */
  async claim(token: 'access' | 'refresh-token', name: string): Promise<string> {
    const row = this.page.locator(`#${token} dl > div`, {
      has: this.page.locator('dt', { hasText: new RegExp(`^${name}$`) }),
    });
    return (await row.locator('dd code').textContent()) ?? '';
  }

  /** The last request and its answer, as the page shows them. */
  wire(): Promise<string[]> {
    return this.page.locator('#wire details').first().locator('pre').allTextContents();
  }

  /** Waits for a security event. */
  async hears(text: RegExp): Promise<void> {
    await this.page.locator('#events li', { hasText: text }).first().waitFor();
  }

  devices(): Promise<string[]> {
    return this.page.locator('#devices li').allInnerTexts();
  }

  /** Waits until this many devices are listed. */
  async lists(count: number): Promise<void> {
    await this.page.locator(`#devices li:nth-child(${count}):last-child`).waitFor();
  }

  /** What the accessibility rules say against the page as it is. */
  async violations(): Promise<string[]> {
    if (!(await this.page.evaluate('"axe" in window'))) await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate<AxeResults>('axe.run()');
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }

  /** Keeps a picture of the page for people to look at. */
  async picture(name: string): Promise<void> {
    await this.page.evaluate('scrollTo(0, 0)');
    const path = join(root, `coverage/screenshots/${name}.png`);
    await this.page.screenshot({ path, fullPage: true });
  }
}

const AXE = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
