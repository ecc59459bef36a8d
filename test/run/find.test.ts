import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
let workflow: string;
let failing: string;
/** Ids by what they are called here. */
const run: Record<string, string> = {};

const idsIn = ({ body }: Answered): unknown[] => body.items.map(({ id }: { id: unknown }) => id);
const found = async (query: string) => idsIn(await api.get(`/v1/runs?${query}`));
const start = async (name: string, params: object, id = workflow) => {
  const { body } = await api.post(`/v1/workflows/${id}/command`, { command: 'start', params });
  run[name] = body.id;
  return api.ended(body.id);
};

beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
  failing = await api.publish('  - id: no\n    raise: { error: NoStock, message: sold out }\n');
  await start('first', { reference: 'PO-4711', labels: ['customer:acme', 'urgent:yes'] });
  await start('second', { reference: 'po-4712', name: 'Nightly order' });
  await start('failed', { reference: 'INV-1', labels: ['customer:acme'] }, failing);
  const rerun = await api.post(`/v1/runs/${run['failed']}/rerun`, { from: 'start' });
  run['rerun'] = rerun.body.id;
  await api.ended(rerun.body.id);
});
afterAll(() => api.close());

describe('a run is found', () => {
  test('by its reference, whole or in part, without regard to case', async () => {
    expect(await found('reference=po-4711')).toEqual([run['first']]);
    expect(await found('reference=Po-47*')).toEqual([run['second'], run['first']]);
    expect(await found('reference=PO-47')).toEqual([]);
  });

  test('by its id, whole or from six characters on', async () => {
    const id = run['first'] ?? '';
    for (const text of [id, id.toLowerCase(), id.slice(0, 20)]) expect(await found(`id=${text}`)).toEqual([id]);
    expect(await found(`id=${id.slice(0, 6)}&status=succeeded`)).toContain(id);
    for (const text of ['01ABC', 'not-an-id', `${id}0`]) expectRefusal(await api.get(`/v1/runs?id=${text}`), 400, 'id');
  });

  test('by any of several states, by the error it ended with, by its origin', async () => {
    expect(await found('status=failed,stopped')).toEqual([run['rerun'], run['failed']]);
    expect(await found('status=failed&status=succeeded')).toEqual([run['rerun'], run['failed'], run['second'], run['first']]);
    expect(await found('error=NoStock')).toEqual([run['rerun'], run['failed']]);
    expect(await found('error=Other')).toEqual([]);
    expect(await found(`parent=${run['failed']}`)).toEqual([run['rerun']]);
    expect(await found(`root=${run['failed']}`)).toEqual([run['rerun'], run['failed']]);
    expectRefusal(await api.get('/v1/runs?status=failed,lost'), 400, 'status');
  });

  test('by all of its labels, which its reruns have as well', async () => {
    expect(await found('label=customer:acme')).toEqual([run['rerun'], run['failed'], run['first']]);
    expect(await found('label=customer:acme&label=urgent:yes')).toEqual([run['first']]);
    expect(await found('label=customer:acme,urgent:no')).toEqual([]);
    expect((await api.get(`/v1/runs?id=${run['first']}`)).body.items[0].labels).toEqual(['customer:acme', 'urgent:yes']);
    expectRefusal(await api.get('/v1/runs?label=acme'), 400, 'label');
  });

  test('in one box by what it is called', async () => {
    expect(await found('q=po-4711')).toEqual([run['first']]);
    expect(await found('q=471')).toEqual([run['second'], run['first']]);
    expect(await found('q=nightly')).toEqual([run['second']]);
    expect(await found('q=urgent')).toEqual([run['first']]);
    expect(await found(`q=${run['first']}`)).toEqual([run['first']]);
    expect(await found('q=nothing like it')).toEqual([]);
  });

  test('by all of these at once, also under its workflow', async () => {
    expect(await found(`workflow_id=${failing}&status=failed,timed_out&q=inv-1&trigger=manual`)).toEqual([run['failed']]);
    expect(idsIn(await api.get(`/v1/workflows/${failing}/runs?reference=inv*&trigger=rerun`))).toEqual([run['rerun']]);
    expect(await found(`workflow_id=${workflow}&error=NoStock`)).toEqual([]);
  });

  test('and counted, and shown by what became of it', async () => {
    const counted = async (query: string) => (await api.get(`/v1/runs/count?${query}`)).body;
    expect(await counted('status=failed')).toEqual({ count: 2, exact: true });
    expect(await counted(`workflow_id=${workflow}`)).toEqual({ count: 2, exact: true });
    expect(await counted('q=nightly')).toEqual({ count: 1, exact: true });
    const { body } = await api.get('/v1/runs/histogram?bucket=hour&label=customer:acme');
    const sums = body.items.map(({ succeeded, failed, live }: Record<string, number>) => ({ succeeded, failed, live }));
    const total = (name: string) => sums.reduce((sum: number, one: Record<string, number>) => sum + (one[name] ?? 0), 0);
    expect([total('succeeded'), total('failed'), total('live'), body.searched_to]).toEqual([1, 2, 0, null]);
    expect(body.items[0].start).toMatch(/T\d\d:00:00\.000Z$/);
    expect((await api.get('/v1/runs/histogram')).body).toMatchObject({ bucket: 'day', searched_to: null });
    for (const path of ['count?limit=1', 'histogram?bucket=week'])
      expectRefusal(await api.get(`/v1/runs/${path}`), 400, /limit|bucket/);
    const key = await api.keyOf({ project: 'elsewhere' });
    expect((await api.get('/v1/runs/count?status=failed', { key })).body).toEqual({ count: 0, exact: true });
    expect((await api.get('/v1/runs/histogram', { key })).body.items).toEqual([]);
    expectRefusal(await api.get(`/v1/runs/count?workflow_id=${workflow}`, { key }), 404, 'workflow');
  });

  test.each([
    'status=lost',
    'status=',
    'stage=Staging',
    'trigger=pigeon',
    'trigger_id=no/id',
    'trigger_id=',
    'reference=',
    `reference=${'x'.repeat(202)}`,
    'reference=a%00b',
    'id=01ABC',
    'label=acme',
    'label=a:1,b',
    `label=${Array.from({ length: 21 }, (_, at) => `n:${at}`).join()}`,
    'error=',
    `error=${'x'.repeat(201)}`,
    'from=yesterday',
    'to=2026-13-01T00:00:00Z',
    'archived=maybe',
    'parent=no/id',
    'root=',
    `q=${'x'.repeat(201)}`,
    'workflow_id=no/id',
    'project_id=',
    'limit=0',
    'limit=101',
    'continuation_token=nonsense',
    'colour=red',
  ])('not with %s, which is refused by its name, in counts and histograms as well', async (query) => {
    const [name = ''] = query.split('=');
    expectRefusal(await api.get(`/v1/runs?${query}`), 400, name);
    if (!['limit', 'continuation_token'].includes(name))
      for (const path of ['count', 'histogram']) expectRefusal(await api.get(`/v1/runs/${path}?${query}`), 400, name);
  });

  test('and is said to be missing with a handful of reads, which the embedded cloud counts', async () => {
    const reads = () => {
      const { dynamodb } = api.cloud.usage().operations;
      return dynamodb.readUnits;
    };
    for (const query of ['label=customer:nobody', 'error=Nothing', 'trigger=email', 'trigger_id=nobody', 'reference=none*']) {
      const before = reads();
      const { body } = await api.get(`/v1/runs?${query}`);
      expect(body).toMatchObject({ items: [], continuation_token: null, searched_to: null });
      expect(reads() - before, query).toBeLessThanOrEqual(10);
    }
  });

  test('by nobody who may not see it, whatever they ask for', async () => {
    const key = await api.keyOf({ project: 'elsewhere' });
    for (const query of [`id=${run['first']}`, 'reference=po-4711', `q=${run['first']}`, 'q=PO-4711', 'error=NoStock'])
      expect(idsIn(await api.get(`/v1/runs?${query}`, { key }))).toEqual([]);
  });
});
