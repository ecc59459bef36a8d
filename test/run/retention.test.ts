import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pauseRun } from '../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../shared/run/control/resume-run.ts';
import { keptAfterEnd } from '../../shared/run/model/project.ts';
import { RUN_STATUSES } from '../../shared/run/model/status.ts';
import { retentionOf } from '../../shared/workflow/retention.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { anActor, aPlan } from '../harness/builders.ts';
import { sleep, sleepUntil, virtualTime } from './virtual-time.ts';
import { World } from './world.ts';

describe('how long a run is kept after its end', () => {
  const endedAt = '2026-05-01T12:00:00.000Z';
  const days = (until: number | undefined) => until && (until - Date.parse(endedAt) / 1000) / 86_400;
  const retention = { succeeded: 3, failed: 20, stopped: 5 };

  test.each([
    ['succeeded', 3],
    ['skipped', 3],
    ['failed', 20],
    ['timed_out', 20],
    ['cancelled', 5],
  ] as const)('%s: %i days', (status, expected) => {
    expect(days(keptAfterEnd({ endedAt, status, retention }, 90))).toBe(expected);
    expect(days(keptAfterEnd({ endedAt, status, retention: undefined }, 90))).toBe(90);
    // What it points to is kept no longer, whatever was said when the installation kept more.
    expect(days(keptAfterEnd({ endedAt, status, retention }, 2))).toBe(2);
  });

  test('a run that lives is kept, whatever is said', () => {
    for (const status of RUN_STATUSES) expect(keptAfterEnd({ endedAt: undefined, status, retention }, 90)).toBeUndefined();
  });

  test('a workflow says it for its own runs, outcome by outcome', () => {
    expect(retentionOf({ succeeded: 7, failed: 30 }, { succeeded: 1 })).toEqual({ succeeded: 1, failed: 30 });
    expect(retentionOf(undefined, undefined)).toBeUndefined();
  });
});

describe('what a run has written', () => {
  beforeAll(() => virtualTime.begin());
  afterAll(() => virtualTime.end());
  const DAY_MS = 86_400_000;
  const get = (id: string) => `{ id: ${id}, http: { method: GET, url: 'https://stub.example' } }`;

  test.each([
    ['within minutes', [get('only')], 0],
    ['after 80 days', [get('first'), '{ id: nap, wait: 80d }', get('last')], 0],
    ['after it was paused for 60 days, and waits', [get('first'), '{ id: nap, wait: 80d }', get('last')], 60],
    ['after it was paused for 300 days', [get('first'), '{ id: nap, wait: 2h }', get('last')], 300],
  ])('stays while the run lives and 90 days from its end, which comes %s', async (_, steps, pausedDays) => {
    const world = new World({}, { ms: () => 1_000, answer: () => ({ status: 200, headers: {}, body: {} }) });
    const { runs } = world.engine;
    const { id } = await virtualTime.through(world.start(aPlan(steps.map((step) => `  - ${step}`).join('\n'))));
    const firstToGo = () => Math.min(...runs.expiryOf(id).journal) * 1000;
    let looks = 0;
    const watch = async () => {
      for (; (await runs.get(id))?.endedAt === undefined; looks += 1) {
        expect(firstToGo()).toBeGreaterThan(Date.now());
        await sleep(DAY_MS / 2);
      }
    };
    const pause = async () => {
      if (pausedDays === 0) return;
      await sleep(3_600_000);
      const run = await runs.get(id);
      if (!run) throw new Error('It is gone.');
      await world.operate((services) => pauseRun(services, run, anActor()));
      await sleepUntil(Date.now() + pausedDays * DAY_MS);
      const paused = await runs.get(id);
      expect(paused?.status).toBe('paused');
      await world.operate(async (services) => paused && resumeRun(services, paused, anActor()));
    };
    const [[run]] = await Promise.all([world.settled([id]), virtualTime.through(watch()), virtualTime.through(pause())]);
    expect(run.status).toBe('succeeded');
    expect(looks).toBeGreaterThan(0);
    const kept = (firstToGo() - Date.parse(run.endedAt ?? '')) / DAY_MS;
    expect(kept).toBeGreaterThanOrEqual(89.99);
  });

  test('of a run that ends soon goes a day after its row at the latest', async () => {
    const world = new World({}, { ms: () => 1_000, answer: () => ({ status: 200, headers: {}, body: {} }) });
    const { id } = await virtualTime.through(world.start(aPlan(`  - ${get('only')}`)));
    await world.settled([id]);
    const { row, journal } = world.engine.runs.expiryOf(id);
    expect(journal.length).toBeGreaterThan(0);
    expect((Math.max(...journal) - (row ?? 0)) / 86_400).toBeLessThanOrEqual(1);
  });
});

