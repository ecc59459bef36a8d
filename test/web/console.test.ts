import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { axeOf, built, hasBrowser, launch, Visitor } from './browser.ts';

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e"'\u0000`.replace('\u0000', '');

describe.skipIf(!hasBrowser)('the console, in a browser', () => {
  let api: Api;
  let browser: Browser;
  let workflow: string;
  let failed: string;
  let waiting: string;

  beforeAll(async () => {
    built();
    api = await startApi();
    browser = await launch();
    workflow = await api.publish(
      "  - id: first\n    set: { seen: '${ $input.order }' }\n  - id: check\n    if: ${ $input.bad = true }\n    raise: { error: BadOrder, message: 'Order ${ $input.order }' }\n  - id: hold\n    if: ${ $input.hold = true }\n    wait: { until: '2099-01-01T00:00:00Z' }\n  - id: last\n    set: {}\n",
      { top: 'reference: ${ $string($input.order) }\ntimeout: 10d' },
    );
    const run = async (inputs: object) => (await api.start(workflow, inputs)).body.id;
    for (const order of [1, 2, 3]) await api.ended(await run({ order: `ok-${order}` }));
    failed = await run({ order: '4711', bad: true });
    await api.ended(failed);
    await api.ended(await run({ order: HOSTILE, bad: true }));
    waiting = await run({ order: 'waits', hold: true });
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });

  const visit = async (colorScheme: 'light' | 'dark' = 'light') => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
    return Visitor.signedIn(context, api.url, API_KEY);
  };

  test('is served with a strict policy, and its assets for ever', async () => {
    const index = await api.get('/');
    expect(index.status).toBe(200);
    expect(index.headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-/,
    );
    expect(index.headers.get('cache-control')).toBe('no-store');
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(index.text)?.[1] ?? '';
    // Past the client of the tests, which looks for our insides in every text.
    const asset = await fetch(api.url + script);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-encoding')).toBe('gzip');
    expect((await api.get('/runs/anything')).text).toContain('id="root"');
    expect((await api.get('/assets/..%2f..%2fpackage.json')).status).toBe(404);
    expect((await api.get('/v1/nothing')).status).toBe(404);
  });

  test('the failed run of an order is one click away, and its first line says why it failed', async () => {
    const visitor = await visit();
    await visitor.page.keyboard.press('/');
    await visitor.page.keyboard.type('4711');
    await visitor.page.waitForURL(/q=4711/);
    await visitor.click('link', '4711');
    const headline = visitor.page.locator('[data-headline]');
    await headline.waitFor();
    await expect.poll(() => headline.innerText()).toBe('Failed at check: BadOrder');
    expect(visitor.clicks).toBe(1);
    expect(visitor.problems).toEqual([]);
  });

  test('a run goes on from the step that failed, with its input corrected, with three clicks from the start page', async () => {
    const visitor = await visit();
    await visitor.page.keyboard.press('/');
    await visitor.page.keyboard.type('4711');
    await visitor.page.waitForURL(/q=4711/);
    await visitor.click('link', '4711');
    await visitor.click('button', /^Recover from check/);
    const input = visitor.page.getByLabel('Input');
    await input.last().fill('{"order": "4711", "bad": false}');
    await visitor.click('button', /^Recover$/);
    await visitor.page.waitForURL((url) => !url.pathname.includes(failed));
    await expect.poll(() => visitor.page.locator('[data-headline]').innerText()).toMatch(/^Succeeded/);
    expect(visitor.clicks).toBe(3);
    expect(visitor.problems).toEqual([]);
  });

  test('who paused a run, and why, is in its header', async () => {
    const visitor = await visit();
    await visitor.goTo(`/runs/${waiting}`);
    await visitor.click('button', /^Pause$/);
    await visitor.page.getByLabel('Reason').fill('The ERP is down');
    await visitor.page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await expect
      .poll(() => visitor.page.locator('[data-headline]').innerText())
      .toMatch(/paused by first key: The ERP is down$/i);
    expect(visitor.problems).toEqual([]);
  });

  test('what a stranger writes is shown, never executed', async () => {
    const visitor = await visit();
    await visitor.goTo('/runs?status=failed');
    const link = visitor.page.locator('.run-link', { hasText: 'onerror' }).first();
    await link.click();
    await visitor.page.locator('[data-headline]').waitFor();
    await expect.poll(() => visitor.page.locator('h1').innerText()).toContain('<script>alert(2)</script>');
    expect(await visitor.page.locator('img[src="x"]').count()).toBe(0);
    expect(visitor.problems).toEqual([]);
  });

  const pages = () => [
    '/runs',
    '/runs?q=nothing-has-this',
    `/runs/${failed}`,
    `/runs/${failed}?view=graph`,
    '/workflows',
    '/inbox',
    '/deliveries',
    '/calendar',
    '/jobs',
    '/people',
    '/audit',
    ...['runs', 'start', 'edit'].map((tab) => `/workflows/${workflow}?tab=${tab}`),
  ];

  test.each(['light', 'dark'] as const)('axe finds nothing wrong with any page, %s', { timeout: 60_000 }, async (scheme) => {
    const visitor = await visit(scheme);
    const found: string[] = [];
    for (const path of pages()) {
      await visitor.goTo(path);
      await visitor.page.waitForSelector('h1');
      await visitor.page.locator('.loading').first().waitFor({ state: 'detached' });
      found.push(...(await axeOf(visitor.page)).map((violation) => `${path} ${violation}`));
    }
    expect(found).toEqual([]);
    expect(visitor.problems).toEqual([]);
  });
});
