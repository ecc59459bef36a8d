import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, startApi, uniqueName } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { aMail, transportTo } from '../trigger/email/mail-sender.ts';
import { built, hasBrowser, launch, Visitor } from './browser.ts';

const BROKEN = "  - id: first\n    set: { seen: true }\n  - id: check\n    raise: { error: BadOrder, message: 'Never' }\n";
const DAY_MS = 86_400_000;
/** For what takes its time on a busy machine. */
const PATIENT = { timeout: 15_000 };

/** Each begins on the start page, signed in. Clicks are counted, what is typed is not. */
describe.skipIf(!hasBrowser)('what people come to the console for', { timeout: 30_000 }, () => {
  let api: Api;
  let browser: Browser;
  let visitor: Visitor;
  const started = async (workflow: string, inputs: object) => (await api.start(workflow, inputs)).body.id as string;

  beforeAll(async () => {
    built();
    api = await startApi();
    browser = await launch();
    visitor = await Visitor.signedIn(await browser.newContext({ viewport: { width: 1440, height: 900 } }), api.url, API_KEY);
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });
  beforeEach(async () => {
    visitor.problems.length = 0;
    await visitor.goTo('/');
    await visitor.page.waitForSelector('h1');
    visitor.clicks = 0;
  });

  const search = async (text: string) => {
    await visitor.page.keyboard.press('/');
    await visitor.page.keyboard.type(text);
  };
  /** A run that failed, by a workflow that always fails. */
  async function failing(reference: string): Promise<string> {
    const workflow = await api.publish(BROKEN, { top: "reference: '${ $input.order }'" });
    const run = await started(workflow, { order: reference });
    await api.ended(run);
    return run;
  }
  const headline = () => visitor.page.locator('[data-headline]');
  const goesOnFrom = async (failed: string) => {
    await visitor.page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.includes(failed));
    await expect.poll(() => headline().innerText(), PATIENT).toMatch(/^Succeeded/);
  };

  test('correct the workflow and go on from the failed step: 4', async () => {
    const failed = await failing('A-4711');
    // The page of a run comes later than what is typed is looked for: whoever is on the way there is not called back.
    const late = /assets\/run-page/;
    await visitor.page.route(late, (route) => setTimeout(() => void route.continue(), 600));
    await search('A-47');
    await visitor.page.getByRole('link', { name: 'A-4711' }).waitFor();
    await visitor.page.keyboard.type('11');
    await visitor.click('link', 'A-4711');
    await visitor.click('button', 'Correct the workflow');
    await visitor.page.unroute(late);
    // The text has the focus, at the step that failed.
    await visitor.page.locator('.cm-focused').waitFor();
    await visitor.page.keyboard.press('Control+End');
    await visitor.page.keyboard.insertText('    if: ${ false }');
    await visitor.click('button', /^Publish$/);
    await visitor.page.getByText('what steps before have given is taken over').waitFor();
    await visitor.click('button', /^Publish and recover$/);
    await goesOnFrom(failed);
    expect(visitor.clicks).toBe(4);
    expect(visitor.problems).toEqual([]);
  });

  test('stop all running runs of a workflow, with their count: 4', async () => {
    const name = uniqueName();
    const definition = `format: 1\nname: ${name}\ntimeout: 10d\nsteps:\n  - id: hold\n    wait: { until: '2099-01-01T00:00:00Z' }\n`;
    const { id } = (await api.post('/v1/workflows', { project_id: 'examples', definition })).body;
    await api.post(`/v1/workflows/${id}/publish`, {});
    const runs = await Promise.all([1, 2, 3].map(() => started(id, {})));
    await visitor.page.reload();
    // What is typed before the page is there goes nowhere.
    await visitor.page.getByRole('button', { name: 'All that match' }).waitFor();
    await search(`workflow:${name}`);
    await visitor.page.keyboard.press('Enter');
    await visitor.page.waitForURL(/workflow=/);
    await visitor.click('button', /^Live/);
    await visitor.click('button', 'All that match');
    await visitor.click('menuitem', 'Stop all');
    await visitor.click('button', 'Stop 3 runs');
    await visitor.page.waitForURL(/\/jobs/);
    for (const run of runs) expect((await api.ended(run)).status).toBe('stopped');
    const job = visitor.page.getByRole('region', { name: 'Job' });
    for (const run of runs) await job.getByRole('link', { name: run }).waitFor();
    expect(visitor.clicks).toBe(4);
    expect(visitor.problems).toEqual([]);
  });

  test('what runs next Sunday: 2', async () => {
    const workflow = await api.publish('  - id: a\n    set: {}\n');
    const tomorrow = new Date(Date.now() + DAY_MS).toISOString();
    for (const schedule of [
      { name: 'Sunday report', expression: 'weekly on sun at 12:00' },
      { name: 'Every minute', expression: 'rate(1 minute)', start_at: tomorrow },
    ])
      expect((await api.post(`/v1/workflows/${workflow}/schedules`, schedule)).status).toBe(201);
    await visitor.click('link', 'Calendar');
    // On a Sunday there are two: today, and the next one.
    const sunday = visitor.page.getByRole('button', { name: /^Sun / }).last();
    await sunday.click();
    const report = visitor.page.getByRole('region', { name: /^Sun / }).last().getByText('Sunday report');
    await report.waitFor();
    const whole = visitor.page.getByRole('region', { name: /^All of Sun / });
    await whole.getByRole('button', { name: /^Show all/ }).click();
    await whole.getByRole('row', { name: /12:00:00 Sunday report .* UTC/ }).waitFor();
    expect(visitor.clicks + 1).toBe(2);
    expect(visitor.problems).toEqual([]);
  });

  test('redeliver the mails that were rejected yesterday: 4', async () => {
    const workflow = await api.publish('  - id: a\n    set: {}\n');
    const mailbox = (await api.call('PUT', `/v1/workflows/${workflow}/mailbox`, { body: { permission: 'anyone' } })).body;
    const turn = (enabled: boolean) => api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled } });
    await turn(false);
    const transport = transportTo(api.cloud);
    for (const subject of ['<b>1</b>', 'two\u202e'])
      await transport.sendMail({
        envelope: { from: 'ada@example.com', to: [mailbox.address] },
        raw: aMail({ Subject: subject }),
      });
    transport.close();
    const deliveries = async () => (await api.get(`/v1/deliveries?workflow_id=${workflow}`)).body.items;
    const outcomes = async () => (await deliveries()).map(({ outcome }: { outcome: string }) => outcome);
    await expect.poll(outcomes, PATIENT).toEqual(['rejected', 'rejected']);
    await turn(true);
    // A day passes, for the browser.
    await visitor.page.clock.setSystemTime(Date.parse((await deliveries())[0].at) + DAY_MS);
    await visitor.page.reload();
    await visitor.click('link', 'Deliveries');
    await visitor.click('button', /^Mail$/);
    await visitor.click('button', 'Redeliver the rejected of Yesterday');
    await visitor.page.getByText('of 2 rejected: mail, yesterday').waitFor();
    await visitor.click('button', 'Redeliver 2 deliveries');
    await visitor.page.waitForURL(/\/jobs/);
    await expect.poll(outcomes, PATIENT).toEqual(['accepted', 'accepted']);
    expect(visitor.clicks).toBe(4);
    expect(visitor.problems).toEqual([]);
    await visitor.page.clock.setSystemTime(Date.now());
    // They are found by their words as well.
    await visitor.goTo('/deliveries');
    await visitor.page.getByLabel('Find deliveries').fill('nobody@example.com');
    await visitor.page.getByText('No delivery matches').waitFor();
    await visitor.page.getByLabel('Find deliveries').fill('ada@example.com');
    await expect.poll(() => visitor.page.getByRole('cell', { name: 'ada@example.com' }).count(), PATIENT).toBe(2);
  });

  test('answer a question: 2', async () => {
    const workflow = await api.publish("  - id: ask\n    approval: { assignees: ada@example.com, title: 'Ship it?' }\n");
    const run = await started(workflow, {});
    await api.asked(run);
    await visitor.click('link', 'Inbox');
    await visitor.click('button', /^Ship it\?/);
    await visitor.page.getByRole('button', { name: /^Approve$/ }).waitFor();
    await visitor.page.keyboard.press('a');
    await visitor.page.getByRole('button', { name: 'Undo' }).waitFor();
    // Whoever closes the page has decided.
    await visitor.page.goto('about:blank');
    expect((await api.ended(run)).status).toBe('succeeded');
    expect(visitor.clicks).toBe(2);
    expect(visitor.problems).toEqual([]);
  });

  test('compare two runs: 3', async () => {
    const workflow = await api.publish('  - id: a\n    set: {}\n', { top: "reference: 'C-${ $string($input.n) }'" });
    for (const n of [1, 2]) await api.ended(await started(workflow, { n }));
    await visitor.page.reload();
    await visitor.click('checkbox', 'Select C-1');
    await visitor.click('checkbox', 'Select C-2');
    await visitor.click('button', 'Compare');
    await visitor.page.getByRole('row', { name: /\/n 1 2/ }).waitFor();
    expect(visitor.clicks).toBe(3);
    expect(visitor.problems).toEqual([]);
  });

  test('bring the version before back: 2', async () => {
    const name = uniqueName();
    const text = (note: string) => `format: 1\nname: ${name}\ndescription: ${note}\nsteps:\n  - id: a\n    set: {}\n`;
    const { id } = (await api.post('/v1/workflows', { project_id: 'examples', definition: text('good') })).body;
    await api.post(`/v1/workflows/${id}/publish`, {});
    await api.call('PUT', `/v1/workflows/${id}/draft`, { body: { definition: text('bad') } });
    await api.post(`/v1/workflows/${id}/publish`, {});
    await visitor.page.reload();
    await visitor.page.waitForSelector('h1');
    await visitor.page.keyboard.press('Control+k');
    await visitor.page.getByPlaceholder('A page, a workflow, a reference').fill(`${name} versions`);
    await visitor.page.getByRole('button', { name: `${name}: Versions` }).waitFor();
    await visitor.page.keyboard.press('ArrowDown');
    await visitor.page.keyboard.press('Enter');
    await visitor.click('button', 'Bring back v1');
    await visitor.click('button', 'Publish it as v3');
    await expect.poll(async () => (await api.get(`/v1/workflows/${id}`)).body.published_version, PATIENT).toBe(3);
    expect((await api.get(`/v1/workflows/${id}/versions/3`)).body.source).toBe(text('good'));
    expect(visitor.clicks).toBe(2);
    expect(visitor.problems).toEqual([]);
  });

  test('find a failed run, see why, correct its input, and go on: without a pointer', async () => {
    const workflow = await api.publish(
      "  - id: check\n    if: ${ $input.bad = true }\n    raise: { error: BadOrder, message: 'No' }\n",
      { top: "reference: '${ $input.order }'" },
    );
    const failed = await started(workflow, { order: 'K-1', bad: true });
    await api.ended(failed);
    const { page } = visitor;
    await search('K-1');
    await expect.poll(() => page.locator('tr[data-run]').count(), PATIENT).toBe(1);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect.poll(() => headline().innerText(), PATIENT).toBe('Failed at check: BadOrder');
    await visitor.tabTo(/^Recover from check/);
    await page.keyboard.press('Enter');
    await visitor.tabTo(/^Input/);
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('{"order": "K-1", "bad": false}');
    await visitor.tabTo(/^Recover$/);
    await page.keyboard.press('Enter');
    await goesOnFrom(failed);
    expect(visitor.clicks).toBe(0);
    expect(visitor.problems).toEqual([]);
  });

  test('correct the workflow and go on: without a pointer', async () => {
    const failed = await failing('K-2');
    const { page } = visitor;
    await search('K-2');
    await expect.poll(() => page.locator('tr[data-run]').count(), PATIENT).toBe(1);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await headline().waitFor();
    await visitor.tabTo(/^Correct the workflow/);
    await page.keyboard.press('Enter');
    await page.locator('.cm-focused').waitFor();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('    if: ${ false }');
    await page.keyboard.press('Control+Enter');
    await page.getByText('what steps before have given is taken over').waitFor();
    await visitor.tabTo(/^Publish and recover$/);
    await page.keyboard.press('Enter');
    await goesOnFrom(failed);
    expect(visitor.clicks).toBe(0);
    expect(visitor.problems).toEqual([]);
  });
});
