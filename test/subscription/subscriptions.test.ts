import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { subscribers } from '../../functions/adapters.ts';
import { sendServices } from '../../functions/worker/send-notifications.ts';
import { sendDue } from '../../shared/subscription/send-notifications.ts';
import { type Api, ONE_QUESTION, ONE_STEP, startApi, uniqueName } from '../edge/api.ts';
import { mailsIn } from '../harness/outbox.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const HOUR_MS = 3_600_000;

const folder = temporaryFolder();
let api: Api;
let stub: StubServer;
beforeAll(async () => {
  [api, stub] = await Promise.all([startApi(undefined, folder.path), startStub()]);
});
afterAll(async () => {
  await Promise.all([api.close(), stub.close()]);
  folder.remove();
});

interface Heard {
  headers: Record<string, string>;
  body: { id: string; type: string; timestamp: string; data: { run: Record<string, unknown>; task?: Record<string, unknown> } };
}

/** A receiver that answers as it is told, and what it heard. */
function receiver(answer: () => { status?: number; headers?: Record<string, string> } = () => ({ status: 204 })) {
  const heard: Heard[] = [];
  const url = stub.on(`/${uniqueName()}`, ({ headers, body }) => {
    heard.push({ headers, body } as unknown as Heard);
    return answer();
  });
  return { url, heard };
}

async function subscribe(url: string, events: string[], more: object = {}) {
  const body = { project_id: 'examples', events, to: { webhook: { url } }, ...more };
  const made = await api.post('/v1/subscriptions', body);
  expect(made.status, made.text).toBe(201);
  // Followers may know the subscriptions of a moment ago.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  return made.body;
}

const deliveries = async (id: string) => (await api.get(`/v1/subscriptions/${id}/deliveries`)).body.items;
const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 15_000, interval: 100 });
const FAILING = '  - id: bad\n    raise: { error: Known, message: "no luck" }\n';
const ended = async (steps: string, key?: string) => {
  const workflow = await api.publish(steps);
  const { id } = (await api.start(workflow)).body;
  await api.ended(id);
  return { workflow, id, key };
};

