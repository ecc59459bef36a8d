import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJson } from '../../shared/kernel/json.ts';
import { type Api, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { CLIENT_ID, SignInProvider } from '../harness/sign-in-provider.ts';
import { built, hasBrowser, launch, Visitor } from './browser.ts';

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e"'\u0000`.replace('\u0000', '');

const run = promisify(execFile);

/** For what takes its time on a busy machine. */
const PATIENT = { timeout: 15_000 };

describe.skipIf(!hasBrowser)('the console, in a browser', () => {
  let api: Api;
  let browser: Browser;
  let provider: SignInProvider;
  let workflow: string;
  let failed: string;
  let waiting: string;

  beforeAll(async () => {
    built();
    provider = await new SignInProvider({
      ada: { email: 'ada@example.com', email_verified: true },
      fay: { email: 'fay@example.com', email_verified: true },
      nobody: { email: 'nobody@example.com', email_verified: true },
    }).start();
    api = await startApi({
      bootstrapWorkspace: 'local',
      bootstrapProject: 'examples',
      oidcIssuer: provider.issuer,
      oidcClientId: CLIENT_ID,
    });
    browser = await launch();
    workflow = await api.publish(
      "  - id: first\n    set: { seen: '${ $input.order }' }\n  - id: check\n    if: ${ $input.bad = true }\n    raise: { error: BadOrder, message: 'Order ${ $input.order }' }\n  - id: hold\n    if: ${ $input.hold = true }\n    wait: { until: '2099-01-01T00:00:00Z' }\n  - id: last\n    set: {}\n",
      { top: 'reference: ${ $string($input.order) }\ntimeout: 10d' },
    );
    const started = async (inputs: object) => (await api.start(workflow, inputs)).body.id;
    for (const order of [1, 2, 3]) await api.ended(await started({ order: `ok-${order}` }));
    failed = await started({ order: '4711', bad: true });
    await api.ended(failed);
    await api.ended(await started({ order: HOSTILE, bad: true }));
    waiting = await started({ order: 'waits', hold: true });
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close();
    await provider?.stop();
  });

  const visit = async (more: BrowserContextOptions = {}) => {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...more,
    });
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

  test('what was done with the input of before is taken over when somebody says so, and is not done again', async () => {
    const { id } = (await api.start(workflow, { order: 'T-1', bad: true })).body;
    await api.ended(id);
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goTo(`/runs/${id}`);
    await visitor.click('button', /^Recover from check/);
    await page.getByLabel('Input').last().fill('{"order": "T-2", "bad": false}');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Recover', exact: true }).click();
    // Neither is ticked beforehand: an old result, or a second time.
    const take = dialog.getByLabel(/^Take them over as they are/);
    await take.waitFor();
    expect(await dialog.getByRole('radio', { checked: true }).count()).toBe(0);
    await dialog.getByTitle('Say what becomes of the results from before.').waitFor();
    await take.check();
    await dialog.getByRole('button', { name: 'Recover', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.includes(id));
    await expect.poll(() => page.locator('[data-headline]').innerText(), PATIENT).toMatch(/^Succeeded/);
    const rerun = new URL(page.url()).pathname;
    expect((await api.get(`/v1${rerun}`)).body.inputs).toEqual({ order: 'T-2', bad: false });
    const { steps } = (await api.get(`/v1${rerun}/context`)).body;
    expect(steps.find(({ step }: { step: string }) => step === 'first').output).toEqual({ seen: 'T-1' });
    // The refusal is an error of the page's console; nothing else is.
    expect(visitor.problems.filter((problem) => !/409/.test(problem))).toEqual([]);
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

  test('times are shown where one wants them: here, in UTC, or where the workflow is scheduled; whole on hover and in copies', async () => {
    const schedule = {
      name: 'Daily',
      expression: 'daily at 03:30',
      timezone: 'Europe/Berlin',
      start_at: new Date(Date.now() + 864e5).toISOString(),
    };
    expect((await api.post(`/v1/workflows/${workflow}/schedules`, schedule)).status).toBe(201);
    const { created_at, started_at } = (await api.get(`/v1/runs/${failed}`)).body;
    const clockIn = (timeZone: string) =>
      new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone }).format(new Date(started_at ?? created_at));
    const { page, problems } = await visit({ timezoneId: 'America/New_York' });
    await page.goto(`${api.url}/runs/${failed}`);
    const started = page.locator('.run-facts time').first();
    const whole = () => started.getAttribute('title');
    const choice = page.getByLabel('Zone of all times');
    await expect.poll(whole).toMatch(new RegExp(`${clockIn('America/New_York')} (EST|EDT|GMT-[45])$`));
    await choice.selectOption('UTC');
    await expect.poll(whole).toMatch(new RegExp(`${clockIn('UTC')} UTC$`));
    await choice.selectOption('Europe/Berlin');
    await expect.poll(whole).toMatch(new RegExp(`${clockIn('Europe/Berlin')} (CES?T|GMT\\+[12])$`));
    // On every page, and the next time.
    await page.goto(`${api.url}/calendar`);
    await page.getByText('in Europe/Berlin').waitFor();
    expect(await choice.inputValue()).toBe('Europe/Berlin');
    await page.goto(`${api.url}/runs/${failed}`);
    await page.locator('.log-line', { hasText: 'run_failed' }).waitFor();
    await page.getByRole('button', { name: 'Copy the log' }).click();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z run_created/);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('what one takes along is on the clipboard: ids, references, links, values with their digits, and commands that work', async () => {
    const order = await api.publish("  - id: check\n    raise: { error: BadOrder, message: 'No' }\n", { top: 'reference: R-1' });
    const { id } = (await api.start(order, { order: parseJson('9007199254740993') })).body;
    await api.ended(id);
    const { page, problems } = await visit();
    await page.goto(`${api.url}/runs/${id}?step=run`);
    const copied = async (name: string) => {
      const item = page.getByRole('menuitem', { name });
      if (!(await page.getByRole('button', { name, exact: true }).count())) await page.getByLabel('More actions').click();
      await page.getByRole('button', { name, exact: true }).or(item).first().click();
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    await page.getByRole('button', { name: 'Copy Input as JSON' }).waitFor();
    expect(await copied(`Copy ${id}`)).toBe(id);
    expect(await copied('Copy the reference')).toBe('R-1');
    expect(await copied('Copy the link')).toBe(`${api.url}/runs/${id}`);
    expect(await copied('Copy Input as JSON')).toBe('{\n  "order": 9007199254740993\n}');
    await page.goto(`${api.url}/runs/${id}?step=check`);
    await page.getByRole('button', { name: 'Copy the step as curl' }).waitFor();
    const ran = async (name: string) =>
      JSON.parse((await run('bash', ['-c', await copied(name)], { env: { ...process.env, KEY: API_KEY } })).stdout);
    expect(await ran('Copy the step as curl')).toMatchObject({ run_id: id, steps: [{ key: 'check', status: 'failed' }] });
    const rerun = await ran('Copy rerun as curl');
    expect(rerun).toMatchObject({ trigger: 'rerun', parent: id });
    expect((await api.ended(rerun.id)).error.step).toBe('check');
    expect(problems).toEqual([]);
    await page.context().close();
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

  describe('a person without a key', () => {
    const member = async (email: string, workspace = 'local') =>
      api.post('/v1/members', { email, name: email, role: 'viewer' }, { key: await api.keyOf({ workspace }) });
    beforeAll(async () => {
      for (const [email, workspace] of [
        ['ada@example.com', 'local'],
        ['fay@example.com', 'local'],
        ['fay@example.com', 'others'],
      ] as const)
        expect((await member(email, workspace)).status).toBe(201);
    });

    const arriving = async (path: string) => {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(9000);
      await page.goto(api.url + path);
      return page;
    };
    /** At the pages of the provider. */
    const signInAs = async (page: Page, login: string) => {
      await page.getByRole('button', { name: /^Sign in with 127/ }).click();
      await page.locator('[name=login]').fill(login);
      await page.locator('[name=password]').fill('whatever');
      await page.locator('[type=submit]').click();
      // The page that asks for consent has a button of the same kind.
      await page.locator('[name=login]').waitFor({ state: 'detached' });
      await page.locator('[type=submit]').click();
    };
    const keep = (page: Page) =>
      page.evaluate<Record<string, string>>("JSON.parse(sessionStorage.getItem('millrun.credential'))");
    const become = (page: Page, change: object) =>
      page.evaluate(
        `sessionStorage.setItem('millrun.credential', JSON.stringify({ ...JSON.parse(sessionStorage.getItem('millrun.credential')), ...${JSON.stringify(change)} }))`,
      );

    test('signs in at the provider and is on the page that they wanted; the token stays in the tab, and is renewed', async () => {
      const page = await arriving(`/runs/${failed}?view=graph`);
      await signInAs(page, 'ada');
      await page.waitForURL(`${api.url}/runs/${failed}?view=graph`);
      await page.locator('[data-headline]').waitFor();
      await page.getByText('ada@example.com · viewer').waitFor();
      expect(await page.evaluate('localStorage.length + document.cookie.length')).toBe(0);
      const first = await keep(page);
      expect(first['refreshToken']).toBeTruthy();
      await become(page, { expiresAt: Date.now() + 30_000 });
      await page.getByRole('link', { name: 'Workflows' }).click();
      // A token that is renewed within the second is the same text.
      await expect.poll(async () => Number((await keep(page))['expiresAt']), PATIENT).toBeGreaterThan(Date.now() + 60_000);
      await page.getByRole('heading', { name: 'Workflows' }).waitFor();
      // The token has expired, and the provider gives no other.
      const past = Math.floor(Date.now() / 1000) - 3600;
      await become(page, { token: await provider.sign({ email: 'ada@example.com', email_verified: true, exp: past }) });
      await become(page, { refreshToken: 'no-such-token', expiresAt: past });
      await page.getByRole('link', { name: 'Jobs' }).click();
      await page.getByText('Your sign-in has expired').waitFor();
      await page.getByRole('button', { name: /^Sign in with 127/ }).click();
      await page.locator('[type=submit]').click();
      await page.getByRole('heading', { name: 'Jobs' }).waitFor();
      await page.context().close();
    });

    test('is asked for the workspace where several know them, and told so where none does', async () => {
      const page = await arriving('/');
      await signInAs(page, 'fay');
      await page.getByRole('button', { name: 'others' }).click();
      await page.getByText('Nothing has run yet').waitFor();
      expect((await keep(page))['member']).toBeTruthy();
      await page.getByLabel('Act as the member of').selectOption({ label: 'local (viewer)' });
      await page.getByRole('link', { name: '4711' }).first().waitFor();
      await page.context().close();
      const other = await arriving('/');
      await signInAs(other, 'nobody');
      await other.getByText('nobody@example.com is no member here').waitFor();
      await other.getByRole('button', { name: 'Sign out' }).click();
      await other.getByLabel('Or with an API key').waitFor();
      await other.context().close();
    });

    test('comes back with an answer that nobody asked for, with another state or nonce, or with a no: nothing is signed in', async () => {
      const page = await arriving('/signed-in?code=stolen&state=made-up');
      await page.getByText('This tab has not asked to sign in').waitFor();
      // What is asked for reaches the provider; its answer is another.
      let state = '';
      await page.route(`${provider.issuer}/auth?*`, (route) => {
        state = new URL(route.request().url()).searchParams.get('state') ?? '';
        return route.fulfill({ contentType: 'text/html', body: 'the provider' });
      });
      const ask = async () => {
        await page.goto(api.url);
        await page.getByRole('button', { name: /^Sign in with 127/ }).click();
        await page.getByText('the provider', { exact: true }).waitFor();
      };
      const back = (answer: Record<string, string>) =>
        page.goto(`${api.url}/signed-in?${new URLSearchParams({ iss: provider.issuer, ...answer })}`);
      await ask();
      await back({ code: 'a', state: 'another' });
      await page.getByRole('alert').getByText(/state/).waitFor();
      await ask();
      await back({ state, error: 'access_denied', error_description: '<b>Not you</b>' });
      await page.getByText('The sign-in provider refused: <b>Not you</b>.').waitFor();
      await ask();
      const id_token = await provider.sign({ email: 'ada@example.com', email_verified: true, nonce: 'of another' });
      await page.route(`${provider.issuer}/token`, (route) =>
        route.fulfill({
          json: { access_token: 'a', token_type: 'Bearer', id_token },
          headers: { 'access-control-allow-origin': '*' },
        }),
      );
      await back({ code: 'a', state });
      await page.getByRole('alert').getByText(/nonce/).waitFor();
      expect(await keep(page)).toBeNull();
      await page.context().close();
    });
  });
});
