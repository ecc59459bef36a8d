import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { hasBrowser, launch } from './browser.ts';

const MINUTE_MS = 60_000;

/** What a terminal and a page say is all that this somebody knows; the time that the test has is theirs. */
describe.skipIf(!hasBrowser)('somebody who has read nothing', () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let millrun: MillrunProcess;

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await millrun?.end();
    folder.remove();
  });

  test('gets from npm start to a failed run recovered with its input corrected within three minutes', {
    timeout: 3 * MINUTE_MS,
  }, async () => {
    millrun = new MillrunProcess({ dataDir: folder.path, environment: { CONSOLE: 'on' } });
    const [, address = ''] = await millrun.said(/^console (\S+)$/m);
    const page = await browser.newPage();
    page.setDefaultTimeout(MINUTE_MS);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(address);

    const steps = page.getByRole('region', { name: 'Three next steps' });
    const failing = steps.getByRole('listitem').filter({ hasText: 'Start one that fails' });
    const sku = await failing.locator('code').innerText();
    await failing.getByRole('link').click();
    const article = page.getByLabel('Sku').first();
    await expect.poll(() => article.inputValue(), { timeout: MINUTE_MS }).not.toBe('');
    const sound = await article.inputValue();
    await article.fill(sku);
    await page.getByRole('button', { name: 'Start', exact: true }).click();

    const headline = page.locator('[data-headline]');
    await expect.poll(() => headline.innerText(), { timeout: MINUTE_MS }).toMatch(/^Failed at .*OutOfStock/);
    await page.getByRole('button', { name: /^Recover from/ }).click();
    const dialog = page.getByRole('dialog');
    const corrected = dialog.getByLabel('Sku').first();
    expect(await corrected.inputValue()).toBe(sku);
    await corrected.fill(sound);
    await dialog.getByRole('button', { name: 'Recover' }).click();
    // The stock was looked up for what was ordered before.
    await dialog.getByText('has read lines as it was before').waitFor();
    await dialog.getByLabel(/^Execute again from/).check();
    await dialog.getByRole('button', { name: 'Recover' }).click();
    await expect.poll(() => headline.innerText(), { timeout: MINUTE_MS }).toMatch(/^Succeeded/);
    expect(problems).toEqual([]);
  });
});
