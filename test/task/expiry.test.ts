import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../shared/run/model/entry.ts';
import { stateOf } from '../../shared/run/model/state.ts';
import { type Api, startApi } from '../edge/api.ts';
import { engine, later, swept } from '../run/setting-engine.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const HOUR_MS = 3_600_000;
const asking = (more: string) => `  - id: ask
    approval: { assignees: ada@example.com, title: Go?, expires: 1h${more} }
  - id: after
    set: { decision: '\${ $steps.ask.decision }' }
`;

async function started(steps: string, top = '') {
  const run = (await api.start(await api.publish(steps, { top }))).body.id;
  return { run, task: await api.asked(run) };
}
const answer = (task: string, decision: string) => api.post(`/v1/tasks/${task}/answer`, { decision });

describe('the time for an answer', () => {
  test('is over when it was said to be, and not before: nobody sits up for it', async () => {
    const { run, task } = await started(asking(''));
    const row = await engine().run(run);
    expect(row.dueAt).toBe(task.expires_at);
    expect(row.status).toBe('waiting');
    await swept(later(engine(), HOUR_MS - 10_000));
    expect((await api.get(`/v1/tasks/${task.id}`)).body.status).toBe('open');
    await swept(later(engine(), HOUR_MS + 10_000));
    expect(await api.ended(run)).toMatchObject({ status: 'failed', error: { name: 'ApprovalExpired', step: 'ask' } });
    expect((await api.get(`/v1/tasks/${task.id}`)).body).toMatchObject({ status: 'expired', decision: null });
    expect((await answer(task.id, 'approve')).status).toBe(409);
  });

  test('and an answer race to one outcome, whichever is first in the journal', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { run, task } = await started(asking(', onReject: continue'));
      const [answered] = await Promise.all([answer(task.id, 'reject'), swept(later(engine(), HOUR_MS + 10_000))]);
      const { status, error } = await api.ended(run);
      const { status: shown } = (await api.get(`/v1/tasks/${task.id}`)).body;
      if (answered.status === 200) expect([status, shown]).toEqual(['succeeded', 'answered']);
      else expect([answered.status, status, shown, error.name]).toEqual([409, 'failed', 'expired', 'ApprovalExpired']);
      const types = (await engine().runs.entriesAfter(run, 0)).map(({ type }) => type);
      expect(types.filter((type) => type === 'task_answered' || type === 'task_expired')).toHaveLength(1);
    }
  });

  test('stands still while the run is paused', async () => {
    const { run, task } = await started(asking(''));
    const command = (word: string) => api.post(`/v1/workflows/${task.workflow_id}/command`, { command: word, run_id: run });
    await command('pause');
    await swept(later(engine(), HOUR_MS + 10_000));
    expect((await api.get(`/v1/tasks/${task.id}`)).body.status).toBe('open');
    await answer(task.id, 'approve');
    await command('resume');
    expect((await api.ended(run)).status).toBe('succeeded');
  });

  test('of an exception is that for a decision: the run fails as it would have', async () => {
    const steps = `  - id: no
    http: { method: GET, url: 'http://no-such-host.invalid/' }
    onError: { ask: { assignees: [ada@example.com], expires: 1h } }
`;
    const { run, task } = await started(steps);
    await swept(later(engine(), HOUR_MS + 10_000));
    expect(await api.ended(run)).toMatchObject({ status: 'failed', error: { name: 'ConnectionFailed', step: 'no' } });
    expect((await api.get(`/v1/tasks/${task.id}`)).body.status).toBe('expired');
  });

  test('may be given again: a retry asks anew', async () => {
    const steps = `  - id: ask
    approval: { assignees: ada@example.com, title: Go?, expires: 1h }
    retry: { on: [ApprovalExpired], attempts: 2, delay: 1s }
`;
    const { run, task } = await started(steps);
    await swept(later(engine(), HOUR_MS + 10_000));
    const again = await expectAsked(run, task.id);
    await answer(again.id, 'approve');
    expect((await api.ended(run)).status).toBe('succeeded');
  });
});

async function expectAsked(run: string, before: string) {
  for (let looks = 0; looks < 400; looks += 1) {
    const { items } = (await api.get(`/v1/tasks?run_id=${run}&status=open`)).body;
    if (items.length > 0 && items[0].id !== before) return items[0];
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nobody is asked again');
}

test('a row of a task that is behind is mended by whoever comes next', async () => {
  const { run, task } = await started(asking(''));
  const { runs, definitions, ...services } = engine();
  const loaded = await runs.load(run);
  if (!loaded) throw new Error('the run is gone');
  const plan = await definitions.planOf(loaded.run.workflowId, loaded.run.definition);
  const { seen } = stateOf(plan, loaded.entries);
  const entry: Entry = {
    type: 'task_answered',
    at: new Date().toISOString(),
    key: 'ask',
    task: loaded.entries.findIndex(({ type }) => type === 'task_opened') + 1,
    actor: { kind: 'system', id: 'test', name: 'Somebody who dies' },
    decision: 'approve',
  };
  expect(await runs.append(run, seen, [entry], 2_000_000_000, 'writer')).toBe(1);
  expect((await api.get(`/v1/tasks/${task.id}`)).body.status).toBe('open');
  expect((await answer(task.id, 'reject')).status).toBe(409);
  expect((await api.get(`/v1/tasks/${task.id}`)).body).toMatchObject({ status: 'answered', decision: 'approve' });
  await swept(later({ runs, definitions, ...services }, 7 * HOUR_MS));
  expect((await api.ended(run)).status).toBe('succeeded');
});