describe('over the API', () => {
  let api: Api;
  let client: DynamoDBClient;
  let key: string;
  beforeAll(async () => {
    api = await startApi();
    client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
    key = await api.keyOf({});
  });
  afterAll(async () => {
    client.destroy();
    await api.close();
  });

  const FAILING = '  - id: only\n    raise: { error: Odd, message: "No." }\n';
  const WAITING = '  - id: only\n    wait: 1h\n';

  /** In how many days after its end the row goes. */
  async function daysOf(id: string): Promise<number> {
    const { ended_at } = (await api.get(`/v1/runs/${id}`, { key })).body;
    const row = { TableName: process.env['RUNS_TABLE'], Key: { pk: { S: `RUN#${id}` }, sk: { S: 'RUN' } } };
    const { Item } = await client.send(new GetItemCommand(row));
    return Math.round((Number(Item?.['expires']?.N) - Date.parse(ended_at) / 1000) / 86_400);
  }

  async function ran(workflow: string): Promise<number> {
    const { body } = await api.start(workflow, {}, { key });
    await api.ended(body.id, { key });
    return vi.waitFor(async () => {
      const days = await daysOf(body.id);
      expect(days).not.toBeNaN();
      return days;
    });
  }

  test('the days of the workspace hold, those of the workflow before them, and the rest of the installation’s', async () => {
    const [good, bad] = [await api.publish(ONE_STEP), await api.publish(FAILING)];
    expect([await ran(good), await ran(bad)]).toEqual([90, 90]);
    const set = await api.call('PUT', '/v1/settings/retention', { key, body: { succeeded: 7 } });
    expect(set.body).toEqual({ succeeded: 7, failed: null, stopped: null, most: 90 });
    expect((await api.get('/v1/settings/retention', { key })).body).toEqual(set.body);
    expect([await ran(good), await ran(bad)]).toEqual([7, 90]);
    const changed = await api.call('PATCH', `/v1/workflows/${good}`, { key, body: { retention: { succeeded: 2, stopped: 1 } } });
    expect(changed.body.retention).toEqual({ succeeded: 2, stopped: 1 });
    expect(await ran(good)).toBe(2);
    await api.call('PATCH', `/v1/workflows/${good}`, { key, body: { retention: null } });
    expect(await ran(good)).toBe(7);
    await api.call('PUT', '/v1/settings/retention', { key, body: {} });
    expect(await ran(good)).toBe(90);
  });

  test('a run keeps what was said at its start; one that never begins is kept as if it had succeeded', async () => {
    const slow = await api.publish(WAITING);
    await api.call('PATCH', `/v1/workflows/${slow}`, { key, body: { retention: { stopped: 4 } } });
    const { id } = (await api.start(slow, {}, { key })).body;
    await api.call('PATCH', `/v1/workflows/${slow}`, { key, body: { retention: { stopped: 9 } } });
    await api.post(`/v1/workflows/${slow}/command`, { command: 'stop', run_id: id }, { key });
    await api.ended(id, { key });
    expect(await daysOf(id)).toBe(4);
    const never = await api.publish(ONE_STEP, { top: 'runIf: ${ false }' });
    await api.call('PATCH', `/v1/workflows/${never}`, { key, body: { retention: { succeeded: 6 } } });
    const { body } = await api.start(never, {}, { key });
    expect([body.status, await daysOf(body.id)]).toEqual(['skipped', 6]);
  });

  test.each([[{ succeeded: 0 }], [{ failed: 91 }], [{ stopped: 1.5 }], [{ paused: 3 }]])('%j is refused', async (days) => {
    const [field = ''] = Object.keys(days);
    const workflow = await api.publish(ONE_STEP);
    expectRefusal(await api.call('PUT', '/v1/settings/retention', { key, body: days }), 400, field);
    expectRefusal(await api.call('PATCH', `/v1/workflows/${workflow}`, { key, body: { retention: days } }), 400, field);
  });

  test('an admin of a project does not decide for the workspace', async () => {
    expectRefusal(await api.call('PUT', '/v1/settings/retention', { body: { succeeded: 1 } }), 403);
    expect((await api.get('/v1/settings/retention')).body.succeeded).toBeNull();
  });
});
