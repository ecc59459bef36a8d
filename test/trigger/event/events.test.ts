import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../../edge/api.ts';

let api: Api;
let events: EventBridgeClient;
/** All that hear events in this file: the rules of a workspace are remembered for two seconds. */
let rules: Awaited<ReturnType<typeof rulesOfAll>>;
beforeAll(async () => {
  api = await startApi({
    bootstrapWorkspace: 'local',
    bootstrapProject: 'examples',
    eventBuses: ['shop', 'arn:aws:events:us-east-1:111122223333:event-bus/foreign=elsewhere'],
  });
  events = new EventBridgeClient({ endpoint: api.cloud.cloudUrl, region: 'us-east-1' });
  rules = await rulesOfAll();
});
afterAll(async () => {
  events.destroy();
  await api.close();
});

const ECHO = '  - id: only\n    set: { got: "${ $input }" }\n';
async function ruleOf(more: object = {}, { key, project, top = '' }: { key?: string; project?: string; top?: string } = {}) {
  const workflow = await api.publish(ECHO, { top, ...(key !== undefined && { key }), ...(project !== undefined && { project }) });
  const made = await api.post(
    `/v1/workflows/${workflow}/event-rules`,
    { name: 'booked', ...more },
    key === undefined ? {} : { key },
  );
  expect(made.status, made.text).toBe(201);
  return { ...made.body, workflow, path: `/v1/workflows/${workflow}/event-rules/${made.body.id}` };
}

async function put(source: string, detail: string | object, { bus = 'millrun', type = 'order.booked' } = {}): Promise<string> {
  const Detail = typeof detail === 'string' ? detail : JSON.stringify(detail);
  const Entries = [{ EventBusName: bus, Source: source, DetailType: type, Detail }];
  const { FailedEntryCount, Entries: [entry] = [] } = await events.send(new PutEventsCommand({ Entries }));
  expect(FailedEntryCount).toBe(0);
  return entry?.EventId ?? '';
}

/** The deliveries of a workflow, newest first, once there are so many. */
const deliveriesOf = (workflow: string, count: number, key?: string) =>
  vi.waitFor(
    async () => {
      const { body } = await api.get(`/v1/deliveries?workflow_id=${workflow}&limit=100`, key === undefined ? {} : { key });
      expect(body.items).toHaveLength(count);
      return body.items;
    },
    { timeout: 20_000, interval: 20 },
  );

const tells = (type: string) => api.publish(`  - id: tell\n    emit: { type: ${type}, data: { n: 1 } }\n`);

async function rulesOfAll() {
  const elsewhere = await api.keyOf({ workspace: 'elsewhere' });
  const another = await api.keyOf({ project: 'another' });
  const teller = await api.publish('  - id: tell\n    emit: { type: stock.low, data: { n: 1 } }\n');
  const failing = await api.publish('  - id: no\n    raise: { error: Broken, message: x }\n');
  const [tick, tock] = [await tells('tock'), await tells('tick')];
  for (const [workflow, type] of [
    [tick, 'tick'],
    [tock, 'tock'],
  ])
    await api.post(`/v1/workflows/${workflow}/event-rules`, { name: 'circle', detail_type: type });
  const own = await api.post(`/v1/workflows/${teller}/event-rules`, { name: 'own', detail_type: 'stock.low' });
  await api.post(`/v1/workflows/${failing}/event-rules`, { name: 'again', detail_type: 'millrun.run.failed' });
  await api.post('/v1/subscriptions', { project_id: 'examples', events: ['run.failed'], to: { event_bus: {} } });
  return {
    elsewhere,
    another,
    teller,
    tick,
    tock,
    failing,
    own: own.body.id,
    plain: await ruleOf({ source: 'shop.orders', detail_type: 'order.booked' }),
    mapped: await ruleOf({
      pattern: { source: [{ prefix: 'shop.' }], detail: { total: [{ numeric: ['>', 10] }] } },
      mapping: '{"order": detail.id, "kind": event.detail_type, "bus": event.bus, "from": event.source, "event": event.id}',
    }),
    choosy: await ruleOf({ source: 'shop.orders', if: 'detail.total > 100' }),
    strict: await ruleOf({ source: 'shop.orders' }, { top: 'input: { type: object, properties: { total: { type: string } } }' }),
    off: await ruleOf({ source: 'shop.orders', enabled: false }),
    deaf: await ruleOf({ source: 'shop.stock' }),
    stranger: await ruleOf({ source: 'shop.orders' }, { key: elsewhere }),
    follower: await ruleOf({ detail_type: 'stock.low', mapping: 'detail.data' }),
    foreigner: await ruleOf({ detail_type: 'stock.low' }, { key: another, project: 'another' }),
  };
}

