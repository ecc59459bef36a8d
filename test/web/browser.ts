import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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

/** What axe finds wrong with a page. */
export async function axeOf(page: Page): Promise<string[]> {
  // Over the protocol, since the policy of the page lets no script in.
  await page.evaluate(AXE);
  return page.evaluate<string[]>(
    "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' ')))",
  );
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
