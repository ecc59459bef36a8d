import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ACT_WORDS, ACTS, type Act, isDerived } from '../../shared/kernel/act.ts';
import { type Answered, type Api, ONE_QUESTION, ONE_STEP, startApi, uniqueName } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';

let api: Api;
let workflow: string;
let run: string;
let waiting: string;
let me: { id: string };
let whole: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
  run = (await api.start(workflow)).body.id;
  await api.ended(run);
  waiting = await api.publish('  - id: only\n    wait: 1h\n');
  await mailbox();
  me = (await api.get('/v1/me')).body;
  whole = await api.keyOf({});
});
afterAll(() => api.close());

const AGENT = 'audit-test/1.0';

/** A request that says why where it may. */
async function ask(method: string, path: string, body?: object, reason?: string): Promise<Answered> {
  const inBody = body !== undefined || method === 'PATCH' || method === 'PUT';
  const answered = await api.call(method, reason === undefined || inBody ? path : `${path}?reason=${reason}`, {
    body: inBody ? { ...body, ...(reason !== undefined && { reason }) } : undefined,
    headers: { 'user-agent': AGENT },
  });
  expect(answered.status, `${method} ${path}: ${answered.text.slice(0, 300)}`).toBeLessThan(400);
  return answered;
}

const definition = () => `format: 1\nname: ${uniqueName()}\nsteps:\n${ONE_STEP}`;
const at = (path: string) => `/v1/workflows/${workflow}${path}`;
const madeWith = async (path: string, body: object): Promise<string> => (await ask('POST', path, body)).body.id;
const mailbox = () => ask('PUT', at('/mailbox'), { permission: 'restricted', allowed: ['ada@example.com'] });
const aWorkflow = () => madeWith('/v1/workflows', { project_id: 'examples', definition: definition() });
const aKey = () => madeWith('/v1/api-keys', { name: 'spare', role: 'viewer' });
let people = 0;
const someone = () => ({ email: `p${people++}@example.com`, name: 'Ada', role: 'viewer' });
const aMember = () => madeWith('/v1/members', someone());
const aFile = () => madeWith('/v2/files', { file_name: 'order.pdf', agent_id: 'examples' });
const aComment = () => madeWith(`/v1/runs/${run}/comments`, { text: 'The ERP was down.' });
const yearly = { name: 'yearly', expression: 'cron(0 0 1 1 ? *)' };
const aSchedule = (more = {}) => madeWith(at('/schedules'), { ...yearly, ...more });
const aRule = () => madeWith(at('/event-rules'), { name: 'booked', source: 'shop' });
const aQueue = () => madeWith(at('/queues'), { name: 'orders' });
const aWebhook = () => madeWith(at('/webhooks'), { name: 'orders', scheme: 'sha256' });

const bearer = () => ({
  project_id: 'examples',
  name: uniqueName(),
  type: 'bearer',
  settings: { hosts: ['erp.example'] },
  secret: { token: 'hush-hush' },
});
const aConnection = () => madeWith('/v1/connections', bearer());

const subscription = () => ({
  project_id: 'examples',
  events: ['run.failed'],
  to: { webhook: { url: 'http://127.0.0.1:9/' } },
});
const aSubscription = () => madeWith('/v1/subscriptions', subscription());

const aTest = async (): Promise<string> => (await ask('POST', at('/tests'), { run_id: run, name: 'a test' })).body.id;
const command = (word: string, run_id: string, reason: string) =>
  ask('POST', `/v1/workflows/${waiting}/command`, { command: word, run_id }, reason);
const aWaiting = async () => (await api.start(waiting)).body.id;

async function anEndedRun(of = workflow): Promise<string> {
  const { id } = (await api.start(of)).body;
  await api.ended(id);
  return id;
}

const jobDone = (id: string) =>
  expect.poll(async () => (await api.get(`/v1/jobs/${id}`)).body.status, { timeout: 15_000 }).toBe('completed');