test('an event starts the workflows whose rules are about it, with its detail, and leaves a delivery at each', async () => {
  const { elsewhere, plain, mapped, choosy, strict, off, deaf, stranger } = rules;
  const id = await put('shop.orders', '{"id": 8202522731445525542, "total": 12.5}');
  const [delivery] = await deliveriesOf(plain.workflow, 1);
  expect(delivery).toMatchObject({ trigger: 'event', trigger_id: plain.id, outcome: 'accepted', source: 'shop.orders', key: id });
  const run = await api.ended(delivery.run_id);
  expect(run).toMatchObject({ trigger: 'event', trigger_id: plain.id, stage: 'Published', status: 'succeeded' });
  expect(run.actor).toMatchObject({ kind: 'trigger', id: plain.id, name: 'booked' });
  expect((await api.get(`/v1/runs/${run.id}`)).text).toContain('"id":8202522731445525542');

  const [mappedDelivery] = await deliveriesOf(mapped.workflow, 1);
  const { inputs } = await api.ended(mappedDelivery.run_id);
  expect(inputs).toMatchObject({ kind: 'order.booked', bus: 'millrun', from: 'shop.orders', event: id });

  const [skipped] = await deliveriesOf(choosy.workflow, 1);
  expect(skipped).toMatchObject({ outcome: 'skipped', reason: "The event rule's condition was false.", run_id: null });
  const [rejected] = await deliveriesOf(strict.workflow, 1);
  expect(rejected).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/total must be a text/) });

  // Turned away while the rule was off, and redelivered with the rule as it is by then.
  const [refused] = await deliveriesOf(off.workflow, 1);
  expect(refused).toMatchObject({ outcome: 'rejected', reason: 'The event rule "booked" is turned off.' });
  expect((await api.call('PATCH', off.path, { body: { enabled: true, mapping: '{"n": detail.total}' } })).status).toBe(200);
  const raw = await api.get(`/v1/deliveries/${refused.id}/raw`);
  expect(raw.headers.get('content-disposition')).toContain(`${refused.id}.json`);
  expect(raw.text).toContain('"id": 8202522731445525542');
  const again = await api.post(`/v1/deliveries/${refused.id}/redeliver`, {});
  expect(again.body).toMatchObject({ outcome: 'accepted', redeliveries: 1 });
  expect((await api.ended(again.body.run_id)).inputs).toEqual({ n: 12.5 });

  // The bus of the installation is for its own workspace; a bus that the owner names, for the one that the setting says.
  expect(await deliveriesOf(deaf.workflow, 0)).toEqual([]);
  expect(await deliveriesOf(stranger.workflow, 0, elsewhere)).toEqual([]);
  await put('shop.orders', { total: 1 }, { bus: 'arn:aws:events:us-east-1:000000000000:event-bus/foreign' });
  await deliveriesOf(stranger.workflow, 1, elsewhere);
  await put('shop.orders', { total: 1 }, { bus: 'shop' });
  await deliveriesOf(plain.workflow, 2);
  expect(await deliveriesOf(stranger.workflow, 1, elsewhere)).toHaveLength(1);
});

test('what a workflow emits starts others of its project, once, and never itself', async () => {
  const { another, teller, own, failing, follower, foreigner } = rules;
  const { id } = (await api.start(teller)).body;
  await api.ended(id);
  const [delivery] = await deliveriesOf(follower.workflow, 1);
  expect(delivery).toMatchObject({ outcome: 'accepted', key: `${id}/tell` });
  expect((await api.ended(delivery.run_id)).inputs).toEqual({ n: 1 });
  const [echo] = await deliveriesOf(teller, 1);
  expect(echo).toMatchObject({ outcome: 'skipped', trigger_id: own, reason: 'The workflow has caused this event itself.' });
  expect(await deliveriesOf(foreigner.workflow, 0, another)).toEqual([]);

  // Emitted a second time, after a crash say, it has another id of EventBridge, and the same of its own.
  const detail = { specversion: '1.0', id: `${id}/tell`, workspace: 'local', project: 'examples', workflow: 'x', data: { n: 1 } };
  await put('millrun/examples/x', detail, { type: 'stock.low' });
  const [repeat] = await deliveriesOf(follower.workflow, 2);
  expect(repeat).toMatchObject({ outcome: 'duplicate', run_id: delivery.run_id });

  await api.ended((await api.start(failing)).body.id);
  const [stopped] = await deliveriesOf(failing, 1);
  expect(stopped).toMatchObject({ outcome: 'skipped', reason: 'The workflow has caused this event itself.' });
});

