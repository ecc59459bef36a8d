import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DynamoAudit } from '../../shared/audit/audit.dynamo.ts';
import type { AuditRecord } from '../../shared/audit/audit.ts';
import { newId } from '../../shared/kernel/id.ts';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from '../edge/api.ts';

let api: Api;
let log: DynamoAudit;
let client: DynamoDBClient;
beforeAll(async () => {
  api = await startApi();
  client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
  log = new DynamoAudit(() => client, { table: process.env['AUDIT_TABLE'] ?? '', retentionDays: 30 });
});
afterAll(async () => {
  client.destroy();
  await api.close();
});

interface Shown {
  id: string;
  act: string;
  at: string;
  object: { kind: string; id: string };
  project_id: string | null;
  from: object | null;
  actor: { id: string };
}

async function pages(query: string, key: string): Promise<{ records: Shown[]; count: number }> {
  const records: Shown[] = [];
  let token = '';
  let count = 0;
  do {
    const { body } = await api.get(`/v1/audit?${query}${token && `&continuation_token=${token}`}`, { key });
    records.push(...body.items);
    token = body.continuation_token ?? '';
    count += 1;
  } while (token);
  return { records, count };
}

const START_MS = Date.parse('2026-03-01T00:00:00Z');

/** A record as somebody else's act would leave it, one a minute. */
function aRecord(minute: number, more: Partial<AuditRecord> = {}): AuditRecord {
  const at = new Date(START_MS + minute * 60_000);
  return {
    id: newId(at.getTime()),
    workspace: 'quiet',
    project: minute % 2 === 0 ? 'even' : 'odd',
    at: at.toISOString(),
    act: minute % 10 === 0 ? 'key.create' : 'comment.add',
    actor: { kind: 'member', id: minute % 5 === 0 ? 'ada' : 'ben', name: 'A person' },
    object: { kind: minute % 10 === 0 ? 'key' : 'run', id: `thing${minute % 7}` },
    from: { ip: '192.0.2.7' },
    ...more,
  };
}

describe('the log of a workspace', () => {
  const RECORDS = 90;
  const wrote = Array.from({ length: RECORDS }, (_, minute) => aRecord(minute));
  let admin: string;
  beforeAll(async () => {
    for (const record of wrote) await log.add(record);
    admin = await api.keyOf({ workspace: 'quiet' });
  });

  const newestFirst = (fits: (record: AuditRecord) => boolean = () => true) =>
    wrote
      .filter(fits)
      .map(({ id }) => id)
      .toReversed();

  test.each([1, 7, 25, 100])('comes newest first in pages of %i, without gaps or repeats', async (limit) => {
    const { records } = await pages(`limit=${limit}`, admin);
    expect(records.map(({ id }) => id)).toEqual(newestFirst());
  });

  test('the same record once more is the same record', async () => {
    for (const record of wrote.slice(0, 3)) await log.add(record);
    expect((await pages('limit=100', admin)).records).toHaveLength(RECORDS);
  });

  const at = (minute: number) => new Date(START_MS + minute * 60_000).toISOString();
  test.each<[string, (record: AuditRecord) => boolean]>([
    ['actor=ada', ({ actor }) => actor.id === 'ada'],
    ['object=thing3', ({ object }) => object.id === 'thing3'],
    ['act=key.create', ({ act }) => act === 'key.create'],
    ['object=thing3&actor=ben', ({ object, actor }) => object.id === 'thing3' && actor.id === 'ben'],
    [`from=${at(20)}`, (record) => record.at >= at(20)],
    [`to=${at(20)}`, (record) => record.at <= at(20)],
    [`from=${at(20)}&to=${at(40)}&act=comment.add`, (r) => r.at >= at(20) && r.at <= at(40) && r.act === 'comment.add'],
    [`from=${at(40)}&to=${at(20)}`, () => false],
    ['actor=nobody', () => false],
  ])('%s', async (query, fits) => {
    for (const limit of [4, 100])
      expect((await pages(`${query}&limit=${limit}`, admin)).records.map(({ id }) => id)).toEqual(newestFirst(fits));
  });

  test('an admin of one project sees its acts alone', async () => {
    const key = await api.keyOf({ workspace: 'quiet', project: 'odd' });
    for (const query of ['limit=10', 'limit=10&object=thing3']) {
      const { records } = await pages(query, key);
      const fits = ({ project, object }: AuditRecord) =>
        project === 'odd' && (!query.includes('thing3') || object.id === 'thing3');
      expect(records.map(({ id }) => id)).toEqual(newestFirst(fits));
    }
  });

  test('starts, which runs remember, stand between the records where they belong', async () => {
    const key = await api.keyOf({ workspace: 'mixed' });
    const definition = `format: 1\nname: ${uniqueName()}\nsteps:\n${ONE_STEP}`;
    const { id } = (await api.post('/v1/workflows', { project_id: 'examples', definition }, { key })).body;
    await api.post(`/v1/workflows/${id}/publish`, {}, { key });
    const expected: [string, string][] = [
      ['workflow.publish', id],
      ['workflow.create', id],
    ];
    for (let at = 0; at < 12; at += 1) {
      if (at % 3 === 0) await api.call('PATCH', `/v1/workflows/${id}`, { body: { title: `Title ${at}` }, key });
      const run = (await api.post(`/v1/workflows/${id}/command`, { command: 'start', params: {} }, { key })).body.id;
      expected.unshift(['run.start', run], ...(at % 3 === 0 ? [['workflow.change', id] satisfies [string, string]] : []));
    }
    const shown = (records: Shown[]) => records.map(({ act, object }) => [act, object.id]);
    for (const limit of [1, 3, 5, 100]) expect(shown((await pages(`limit=${limit}`, key)).records)).toEqual(expected);
    const starts = expected.filter(([act]) => act === 'run.start');
    expect(shown((await pages('limit=5&act=run.start', key)).records)).toEqual(starts);
    expect(shown((await pages('limit=5&act=run.rerun', key)).records)).toEqual([]);
    const [first] = (await pages('limit=1&act=run.start', key)).records;
    expect(shown((await pages(`limit=5&actor=${first?.actor.id}`, key)).records)).toEqual(expected);
    expect(shown((await pages(`limit=5&actor=nobody`, key)).records)).toEqual([]);
    expect(shown((await pages(`limit=5&object=${starts[3]?.[1]}`, key)).records)).toEqual([starts[3]]);
    expect(shown((await pages(`limit=5&to=${first?.at}&act=run.start`, key)).records)).toEqual(starts);
    expect((await pages('limit=100', await api.keyOf({ workspace: 'mixed', project: 'other' }))).records).toEqual([]);
  });

  test.each(['viewer', 'operator', 'editor'] as const)('a %s sees acts on runs, and nobody’s address', async (role) => {
    const { records } = await pages('limit=20', await api.keyOf({ workspace: 'quiet', role }));
    expect(records.map(({ id }) => id)).toEqual(newestFirst(({ object }) => object.kind === 'run'));
    expect(records.every(({ from }) => from === null)).toBe(true);
    const own = await pages('limit=20', await api.keyOf({ workspace: 'quiet', role, project: 'even' }));
    expect(own.records.map(({ id }) => id)).toEqual(newestFirst((r) => r.object.kind === 'run' && r.project === 'even'));
  });

  test('a token is good for its own list and workspace alone', async () => {
    const { body } = await api.get('/v1/audit?limit=5', { key: admin });
    const token = body.continuation_token;
    expectRefusal(await api.get(`/v1/audit?actor=ada&continuation_token=${token}`, { key: admin }), 400, 'continuation_token');
    const foreign = await api.keyOf({ workspace: 'noisy' });
    expectRefusal(await api.get(`/v1/audit?continuation_token=${token}`, { key: foreign }), 400, 'continuation_token');
    expect((await api.get('/v1/audit?object=thing3', { key: foreign })).body.items).toEqual([]);
  });

  test.each([['act=nothing'], ['from=yesterday'], ['limit=101'], ['who=ada']])('%s is refused', async (query) => {
    expectRefusal(await api.get(`/v1/audit?${query}`, { key: admin }), 400, query.split('=')[0]);
  });

  test('a rare filter looks so far at a time, says how far, and goes on', async () => {
    for (let minute = 1_000; minute < 5_000; minute += 400)
      await Promise.all(
        Array.from({ length: 400 }, (_, more) => log.add(aRecord(minute + more, { workspace: 'busy', act: 'comment.add' }))),
      );
    await log.add(aRecord(0, { workspace: 'busy' }));
    const key = await api.keyOf({ workspace: 'busy' });
    const first = (await api.get('/v1/audit?act=key.create', { key })).body;
    expect([first.items, first.continuation_token]).toEqual([[], expect.any(String)]);
    expect(Date.parse(first.searched_to)).toBeLessThan(START_MS + 4_900 * 60_000);
    const { records, count } = await pages('act=key.create', key);
    expect(records).toHaveLength(1);
    expect(count).toBeLessThanOrEqual(4);
  });
});

