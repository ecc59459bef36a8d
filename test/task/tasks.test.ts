import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const asking = (more = '') => `  - id: ask
    approval: { assignees: [ada@example.com], title: 'Pay \${ $input.amount }?'${more} }
  - id: after
    set: { by: '\${ $steps.ask.by }', decision: '\${ $steps.ask.decision }', form: '\${ $steps.ask.form }' }
`;
const RESULT = 'output: { after: "${ $steps.after }" }';

async function started(steps: string, top = RESULT) {
  const run = (await api.start(await api.publish(steps, { top }), { amount: 12 })).body.id;
  return { run, task: await api.asked(run) };
}

const answer = (task: string, body: object, key?: string) => api.post(`/v1/tasks/${task}/answer`, body, key ? { key } : {});
const typesOf = async (run: string) =>
  (await api.get(`/v1/runs/${run}/events?limit=100`)).body.items.map(({ type }: { type: string }) => type);

describe('an approval', () => {
  test('waits for somebody, parked, and goes on with the answer', async () => {
    const form =
      ', form: { type: object, required: [cost_centre], properties: { cost_centre: { type: string }, urgent: { type: boolean, default: false } } }';
    const { run, task } = await started(asking(form));
    expect(task).toMatchObject({
      kind: 'approval',
      status: 'open',
      title: 'Pay 12?',
      assignees: ['ada@example.com'],
      run_id: run,
    });
    expect((await api.get(`/v1/runs/${run}`)).body).toMatchObject({ status: 'waiting', steps: { waiting: 1 } });
    expect((await api.get(`/v1/tasks/${task.id}`)).body.form).toMatchObject({ required: ['cost_centre'] });

    expectRefusal(await answer(task.id, { decision: 'approve', form: { cost_centre: 4711 } }), 400, 'form.cost_centre');
    expectRefusal(await answer(task.id, { decision: 'approve' }), 400, 'form');
    expectRefusal(await answer(task.id, { decision: 'retry' }), 400, 'decision');
    expectRefusal(await answer(task.id, { decision: 'approve', output: 1 }), 400, 'output');
    const answered = await answer(task.id, { decision: 'approve', comment: 'Fine.', form: { cost_centre: 'A1' } });
    expect(answered.body).toMatchObject({
      status: 'answered',
      decision: 'approve',
      comment: 'Fine.',
      given: { cost_centre: 'A1', urgent: false },
    });
    const ended = await api.ended(run);
    expect(ended).toMatchObject({
      status: 'succeeded',
      outputs: { after: { decision: 'approve', form: { cost_centre: 'A1', urgent: false } } },
    });
    expect(await typesOf(run)).toEqual([
      'run_created',
      'run_started',
      'task_opened',
      'task_answered',
      'step_completed',
      'step_started',
      'step_completed',
      'run_succeeded',
    ]);
  });

  test('that is rejected fails its run, unless a rejection is a result too', async () => {
    const first = await started(asking());
    await answer(first.task.id, { decision: 'reject', comment: 'Too much.' });
    expect(await api.ended(first.run)).toMatchObject({
      status: 'failed',
      error: { name: 'ApprovalRejected', step: 'ask', message: expect.stringContaining('Too much.') },
    });
    const second = await started(asking(', onReject: continue'));
    await answer(second.task.id, { decision: 'reject' });
    expect(await api.ended(second.run)).toMatchObject({ status: 'succeeded', outputs: { after: { decision: 'reject' } } });
  });

  test('comes of a run alone: no route makes one', async () => {
    expectRefusal(await api.post('/v1/tasks', { title: 'May I?' }), 404);
  });

  test('is answered once: of many answers one counts, and it may be repeated', async () => {
    const { run, task } = await started(asking(', onReject: continue'));
    const answers = await Promise.all(
      ['approve', 'reject', 'approve', 'reject'].map((decision) => answer(task.id, { decision })),
    );
    const { decision } = (await api.get(`/v1/tasks/${task.id}`)).body;
    for (const [place, { status, body }] of answers.entries()) {
      const same = ['approve', 'reject'][place % 2] === decision;
      expect(status).toBe(same ? 200 : 409);
      if (same) expect(body.decision).toBe(decision);
    }
    expect((await api.ended(run)).outputs.after.decision).toBe(decision);
    expect((await typesOf(run)).filter((type: string) => type === 'task_answered')).toHaveLength(1);
    expectRefusal(await answer(task.id, { decision: decision === 'approve' ? 'reject' : 'approve' }), 409, 'status');
  });

  test('is for those who are asked, and for admins; a viewer answers nothing', async () => {
    const { run, task } = await started(asking());
    const [viewer, operator] = await Promise.all(
      (['viewer', 'operator'] as const).map((role) => api.keyOf({ role, project: 'examples' })),
    );
    expectRefusal(await answer(task.id, { decision: 'approve' }, viewer), 403);
    expectRefusal(await answer(task.id, { decision: 'approve' }, operator), 403);
    expectRefusal(await answer(task.id, { decision: 'approve' }, await api.keyOf({ workspace: 'strangers' })), 404);
    expect((await answer(task.id, { decision: 'approve' })).status).toBe(200);
    expect((await api.ended(run)).status).toBe('succeeded');
  });

  test('that nobody needs any more is cancelled with its run', async () => {
    const { run, task } = await started(asking());
    await api.post(`/v1/workflows/${task.workflow_id}/command`, { command: 'stop', run_id: run });
    expect((await api.ended(run)).status).toBe('stopped');
    expect((await api.get(`/v1/tasks/${task.id}`)).body).toMatchObject({ status: 'cancelled', decision: null });
    expectRefusal(await answer(task.id, { decision: 'approve' }), 409, 'status');
  });

  test('is answered while its run is paused, which goes on when it is resumed', async () => {
    const { run, task } = await started(asking());
    const command = (word: string) => api.post(`/v1/workflows/${task.workflow_id}/command`, { command: word, run_id: run });
    await command('pause');
    expect((await answer(task.id, { decision: 'approve' })).status).toBe(200);
    expect((await api.get(`/v1/runs/${run}`)).body.status).toBe('paused');
    await command('resume');
    expect((await api.ended(run)).status).toBe('succeeded');
  });
});