test('workflows that start each other by events in a circle are stopped, and say why', async () => {
  const { tick, tock } = rules;
  const first = (await api.start(tick)).body.id;
  const ofTock = await deliveriesOf(tock, 6);
  const ofTick = await deliveriesOf(tick, 5);
  expect(ofTick.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(5).fill('accepted'));
  const [refused, ...accepted] = ofTock;
  expect(accepted.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(5).fill('accepted'));
  expect(refused).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringMatching(
      /^More than 10 events in a row .* go in a circle\. Let a condition of one of their event rules end it\.$/,
    ),
  });
  // All of it is one trace.
  const traces = await Promise.all([first, ofTick[0].run_id].map(async (id) => (await api.ended(id)).trace_id));
  expect(traces[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(traces[1]).toBe(traces[0]);
});

describe('the settings of an event rule', () => {
  test('are shown, listed, changed and deleted; its deliveries stay', async () => {
    const pattern = { detail: { total: [{ numeric: ['>', 10] }], tags: [null, 'vip'] } };
    const { path, workflow, id } = await ruleOf({ source: 'shop', pattern });
    expect((await api.get(path)).body).toMatchObject({ id, source: 'shop', detail_type: null, pattern, enabled: true });
    expect((await api.get(`/v1/workflows/${workflow}/event-rules`)).body.items).toMatchObject([{ id, pattern }]);
    const changed = await api.call('PATCH', path, { body: { source: null, detail_type: 'order.paid', name: 'paid' } });
    expect(changed.body).toMatchObject({ name: 'paid', source: null, detail_type: 'order.paid', pattern });
    expectRefusal(await api.call('PATCH', path, { body: { detail_type: null, pattern: null } }), 400, 'source');
    expect((await api.call('DELETE', path)).status).toBe(204);
    expectRefusal(await api.get(path), 404);
    expect((await api.get(`/v1/workflows/${workflow}/event-rules`)).body.items).toEqual([]);
  });

  test('that cannot be are refused by name', async () => {
    const path = `/v1/workflows/${await api.publish(ONE_STEP)}/event-rules`;
    for (const [body, field] of [
      [{ source: 'a' }, 'name'],
      [{ name: 'a' }, 'source'],
      [{ name: 'a', source: '' }, 'source'],
      [{ name: 'a', source: 'a', bus: 'x' }, 'bus'],
      [{ name: 'a', pattern: [] }, 'pattern'],
      [{ name: 'a', pattern: { source: [{ wildcard: '*' }] } }, 'pattern'],
      [{ name: 'a', pattern: { source: ['x'.repeat(4100)] } }, 'pattern'],
      [{ name: 'a', source: 'a', mapping: '{"a": order}' }, 'mapping'],
      [{ name: 'a', source: 'a', if: '$detail.a' }, 'if'],
      [{ name: 'a', source: 'a', enabled: 'yes' }, 'enabled'],
    ] as const)
      expectRefusal(await api.post(path, body), 400, field);
  });

  test('are found at their own workflow only, and a workspace has a hundred at most', async () => {
    const [one, other] = [await ruleOf({ source: 'a' }), await ruleOf({ source: 'a' })];
    expectRefusal(await api.get(`/v1/workflows/${other.workflow}/event-rules/${one.id}`), 404);
    const key = await api.keyOf({ workspace: 'crowded' });
    const path = `/v1/workflows/${await api.publish(ONE_STEP, { key })}/event-rules`;
    const made = await Promise.all(Array.from({ length: 100 }, () => api.post(path, { name: 'a', source: 'a' }, { key })));
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    const refused = await api.post(path, { name: 'a', source: 'a' }, { key });
    expect(refused.body).toMatchObject({ status_code: 409, message: expect.stringContaining('100 event rules') });
  });
});