describe('an act and its record', () => {
  /** Nothing can be written to the log. */
  function breakLog() {
    const { send } = DynamoDBClient.prototype;
    vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(function (this: DynamoDBClient, command) {
      const isRecord = JSON.stringify(command.input).includes(`"${process.env['AUDIT_TABLE']}"`);
      if (isRecord) return Promise.reject(new Error('The log is broken.'));
      return Reflect.apply(send, this, [command]);
    });
  }

  const created = (name: string) =>
    fetch(`${api.url}/v1/workflows`, {
      method: 'POST',
      headers: { 'x-api-key': 'local-dev-key', 'content-type': 'application/json' },
      body: JSON.stringify({ project_id: 'examples', definition: `format: 1\nname: ${name}\nsteps:\n${ONE_STEP}` }),
    });

  test('without its record an act is not done', async () => {
    const name = uniqueName();
    const { logger } = await import('../../shared/aws/observe.ts');
    const silent = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    breakLog();
    const { status } = await created(name);
    vi.mocked(DynamoDBClient.prototype.send).mockRestore();
    silent.mockRestore();
    expect(status).toBe(500);
    const { text } = await api.get('/v1/workflows?limit=100');
    expect(text).not.toContain(name);
    // Whoever tries again gets both.
    const { id } = (await (await created(name)).json()) as { id: string };
    expect((await api.get(`/v1/audit?object=${id}`)).body.items).toHaveLength(1);
  });

  test('two who change the same thing at the same time leave one record for each change that was made', async () => {
    const id = await api.publish(ONE_STEP);
    const titles = Array.from({ length: 12 }, (_, at) => `Title ${at}`);
    const answers = await Promise.all(titles.map((title) => api.call('PATCH', `/v1/workflows/${id}`, { body: { title } })));
    const won = answers.flatMap(({ status }, at) => (status === 200 ? [titles[at]] : []));
    expect(won.length).toBeGreaterThan(0);
    const { body } = await api.get(`/v1/audit?object=${id}&act=workflow.change`);
    expect(body.items.map(({ after }: { after: { title: string } }) => after.title).toSorted()).toEqual(won.toSorted());
  });
});
