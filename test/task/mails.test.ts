import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { taskMailServices } from '../../functions/adapters.ts';
import { dynamo } from '../../shared/aws/clients.ts';
import { sendDueMails, type TaskMailServices } from '../../shared/task/send-task-mails.ts';
import { type Api, startApi } from '../edge/api.ts';
import { linkIn, mailsIn, type SentMail } from '../harness/outbox.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { engine, later, swept } from '../run/setting-engine.ts';

const folder = temporaryFolder();
let api: Api;
beforeAll(async () => {
  api = await startApi(undefined, folder.path);
});
afterAll(async () => {
  await api.close();
  folder.remove();
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const asking = (more = '') => `  - id: ask
    approval: { assignees: [ada@example.com], title: 'Pay \${ $input.amount }?'${more} }
  - id: after
    set: { by: '\${ $steps.ask.by }', decision: '\${ $steps.ask.decision }', form: '\${ $steps.ask.form }' }
`;
const RESULT = 'output: { after: "${ $steps.after }" }';

async function started(steps: string, inputs: object = { amount: 12 }) {
  const run: string = (await api.start(await api.publish(steps, { top: RESULT }), inputs)).body.id;
  return { run, task: await api.asked(run) };
}

/** The mails about a run, once there are so many. */
const mailsAbout = (run: string, count = 1): Promise<SentMail[]> =>
  vi.waitFor(
    async () => {
      const mails = await mailsIn(folder.path, `(${run})`);
      expect(mails.length).toBeGreaterThanOrEqual(count);
      return mails;
    },
    { timeout: 10_000, interval: 20 },
  );

async function asked(more = '', inputs?: object) {
  const { run, task } = await started(asking(more), inputs);
  const [mail] = await mailsAbout(run);
  if (!mail) throw new Error('nobody was asked');
  await settled(task.id);
  return { run, task, mail, link: linkIn(mail) };
}

async function page(link: string, answer?: Record<string, string>) {
  const answered = await fetch(link, answer && { method: 'POST', body: new URLSearchParams(answer) });
  return { status: answered.status, headers: answered.headers, html: await answered.text() };
}

/** Whoever has sent the mails has noted that, and will not be disturbed by tests that move the clock. */
const settled = (task: string) =>
  vi.waitFor(async () => {
    const key = { pk: { S: `TASK#${task}` }, sk: { S: 'TASK' } };
    const { Item } = await dynamo().send(
      new GetItemCommand({ TableName: process.env['TASKS_TABLE'], Key: key, ConsistentRead: true }),
    );
    expect(Item?.['mailFailures']).toBeDefined();
  }, 10_000);

const taskOf = async (id: string) => (await api.get(`/v1/tasks/${id}`)).body;
const at = (ms: number): TaskMailServices => ({ ...taskMailServices(), now: () => new Date(Date.now() + ms) });

describe('an approval asks by mail', () => {
  test('each of those who are asked, with a link of their own', async () => {
    const { run, task } = await started(
      `  - id: ask\n    approval: { assignees: [ada@example.com, ben@example.com], title: 'Grüße?', body: 'For the \${ $input.of }.' }\n  - id: after\n    set: {}\n`,
      { of: 'printer' },
    );
    const mails = await mailsAbout(run, 2);
    expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(['ada@example.com', 'ben@example.com']);
    expect(new Set(mails.map(linkIn)).size).toBe(2);
    for (const { mail } of mails) {
      expect(mail.subject).toContain('Grüße?');
      expect(mail.text).toContain('For the printer.');
      expect(mail.from?.address).toBe('noreply@mail.localhost');
      expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
    }
    await vi.waitFor(async () => expect((await taskOf(task.id)).mailed_at).not.toBeNull());
    expect((await taskOf(task.id)).mail_error).toBeNull();
    expect(await sendDueMails(at(24 * HOUR_MS))).toBe(0);
  });

  test('to look at the link answers nothing, however often; a POST does', async () => {
    const { run, task, link } = await asked();
    for (let look = 0; look < 3; look += 1) {
      const { status, headers, html } = await page(link);
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(html).toContain('Pay 12?');
      expect(html).not.toMatch(/<script|<img|https?:\/\/|\son\w+=/);
    }
    await fetch(link, { method: 'HEAD' });
    expect((await taskOf(task.id)).status).toBe('open');

    const answered = await page(link, { decision: 'approve', comment: 'Fine.' });
    expect(answered.status).toBe(200);
    expect(answered.html).toContain('ada@example.com answered “Approve”');
    expect(await api.ended(run)).toMatchObject({
      status: 'succeeded',
      outputs: { after: { by: 'ada@example.com', decision: 'approve' } },
    });
    expect(await taskOf(task.id)).toMatchObject({
      status: 'answered',
      comment: 'Fine.',
      answered_by: { kind: 'member', email: 'ada@example.com' },
    });
    const records = async () => (await api.get(`/v1/audit?object=${run}&act=task.answer`)).body.items;
    await expect
      .poll(records, { timeout: 10_000 })
      .toMatchObject([{ act: 'task.answer', actor: { email: 'ada@example.com' }, from: { ip: expect.any(String) } }]);
  });

  test('a link answers once: the same answer again is the same, another comes too late', async () => {
    const { link } = await asked();
    expect((await page(link, { decision: 'approve' })).status).toBe(200);
    expect((await page(link, { decision: 'approve' })).status).toBe(200);
    const late = await page(link, { decision: 'reject' });
    expect(late.status).toBe(409);
    expect(late.html).toContain('answered “Approve”');
    expect((await page(link)).html).not.toContain('<form');
  });

  test('a form is filled in without a script, and what does not fit is said beside what was filled in', async () => {
    const form = `, form: { type: object, required: [centre, count], properties: {
      centre: { type: string, title: Cost centre, description: As on the invoice }, count: { type: integer }, kind: { enum: [small, large] },
      urgent: { type: boolean }, lines: { type: array, items: { type: integer } }, big: { type: integer } } }`;
    const { run, link } = await asked(form);
    const { html } = await page(link);
    for (const part of [
      'Cost centre *',
      'As on the invoice',
      'name="form.count"',
      '<option value="large">',
      'type="checkbox"',
      'as JSON',
    ])
      expect(html).toContain(part);
    const given = {
      decision: 'approve',
      'form.centre': 'A"1<b>',
      'form.count': 'many',
      'form.kind': 'large',
      'form.urgent': 'true',
      'form.lines': '[1, 2]',
      'form.big': '8202522731445525542',
    };
    const misfit = await page(link, given);
    expect(misfit.status).toBe(400);
    expect(misfit.html).toContain('count');
    expect(misfit.html).toContain('value="A&quot;1&lt;b&gt;"');
    expect(misfit.html).toContain('selected value="large"');
    expect((await page(link, { ...given, 'form.count': '3' })).status).toBe(200);
    const ended = await api.get(`/v1/runs/${(await api.ended(run)).id}`);
    expect(ended.body.outputs.after.form).toMatchObject({
      centre: 'A"1<b>',
      count: 3,
      kind: 'large',
      urgent: true,
      lines: [1, 2],
    });
    expect(ended.text).toContain('8202522731445525542');
  });

  test('what authors and runs say is text on the page, never markup', async () => {
    const { link } = await asked(`, body: '\${ $input.body }'`, {
      amount: '<script>1</script>',
      body: '</pre><img src=x onerror=y>',
    });
    const { html } = await page(link);
    expect(html).toContain('&lt;script&gt;1&lt;/script&gt;');
    expect(html).toContain('&lt;/pre&gt;&lt;img');
  });

  test('what is no answer is said so', async () => {
    const { link, task } = await asked();
    for (const answer of [{}, { decision: 'perhaps' }, { decision: 'retry' }, { decision: 'approve', comment: 'x'.repeat(4001) }])
      expect((await page(link, answer as Record<string, string>)).status).toBe(400);
    expect(
      (await fetch(link, { method: 'POST', body: '{"decision":"approve"}', headers: { 'content-type': 'application/json' } }))
        .status,
    ).toBe(415);
    expect((await page(link, { decision: 'approve', comment: 'x'.repeat(300_000) })).status).toBe(413);
    expect((await taskOf(task.id)).status).toBe('open');
  });

  test('a link that nobody has made, of another task or cut, opens nothing', async () => {
    const [one, other] = [await asked(), await asked()];
    const [, id = '', token = ''] = /\/answer\/([^/]+)\/(.+)$/.exec(one.link) ?? [];
    const [, otherId = ''] = /\/answer\/([^/]+)\//.exec(other.link) ?? [];
    const swapped = `${token.slice(0, -3)}${token.at(-3) === 'A' ? 'B' : 'A'}${token.slice(-2)}`;
    for (const bad of [
      `${otherId}/${token}`,
      `${id}/${swapped}`,
      `${id}/${token.slice(0, -8)}`,
      `${id}/${'A'.repeat(200)}`,
      `none/${token}`,
    ]) {
      for (const answer of [undefined, { decision: 'approve' }]) {
        const { status, html } = await page(`${api.url}/answer/${bad}`, answer);
        expect(status, bad).toBe(404);
        expect(html).not.toContain('Pay 12?');
      }
    }
    expect((await taskOf(one.task.id)).status).toBe('open');
    expect((await taskOf(other.task.id)).status).toBe('open');
  });

  test('asks others when somebody says so: they get a mail, and the first link is no longer good', async () => {
    const { run, task, link } = await asked();
    await api.call('PATCH', `/v1/tasks/${task.id}`, { body: { assignees: ['ben@example.com'] } });
    await sendDueMails(at(1000));
    const mails = await mailsAbout(run, 2);
    expect(mails.flatMap(({ to }) => to)).toEqual(['ada@example.com', 'ben@example.com']);
    const [first, second] = [await page(link, { decision: 'approve' }), await page(linkIn(mails[1] as SentMail))];
    expect([first.status, second.status]).toEqual([403, 200]);
    expect((await taskOf(task.id)).status).toBe('open');
  });

  test('nobody is asked by mail where nobody is named, and no more once there is an answer', async () => {
    const { run, task } = await asked(', remind: 1m');
    await api.post(`/v1/tasks/${task.id}/answer`, { decision: 'approve' });
    await api.ended(run);
    expect(await sendDueMails(at(HOUR_MS))).toBe(0);
    expect(await mailsAbout(run)).toHaveLength(1);
  });
});

describe('the answer by link', () => {
  test('and one by API, and the end of the time, race to one outcome', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { run, task, link } = await asked(', expires: 1h, onReject: continue');
      const [byLink, byApi] = await Promise.all([
        page(link, { decision: 'approve' }),
        api.post(`/v1/tasks/${task.id}/answer`, { decision: 'reject' }),
        swept(later(engine(), HOUR_MS + 10_000)),
      ]);
      const { status } = await taskOf(task.id);
      expect([byLink.status, byApi.status].filter((one) => one === 200)).toHaveLength(status === 'expired' ? 0 : 1);
      const types = (await engine().runs.entriesAfter(run, 0)).map(({ type }) => type);
      expect(types.filter((type) => type === 'task_answered' || type === 'task_expired')).toHaveLength(1);
    }
  });

  test('comes too late once the time is over', async () => {
    const { run, link } = await asked(', expires: 1h');
    await swept(later(engine(), HOUR_MS + 10_000));
    await api.ended(run);
    const { status, html } = await page(link, { decision: 'approve' });
    expect(status).toBe(409);
    expect(html).toContain('The time for an answer is over');
    expect((await page(link)).html).not.toContain('<form');
  });
});

