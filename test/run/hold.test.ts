import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FOREVER } from '../../shared/kernel/hold.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { startStub } from '../harness/stub-server.ts';

let api: Api;
let client: DynamoDBClient;
let s3: S3Client;
beforeAll(async () => {
  api = await startApi();
  client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
  s3 = new S3Client({ endpoint: api.cloud.cloudUrl, forcePathStyle: true });
});
afterAll(async () => {
  client.destroy();
  s3.destroy();
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

describe('files of a run under a hold', () => {
  const bucket = () => process.env['VALUES_BUCKET'];
  /** Of the file, wherever they lie; `kept`: where nothing expires. */
  async function places(id: string, kept = false): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket(), ...(kept && { Prefix: 'kept/' }) }));
    return Contents.flatMap(({ Key = '' }) => (Key.endsWith(`/${id}`) ? Key : []));
  }
  /** What the rule of the bucket does when the time is over. */
  async function outlast(id: string): Promise<void> {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket(), Key: `files/${id}` }));
  }
  async function download(id: string): Promise<string> {
    const { body } = await api.get(`/v1/files/${id}/download`);
    const answer = await fetch(body.url);
    return answer.ok ? answer.text() : `${answer.status}`;
  }
  async function fileExpires(id: string): Promise<number> {
    const row = { TableName: process.env['FILES_TABLE'], Key: { pk: { S: `FILE#${id}` }, sk: { S: 'FILE' } } };
    return Number((await client.send(new GetItemCommand({ ...row, ConsistentRead: true }))).Item?.['expires']?.N);
  }
  async function uploaded(content: string): Promise<string> {
    const { body } = await api.post('/v2/files', { file_name: 'order.txt', agent_id: 'examples' });
    const form = new FormData();
    for (const [name, value] of Object.entries<string>(body.upload_fields)) form.append(name, value);
    form.append('file', new Blob([content]));
    await fetch(body.upload_url, { method: 'POST', body: form });
    return body.id;
  }
  async function started(workflow: string, file: string): Promise<string> {
    const { body } = await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { file_ids: [file] } });
    return body.id;
  }
  async function ran(workflow: string, file: string): Promise<string> {
    const run = await started(workflow, file);
    await api.ended(run);
    return run;
  }

  test("given to it or made by it, outlast the bucket's own rule; lifted, they are files like others", async () => {
    const stub = await startStub();
    const url = stub.on('/label', () => ({ body: 'fragile', headers: { 'content-type': 'text/plain' } }));
    const saving = await api.publish(`  - id: only\n    http: { method: GET, url: "${url}", save: true }\n`);
    const given = await uploaded('one chair');
    const run = await ran(saving, given);
    await stub.close();
    const made = (await api.get('/v1/files?limit=100')).body.items.find(
      ({ run_id, id }: { run_id: string; id: string }) => run_id === run && id !== given,
    ).id;
    const before = await download(made);
    await hold(`/v1/runs/${run}`);
    for (const id of [given, made]) {
      expect(await places(id, true)).toHaveLength(1);
      await outlast(id);
      expect(await fileExpires(id)).toBe(FOREVER);
    }
    expect([await download(given), await download(made)]).toEqual(['one chair', before]);

    // It stays so when another run takes it.
    await ran(await api.publish(ONE_STEP), given);
    expect(await fileExpires(given)).toBe(FOREVER);

    await release(`/v1/runs/${run}`);
    expect([await download(given), await download(made)]).toEqual(['one chair', before]);
    for (const id of [given, made]) {
      expect(await places(id)).toEqual([`files/${id}`]);
      expect(await fileExpires(id)).toBeLessThan(FOREVER);
    }
  });

  test('stay while one of several runs is held, and are held anew', async () => {
    const workflow = await api.publish(ONE_STEP);
    const file = await uploaded('two chairs');
    const [one = '', other = ''] = [await ran(workflow, file), await ran(workflow, file)];
    await Promise.all([hold(`/v1/runs/${one}`), hold(`/v1/runs/${other}`)]);
    expect(await places(file, true)).toHaveLength(1);
    await outlast(file);
    await release(`/v1/runs/${one}`);
    expect([await fileExpires(file), await download(file)]).toEqual([FOREVER, 'two chairs']);
    await release(`/v1/runs/${other}`);
    await hold(`/v1/runs/${one}`);
    await outlast(file);
    expect([await fileExpires(file), await download(file)]).toEqual([FOREVER, 'two chairs']);
  });

  test('of one that was born under the hold of its workflow are kept when it ends', async () => {
    const workflow = await api.publish(ONE_STEP);
    await hold(`/v1/workflows/${workflow}`);
    const file = await uploaded('three chairs');
    await ran(workflow, file);
    await vi.waitFor(async () => expect(await places(file, true)).toHaveLength(1), { timeout: 10_000 });
    await outlast(file);
    expect([await fileExpires(file), await download(file)]).toEqual([FOREVER, 'three chairs']);
  });
});
