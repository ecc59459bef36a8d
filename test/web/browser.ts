import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const BROWSER = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Without a browser on the machine its tests are skipped, by name; the gate has one. */
export const hasBrowser = existsSync(BROWSER) || process.env['BROWSER_TESTS'] === 'required';

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: BROWSER, args: FLAGS });

/** Builds the console unless it is built. */
export const built = () => execFileSync(process.execPath, [join(import.meta.dirname, '../../web/build.ts')]);

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page, by all of its rules or by these. */
async function axeOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  const only = rules ? `, runOnly: ${JSON.stringify(rules)}` : '';
  return page.evaluate<string[]>(
    `axe.run({ resultTypes: ['violations']${only} }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' ')))`,
  );
}

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
/** Nothing else about a page is another in the dark. */
const OF_COLOURS = ['color-contrast'];
/** Kept out of git, like all that tests and installations leave behind. */
const PICTURES = join(import.meta.dirname, '../../.millrun/screens');

/** What is wrong with the page as it stands, light and dark, on a desk and on a phone; pictures of all four are kept. */
export async function looksOf(page: Page, name: string): Promise<string[]> {
  mkdirSync(PICTURES, { recursive: true });
  const look = async (colorScheme: 'light' | 'dark', viewport: typeof WIDE) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    // Much faster than the other formats.
    const path = join(PICTURES, `${name}-${colorScheme}-${viewport.width}.jpeg`);
    await page.screenshot({ path, type: 'jpeg', quality: 70, caret: 'initial' });
  };
  await look('light', WIDE);
  // Over the protocol, since the policy of the page lets no script in.
  await page.evaluate(AXE);
  const found = await axeOf(page);
  await look('dark', WIDE);
  found.push(...(await axeOf(page, OF_COLOURS)));
  await look('dark', NARROW);
  await look('light', NARROW);
  const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  if (beyond > 0) found.push(`it is ${beyond} pixels wider than a phone`);
  await page.setViewportSize(WIDE);
  return found.map((one) => `${name} ${one}`);
}

const MOST_TABS = 80;
/** Before a test ends by its own time: what never came is then named. */
const PATIENT_MS = 15_000;

/** A person at the console: signed in, with what went wrong in the page and how often they have clicked. */
export class Visitor {
  readonly page: Page;
  readonly problems: string[] = [];
  clicks = 0;
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
    page.on('dialog', (dialog) => {
      this.problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async signedIn(context: BrowserContext, url: string, key: string): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage(), url);
    visitor.page.setDefaultTimeout(PATIENT_MS);
    await visitor.page.goto(`${url}/#key=${key}`);
    await visitor.page.waitForSelector('h1');
    return visitor;
  }

  goTo(path: string) {
    return this.page.goto(this.#url + path);
  }

  /** Goes on with Tab until this has the focus, as those do who have no pointer. */
  async tabTo(name: RegExp): Promise<void> {
    for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
      const focused = await this.page.evaluate<string>(
        "[document.activeElement?.getAttribute('aria-label'), document.activeElement?.labels?.[0]?.innerText, document.activeElement?.innerText].find(Boolean) ?? ''",
      );
      if (name.test(focused.trim())) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`Tab never came to ${name}.`);
  }

  async click(role: 'button' | 'link' | 'tab' | 'menuitem' | 'checkbox', name: string | RegExp): Promise<void> {
    this.clicks += 1;
    await this.page.getByRole(role, { name }).first().click();
  }
}