describe('reminders', () => {
  test('come as often as the step says, until there is an answer or the time is over', async () => {
    const { run, link } = await asked(', remind: 10m, expires: 25m');
    const counts = [];
    for (const minutes of [9, 11, 12, 22, 40]) {
      await sendDueMails(at(minutes * MINUTE_MS));
      counts.push((await mailsAbout(run)).length);
    }
    // One at 11, one at 22; the next would come after 25.
    expect(counts).toEqual([1, 2, 2, 3, 3]);
    expect((await page(link, { decision: 'approve' })).status).toBe(200);
  });

  test('wait for whoever wants to see the task later', async () => {
    const { run, task } = await asked(', remind: 10m');
    const later = new Date(Date.now() + 2 * HOUR_MS).toISOString();
    await api.call('PATCH', `/v1/tasks/${task.id}`, { body: { snooze_until: later } });
    await sendDueMails(at(HOUR_MS));
    expect(await mailsAbout(run)).toHaveLength(1);
    await sendDueMails(at(2 * HOUR_MS + MINUTE_MS));
    expect(await mailsAbout(run)).toHaveLength(2);
  });

  test.each(['remind: 10s', 'remind: soon', 'remind: 400d'])('%s is refused when the document is saved', async (more) => {
    const definition = `format: 1\nname: reminders\nsteps:\n  - id: ask\n    approval: { assignees: ada@example.com, title: Go?, ${more} }\n`;
    expect((await api.post('/v1/workflows', { project_id: 'examples', definition })).status).toBe(422);
  });
});