describe('a subscription', () => {
  test('tells a webhook what it asks for, signed, and keeps what came of it', async () => {
    const { url, heard } = receiver();
    const made = await subscribe(url, ['run.started', 'run.failed']);
    expect(made.secret).toMatch(/^whsec_/);
    const run = await ended(FAILING);
    await ended(ONE_STEP);
    await until(() => expect(heard.filter(({ body }) => body.type === 'run.failed')).toHaveLength(1));
    await until(() => expect(heard.filter(({ body }) => body.type === 'run.started')).toHaveLength(2));
    const failed = heard.find(({ body }) => body.type === 'run.failed');
    expect(failed?.body.data.run).toMatchObject({ id: run.id, status: 'failed', error: { name: 'Known', message: 'no luck' } });
    expect(failed?.body.data.run).not.toHaveProperty('inputs');
    for (const { headers, body } of heard)
      expect(() => new Webhook(made.secret).verify(JSON.stringify(body), headers)).not.toThrow();
    await until(async () =>
      expect(
        (await deliveries(made.id)).map(({ outcome, status }: { outcome: string; status: number }) => [outcome, status]),
      ).toEqual(Array(3).fill(['delivered', 204])),
    );
    const { text, body } = await api.get(`/v1/subscriptions/${made.id}`);
    expect(text).not.toContain(made.secret);
    expect(body).toMatchObject({ enabled: true, failing_since: null, to: { webhook: { url } } });
  });

  test('is about some workflow, or runs with a label; one that is off or gone is told nothing', async () => {
    const [one, other, off] = [receiver(), receiver(), receiver()];
    const workflow = await api.publish(FAILING);
    await subscribe(one.url, ['run.failed'], { filter: { workflow_id: workflow } });
    await subscribe(other.url, ['run.failed'], { filter: { label: 'customer:acme' } });
    await subscribe(off.url, ['run.failed'], { enabled: false });
    await api.ended((await api.start(workflow)).body.id);
    await ended(FAILING);
    await until(() => expect(one.heard).toHaveLength(1));
    expect([other.heard, off.heard]).toEqual([[], []]);
  });

  test('tells what people are asked and what they answer', async () => {
    const { url, heard } = receiver();
    await subscribe(url, ['task.opened', 'task.answered']);
    const { id } = (await api.start(await api.publish(ONE_QUESTION))).body;
    const task = await api.asked(id);
    await api.post(`/v1/tasks/${task.id}/answer`, { decision: 'approve' });
    await until(() => expect(heard.map(({ body }) => body.type).toSorted()).toEqual(['task.answered', 'task.opened']));
    const [opened, answered] = ['task.opened', 'task.answered'].map(
      (type) => heard.find(({ body }) => body.type === type)?.body.data,
    );
    expect(opened).toMatchObject({ run: { id }, task: { kind: 'approval', assignees: ['ada@example.com'] } });
    expect(answered).toMatchObject({ run: { id }, task: { decision: 'approve', answered_by: { kind: 'key' } } });
  });

  test('that is refused is tried again later, as the receiver asks, and by hand under the same id', async () => {
    let status = 503;
    const { url, heard } = receiver(() => ({ status, headers: { 'retry-after': '3600' } }));
    const made = await subscribe(url, ['run.failed']);
    await ended(FAILING);
    const refused = await vi.waitFor(async () => {
      const [one] = await deliveries(made.id);
      expect(one).toMatchObject({ outcome: 'pending', attempts: 1, status: 503, error: 'It answered 503.' });
      return one;
    }, 15_000);
    expect(Date.parse(refused.due_at) - Date.parse(refused.last_at)).toBeGreaterThanOrEqual(3_599_000);
    await until(async () =>
      expect((await api.get(`/v1/subscriptions/${made.id}`)).body.failing_since).toEqual(expect.any(String)),
    );

    status = 410;
    await api.post(`/v1/subscriptions/${made.id}/test`, {});
    await until(async () =>
      expect((await api.get(`/v1/subscriptions/${made.id}`)).body).toMatchObject({
        enabled: false,
        disabled_reason: expect.stringContaining('410'),
      }),
    );
    status = 200;
    const on = await api.call('PATCH', `/v1/subscriptions/${made.id}`, { body: { enabled: true } });
    expect(on.body).toMatchObject({ enabled: true, failing_since: null, disabled_reason: null });
    const [test410] = await deliveries(made.id);
    expect(test410).toMatchObject({ outcome: 'failed', type: 'subscription.test', status: 410 });
    const again = await api.post(`/v1/subscriptions/${made.id}/redeliver`, { delivery_ids: [test410.id] });
    expect(again.body.items).toMatchObject([{ id: test410.id, outcome: 'pending', attempts: 0 }]);
    await until(async () => expect((await deliveries(made.id))[0]).toMatchObject({ id: test410.id, outcome: 'delivered' }));
    const ids = heard.filter(({ body }) => body.type === 'subscription.test').map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([test410.id, test410.id]);
  });

  test('tells what steps emit, of schedules, of budgets, and of subscriptions that were turned off', async () => {
    const gone = receiver(() => ({ status: 410 }));
    const [all, typed] = [receiver(), receiver()];
    const lost = await api.post('/v1/subscriptions', {
      project_id: 'examples',
      events: ['run.failed'],
      to: { webhook: { url: gone.url } },
    });
    await api.post('/v1/subscriptions', {
      project_id: 'examples',
      events: ['event.emitted'],
      filter: { type: 'order.paid' },
      to: { webhook: { url: typed.url } },
    });
    await subscribe(all.url, ['event.emitted', 'schedule.paused', 'budget.warned', 'subscription.turned_off']);
    const workflow = await api.publish('  - id: tell\n    emit: { type: order.booked, subject: "4711", data: { n: 1 } }\n');
    const schedule = await api.post(`/v1/workflows/${workflow}/schedules`, { name: 'yearly', expression: 'cron(0 0 1 1 ? *)' });
    await api.post(`/v1/workflows/${workflow}/schedules/${schedule.body.id}/pause`, {});
    await api.post(`/v1/subscriptions/${lost.body.id}/test`, {});
    const key = await api.keyOf({});
    const items = [{ per: 'day', project_id: 'examples', workflow_id: workflow, warn_at: 0.1 }];
    expect((await api.call('PUT', '/v1/budgets', { key, body: { items } })).status).toBe(200);
    for (let n = 0; n < 2; n += 1) await api.ended((await api.start(workflow)).body.id);
    const told = (type: string) => all.heard.filter(({ body }) => body.type === type).map(({ body }) => body.data);
    await until(() => expect(told('event.emitted')).toHaveLength(2));
    expect(told('event.emitted')[0]).toMatchObject({
      event: { type: 'order.booked', subject: '4711', data: { n: 1 } },
      run: { workflow_id: workflow },
    });
    expect(told('schedule.paused')).toMatchObject([{ schedule: { id: schedule.body.id, name: 'yearly' }, reason: null }]);
    await until(() => expect(told('subscription.turned_off')).toMatchObject([{ subscription: { id: lost.body.id } }]));
    // Runs are counted some seconds after their end.
    await vi.waitFor(() => expect(told('budget.warned')).toHaveLength(1), { timeout: 25_000, interval: 100 });
    expect(told('budget.warned')[0]).toMatchObject({ budget: { workflow_id: workflow, per: 'day', warn_at: 0.1 } });
    expect(typed.heard).toEqual([]);
    await api.call('PUT', '/v1/budgets', { key, body: { items: [] } });
  });

  test('tells people by mail, at full hours what has happened until then, and a test at once', async () => {
    const to = { email: { addresses: ['ada@example.com', 'bob@example.com'] } };
    const made = (await api.post('/v1/subscriptions', { project_id: 'examples', events: ['run.failed'], to })).body;
    expect(made).toMatchObject({ secret: null, to: { email: { ...to.email, every: 'hour' } } });
    await api.post(`/v1/subscriptions/${made.id}/test`, {});
    const [mail] = await vi.waitFor(async () => {
      const found = await mailsIn(folder.path, 'subscription.test');
      expect(found).toHaveLength(1);
      return found;
    }, 15_000);
    expect(mail).toMatchObject({ to: to.email.addresses, mail: { subject: 'Millrun: subscription.test in examples' } });
    await until(async () => expect(await deliveries(made.id)).toMatchObject([{ outcome: 'delivered', status: null }]));
  });

  test('goes to the event bus as CloudEvents', async () => {
    const body = { project_id: 'examples', events: ['run.failed'], to: { event_bus: {} } };
    const made = (await api.post('/v1/subscriptions', body)).body;
    expect(made).toMatchObject({ secret: null, to: { event_bus: {} } });
    const sent = await api.post(`/v1/subscriptions/${made.id}/test`, {});
    expect(sent.status).toBe(202);
    await until(async () => expect(await deliveries(made.id)).toMatchObject([{ outcome: 'delivered', status: null }]));
  });

  test('that takes nothing for five days is turned off, and the others hear of it', async () => {
    let tries = 0;
    const refusing = receiver(() => {
      tries += 1;
      return { status: 500 };
    });
    const others = receiver();
    await api.post('/v1/subscriptions', {
      project_id: 'examples',
      events: ['subscription.turned_off'],
      to: { webhook: { url: others.url } },
    });
    const made = await subscribe(refusing.url, ['event.emitted'], { filter: { type: uniqueName() } });
    const emitted = made.filter.type;
    const start = Date.now();
    let clock = start;
    const services = sendServices(() => new Date(clock));
    const about = { type: 'event.emitted' as const, workspace: 'local', project: 'examples', emitted, data: {} };
    const tell = (id: string) => subscribers().tell([{ ...about, id: `${made.id}/${id}`, at: new Date(clock).toISOString() }]);
    const stands = async () => (await api.get(`/v1/subscriptions/${made.id}`)).body;
    const afterHours = async (hours: number) => {
      clock = start + hours * HOUR_MS;
      await sendDue(services, () => true);
    };
    await tell('first');
    await until(() => expect(tries).toBeGreaterThan(0));
    for (let hour = 1; hour <= 96; hour += 1) await afterHours(hour);
    // Ten tries in three days, and no more of that.
    expect(tries).toBe(10);
    expect(await deliveries(made.id)).toMatchObject([{ outcome: 'failed', attempts: 10, status: 500 }]);
    expect(await stands()).toMatchObject({ enabled: true, disabled_reason: null });
    await tell('second');
    await afterHours(119);
    expect(await stands()).toMatchObject({ enabled: true });
    clock = start + 120.1 * HOUR_MS;
    await tell('third');
    await afterHours(120.1);
    expect(await stands()).toMatchObject({
      enabled: false,
      disabled_reason: expect.stringMatching(/^Nothing was taken since .*: It answered 500\.$/),
    });
    await afterHours(121);
    const about_it = others.heard.filter(({ body }) => Object(body.data)['subscription']?.id === made.id);
    expect(about_it).toMatchObject([{ body: { type: 'subscription.turned_off' } }]);
    const before = tries;
    await tell('fourth');
    await afterHours(200);
    expect(tries).toBe(before);
  });

  test('tells of more than a mail has room for in one mail', async () => {
    const to = { email: { addresses: ['carl@example.com'] } };
    const type = uniqueName();
    const body = { project_id: 'examples', events: ['event.emitted'], filter: { type }, to };
    const made = (await api.post('/v1/subscriptions', body)).body;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const event = (n: number) => ({
      id: `${made.id}/${n}`,
      type: 'event.emitted' as const,
      at: new Date().toISOString(),
      workspace: 'local',
      project: 'examples',
      emitted: type,
      data: {},
    });
    await subscribers().tell(Array.from({ length: 130 }, (_, n) => event(n)));
    await sendDue(
      sendServices(() => new Date(Date.now() + 2 * HOUR_MS)),
      () => true,
    );
    const [mail, ...more] = await mailsIn(folder.path, '130 events');
    expect([mail?.to, more]).toEqual([['carl@example.com'], []]);
    expect(mail?.mail.text).toContain(`and 30 more: ${api.url}/subscriptions?id=${made.id}`);
  });

  test.each([
    [{ events: [] }, 'events'],
    [{ events: ['run.exploded'] }, 'events.0'],
    [{ events: ['run.failed', 'run.failed'] }, 'events'],
    [{ to: {} }, 'to'],
    [{ to: { webhook: { url: 'ftp://erp.example' } } }, 'to'],
    [{ to: { webhook: { url: 'https://user:pw@erp.example' } } }, 'to'],
    [{ to: { email: { addresses: [] } } }, 'to'],
    [{ to: { email: { addresses: ['ada@example.com'], every: 'minute' } } }, 'to'],
    [{ events: ['event.emitted'] }, 'events'],
    [{ filter: { color: 'red' } }, 'filter.color'],
    [{ color: 'red' }, 'color'],
  ])('%j is refused by name', async (wrong, name) => {
    const body = { project_id: 'examples', events: ['run.failed'], to: { event_bus: {} }, ...wrong };
    const refused = await api.post('/v1/subscriptions', body);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body.details)).toContain(name);
  });
});