/** A delivery that was rejected. */
async function aRejected(): Promise<string> {
  const hook = (await ask('POST', at('/webhooks'), { name: 'orders', scheme: 'none' })).body;
  await ask('PATCH', at(''), { enabled: false });
  await fetch(hook.url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  await ask('PATCH', at(''), { enabled: true });
  const { body } = await api.get(`/v1/deliveries?workflow_id=${workflow}&outcome=rejected`);
  return body.items[0].id;
}

interface Done {
  /** Id of what it was done to. */
  object: string;
  before: object | null;
  after: object | null;
  /** Who did it, when it takes the whole workspace. */
  by?: string;
  project?: null;
  /** The dialect of v2 has no word for why. */
  silent?: true;
  /** Null for what is done later, by who was told to. */
  from?: null;
}
type Do = (reason: string) => Promise<Done>;

/** Every act, done once. */
const doing: Record<Act, Do> = {
  'workflow.create': async (reason) => {
    const { body } = await ask('POST', '/v1/workflows', { project_id: 'examples', definition: definition() }, reason);
    return { object: body.id, before: null, after: { name: body.name, draft: body.draft.definition } };
  },
  'workflow.save': async (reason) => {
    const object = await aWorkflow();
    const before = (await api.get(`/v1/workflows/${object}`)).body.draft.definition;
    const { body } = await ask('PUT', `/v1/workflows/${object}/draft`, { definition: definition() }, reason);
    return { object, before: { draft: before }, after: { draft: body.draft.definition } };
  },
  'workflow.publish': async (reason) => {
    const object = await aWorkflow();
    await ask('POST', `/v1/workflows/${object}/publish`, {}, reason);
    return { object, before: { published: null }, after: { published: expect.stringMatching(/^1 [0-9a-f]{64}$/) } };
  },
  'workflow.change': async (reason) => {
    const object = await aWorkflow();
    await ask('PATCH', `/v1/workflows/${object}`, { enabled: false, start_defaults: { inputs: { pin: 'hush-hush' } } }, reason);
    return { object, before: { enabled: true, start_defaults: null }, after: { enabled: false, start_defaults: '***' } };
  },
  'workflow.delete': async (reason) => {
    const object = await aWorkflow();
    await ask('DELETE', `/v1/workflows/${object}`, undefined, reason);
    return { object, before: { enabled: true }, after: null };
  },
  'workspace.change': async (reason) => {
    const key = await api.keyOf({});
    const { body } = await api.call('PUT', '/v1/settings/retention', {
      key,
      body: { failed: 60, reason },
      headers: { 'user-agent': AGENT },
    });
    expect(body).toEqual({ succeeded: null, failed: 60, stopped: null, most: 90 });
    const { id } = (await api.get('/v1/me', { key })).body;
    return { object: 'local', by: id, before: { failed: null }, after: { failed: 60 }, project: null };
  },
  'run.start': async (reason) => {
    const { body } = await ask('POST', at('/command'), { command: 'start' }, reason);
    return { object: body.id, before: null, after: { workflow_id: workflow, stage: 'Published', version: 1, trigger: 'manual' } };
  },
  'run.rerun': async (reason) => {
    const { body } = await ask('POST', `/v1/runs/${run}/rerun`, { from: 'start' }, reason);
    return { object: body.id, before: null, after: { workflow_id: workflow, trigger: 'rerun' } };
  },
  'run.pause': async (reason) => {
    const object = await aWaiting();
    await command('pause', object, reason);
    return { object, before: null, after: null };
  },
  'run.resume': async (reason) => {
    const object = await aWaiting();
    await command('pause', object, 'wait-a-little');
    await command('resume', object, reason);
    return { object, before: null, after: null };
  },
  'run.stop': async (reason) => {
    const object = await aWaiting();
    await command('stop', object, reason);
    return { object, before: null, after: { mode: 'immediate' } };
  },
  'run.change': async (reason) => {
    await ask('PATCH', `/v1/runs/${run}`, { labels: ['customer:acme'] }, reason);
    return { object: run, before: { labels: [] }, after: { labels: ['customer:acme'] } };
  },
  'workflow.hold': async (reason) => {
    const object = await aWorkflow();
    await ask('POST', `/v1/workflows/${object}/legal-hold`, {}, reason);
    return { object, before: { hold: null }, after: { hold: { reason } } };
  },
  'workflow.release': async (reason) => {
    const object = await aWorkflow();
    await ask('POST', `/v1/workflows/${object}/legal-hold`, {}, 'lawsuit');
    await ask('DELETE', `/v1/workflows/${object}/legal-hold`, undefined, reason);
    return { object, before: { hold: { reason: 'lawsuit' } }, after: { hold: null } };
  },
  'run.hold': async (reason) => {
    await ask('POST', `/v1/runs/${run}/legal-hold`, {}, reason);
    return { object: run, before: { hold: null }, after: { hold: { reason } } };
  },
  'run.release': async (reason) => {
    await ask('POST', `/v1/runs/${run}/legal-hold`, {}, 'lawsuit');
    await ask('DELETE', `/v1/runs/${run}/legal-hold`, undefined, reason);
    return { object: run, before: { hold: expect.any(Object) }, after: { hold: null } };
  },
  'run.delete': async (reason) => {
    const object = await anEndedRun();
    await jobDone(await madeWith('/v1/jobs', { verb: 'delete', run_ids: [object], reason }));
    return { object, before: { labels: [] }, after: null, from: null };
  },
  'job.create': async (reason) => {
    const { body } = await ask('POST', '/v1/jobs', { verb: 'archive', run_ids: [await anEndedRun()] }, reason);
    return { object: body.id, before: null, after: { verb: 'archive', total: 1 } };
  },
  'job.abort': async (reason) => {
    const run_ids = await Promise.all([anEndedRun(), anEndedRun(), anEndedRun()]);
    const object = await madeWith('/v1/jobs', { verb: 'archive', run_ids, rate: 0.5 });
    await ask('POST', `/v1/jobs/${object}/abort`, undefined, reason);
    return { object, before: { status: 'running' }, after: { status: 'aborting' } };
  },
  'job.retry': async (reason) => {
    const failing = await api.publish('  - id: bad\n    raise: { error: Known, message: no }');
    const ended = await anEndedRun(failing);
    await ask('PATCH', `/v1/workflows/${failing}`, { enabled: false });
    const first = await madeWith('/v1/jobs', { verb: 'rerun', run_ids: [ended], params: { from: 'start' } });
    await jobDone(first);
    const { body } = await ask('POST', `/v1/jobs/${first}/retry`, undefined, reason);
    return { object: body.id, before: null, after: { verb: 'rerun', total: 1 } };
  },
  'comment.add': async (reason) => {
    const { body } = await ask('POST', `/v1/runs/${run}/comments`, { text: 'The ERP was down.' }, reason);
    return { object: run, before: null, after: { comment: body.id, text: 'The ERP was down.' } };
  },
  'comment.change': async (reason) => {
    await ask('PATCH', `/v1/runs/${run}/comments/${await aComment()}`, { text: 'Until noon.' }, reason);
    return { object: run, before: { text: 'The ERP was down.' }, after: { text: 'Until noon.' } };
  },
  'comment.delete': async (reason) => {
    const comment = await aComment();
    await ask('DELETE', `/v1/runs/${run}/comments/${comment}`, undefined, reason);
    return { object: run, before: { comment, text: 'The ERP was down.' }, after: null };
  },
  'test.add': async (reason) => {
    const { body } = await ask('POST', at('/tests'), { run_id: run, name: 'first' }, reason);
    return { object: body.id, before: null, after: { name: 'first', run_id: run, baseline: run } };
  },
  'test.accept': async (reason) => {
    const [test, made] = [await aTest(), (await ask('POST', at('/test-runs'), {})).body];
    const again = async () => (await api.get(at(`/test-runs/${made.id}`))).body;
    await vi.waitFor(async () => expect((await again()).outcome).not.toBe('running'), { timeout: 20_000, interval: 50 });
    const { body } = await ask('POST', at(`/test-runs/${made.id}/accept`), { test_ids: [test] }, reason);
    const { run_id: baseline } = body.results.find((one: { test_id: string }) => one.test_id === test);
    return { object: test, before: { baseline: run }, after: { baseline } };
  },
  'test.change': async (reason) => {
    const object = await aTest();
    await ask('PATCH', at(`/tests/${object}`), { name: 'another', ignore: ['/at'] }, reason);
    return { object, before: { name: 'a test', ignore: [] }, after: { name: 'another', ignore: ['/at'] } };
  },
  'test.delete': async (reason) => {
    const object = await aTest();
    await ask('DELETE', at(`/tests/${object}`), undefined, reason);
    return { object, before: { name: 'a test' }, after: null };
  },
  'key.create': async (reason) => {
    const { body } = await ask('POST', '/v1/api-keys', { name: 'spare', role: 'viewer' }, reason);
    return { object: body.id, before: null, after: { name: 'spare', role: 'viewer' } };
  },
  'key.revoke': async (reason) => {
    const object = await aKey();
    await ask('DELETE', `/v1/api-keys/${object}`, undefined, reason);
    return { object, before: { revoked_at: null }, after: { revoked_at: expect.any(String) } };
  },
  'member.add': async (reason) => {
    const { body } = await ask('POST', '/v1/members', someone(), reason);
    return { object: body.id, before: null, after: { email: body.email, role: 'viewer', name: 'Ada' } };
  },
  'member.change': async (reason) => {
    const object = await aMember();
    await ask('PATCH', `/v1/members/${object}`, { role: 'editor' }, reason);
    return { object, before: { role: 'viewer' }, after: { role: 'editor' } };
  },
  'member.remove': async (reason) => {
    const object = await aMember();
    await ask('DELETE', `/v1/members/${object}`, undefined, reason);
    return { object, before: { name: 'Ada' }, after: null };
  },
  'view.save': async (reason) => {
    const name = uniqueName();
    const { body } = await ask('PUT', `/v1/views/${name}`, { filter: { status: ['failed'] } }, reason);
    return { object: body.id, before: null, after: { name, shared: false, filter: { status: ['failed'] } } };
  },
  'view.delete': async (reason) => {
    const name = uniqueName();
    const { body } = await ask('PUT', `/v1/views/${name}`, { filter: { reference: 'PO*' }, shared: true });
    await ask('DELETE', `/v1/views/${name}`, undefined, reason);
    return { object: body.id, before: { name, shared: true }, after: null };
  },
  'file.create': async () => {
    const object = await aFile();
    return { object, before: null, after: { name: 'order.pdf' }, silent: true };
  },
  'file.delete': async (reason) => {
    const object = await aFile();
    await ask('DELETE', `/v1/files/${object}`, undefined, reason);
    return { object, before: { name: 'order.pdf' }, after: null };
  },
  'mailbox.save': async (reason) => {
    await ask('PUT', at('/mailbox'), { permission: 'restricted', allowed: ['ben@example.com'] }, reason);
    return { object: await mailboxId(), before: { allowed: ['ada@example.com'] }, after: { allowed: ['ben@example.com'] } };
  },
  'mailbox.change': async (reason) => {
    await ask('PATCH', at('/mailbox'), { reply: 'result' }, reason);
    return { object: await mailboxId(), before: { reply: 'none' }, after: { reply: 'result' } };
  },
  'mailbox.rotate': async (reason) => {
    await ask('POST', at('/mailbox/rotate'), undefined, reason);
    return { object: await mailboxId(), before: { local: expect.any(String) }, after: { local: expect.any(String) } };
  },
  'mailbox.try': async (reason) => {
    await ask('POST', '/v1/mail/canary', undefined, reason);
    return { object: 'canary', before: null, after: null };
  },
  'counters.recount': async (reason) => {
    await ask('POST', '/v1/analytics/recount', {}, reason);
    return { object: 'counters', before: null, after: null };
  },
  'schedule.create': async (reason) => {
    const { body } = await ask('POST', at('/schedules'), { ...yearly, inputs: { pin: 'hush-hush' } }, reason);
    return { object: body.id, before: null, after: { name: 'yearly', expression: yearly.expression, inputs: '***' } };
  },
  'schedule.change': async (reason) => {
    const object = await aSchedule();
    await ask('PATCH', at(`/schedules/${object}`), { expression: 'hourly' }, reason);
    return { object, before: { expression: yearly.expression }, after: { expression: 'hourly' } };
  },
  'schedule.delete': async (reason) => {
    const object = await aSchedule();
    await ask('DELETE', at(`/schedules/${object}`), undefined, reason);
    return { object, before: { deleted_at: null }, after: { deleted_at: expect.any(String) } };
  },
  'schedule.pause': async (reason) => {
    const object = await aSchedule();
    await ask('POST', at(`/schedules/${object}/pause`), undefined, reason);
    return { object, before: { enabled: true }, after: { enabled: false } };
  },
  'schedule.resume': async (reason) => {
    const object = await aSchedule({ enabled: false });
    await ask('POST', at(`/schedules/${object}/resume`), undefined, reason);
    return { object, before: { enabled: false }, after: { enabled: true } };
  },
  'webhook.create': async (reason) => {
    const { body } = await ask('POST', at('/webhooks'), { name: 'orders', scheme: 'sha256' }, reason);
    return { object: body.id, before: null, after: { name: 'orders', secrets: '***', token: '***' } };
  },
  'webhook.change': async (reason) => {
    const object = await aWebhook();
    await ask('PATCH', at(`/webhooks/${object}`), { enabled: false }, reason);
    return { object, before: { enabled: true }, after: { enabled: false } };
  },
  'webhook.rotate': async (reason) => {
    const object = await aWebhook();
    await ask('POST', at(`/webhooks/${object}/rotate`), {}, reason);
    return { object, before: { secrets: '***' }, after: { secrets: '***' } };
  },
  'webhook.test': async (reason) => {
    const object = await aWebhook();
    const { body } = await ask('POST', at(`/webhooks/${object}/test`), {}, reason);
    expect(body.outcome).toBe('accepted');
    return { object, before: null, after: null };
  },
  'webhook.delete': async (reason) => {
    const object = await aWebhook();
    await ask('DELETE', at(`/webhooks/${object}`), undefined, reason);
    return { object, before: { name: 'orders' }, after: null };
  },
  'queue.create': async (reason) => {
    const { body } = await ask('POST', at('/queues'), { name: 'orders' }, reason);
    return { object: body.id, before: null, after: { name: 'orders', enabled: true } };
  },
  'queue.change': async (reason) => {
    const object = await aQueue();
    await ask('PATCH', at(`/queues/${object}`), { enabled: false }, reason);
    return { object, before: { enabled: true }, after: { enabled: false } };
  },
  'queue.delete': async (reason) => {
    const object = await aQueue();
    await ask('DELETE', at(`/queues/${object}`), undefined, reason);
    return { object, before: { name: 'orders' }, after: null };
  },
  'event_rule.create': async (reason) => {
    const { body } = await ask('POST', at('/event-rules'), { name: 'booked', source: 'shop' }, reason);
    return { object: body.id, before: null, after: { name: 'booked', source: 'shop', enabled: true } };
  },
  'event_rule.change': async (reason) => {
    const object = await aRule();
    await ask('PATCH', at(`/event-rules/${object}`), { pattern: { source: [{ prefix: 'sh' }] } }, reason);
    return { object, before: { pattern: null }, after: { pattern: '{"source":[{"prefix":"sh"}]}' } };
  },
  'event_rule.delete': async (reason) => {
    const object = await aRule();
    await ask('DELETE', at(`/event-rules/${object}`), undefined, reason);
    return { object, before: { name: 'booked' }, after: null };
  },
  'task.answer': async (reason) => {
    const object = (await api.start(await api.publish(ONE_QUESTION))).body.id;
    const { id } = await api.asked(object);
    await ask('POST', `/v1/tasks/${id}/answer`, { decision: 'approve' }, reason);
    return { object, before: null, after: { step: 'ask', decision: 'approve' } };
  },
  'task.change': async (reason) => {
    const asking = await api.publish(ONE_QUESTION);
    const { id: object } = await api.asked((await api.start(asking)).body.id);
    await ask('PATCH', `/v1/tasks/${object}`, { assignees: ['ben@example.com'] }, reason);
    return { object, before: { assignees: ['ada@example.com'] }, after: { assignees: ['ben@example.com'] } };
  },
  'connection.create': async (reason) => {
    const made = await ask('POST', '/v1/connections', bearer(), reason);
    return { object: made.body.id, before: null, after: { type: 'bearer', settings: { hosts: ['erp.example'] } } };
  },
  'connection.change': async (reason) => {
    const object = await aConnection();
    await ask('PATCH', `/v1/connections/${object}`, { secret: { token: 'hush-hush-2' } }, reason);
    return { object, before: { secrets: '***' }, after: { secrets: '***' } };
  },
  'connection.test': async (reason) => {
    const object = await aConnection();
    await ask('POST', `/v1/connections/${object}/test`, { url: 'http://127.0.0.1:9/' }, reason);
    return {
      object,
      before: { status: { state: 'untested' } },
      after: { status: { state: 'not_connected' } },
    };
  },
  'connection.authorize': async (reason) => {
    const [token_url, authorization_url] = ['http://127.0.0.1:9/token', 'http://127.0.0.1:9/'];
    const settings = { hosts: ['erp.example'], token_url, authorization_url, client_id: 'millrun' };
    const body = { ...bearer(), type: 'oauth2_authorization_code', settings, secret: {} };
    const object = await madeWith('/v1/connections', body);
    await ask('POST', `/v1/connections/${object}/authorize`, undefined, reason);
    return { object, before: null, after: null };
  },
  'connection.delete': async (reason) => {
    const object = await aConnection();
    await ask('DELETE', `/v1/connections/${object}`, undefined, reason);
    return { object, before: { type: 'bearer' }, after: null };
  },
  'subscription.create': async (reason) => {
    const { body } = await ask('POST', '/v1/subscriptions', subscription(), reason);
    return { object: body.id, before: null, after: { events: ['run.failed'], secret: '***' } };
  },
  'subscription.change': async (reason) => {
    const object = await aSubscription();
    await ask('PATCH', `/v1/subscriptions/${object}`, { enabled: false }, reason);
    return { object, before: { enabled: true }, after: { enabled: false } };
  },
  'subscription.delete': async (reason) => {
    const object = await aSubscription();
    await ask('DELETE', `/v1/subscriptions/${object}`, undefined, reason);
    return { object, before: { enabled: true }, after: null };
  },
  'subscription.test': async (reason) => {
    const object = await aSubscription();
    await ask('POST', `/v1/subscriptions/${object}/test`, undefined, reason);
    return { object, before: null, after: null };
  },
  'subscription.redeliver': async (reason) => {
    const object = await aSubscription();
    const { id } = (await ask('POST', `/v1/subscriptions/${object}/test`)).body;
    await ask('POST', `/v1/subscriptions/${object}/redeliver`, { delivery_ids: [id] }, reason);
    return { object, before: null, after: null };
  },
  'delivery.redeliver': async (reason) => {
    const object = await aRejected();
    await ask('POST', `/v1/deliveries/${object}/redeliver`, undefined, reason);
    return { object, before: { redeliveries: 0 }, after: { redeliveries: 1 } };
  },
};

/** What a mailbox is called in the log: its id is in no view. */
async function mailboxId(): Promise<string> {
  const { body } = await api.get('/v1/audit?act=mailbox.save&limit=1');
  return body.items[0].object.id;
}

async function recordsOf(act: Act, object: string) {
  const { body } = await api.get(`/v1/audit?act=${act}&object=${object}&limit=100`, { key: whole });
  return body.items;
}

describe.each(ACT_WORDS.map((act) => [act]))('%s', (act) => {
  test('is in the log once: by whom, to what, from where, why, and what it changed', async () => {
    const reason = `why-${act.replace('.', '-')}`;
    const {
      object,
      before,
      after,
      silent,
      by = me.id,
      project = 'examples',
      from = { ip: '127.0.0.1', user_agent: AGENT },
    } = await doing[act](reason);
    const recorded = async () =>
      (await recordsOf(act, object)).filter((record: { reason: string | null }) => silent || record.reason === reason);
    // What follows from journals comes a moment later.
    if (isDerived(act)) await vi.waitFor(async () => expect(await recorded()).not.toEqual([]), { timeout: 10_000, interval: 50 });
    const found = await recorded();
    expect(found).toMatchObject([
      {
        act,
        actor: { kind: 'key', id: by },
        object: { kind: ACTS[act].on, id: object },
        project_id: project,
        from,
        reason: silent ? null : reason,
        before,
        after,
      },
    ]);
    expect(Math.abs(Date.parse(found[0].at) - Date.now())).toBeLessThan(20_000);
  });
});

test('so many acts there are', () => {
  expect(ACT_WORDS.length).toBeGreaterThanOrEqual(45);
});

test('no secret stands in the log', async () => {
  const { text } = await api.get('/v1/audit?limit=100');
  expect(text).toContain('webhook.create');
  for (const secret of ['hush-hush', API_KEY, 'sealed', 'whsec']) expect(text).not.toContain(secret);
});

test('an act that changes nothing, and one that is refused, leave no record', async () => {
  const object = await aMember();
  await ask('PATCH', `/v1/members/${object}`, { role: 'viewer' }, 'same');
  await ask('PATCH', `/v1/runs/${run}`, {}, 'nothing');
  expect(await recordsOf('member.change', object)).toEqual([]);
  const again = { ...someone(), email: 'p0@example.com' };
  expect((await api.post('/v1/members', again)).status).toBe(409);
  const all = (await api.get('/v1/audit?act=member.add&limit=100')).body.items;
  expect(all.filter(({ after }: { after: { email: string } }) => after.email === again.email)).toHaveLength(1);
});

test.each([[''], ['x'.repeat(501)], ['a\u0000b'], [7]])('the reason %j is refused by name', async (reason) => {
  const { status, body } = await api.call('PATCH', at(''), { body: { enabled: true, reason } });
  expect([status, body.details[0].name]).toEqual([400, 'reason']);
});