describe('lists of tasks', () => {
  test('are found by whom they ask, by workflow, run, kind and state', async () => {
    const { run, task } = await started(asking());
    const found = async (query: string, key?: string) =>
      (await api.get(`/v1/tasks?${query}`, key ? { key } : {})).body.items.map(({ id }: { id: string }) => id);
    expect(await found(`run_id=${run}`)).toEqual([task.id]);
    expect(await found(`workflow_id=${task.workflow_id}&status=open&kind=approval&assignee=ADA@example.com`)).toEqual([task.id]);
    expect(await found(`workflow_id=${task.workflow_id}&assignee=ben@example.com`)).toEqual([]);
    expect(await found(`workflow_id=${task.workflow_id}&kind=exception`)).toEqual([]);
    expect(await found(`workflow_id=${task.workflow_id}&to=2020-01-01T00:00:00Z`)).toEqual([]);
    expect(await found('status=open&limit=100')).toContain(task.id);
    expect(await found('status=open&limit=100', await api.keyOf({ workspace: 'strangers' }))).toEqual([]);
    const changed = await api.call('PATCH', `/v1/tasks/${task.id}`, {
      body: { assignees: ['Ben@example.com'], snooze_until: '2030-01-01T00:00:00Z' },
    });
    expect(changed.body).toMatchObject({ assignees: ['ben@example.com'], snoozed_until: '2030-01-01T00:00:00.000Z' });
    expect(await found(`workflow_id=${task.workflow_id}&assignee=ben@example.com`)).toEqual([task.id]);
    await answer(task.id, { decision: 'approve' });
    expect(await found(`workflow_id=${task.workflow_id}&status=open`)).toEqual([]);
    expect(await found(`workflow_id=${task.workflow_id}&status=answered`)).toEqual([task.id]);
    expect((await api.get(`/v1/tasks/${task.id}`)).body.assignees).toEqual(['ben@example.com']);
    expectRefusal(await api.call('PATCH', `/v1/tasks/${task.id}`, { body: { assignees: [] } }), 409, 'status');
    expectRefusal(await api.call('PATCH', `/v1/tasks/${task.id}`, { body: {} }), 400);
  });
});