describe('what cannot be sent', () => {
  const TWO = `  - id: ask\n    approval: { assignees: [ada@example.com, ben@example.com], title: Go? }\n  - id: after\n    set: {}\n`;

  test('is sent later, and who was told already is not told again', async () => {
    const { run, task } = await started(TWO);
    await mailsAbout(run, 2);
    // As if one of them had not been told.
    await api.call('PATCH', `/v1/tasks/${task.id}`, {
      body: { assignees: ['ada@example.com', 'cy@example.com', 'dee@example.com'] },
    });
    const services = at(1000);
    const lost: unknown[] = [];
    const send: TaskMailServices['outgoing']['send'] = (mail) =>
      mail.to[0] === 'cy@example.com' ? Promise.reject(new Error('arn:aws:ses: no')) : services.outgoing.send(mail);
    await sendDueMails({ ...services, outgoing: { send }, mailLost: (error) => lost.push(error) });
    expect(lost).toHaveLength(1);
    expect((await taskOf(task.id)).mail_error).toBe('cy@example.com: Error');
    await sendDueMails(at(10 * MINUTE_MS));
    expect((await mailsAbout(run, 4)).flatMap(({ to }) => to).toSorted()).toEqual([
      'ada@example.com',
      'ben@example.com',
      'cy@example.com',
      'dee@example.com',
    ]);
    expect((await taskOf(task.id)).mail_error).toBeNull();
  });

  test('a sender that dies between two mails leaves the rest to the next', async () => {
    const { run, task } = await started(TWO);
    await mailsAbout(run, 2);
    await api.call('PATCH', `/v1/tasks/${task.id}`, { body: { assignees: ['eve@example.com', 'fay@example.com'] } });
    const services = at(1000);
    const dead = Promise.reject(new Error('killed'));
    dead.catch(() => {});
    let tells = 0;
    const mails: TaskMailServices['mails'] = Object.create(services.mails, {
      told: {
        value: (...told: Parameters<TaskMailServices['mails']['told']>) => (++tells > 1 ? dead : services.mails.told(...told)),
      },
      settle: { value: () => dead },
      take: { value: (...given: Parameters<TaskMailServices['mails']['take']>) => services.mails.take(...given) },
      due: { value: (...given: Parameters<TaskMailServices['mails']['due']>) => services.mails.due(...given) },
    });
    await sendDueMails({ ...services, mails, mailLost: () => {} }, () => tells === 0);
    // Nobody else sees to it before its time is over.
    expect(await sendDueMails(at(MINUTE_MS))).toBe(0);
    await sendDueMails(at(5 * MINUTE_MS));
    const to = (await mailsAbout(run, 5)).flatMap((mail) => mail.to).slice(2);
    // Told and noted: once. Told and not noted: twice, which is better than never.
    expect(to.toSorted()).toEqual(['eve@example.com', 'fay@example.com', 'fay@example.com']);
  });
});

