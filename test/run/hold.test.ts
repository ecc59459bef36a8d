import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FOREVER } from '../../shared/kernel/hold.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
let client: DynamoDBClient;
beforeAll(async () => {
  api = await startApi();
  client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
});
afterAll(async () => {
  client.destroy();
  await api.close();
});

const WAITING = '  - id: only\n    wait: 1h\n';
const hold = (path: string, reason = 'lawsuit') => api.post(`${path}/legal-hold`, { reason });
const release = (path: string) => api.call('DELETE', `${path}/legal-hold`);
const runOf = async (workflow: string): Promise<string> => (await api.start(workflow)).body.id;

async function ranOf(workflow: string): Promise<string> {
  const id = await runOf(workflow);
  await api.ended(id);
  await vi.waitFor(async () => expect(await expiresOf(id)).toBeDefined());
  return id;
}

/** When the row goes, in seconds since 1970. */
async function expiresOf(id: string): Promise<number | undefined> {
  const row = { TableName: process.env['RUNS_TABLE'], Key: { pk: { S: `RUN#${id}` }, sk: { S: 'RUN' } } };
  const { Item } = await client.send(new GetItemCommand({ ...row, ConsistentRead: true }));
  return Item?.['expires'] && Number(Item['expires'].N);
}

/** When the rest of it goes: journal and comments. */
async function othersExpire(id: string): Promise<number[]> {
  const query = {
    TableName: process.env['RUNS_TABLE'],
    KeyConditionExpression: 'pk = :pk AND sk < :row',
    ExpressionAttributeValues: { ':pk': { S: `RUN#${id}` }, ':row': { S: 'RUN' } },
  };
  const { Items = [] } = await client.send(new QueryCommand(query));
  return Items.map(({ expires }) => Number(expires?.N));
}

describe('a run under a legal hold', () => {
  test('does not expire, with all that belongs to it, and says who holds it; lifted, its retention counts from its end', async () => {
    const run = await ranOf(await api.publish(ONE_STEP));
    await api.post(`/v1/runs/${run}/comments`, { text: 'Before.' });
    const [before, path] = [await expiresOf(run), `/v1/runs/${run}`];
    const { status, body } = await hold(path);
    expect([status, body]).toMatchObject([200, { run_id: run, legal_hold: { reason: 'lawsuit', actor: { kind: 'key' } } }]);
    await api.post(`/v1/runs/${run}/comments`, { text: 'After.' });
    expect(await expiresOf(run)).toBe(FOREVER);
    expect(new Set(await othersExpire(run))).toEqual(new Set([FOREVER]));
    expect((await api.get(path)).body.legal_hold).toMatchObject({ of: 'run', reason: 'lawsuit' });
    // The first stands.
    expect((await hold(path, 'another')).body.legal_hold).toEqual(body.legal_hold);
    expect((await release(path)).body).toEqual({ run_id: run, legal_hold: null });
    expect(await expiresOf(run)).toBe(before);
    expect((await release(path)).status).toBe(200);
    expect((await api.get(path)).body.legal_hold).toBeNull();
  });

  test('may live: it stays when it has ended', async () => {
    const workflow = await api.publish(WAITING);
    const [held, freed] = [await runOf(workflow), await runOf(workflow)];
    for (const run of [held, freed]) await hold(`/v1/runs/${run}`);
    await release(`/v1/runs/${freed}`);
    expect(await expiresOf(freed)).toBeUndefined();
    for (const run of [held, freed]) {
      await api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: run });
      await api.ended(run);
    }
    expect(await expiresOf(held)).toBe(FOREVER);
    // What was written since the hold was placed stays as well.
    await vi.waitFor(async () => expect(new Set(await othersExpire(held))).toEqual(new Set([FOREVER])), { timeout: 10_000 });
    expect(await expiresOf(freed)).toBeLessThan(FOREVER);
    await release(`/v1/runs/${held}`);
    expect(await expiresOf(held)).toBeLessThan(FOREVER);
  });

  test('is placed and lifted by admins alone', async () => {
    const run = await ranOf(await api.publish(ONE_STEP));
    for (const role of ['viewer', 'operator', 'editor'] as const) {
      const key = await api.keyOf({ role, project: 'examples' });
      expectRefusal(await api.post(`/v1/runs/${run}/legal-hold`, {}, { key }), 403);
      expectRefusal(await api.call('DELETE', `/v1/runs/${run}/legal-hold`, { key }), 403);
    }
  });
});

describe('a workflow under a legal hold', () => {
  test('holds the runs it has, archived ones too, and those to come; it is not deleted meanwhile', async () => {
    const workflow = await api.publish(ONE_STEP);
    const path = `/v1/workflows/${workflow}`;
    const older = [await ranOf(workflow), await ranOf(workflow), await ranOf(workflow)];
    const [archived = '', own = ''] = older;
    await api.call('PATCH', `/v1/runs/${archived}`, { body: { archived: true } });
    await hold(`/v1/runs/${own}`, 'its own');
    const other = await ranOf(await api.publish(ONE_STEP));
    expect((await hold(path)).body).toMatchObject({ workflow_id: workflow, runs: 3, complete: true });
    const later = await ranOf(workflow);
    for (const run of [...older, later]) expect(await expiresOf(run)).toBe(FOREVER);
    expect(await expiresOf(other)).toBeLessThan(FOREVER);
    expect((await api.get(`/v1/runs/${later}`)).body.legal_hold).toMatchObject({ of: 'workflow', reason: 'lawsuit' });
    expect((await api.get(path)).body.legal_hold).toMatchObject({ reason: 'lawsuit' });
    const refused = await api.call('DELETE', path);
    expectRefusal(refused, 409, 'legal_hold');
    expect(refused.body.message).toContain('lawsuit');

    expect((await release(path)).body).toMatchObject({ legal_hold: null, runs: 4, complete: true });
    for (const run of [archived, later]) expect(await expiresOf(run)).toBeLessThan(FOREVER);
    // Two held it, one still does.
    expect(await expiresOf(own)).toBe(FOREVER);
    await release(`/v1/runs/${own}`);
    expect(await expiresOf(own)).toBeLessThan(FOREVER);
    expect((await api.call('DELETE', path)).status).toBe(204);
  });
});

test('the file of a run under a hold stays with it, also when another run takes it', async () => {
  const expires = async (id: string) => {
    const row = { TableName: process.env['FILES_TABLE'], Key: { pk: { S: `FILE#${id}` }, sk: { S: 'FILE' } } };
    return Number((await client.send(new GetItemCommand({ ...row, ConsistentRead: true }))).Item?.['expires']?.N);
  };
  const workflow = await api.publish(ONE_STEP);
  const { body } = await api.post('/v2/files', { file_name: 'order.txt', agent_id: 'examples' });
  const form = new FormData();
  for (const [name, value] of Object.entries<string>(body.upload_fields)) form.append(name, value);
  form.append('file', new Blob(['one chair']));
  await fetch(body.upload_url, { method: 'POST', body: form });
  const start = async () => {
    const params = { file_ids: [body.id] };
    return (await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params })).body.id;
  };
  const run = await start();
  await api.ended(run);
  await hold(`/v1/runs/${run}`);
  expect(await expires(body.id)).toBe(FOREVER);
  await start();
  expect(await expires(body.id)).toBe(FOREVER);
  await release(`/v1/runs/${run}`);
  expect(await expires(body.id)).toBeLessThan(FOREVER);
});
