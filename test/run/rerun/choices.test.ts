import { describe, test } from 'vitest';
import { newId } from '../../../shared/kernel/id.ts';
import { aRun } from '../../harness/builders.ts';
import { operatorOf } from '../control/operator.ts';
import { setting } from '../setting.ts';
import { engine } from '../setting-engine.ts';
import { problem, stubbedCalls, warned } from './stubbed-calls.ts';

const at = setting();
const operator = operatorOf(() => at.api);
const { call, callsOf, through } = stubbedCalls(at, operator);

describe.concurrent('three free choices', { timeout: 90_000 }, () => {
  test('corrected input, on the latest version, from the failed step', async ({ expect }) => {
    const name = `choices-${process.pid}`;
    const document = (steps: object[]) => ({
      format: 1,
      name,
      input: { type: 'object', properties: { n: { type: 'integer' }, unit: { type: 'string', default: 'kg' } } },
      steps,
      output: { last: '${ $steps.b.n }' },
    });
    const id = await at.api.publish(document([call('a', '/fine'), { id: 'b', raise: { error: 'Bad', message: '' } }]) as never);
    const origin = await operator.ended((await at.api.start(id, { n: 1 })).id);
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: document([call('a', '/fine'), { id: 'b', set: { n: '${ $input.n }' } }]),
    });
    await at.api.publishDraft(id);

    expect((await operator.ended((await operator.again(origin.id, { from: 'failed' })).id)).status).toBe('failed');
    const latest = await operator.again(origin.id, { from: 'failed', inputs: { n: 7 }, version: 'latest' });
    expect(await operator.ended(latest.id)).toMatchObject({
      status: 'succeeded',
      version: 2,
      outputs: { last: 7 },
      inputs: { n: 7, unit: 'kg' },
    });
    expect(callsOf(latest)).toEqual([]);
    const second = await operator.again(origin.id, { from: 'failed', version: 2 });
    expect(await operator.ended(second.id)).toMatchObject({ status: 'succeeded', version: 2, outputs: { last: 1 } });
    expect((await operator.rerun(origin.id, { from: 'failed', version: 9 })).status).toBe(404);
    expect((await operator.rerun(origin.id, { from: 'start', inputs: { n: 'x' } })).status).toBe(400);
  });

  test('what differs is listed before anything starts, and goes ahead once accepted', async ({ expect }) => {
    const name = `differs-${process.pid}`;
    const document = (steps: object[]) => ({ format: 1, name, input: { type: 'object' }, steps });
    const id = await at.api.publish(
      document([
        call('a', '/fine'),
        call('gone', '/fine'),
        { id: 'kind', set: {} },
        { id: 'bad', raise: { error: 'Bad', message: '' } },
      ]),
    );
    const origin = await operator.ended((await at.api.start(id, { n: 1 })).id);
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: document([{ id: 'fresh', set: {} }, call('a', '/fine'), { id: 'kind', wait: '1s' }, { id: 'bad', set: {} }]),
    });
    await at.api.publishDraft(id);
    const refused = await operator.rerun(origin.id, { from: 'failed', version: 'latest' });
    expect(refused.status).toBe(409);
    expect(
      problem
        .parse(refused.body)
        .details.map((detail) => detail.name)
        .sort(),
    ).toEqual(['gone: gone', 'kind: kind', 'new: fresh']);
    expect((await operator.look(origin.id)).children).toEqual([]);
    const run = await operator.again(origin.id, { from: 'failed', version: 'latest', accept_changes: true });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(callsOf(run)).toEqual([]);
    expect(await at.api.fates(run.id)).toEqual({ fresh: 'succeeded', a: 'succeeded', kind: 'succeeded', bad: 'succeeded' });
  });

  test('edited inputs are listed with the steps that read them and would be taken over', async ({ expect }) => {
    const steps = [
      { id: 'a', set: { n: '${ $input.n }' } },
      { id: 'b', set: {} },
      { id: 'c', set: { n: '${ $input.n }' } },
    ];
    const origin = await through(
      steps,
      { input: { type: 'object', properties: { n: { type: 'integer' }, d: { default: 1 } } } },
      { n: 1 },
    );
    const refused = await operator.rerun(origin.id, { from: 'c', inputs: { n: 2 } });
    expect(refused.status).toBe(409);
    expect(problem.parse(refused.body).details).toEqual([{ name: 'inputs: a', value: expect.stringContaining('has read n') }]);
    const run = await operator.ended((await operator.again(origin.id, { from: 'c', inputs: { n: 2 }, accept_changes: true })).id);
    expect([(await at.api.context(run.id))['a']?.output, (await at.api.context(run.id))['c']?.output]).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
    expect((await operator.rerun(origin.id, { from: 'a', inputs: { n: 2 } })).status).toBe(201);
    expect((await operator.rerun(origin.id, { from: 'c', inputs: { n: 1 } })).status).toBe(201);
  });

  test('steps that may not be repeated are listed, those of children too, and repeated once that is confirmed', async ({
    expect,
  }) => {
    const name = `pays-${process.pid}`;
    at.stub.on('/pay', { status: 500 });
    await at.api.publish({ name, steps: [call('pay', '/pay', { repeatable: false })] });
    const origin = await through([call('once', '/fine', { repeatable: false }), { id: 'child', run: { workflow: name } }]);
    const failed = await operator.rerun(origin.id, { from: 'failed' });
    expect([failed.status, problem.parse(failed.body).details]).toEqual([409, [{ name: 'repeats', value: 'child/pay' }]]);
    const start = await operator.rerun(origin.id, { from: 'start' });
    expect([start.status, problem.parse(start.body).details]).toEqual([
      409,
      [
        { name: 'repeats', value: 'once' },
        { name: 'repeats', value: 'child/pay' },
      ],
    ]);
    at.stub.on('/pay', {});
    const run = await operator.again(origin.id, { from: 'failed', confirm_repeat: true });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect([at.stub.count('/pay'), callsOf(run)]).toEqual([2, []]);
  });

  test('the original payload is warned of, with when it was taken', async ({ expect }) => {
    const origin = await through([{ id: 'a', set: {} }], {}, {});
    const same = warned.parse((await operator.rerun(origin.id, { from: 'start' })).body);
    expect(same.warnings).toEqual([expect.stringContaining(String((origin as { created_at?: string }).created_at))]);
    expect(warned.parse((await operator.rerun(origin.id, { from: 'start', inputs: {} })).body).warnings).toEqual([]);
  });
});

