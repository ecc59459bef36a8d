import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveRun, changeRun, labelRun, unarchiveRun } from '../../../shared/run/control/change-run.ts';
import type { Run } from '../../../shared/run/model/run.ts';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi } from '../../edge/api.ts';
import { anActor, aRun } from '../../harness/builders.ts';
import { MemoryRuns } from '../memory-runs.ts';

async function stored(run: Partial<Run> = {}) {
  const runs = new MemoryRuns();
  const made = aRun(run);
  await runs.create(made);
  const days = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'];
  const services = { runs, now: () => new Date(days.shift() ?? '2026-12-01') };
  return { services, run: made };
}

describe('a run', () => {
  test('is archived once, by whoever did so first, until it is brought back', async () => {
    const { services, run } = await stored();
    const first = await archiveRun(services, run, anActor('ann'));
    expect(first.archived).toEqual({ actor: anActor('ann'), at: '2026-11-01T00:00:00.000Z' });
    expect(await archiveRun(services, run, anActor('bob'))).toEqual(first);
    expect((await unarchiveRun(services, first, anActor('bob'))).archived).toBeUndefined();
    expect((await archiveRun(services, run, anActor('bob'))).archived?.actor.name).toBe('bob');
  });

  test('gets labels and loses them, each once, and no more than it can have', async () => {
    const { services, run } = await stored({ labels: ['a:1'] });
    expect((await labelRun(services, run, { add: ['b:2', 'a:1'] })).labels).toEqual(['a:1', 'b:2']);
    expect((await labelRun(services, run, { remove: ['a:1', 'c:3'] })).labels).toEqual(['b:2']);
    const many = Array.from({ length: 20 }, (_, at) => `n:${at}`);
    await expect(labelRun(services, run, { add: many })).rejects.toMatchObject({ kind: 'conflict' });
    expect((await services.runs.get(run.id))?.labels).toEqual(['b:2']);
  });

  test('gets the labels of all who add some at once', async () => {
    const { services, run } = await stored();
    await Promise.all(['a:1', 'b:2', 'c:3'].map((label) => labelRun(services, run, { add: [label] })));
    expect((await services.runs.get(run.id))?.labels.toSorted()).toEqual(['a:1', 'b:2', 'c:3']);
  });

  test('that is gone meanwhile is not found', async () => {
    const { services } = await stored();
    await expect(changeRun(services, aRun(), { name: 'x' }, anActor())).rejects.toMatchObject({ kind: 'not-found' });
    await expect(labelRun(services, aRun(), { add: ['a:1'] })).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('PATCH of a run', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());
  const patch = (id: string, body: object) => api.call('PATCH', `/v1/runs/${id}`, { body });
  const idsIn = ({ body }: Answered): unknown[] => body.items.map(({ id }: { id: unknown }) => id);

  test('puts a live run out of sight, with who and when, and it goes on', async () => {
    const workflow = await api.publish('  - id: nap\n    wait: 1s\n');
    const { id } = (await api.start(workflow)).body;
    const { status, body } = await patch(id, { archived: true });
    expect([status, body.archived, body.archived_by.kind]).toEqual([200, true, 'key']);
    expect(Date.parse(body.archived_at)).toBeGreaterThan(Date.now() - 60_000);
    const of = `/v1/workflows/${workflow}/runs`;
    expect(idsIn(await api.get(of))).toEqual([]);
    expect(idsIn(await api.get(`${of}?archived=true`))).toEqual([id]);
    const ended = await api.ended(id);
    expect(ended).toMatchObject({ status: 'succeeded', archived: true, archived_at: body.archived_at });
    expect(await patch(id, { archived: true })).toMatchObject({ body: ended });
    expect((await patch(id, { archived: false })).body).toMatchObject({ archived: false, archived_by: null, archived_at: null });
    expect(idsIn(await api.get(of))).toEqual([id]);
    expect(idsIn(await api.get(`${of}?archived=true`))).toEqual([]);
  });

  test('gives it labels and another name, and leaves what is not named', async () => {
    const { id } = (await api.start(await api.publish(ONE_STEP))).body;
    await api.ended(id);
    const labels = ['customer:Acme & Söhne', 'area.north:1'];
    expect((await patch(id, { labels: [...labels, labels[0]] })).body).toMatchObject({ labels, status: 'succeeded' });
    expect((await patch(id, { name: 'Another' })).body).toMatchObject({ name: 'Another', labels, archived: false });
    expect((await patch(id, {})).body).toMatchObject({ name: 'Another', labels });
    expect((await patch(id, { labels: [] })).body).toMatchObject({ name: 'Another', labels: [] });
  });

  test.each([
    ['a label without a key', { labels: ['acme'] }],
    ['a comma', { labels: ['a:1,2'] }],
    ['more than twenty', { labels: Array.from({ length: 21 }, (_, n) => `n:${n}`) }],
    ['an empty name', { name: '' }],
    ['what it does not know', { status: 'failed' }],
  ])('refuses %s', async (_, body) => {
    const { id } = (await api.start(await api.publish(ONE_STEP))).body;
    expectRefusal(await patch(id, body), 400, Object.keys(body)[0]);
  });
});
