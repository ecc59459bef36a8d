import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { aModel } from '../executor/llm/models.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { built, hasBrowser, launch, Visitor } from './browser.ts';

const PATIENT = { timeout: 20_000 };
const LINE = `<img src=x onerror="alert(1)">\u202e`;

describe.skipIf(!hasBrowser)('news in the console, in a browser', { timeout: 40_000 }, () => {
  let api: Api;
  let browser: Browser;
  let context: BrowserContext;
  let workflow: string;
  const started = async (inputs: object) => (await api.start(workflow, inputs)).body.id as string;

  beforeAll(async () => {
    built();
    api = await startApi();
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    workflow = await api.publish(
      "  - id: seen\n    set: { note: '${ $input.note }' }\n  - id: ask\n    if: ${ $input.asks = true }\n    approval: { assignees: ada@example.com, title: 'Ship ${ $input.order }?' }\n",
      { top: 'reference: ${ $string($input.order) }' },
    );
    await api.ended(await started({ order: 'N-0' }));
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });

  const visit = async () => Visitor.signedIn(context, api.url, API_KEY);
  const isLive = ({ page }: Visitor) => page.getByText('Live', { exact: true }).and(page.locator('.side-foot p')).waitFor();

  test('come by themselves: a run to its list, its steps to its page, a question to the inbox', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await isLive(visitor);
    const run = await started({ order: 'N-1', asks: true });
    await page.getByRole('button', { name: '1 new' }).click();
    await page.getByRole('link', { name: 'N-1' }).click();
    await page.waitForURL(`**/runs/${run}`);
    const task = await api.asked(run);
    const headline = () => page.locator('[data-headline]').innerText();
    await expect.poll(headline, PATIENT).toMatch(/^Waiting at ask/);
    await isLive(visitor);
    expect((await api.post(`/v1/tasks/${task.id}/answer`, { decision: 'approve' })).status).toBe(200);
    await expect.poll(headline, PATIENT).toMatch(/^Succeeded/);
    await visitor.goTo('/inbox');
    await isLive(visitor);
    await started({ order: 'N-2', asks: true });
    await page.getByRole('button', { name: /^1 new/ }).click();
    await page.getByText('Ship N-2?').waitFor();
    expect(visitor.problems).toEqual([]);
    await page.close();
  });

  test('of a model are its words while they come, under the log, until its answer stands there', async () => {
    const model = await aModel();
    const { promise: rest, resolve: goOn } = Promise.withResolvers<void>();
    // The end of what is said is held back for as long as it may be a secret that comes in part.
    model.say({ pieces: [`It was ${LINE}, ${'word '.repeat(60)}`, 'Acme.'], rest });
    const settings = { base_url: model.url, model: 'stand-in' };
    const made = { project_id: 'examples', name: 'words', type: 'openai', settings, secret: { api_key: 'sk-SECRET' } };
    expect((await api.post('/v1/connections', made)).status).toBe(201);
    const saying = await api.publish(
      "  - id: first\n    approval: { assignees: ada@example.com, title: 'Ask it?' }\n  - id: say\n    llm: { connection: words, prompt: 'Who sent it?' }\n",
      { top: 'connections: [words]' },
    );
    const run = (await api.start(saying)).body.id as string;
    const task = await api.asked(run);
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goTo(`/runs/${run}`);
    await isLive(visitor);
    expect((await api.post(`/v1/tasks/${task.id}/answer`, { decision: 'approve' })).status).toBe(200);
    const words = page.getByRole('region', { name: 'Words of say' });
    await words.getByText(`It was ${LINE}, word word`).waitFor();
    goOn();
    await expect.poll(() => page.locator('[data-headline]').innerText(), PATIENT).toMatch(/^Succeeded/);
    await words.waitFor({ state: 'detached' });
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(visitor.problems).toEqual([]);
    await page.close();
    model.close();
  });

  test('are looked for where no connection is to be had, and the page says so', async () => {
    const own = await browser.newContext();
    await own.routeWebSocket(/./, (socket) => socket.close());
    const visitor = await Visitor.signedIn(own, api.url, API_KEY);
    await visitor.page.getByText('Not live: looks every few seconds').waitFor();
    await started({ order: 'N-3' });
    await visitor.page.getByRole('button', { name: /new$/ }).click();
    await visitor.page.getByRole('link', { name: 'N-3' }).waitFor();
    await own.close();
  });

  test('the policy of the page lets it connect to its own place and to that of the news, no other', async () => {
    const live = new URL((await api.get('/v1/me')).body.live_url);
    const policy = (await api.get('/')).headers.get('content-security-policy');
    expect(policy).toContain(`connect-src 'self' ${live.origin};`);
  });

  test('an API that fails, is gone or a browser offline: what is shown stays, and it is said that it may be old', async () => {
    const own = await browser.newContext();
    const visitor = await Visitor.signedIn(own, api.url, API_KEY);
    const { page } = visitor;
    await page.getByRole('link', { name: 'N-0' }).waitFor();
    const shown = async (words: RegExp) => {
      await page.getByRole('status').filter({ hasText: words }).waitFor();
      expect(await page.getByRole('link', { name: 'N-0' }).isVisible()).toBe(true);
    };
    const search = async (text: string) => {
      await page.keyboard.press('/');
      await page.keyboard.type(text);
      await page.keyboard.press('Escape');
    };
    await own.setOffline(true);
    await shown(/This browser is offline/);
    await own.setOffline(false);
    await page.route('**/v1/**', (route) => route.fulfill({ status: 503, body: '' }));
    await search('N');
    await shown(/Millrun fails to answer, since \d\d:\d\d/);
    await page.unroute('**/v1/**');
    await page.route('**/v1/**', (route) => route.abort());
    await search('-');
    await shown(/Millrun is not reached, since \d\d:\d\d/);
    await page.unroute('**/v1/**');
    await search('0');
    await expect.poll(() => page.locator('.reach').count(), PATIENT).toBe(0);
    await own.close();
  });

  test('a run that was given a line of a megabyte, with markup and signs that turn text around, opens and executes nothing', async () => {
    const run = await started({ order: 'N-4', note: LINE.repeat(1_000_000 / LINE.length) });
    await api.ended(run);
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goTo(`/runs/${run}?step=seen`);
    await expect.poll(() => page.locator('[data-headline]').innerText(), PATIENT).toMatch(/^Succeeded/);
    await page.getByText('Output').first().waitFor();
    // More than a page shows opens whole, in a tab of its own.
    const [whole] = await Promise.all([
      context.waitForEvent('page'),
      page
        .getByRole('region', { name: 'Output' })
        .getByRole('button', { name: /^Open all 1\.\d MiB of it$/ })
        .click(),
    ]);
    await whole.waitForLoadState();
    expect((await whole.locator('body').innerText()).length).toBeGreaterThan(900_000);
    await whole.close();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(visitor.problems).toEqual([]);
    await page.close();
  });

  test('a log of thousands of lines is found in on the server, to its last line', async () => {
    const looping = await api.publish(
      "  - id: each\n    forEach:\n      in: ${ [1..2700] }\n      as: n\n      concurrency: 40\n      steps:\n        - id: one\n          set: { n: '${ $n }' }\n",
      { top: 'timeout: 10m' },
    );
    const run = (await api.start(looping)).body.id as string;
    await api.ended(run);
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goTo(`/runs/${run}`);
    const log = page.getByRole('region', { name: 'Log', exact: true });
    await log.getByText('5,000 lines, the first of more: find in all of them').waitFor();
    await log.getByLabel('Find in log').fill('EACH[2699]/');
    await log.getByText('2 of all lines').waitFor();
    expect(await log.locator('.log-line').allInnerTexts()).toEqual([
      expect.stringMatching(/step_started\s+each\[2699\]\/one/),
      expect.stringMatching(/step_completed\s+each\[2699\]\/one/),
    ]);
    // A line has an address, and only what is seen of thousands is there.
    await log
      .getByRole('button', { name: /^Address of line/ })
      .last()
      .click();
    await page.waitForURL(/line=\d{4}/);
    await log.getByLabel('Find in log').fill('');
    await log.getByText('5,000 lines').waitFor();
    expect(await log.locator('.log-line').count()).toBeLessThan(60);
    expect(visitor.problems).toEqual([]);
    await page.close();
  });

  test('an output of 30 KB, of which a list of steps shows the beginning, is whole under Output', async () => {
    const run = await started({ order: 'N-5', note: `${'word '.repeat(6000)}the-end` });
    await api.ended(run);
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goTo(`/runs/${run}?step=seen`);
    await page
      .getByRole('button', { name: /all 30,009 characters/ })
      .first()
      .click();
    await page.getByRole('region', { name: 'Output' }).getByText('the-end').waitFor();
    expect(visitor.problems).toEqual([]);
    await page.close();
  });
});