describe('exceptions', () => {
  const ask = 'onError: { ask: { assignees: [ada@example.com] } }';
  const failing = '  - id: call\n    http: { method: GET, url: "http://127.0.0.1:9/${ $input.n }" }\n';

  test('ask by mail, and the link says what becomes of the step', async () => {
    const workflow = await api.publish(failing, { top: ask });
    const run = (await api.start(workflow, { n: 1 })).body.id;
    const [mail] = await mailsAbout(run);
    expect(mail?.mail.text).toContain('ConnectionFailed');
    const link = linkIn(mail as SentMail);
    expect((await page(link)).html).toMatch(/Try again.*Skip the step.*Let it fail/s);
    expect((await page(link, { decision: 'skip' })).status).toBe(200);
    expect((await api.ended(run)).status).toBe('succeeded');
  });

  test('of one cause send one mail, however many runs they stop', async () => {
    const workflow = await api.publish(failing, { top: ask });
    const runs = await Promise.all([1, 2, 3, 4, 5].map(async (n) => (await api.start(workflow, { n })).body.id));
    const tasks: { id: string }[] = await Promise.all(runs.map((run) => api.asked(run)));
    const about = async () => (await Promise.all(runs.map((run) => mailsIn(folder.path, `(${run})`)))).flat();
    await vi.waitFor(async () => expect(await about()).toHaveLength(1), 10_000);
    // A mail that is out and not noted yet would go out again.
    const inTime = at(10 * MINUTE_MS);
    const due = async () =>
      (await inTime.mails.due(inTime.now().toISOString(), 100)).filter((id) => tasks.some((one) => one.id === id));
    await vi.waitFor(async () => expect(await due()).toEqual([]), 10_000);
    await sendDueMails(inTime);
    expect(await about()).toHaveLength(1);
  });
});
