import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { built, hasBrowser, launch, looksOf, Visitor } from './browser.ts';

/** For what takes its time on a busy machine. */
const PATIENT = { timeout: 15_000 };
const HOSTILE = `<img src=x onerror="alert(1)">\u202e`;
const FORM = '{ type: object, required: [costCentre], properties: { costCentre: { type: string }, urgent: { type: boolean } } }';

describe.skipIf(!hasBrowser)('the pages of the console, in a browser', () => {
  let api: Api;
  let browser: Browser;
  let visitor: Visitor;
  let total: string;
  let paying: string;
  let exporting: string;
  let runs: string[];
  let payments: string[];
  let exports: string[];
  let failed: string;

  beforeAll(async () => {
    built();
    api = await startApi();
    browser = await launch();
    total = await api.publish("  - id: sum\n    set: { total: '${ $input.a + $input.b }' }\n", {
      top: "reference: ORD-${ $string($input.a) }\noutput: { total: '${ $steps.sum.total }' }",
    });
    paying = await api.publish(
      `  - id: sign\n    approval: { assignees: [ada@example.com], title: 'Pay \${ $input.to }?', form: ${FORM} }\n`,
      { top: "reference: ${ $input.to }\noutput: { form: '${ $steps.sign.form }' }" },
    );
    exporting = await api.publish("  - id: send\n    onError: ask\n    http: { method: GET, url: 'http://127.0.0.1:1/' }\n", {
      top: 'reference: DOC-${ $string($input.n) }',
    });
    const started = async (workflow: string, inputs: object) => (await api.start(workflow, inputs)).body.id as string;
    // One after the other: what is compared stands in the order of the starts.
    runs = [];
    for (const a of [1, 2, 3]) runs.push(await started(total, { a, b: 2 }));
    payments = await Promise.all(['Acme', HOSTILE].map((to) => started(paying, { to })));
    exports = await Promise.all([1, 2, 3].map((n) => started(exporting, { n })));
    const failing = await api.publish("  - id: check\n    raise: { error: BadOrder, message: 'Order ${ $input.order }' }\n");
    failed = await started(failing, { order: HOSTILE.repeat(20) });
    for (const id of [...runs, failed]) await api.ended(id);
    for (const id of [...payments, ...exports]) await api.asked(id);
    visitor = await Visitor.signedIn(await browser.newContext({ viewport: { width: 1440, height: 900 } }), api.url, API_KEY);
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
  });

  /** One visitor for all of them: each page is loaded anew, what went wrong before is not its fault. */
  const visit = async (path: string) => {
    visitor.problems.length = 0;
    visitor.clicks = 0;
    await visitor.goTo(path);
    await visitor.page.waitForSelector('h1');
    return visitor;
  };
  const dialog = () => visitor.page.getByRole('dialog');

  test('none of them has anything wrong for axe, light or dark, nor is wider than a phone; pictures of all are kept', {
    timeout: 240_000,
  }, async () => {
    const [one = '', other = ''] = runs;
    const pages = {
      runs: '/runs',
      'runs-none': '/runs?q=nothing-has-this',
      'runs-columns': '/runs?columns=status,id,project,actor,ended,labels',
      run: `/runs/${failed}`,
      'run-graph': `/runs/${failed}?view=graph`,
      workflows: '/workflows',
      inbox: '/inbox',
      'inbox-approval': `/inbox?task=${(await api.asked(payments[0] ?? '')).id}`,
      'inbox-exceptions': `/inbox?kind=exception&task=${(await api.asked(exports[0] ?? '')).group}`,
      deliveries: '/deliveries',
      calendar: '/calendar',
      jobs: '/jobs',
      analytics: '/analytics',
      usage: '/usage',
      subscriptions: '/subscriptions',
      connections: '/connections',
      compare: '/compare',
      compared: `/compare?a=${one}&b=${other}&step=sum`,
      people: '/people',
      audit: '/audit',
      settings: '/settings',
      docs: '/reference',
      ...Object.fromEntries(
        ['runs', 'overview', 'start', 'edit', 'versions', 'triggers', 'tests', 'settings'].map((tab) => [
          `workflow-${tab}`,
          `/workflows/${total}?tab=${tab}`,
        ]),
      ),
    };
    const { page, problems } = visitor;
    problems.length = 0;
    const found: string[] = [];
    for (const [name, path] of Object.entries(pages)) {
      await visitor.goTo(path);
      await page.waitForSelector('h1');
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      await page.locator('.strip b', { hasText: '…' }).first().waitFor({ state: 'detached' });
      found.push(...(await looksOf(page, name)));
    }
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(api.url);
    await stranger.getByLabel('API key').waitFor();
    found.push(...(await looksOf(stranger, 'sign-in')));
    await stranger.context().close();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(found).toEqual([]);
    // A workflow without a mailbox is asked for one.
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([]);
  });

  test('a question is answered in place with two clicks, and taken back while nothing has left', async () => {
    await visit('/inbox');
    const { page } = visitor;
    await visitor.click('button', /^Pay Acme\?/);
    await page.getByLabel('Cost centre').waitFor();
    await page.keyboard.press('a');
    await page.getByText('To approve it, fill in Cost centre.').waitFor();
    await page.getByLabel('Cost centre').fill('A1');
    await visitor.click('button', /^Approve$/);
    expect(visitor.clicks).toBe(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByLabel('Cost centre').inputValue()).toBe('A1');
    expect((await api.asked(payments[0] ?? '')).status).toBe('open');
    // Away from the form, the keys answer; `g a` is a place and approves nothing.
    await page.getByLabel('Cost centre').blur();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL(/\/audit/);
    expect((await api.asked(payments[0] ?? '')).status).toBe('open');
    await page.goBack();
    await page.getByLabel('Cost centre').waitFor();
    await page.keyboard.press('a');
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    // Whoever closes the page has decided.
    await page.goto('about:blank');
    expect((await api.ended(payments[0] ?? '')).outputs).toEqual({ form: { costCentre: 'A1' } });
    expect(visitor.problems).toEqual([]);
  });

  test('several questions are answered at once, after all of them have been named', async () => {
    const shipping = await api.publish(
      "  - id: ask\n    approval: { assignees: ada@example.com, title: 'Ship ${ $input.n }?' }\n",
    );
    const shipped = await Promise.all([1, 2, 3].map(async (n) => (await api.start(shipping, { n })).body.id as string));
    for (const id of shipped) await api.asked(id);
    await visit('/inbox?kind=approval');
    const { page } = visitor;
    for (const n of [1, 2]) await page.getByLabel(`Select Ship ${n}?`).check();
    await page.getByRole('button', { name: 'Approve 2 questions' }).click();
    await dialog().getByText('Ship 1?').waitFor();
    await dialog().getByLabel('Comment').fill('All paid');
    await dialog().getByRole('button', { name: 'Approve 2 questions' }).click();
    await page.getByRole('button', { name: 'Undo' }).first().waitFor();
    await page.goto('about:blank');
    const [first = '', second = '', third = ''] = shipped;
    for (const id of [first, second]) expect((await api.ended(id)).status).toBe('succeeded');
    expect((await api.asked(third)).status).toBe('open');
    expect(visitor.problems).toEqual([]);
  });

  test('what a stranger has written stands in a question as it is', async () => {
    await visit('/inbox');
    await visitor.page.getByText(`Pay ${HOSTILE}?`).waitFor();
    // Found by its words, and by nothing else.
    await visitor.page.keyboard.press('/');
    await visitor.page.keyboard.type('no such question');
    await visitor.page.getByText('No open question has “no such question” in it.').waitFor();
    await visitor.page.getByLabel('Find questions').fill('ONERROR');
    await visitor.page.getByText(`Pay ${HOSTILE}?`).waitFor();
    expect(await visitor.page.locator('[data-task]').count()).toBe(1);
    // Signs that turn text around do so in these words alone.
    const bidi = await visitor.page.evaluate("getComputedStyle(document.querySelector('[data-task] b')).unicodeBidi");
    expect(bidi).toBe('isolate');
    expect(await visitor.page.locator('img[src="x"]').count()).toBe(0);
    expect(visitor.problems).toEqual([]);
  });

  test('a question is put off, shown when it is asked for, and given to others', async () => {
    await visit('/inbox?kind=approval');
    const { page } = visitor;
    await visitor.click('button', /^Pay </);
    await page.getByRole('button', { name: 'Ask others' }).click();
    await page.getByLabel('Mail addresses').fill('grace@example.com');
    await page.getByRole('button', { name: 'Ask them' }).click();
    await page.getByText('It asks grace@example.com.').waitFor();
    await page.getByRole('button', { name: 'Put off' }).click();
    await page.getByRole('menuitem', { name: 'For an hour' }).click();
    await visitor.goTo('/inbox');
    await page.getByRole('button', { name: 'Show 1 put off' }).click();
    await page.getByText(/^until/).waitFor();
    const task = await api.asked(payments[1] ?? '');
    expect(task.assignees).toEqual(['grace@example.com']);
    expect(Date.parse(task.snoozed_until)).toBeGreaterThan(Date.now());
    expect(visitor.problems).toEqual([]);
  });

  test('failures with the same cause are decided together', async () => {
    await visit('/inbox');
    const { page } = visitor;
    await visitor.click('button', /^3 like this/);
    await visitor.click('button', /^Skip all 3/);
    await dialog().getByLabel('Comment').fill('The receiver is gone');
    await dialog().getByRole('button', { name: 'Skip 3 runs' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await page.goto('about:blank');
    for (const id of exports) expect((await api.ended(id)).status).toBe('succeeded');
    expect(visitor.problems).toEqual([]);
  });

  test('a run is started by the fields of its schema, or as JSON, with the same digits', async () => {
    const input = `{ type: object, required: [order, kind], properties: { order: { type: integer, title: Order id }, kind: { enum: [new, again] }, urgent: { type: boolean }, on: { type: string, format: date }, tags: { type: array, items: { type: string } }, lines: { type: array, items: { type: object } }, parts: { type: array, items: { type: object, required: [sku], properties: { sku: { type: string }, count: { type: integer } } } }, due: { type: string, format: date-time }, pin: { type: string, secret: true } } }`;
    const asking = await api.publish("  - id: a\n    set: { order: '${ $input.order }' }\n", { top: `input: ${input}` });
    await visit(`/workflows/${asking}?tab=start`);
    const { page } = visitor;
    await page.getByLabel('Order id').fill('9007199254740993');
    await page.getByLabel('Kind').selectOption('again');
    await page.getByLabel('Urgent').check();
    await page.getByLabel(/^On/).fill('2026-03-29');
    await page.getByLabel(/^Tags/).fill('vip\nlate');
    await page.getByLabel(/^Lines/).fill('[{"sku": "A", "price": 1.10, "id": 12345678901234567890}]');
    // A list of things has a form for each of them; an instant is what the clock shows.
    for (const sku of ['X', 'P-7']) {
      await page.getByRole('button', { name: 'Add to Parts' }).click();
      await page.getByLabel('Sku').last().fill(sku);
    }
    await page
      .getByLabel(/^Count/)
      .last()
      .fill('3');
    await page.getByRole('button', { name: 'Remove Parts 1' }).click();
    await page.getByLabel(/^Due/).fill('2026-03-29T12:30:00');
    expect(await page.getByLabel(/^Pin/).getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    const text = page.getByLabel('Input', { exact: true });
    expect(await text.inputValue()).toContain('"order": 9007199254740993');
    await text.fill(
      (await text.inputValue()).replace('12345678901234567890', '12345678901234567891').replace(/}$/, ',"more":1}'),
    );
    expect(new URL(page.url()).searchParams.get('as')).toBe('json');
    await page.getByRole('button', { name: 'Form', exact: true }).click();
    expect(await page.getByLabel('Order id').inputValue()).toBe('9007199254740993');
    await page.getByText(/^Sent along as well/).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/runs\//);
    const { pathname } = new URL(page.url());
    const run = await api.get(`/v1${pathname}`);
    expect(run.text).toContain('"order":9007199254740993');
    expect(run.text).toContain('"id":12345678901234567891');
    expect(run.body.inputs).toMatchObject({ kind: 'again', urgent: true, on: '2026-03-29', tags: ['vip', 'late'], more: 1 });
    const due = new Date('2026-03-29T12:30:00').toISOString();
    expect(run.body.inputs).toMatchObject({ parts: [{ sku: 'P-7', count: 3 }], due });
    // Run again by the same form: a field is corrected, a refusal stands at its field, no other digit changes.
    await page.getByRole('button', { name: 'Run again' }).click();
    const again = dialog().getByRole('button', { name: 'Run again' });
    await dialog().getByLabel('Order id').fill('many');
    await again.click();
    await dialog().locator('.field-error').waitFor();
    await dialog().getByLabel('Order id').fill('9007199254740995');
    await dialog().getByLabel(/^Pin/).fill('***');
    await dialog().getByTitle('Secrets are shown as ***: type them again.').waitFor();
    await dialog().getByLabel(/^Pin/).fill('4711-secret');
    await dialog().getByRole('button', { name: 'JSON', exact: true }).click();
    expect(await dialog().getByLabel('Input', { exact: true }).inputValue()).toContain('"id": 12345678901234567891');
    await again.click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && url.pathname !== pathname);
    const rerun = await api.get(`/v1${new URL(page.url()).pathname}`);
    expect(rerun.text).toContain('"order":9007199254740995');
    expect(rerun.body.inputs).toMatchObject({ kind: 'again', tags: ['vip', 'late'], pin: '***', more: 1 });
    // What the schema refuses is said at its field. What is shown of the last run's secret is not sent.
    await visit(`/workflows/${asking}?tab=start`);
    await page.getByLabel('Order id').fill('many');
    await page.getByTitle('Secrets are shown as ***: type them again.').first().waitFor();
    await page.getByLabel(/^Pin/).fill('4712-secret');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.field-error').waitFor();
    expect(visitor.problems.filter((problem) => !/400|404/.test(problem))).toEqual([]);
  });

  test('a figure leads to the runs that it counts, and a table is taken along', async () => {
    await vi.waitFor(
      async () => {
        const { body } = await api.get(`/v1/analytics/overview?workflow_id=${total}`);
        expect(body.runs).toBe(3);
      },
      { timeout: 20_000, interval: 100 },
    );
    await visit(`/analytics?workflow=${total}`);
    const { page } = visitor;
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download steps as CSV' }).click();
    expect(await readFile(await (await file).path(), 'utf8')).toMatch(/^step_id,executed,.*\r\nsum,3,3,0,0,/);
    await page.locator('.figure', { hasText: 'Runs ended' }).getByRole('link', { name: '3' }).click();
    await page.waitForURL(/\/runs\?.*status=succeeded/);
    await expect.poll(() => page.locator('tr[data-run]').count()).toBe(3);
    expect(visitor.problems).toEqual([]);
  });

  test('two runs are compared within three clicks, from the list and from a page', async () => {
    await visit(`/runs?workflow=${total}`);
    const { page } = visitor;
    await page.getByLabel('Select ORD-1').click();
    await page.getByLabel('Select ORD-3').click();
    // What is selected outlives a reload, and a look into a run.
    await page.reload();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('link', { name: 'ORD-2' }).click();
    await page.locator('[data-headline]').waitFor();
    await page.goBack();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('row', { name: /\/a 1 3/ }).waitFor();
    await visitor.goTo(`/runs?workflow=${total}`);
    await page.getByRole('link', { name: 'ORD-2' }).click();
    await page.getByRole('button', { name: 'Compare' }).click();
    await dialog().getByRole('button', { name: /ORD-1/ }).click();
    await page.getByRole('row', { name: /\/a 1 2/ }).waitFor();
    expect(visitor.problems).toEqual([]);
  });

  test('what the filter matches is exported, and says how much that is', async () => {
    await visit(`/runs?workflow=${total}`);
    const { page } = visitor;
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'JSON' }).click();
    await page.getByText('3 runs: all that the filter matches.').waitFor();
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save 3 runs' }).click();
    const saved: { id: string }[] = JSON.parse(await readFile(await (await file).path(), 'utf8'));
    expect(saved.map(({ id }) => id).toSorted()).toEqual(runs.toSorted());
    expect(visitor.problems).toEqual([]);
  });

  test('a run becomes a test; what comes out otherwise is seen, and accepted', async () => {
    await visit(`/runs/${runs[2]}`);
    const { page } = visitor;
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Make a test of it' }).click();
    await dialog().getByRole('button', { name: 'Make the test' }).click();
    await page.waitForURL(/tab=tests/);
    const { source } = (await api.get(`/v1/workflows/${total}`)).body.draft;
    const definition = source.replace('$input.a + $input.b', '$input.a * $input.b');
    expect((await api.call('PUT', `/v1/workflows/${total}/draft`, { body: { definition } })).status).toBe(200);
    await page.getByRole('button', { name: 'Run the tests' }).click();
    await dialog().getByRole('button', { name: 'Run them' }).click();
    await page.getByRole('button', { name: 'ORD-3 against draft: different' }).click();
    await page.getByRole('row', { name: '/total 5 6' }).waitFor();
    await page.getByRole('button', { name: 'Accept as what should come out' }).click();
    await dialog().getByRole('button', { name: 'Accept 1 test' }).click();
    await page.getByRole('button', { name: 'ORD-3 against draft: same' }).waitFor();
    await page.getByRole('button', { name: 'Change the test ORD-3' }).click();
    await dialog().getByLabel('Name').fill('Sums');
    await dialog().getByLabel('Ignore').fill('/at');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('Sums', { exact: true }).waitFor();
    expect((await api.get(`/v1/workflows/${total}/tests`)).body.items).toMatchObject([{ name: 'Sums', ignore: ['/at'] }]);
    // A draft with which it does not come out the same is not published, when that is asked for.
    const broken = definition.replace('$input.a * $input.b', '$input.a - $input.b');
    expect((await api.call('PUT', `/v1/workflows/${total}/draft`, { body: { definition: broken } })).status).toBe(200);
    await visitor.goTo(`/workflows/${total}?tab=edit`);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog()
      .getByLabel(/^Only if its test comes out the same/)
      .check();
    await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByRole('alert').waitFor();
    expect((await api.get(`/v1/workflows/${total}`)).body.published_version).toBe(1);
    await page.keyboard.press('Escape');
    visitor.problems.splice(0, 9, ...visitor.problems.filter((problem) => !/409/.test(problem)));
    expect(visitor.problems).toEqual([]);
  });

  test('a connection is made by the form of its type, tried, and not deleted from under a workflow unseen', async () => {
    await visit('/connections');
    const { page } = visitor;
    await page.getByRole('button', { name: 'New connection' }).click();
    await page.getByLabel('Type').selectOption('basic');
    await page.getByLabel('Name', { exact: true }).fill('erp');
    await page.getByLabel('Hosts').fill('127.0.0.1:1');
    await page.getByLabel('Username').fill('mill');
    await page.getByLabel('Password').fill('s3cret-word');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'erp' }).waitFor();
    const using = {
      project_id: 'examples',
      definition: 'format: 1\nname: uses-erp\nconnections: [erp]\nsteps:\n  - id: a\n    set: {}\n',
    };
    expect((await api.post('/v1/workflows', using)).status).toBe(201);
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByLabel('URL').fill('http://127.0.0.1:1/');
    await page.getByRole('button', { name: 'Call it' }).click();
    await dialog()
      .getByText(/not connected.*refused/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('cell', { name: /not connected/ }).waitFor();
    // What may be asked of the other side, and back to as much as one likes.
    await page.getByText('It is called as often as its limits allow.').waitFor();
    await page.getByRole('button', { name: 'Limits' }).click();
    await dialog().getByLabel('Count').fill('100');
    await dialog().getByTitle('Fill in Per.').waitFor();
    await dialog().getByLabel('Per').fill('1m');
    await dialog()
      .getByLabel(/^Concurrency/)
      .fill('5');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('100 calls in 1m, 5 at once').waitFor();
    const [limited] = (await api.get('/v1/connections')).body.items;
    expect(limited.limits).toEqual({ rate: { count: 100, per: '1m' }, concurrency: 5 });
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('link', { name: 'uses-erp' }).waitFor();
    await page.getByRole('button', { name: 'Delete it from under 1 workflow' }).click();
    await page.getByText('No connection yet').waitFor();
    expect((await page.content()).includes('s3cret-word')).toBe(false);
    expect(visitor.problems).toEqual([]);
  });

  test('triggers are made from the page of the workflow: a webhook shows its secret and a signed request this once', async () => {
    await visit(`/workflows/${total}?tab=triggers`);
    const { page } = visitor;
    await page.getByRole('button', { name: 'New webhook' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Shop');
    await page.getByLabel('Scheme').selectOption({ label: 'sha256' });
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Shown this once.').waitFor();
    await expect.poll(() => page.locator('pre.curl').innerText()).toMatch(/curl .*x-hub-signature-256/s);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'New schedule' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Every morning');
    await page.getByLabel('Expression').fill('at nine');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByRole('alert').waitFor();
    await page.getByLabel('Expression').fill('daily at 09:00');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('daily at 09:00', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Schedules' }).getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    const [schedule] = (await api.get(`/v1/workflows/${total}/schedules`)).body.items;
    expect(schedule).toMatchObject({ name: 'Every morning', enabled: false, timezone: 'UTC' });
    // What the API refuses, and a mailbox that is not there, are errors of the page's console; nothing else is.
    expect(visitor.problems.filter((problem) => !/40[04]/.test(problem))).toEqual([]);
  });

  test('a filter is kept under a name, shared, opened by its name, and deleted', async () => {
    await visit(`/runs?workflow=${total}&label=${encodeURIComponent('vip:no')}&from=24h`);
    const { page } = visitor;
    // What is shown of the runs is part of the address, and of the view.
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Labels' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Trigger' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this filter' }).click();
    await dialog().getByLabel('Name').fill('No VIP');
    await dialog().getByLabel('Others see it too').check();
    await dialog().getByText('It is always of the last 24h.').waitFor();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved as No VIP.').waitFor();
    expect((await api.get('/v1/views')).body.items).toMatchObject([
      {
        name: 'No VIP',
        shared: true,
        filter: { workflow_id: total, label: ['vip:no'] },
        last: '24h',
        columns: ['status', 'run', 'workflow', 'started', 'took', 'labels', 'step', 'error'],
      },
    ]);
    await visit('/runs?from=7d');
    await page.getByRole('button', { name: 'Views (1)' }).click();
    await page.getByRole('menuitem', { name: 'No VIP', exact: true }).click();
    await page.waitForURL((url) => ['workflow', 'label', 'columns'].every((name) => url.searchParams.has(name)));
    expect(new URL(page.url()).searchParams.get('from')).toBe('24h');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('columnheader', { name: 'Labels' }).waitFor();
    expect(await page.getByRole('columnheader', { name: 'Trigger' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Views (1)' }).click();
    await page.getByRole('menuitem', { name: 'Delete No VIP' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Views', exact: true }).waitFor();
    expect(visitor.problems).toEqual([]);
  });

  test('what somebody else has saved meanwhile is shown as a difference, and nothing is written over', async () => {
    const edited = await api.publish('  - id: a\n    set: {}\n');
    const draft = async () => (await api.get(`/v1/workflows/${edited}`)).body.draft.source as string;
    const mine = `${await draft()}# mine\n`;
    const theirs = `${await draft()}# theirs\n`;
    await visit(`/workflows/${edited}?tab=edit`);
    const { page } = visitor;
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('# mine\n');
    await page.getByText('Changes are kept in this browser').waitFor();
    expect((await api.call('PUT', `/v1/workflows/${edited}/draft`, { body: { definition: theirs } })).status).toBe(200);
    await page.getByRole('button', { name: 'Save draft' }).click();
    const conflict = page.getByRole('region', { name: /^Somebody else has saved/ });
    await conflict.getByText('# theirs').waitFor();
    expect(await draft()).toBe(theirs);
    // Who comes back later is told so too: the text was begun on another draft.
    await page.reload();
    await conflict.getByText('# theirs').waitFor();
    await conflict.getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByText('Saved as the draft.').waitFor();
    expect(await draft()).toBe(mine);
    // The refusal is an error of the page's console; nothing else is.
    expect(visitor.problems.filter((problem) => !/409/.test(problem))).toEqual([]);
  });

  test('a queue takes messages, and says where they go; it is paused and deleted; so is what events start', async () => {
    await visit(`/workflows/${total}?tab=triggers`);
    const { page } = visitor;
    const queues = page.getByRole('region', { name: 'Queues' });
    await queues.getByRole('button', { name: 'New queue' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Orders');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await queues.getByText(/millrun-inbox/).waitFor();
    const [queue] = (await api.get(`/v1/workflows/${total}/queues`)).body.items;
    await queues.getByText(queue.id).waitFor();
    await queues.getByRole('button', { name: 'Pause' }).click();
    await queues.getByText('paused').waitFor();
    await queues.getByRole('button', { name: 'More on Orders' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await queues.getByText('A message of SQS').waitFor();
    // And events of EventBridge.
    const rules = page.getByRole('region', { name: 'Event rules' });
    await rules.getByRole('button', { name: 'New event rule' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Shipped');
    await dialog()
      .getByLabel(/^Source/)
      .fill('com.example.shop');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await rules.getByText('com.example.shop').waitFor();
    await rules.getByRole('button', { name: 'Pause' }).click();
    await rules.getByText('paused').waitFor();
    const [rule] = (await api.get(`/v1/workflows/${total}/event-rules`)).body.items;
    expect(rule).toMatchObject({ name: 'Shipped', source: 'com.example.shop', enabled: false });
    expect(visitor.problems.filter((problem) => !/404/.test(problem))).toEqual([]);
  });

  test('who is told of runs is made, tried and turned off; its secret is shown this once', async () => {
    await visit('/subscriptions');
    const { page } = visitor;
    await page.getByRole('button', { name: 'New subscription' }).click();
    await dialog().getByLabel('URL').fill('http://127.0.0.1:1/told');
    await dialog().getByLabel('run.succeeded').check();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByText('shown this once').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    const [made] = (await api.get('/v1/subscriptions')).body.items;
    expect(made).toMatchObject({ project_id: 'examples', events: ['run.succeeded', 'run.failed', 'run.timed_out'] });
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByRole('cell', { name: 'subscription.test' }).waitFor();
    await page.getByRole('button', { name: 'Turn off' }).click();
    await dialog().getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('button', { name: 'Turn on' }).waitFor();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog().getByLabel('run.succeeded').uncheck();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    // People are told by mail, of all that has happened in a day at once.
    await page.getByRole('button', { name: 'New subscription' }).click();
    await dialog().getByRole('button', { name: 'Mail' }).click();
    await dialog().getByLabel('Mail addresses').fill('ada@example.com, grace@example.com');
    await dialog().getByLabel('How often').selectOption('day');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByText('each day at 05:00 UTC, when something has happened').waitFor();
    const kept = (await api.get('/v1/subscriptions')).body.items;
    expect(kept.map(({ to }: { to: object }) => to)).toContainEqual({
      email: { addresses: ['ada@example.com', 'grace@example.com'], every: 'day' },
    });
    expect(kept.find(({ id }: { id: string }) => id === made.id).events).toEqual(['run.failed', 'run.timed_out']);
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'http://127.0.0.1:1/told' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nobody is told yet').waitFor();
    expect(visitor.problems).toEqual([]);
  });

  test('what was used is summed up by what one asks for, and a budget is set and taken away', async () => {
    const key = await api.keyOf({});
    const own = await Visitor.signedIn(await browser.newContext(), api.url, key);
    const { page } = own;
    await own.goTo('/usage');
    // A day leads to its runs.
    await page.getByRole('region', { name: 'Credits' }).getByRole('link').first().click();
    await page.waitForURL((url) => url.pathname === '/runs' && url.searchParams.has('from') && url.searchParams.has('to'));
    await page.locator('tr[data-run]').first().waitFor();
    await own.goTo('/usage?by=workflow');
    await page.getByRole('region', { name: 'Credits' }).getByRole('link').first().waitFor();
    await page.getByRole('button', { name: 'Action' }).click();
    await page.getByRole('cell', { name: 'Steps' }).waitFor();
    await page.getByRole('button', { name: 'Set a budget' }).click();
    await page.getByLabel('Warn at').fill('0.5');
    await page.getByLabel('Stop at').fill('100000');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('warned').waitFor();
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('button', { name: 'Remove this budget' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('None: nothing is refused for what it costs').waitFor();
    // A window of maintenance: runs wait, and their page says for what.
    await own.goTo('/settings');
    await page.getByRole('button', { name: 'Plan one' }).click();
    await page.getByLabel('Reason').fill('The ERP moves');
    await page.getByRole('button', { name: 'Plan it' }).click();
    await page.getByText('now', { exact: true }).waitFor();
    const { id } = (await api.start(total, { a: 4, b: 4 })).body;
    await own.goTo(`/runs/${id}`);
    await expect.poll(() => page.locator('[data-headline]').innerText(), PATIENT).toMatch(/^Waits until .*: maintenance$/);
    await own.goTo('/settings');
    await page.getByRole('button', { name: 'End it now' }).click();
    await page.getByText('During one, runs are accepted and wait').waitFor();
    expect(own.problems).toEqual([]);
    await page.context().close();
  });

  test('a workflow is turned off with a reason, which the audit log has', async () => {
    await visit(`/workflows/${total}?tab=settings`);
    const { page } = visitor;
    await page.getByRole('button', { name: 'Turn off' }).click();
    await dialog().getByLabel('Reason').fill('The year is closed');
    await dialog().getByRole('button', { name: 'Turn off' }).click();
    await page.getByText('turned off').waitFor();
    await visitor.goTo('/people?q=first');
    await page.getByRole('cell', { name: 'first key' }).waitFor();
    await page.getByLabel('Find members and keys').fill('nobody');
    await page.getByText('None of them matches.').first().waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('nobody');
    await visitor.goTo(`/audit?object=${total}`);
    await page.getByText('The year is closed').waitFor();
    // What it was before and is since; and only what was done lately.
    await page
      .getByRole('row', { name: /The year is closed/ })
      .getByRole('button', { name: /enabled/ })
      .click();
    await page.getByRole('row', { name: 'enabled true false' }).waitFor();
    await page.getByRole('button', { name: '24 hours' }).click();
    await page.waitForURL(/range=1/);
    await page.getByRole('button', { name: 'Clear to' }).click();
    await page.getByText('The year is closed').waitFor();
    expect(visitor.problems).toEqual([]);
  });
});