describe.concurrent('what is refused', { timeout: 90_000 }, () => {
  test('a run that lives, a step that is not there, a word that is none, a run that is not the caller’s: nothing is done', async ({
    expect,
  }) => {
    const live = await at.api.start(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    expect(await operator.rerun(live.id, { from: 'start' })).toMatchObject({
      status: 409,
      body: { details: [{ name: 'status', value: expect.stringMatching(/pending|running/) }] },
    });
    await operator.stop(live);
    const missing = await operator.rerun(live.id, { from: 'nowhere' });
    expect([missing.status, problem.parse(missing.body).message]).toEqual([400, 'There is no step "nowhere". The steps are: w.']);
    for (const body of [
      {},
      { from: 'start', version: 'newest' },
      { from: 'start', inputs: 7 },
      { from: 'start', more: 1 },
      { from: '' },
    ])
      expect((await operator.rerun(live.id, body)).status).toBe(400);
    expect((await operator.rerun('01ARZ3NDEKTSV4RRFFQ69G5FAV', { from: 'start' })).status).toBe(404);
    expect((await operator.look(live.id)).children).toEqual([]);
  });

  test('actions say what may be done next, and why something may not', async ({ expect }) => {
    const done = await through([{ id: 'a', set: {} }]);
    expect(done.actions).toEqual([
      { action: 'pause', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'resume', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'stop', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'stop_gracefully', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'rerun', allowed: true, reason: null },
      { action: 'rerun_from_failed', allowed: false, reason: 'It has not failed.' },
    ]);
  });

  test('a second rerun under the same key gives the first one back, whatever was published since; another request is refused', async ({
    expect,
  }) => {
    const id = await at.api.publish({
      name: `keyed-${process.pid}`,
      steps: [{ id: 'bad', raise: { error: 'Bad', message: '' } }],
    });
    const origin = await operator.ended((await at.api.start(id)).id);
    const key = { 'idempotency-key': 'once' };
    const replies = await Promise.all([1, 2, 3].map(() => operator.rerun(origin.id, { from: 'failed', version: 'latest' }, key)));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 201]);
    expect(replies.filter(({ headers }) => headers.get('idempotent-replay') === 'true')).toHaveLength(2);
    expect(new Set(replies.map(({ body }) => (body as { id: string }).id)).size).toBe(1);
    await at.api.publishDraft(id);
    expect((await operator.rerun(origin.id, { from: 'failed', version: 'latest' }, key)).headers.get('idempotent-replay')).toBe(
      'true',
    );
    expect((await operator.rerun(origin.id, { from: 'start', version: 'latest' }, key)).status).toBe(409);
    expect((await operator.look(origin.id)).children).toHaveLength(1);
  });

  test('runs of another workspace are not there, for any verb, and nothing is done to them', async ({ expect }) => {
    const own = engine();
    const id = await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] });
    const { id: mine } = await at.api.start(id);
    const other = aRun({
      workspace: 'acme',
      workflowId: id,
      dueAt: '2090-01-01T00:00:00.000Z',
      definition: (await own.run(mine)).definition,
    });
    const ended = { ...aRun({ ...other, id: newId() }), status: 'failed' as const, endedAt: other.createdAt };
    for (const run of [other, ended]) await own.runs.create(run);
    for (const verb of ['pause', 'resume', 'stop'])
      expect((await operator.command({ id: other.id, workflow_id: id }, verb)).status).toBe(404);
    expect((await operator.rerun(ended.id, { from: 'start' })).status).toBe(404);
    for (const path of ['', '/definition', '/events', '/context'])
      expect((await at.api.call('GET', `/v1/runs/${other.id}${path}`)).status).toBe(404);
    expect([await own.run(other.id), await own.run(ended.id)]).toEqual([other, ended]);
    expect((await own.runs.list({ workspace: 'acme', parent: ended.id }, { limit: 1 })).items).toEqual([]);
    await operator.stop(await operator.look(mine));
  });
});
