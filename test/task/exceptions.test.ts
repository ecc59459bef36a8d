import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let stub: StubServer;
beforeAll(async () => {
  [api, stub] = await Promise.all([startApi({ allowedNetworks: ['127.0.0.0/8'] }), startStub()]);
});
afterAll(() => Promise.all([api.close(), stub.close()]));

let paths = 0;
/** A step whose service says no until it is told otherwise. */
function failing(more = 'onError: ask') {
  paths += 1;
  const path = `/erp-${paths}`;
  stub.on(path, { status: 400, body: { no: 1 } });
  const steps = `  - id: book
    http: { method: POST, url: '${stub.url}${path}', body: { order: '\${ $input.order }' } }
    output: \${ body }
    ${more}
  - id: after
    set: { booked: '\${ $steps.book }' }
`;
  return { path, steps, heal: () => stub.on(path, { body: { id: 'B-1' } }) };
}
const TOP = 'output: { booked: "${ $steps.after.booked }" }';

async function started(steps: string, order: unknown = 1, top = TOP) {
  const workflow = await api.publish(steps, { top });
  const run = (await api.start(workflow, { order })).body.id;
  return { workflow, run, task: await api.asked(run) };
}
const answer = (task: string, body: object) => api.post(`/v1/tasks/${task}/answer`, body);

describe('a step that has failed for good', () => {
  test('asks what to do; its run waits, and is an exception to v2', async () => {
    const { steps, heal, path } = failing();
    const { run, task } = await started(steps);
    expect(task).toMatchObject({
      kind: 'exception',
      status: 'open',
      assignees: [],
      error: { name: 'HttpClientError' },
      step: 'book',
    });
    expect(task.group).toMatch(/^[\w-]{16}$/);
    expect((await api.get(`/v1/runs/${run}`)).body).toMatchObject({ status: 'waiting' });
    expect((await api.get(`/v2/runs/${run}`)).body.status).toBe('Exception');
    expect((await api.get(`/v1/runs/${run}/context?step=book`)).body.steps[0]).toMatchObject({ status: 'waiting', attempts: 1 });
    heal();
    expect((await answer(task.id, { decision: 'retry' })).body.status).toBe('answered');
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded', outputs: { booked: { id: 'B-1' } } });
    expect((await api.get(`/v2/runs/${run}`)).body.status).toBe('Succeeded');
    expect(stub.count(path)).toBe(2);
  });

  test('is tried again with other input, and asks again when that fails too', async () => {
    const { steps, path } = failing();
    const { run, task } = await started(steps);
    await answer(task.id, { decision: 'retry' });
    const again = await vi.waitFor(async () => {
      const next = await api.asked(run);
      expect(next.id).not.toBe(task.id);
      return next;
    });
    expect(again.group).toBe(task.group);
    stub.on(path, ({ body }) => (JSON.stringify(body) === '{"order":2}' ? { body: { id: 'B-2' } } : { status: 400 }));
    await answer(again.id, { decision: 'retry', inputs: { method: 'POST', url: `${stub.url}${path}`, body: { order: 2 } } });
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded', outputs: { booked: { id: 'B-2' } } });
  });

  test('is skipped with an output, or fails as it would have', async () => {
    const { steps } = failing();
    const first = await started(steps);
    await answer(first.task.id, { decision: 'skip', output: { id: 'by hand' } });
    expect(await api.ended(first.run)).toMatchObject({ status: 'succeeded', outputs: { booked: { id: 'by hand' } } });
    const second = await started(steps);
    await answer(second.task.id, { decision: 'fail', comment: 'Wrong order.' });
    expect(await api.ended(second.run)).toMatchObject({ status: 'failed', error: { name: 'HttpClientError', step: 'book' } });
    expectRefusal(await answer(second.task.id, { decision: 'retry' }), 409, 'status');
  });

  test('asks nobody when the document takes the failure, in a handler of its own or around it', async () => {
    const own = failing('catch: [{ steps: [{ id: spare, set: { id: spare } }] }]');
    const run = (await api.start(await api.publish(own.steps, { top: `onError: ask\n${TOP}` }), { order: 1 })).body.id;
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded', outputs: { booked: { id: 'spare' } } });
    const steps = `  - id: both
    parallel:
      one: [{ id: no, http: { method: GET, url: '${stub.url}${own.path}' } }]
    catch: [{ steps: [{ id: other, set: { a: 1 } }] }]
`;
    const around = (await api.start(await api.publish(steps, { top: 'onError: ask' }))).body.id;
    expect((await api.ended(around)).status).toBe('succeeded');
  });

  test('in each of many items asks for itself, and its answers let the others be', async () => {
    paths += 1;
    const path = `/items-${paths}`;
    stub.on(path, { status: 400 });
    const steps = `  - id: all
    forEach:
      in: \${ $input.order }
      as: item
      steps: [{ id: one, http: { method: GET, url: '${stub.url}${path}' }, onError: { ask: { assignees: [ada@example.com] } } }]
`;
    const workflow = await api.publish(steps, { top: 'output: { all: "${ $steps.all }" }' });
    const run = (await api.start(workflow, { order: [1, 2, 3] })).body.id;
    const open = await vi.waitFor(async () => {
      const { body } = await api.get(`/v1/tasks?run_id=${run}&status=open`);
      expect(body.items).toHaveLength(3);
      return body.items;
    });
    expect(new Set(open.map(({ group }: { group: string }) => group)).size).toBe(1);
    for (const { id } of open) await answer(id, { decision: 'skip', output: 'skipped' });
    expect((await api.ended(run)).outputs).toEqual({ all: ['skipped', 'skipped', 'skipped'] });
  });

  test('takes no onError where it makes no sense', async () => {
    const definition = 'format: 1\nname: wrong\nsteps:\n  - id: a\n    raise: { error: No, message: no }\n    onError: ask\n';
    const { body } = await api.post('/v1/workflows', { project_id: 'examples', definition });
    expect(JSON.stringify(body)).toContain('raise takes no onError');
  });

  test('is executed anew by a rerun of the run that it has failed', async () => {
    const { steps, heal } = failing();
    const { run, task } = await started(steps);
    await answer(task.id, { decision: 'fail' });
    await api.ended(run);
    heal();
    const again = await api.post(`/v1/runs/${run}/rerun`, { from: 'failed' });
    expect((await api.ended(again.body.run?.id ?? again.body.id)).outputs).toEqual({ booked: { id: 'B-1' } });
  });
});
