import '../../harness/quiet.ts';
import { expect, test } from 'vitest';
import { checkDocument } from '../../../shared/workflow/check.ts';
import { howMany } from '../../harness/how-many.ts';
import type { Run } from '../client.ts';
import { setting } from '../setting.ts';
import { engine, heldRun, later, swept, withoutExecutions } from '../setting-engine.ts';

const at = setting();
const QUEUED_LOOK_MS = 15 * 60_000;

/** A workflow whose one step stays at the stub until that answers. */
const calling = (path: string, concurrency: object, more: object = {}) =>
  at.api.publish({
    concurrency,
    steps: [{ id: 'call', http: { method: 'POST', url: at.stub.url + path, body: { n: '${ $input.n }' } } }],
    ...more,
  });
const holding = (concurrency: object, more: object = {}) =>
  at.api.publish({ concurrency, steps: [{ id: 'hold', wait: '1h' }], ...more });
const isRunning = ({ id }: Run) => at.api.until(id, ({ started_at }) => started_at !== null);
const stop = async (run: Run) => expect((await at.api.stop(run)).status).toBe(202);

const MANY = howMany('QUEUED_RUNS', 100);

test(`${MANY} runs behind a limit of 5 go on in the order in which they came, 5 at a time`, {
  timeout: 60_000 + MANY * 200,
}, async () => {
  at.stub.on('/many', { afterMs: 25 });
  const workflow = await calling('/many', { limit: 5 });
  const started: Run[] = [];
  for (let n = 0; n < MANY; n += 10)
    started.push(...(await Promise.all(Array.from({ length: 10 }, (_, k) => at.api.start(workflow, { n: n + k })))));
  const order = new Map(
    started
      .map(({ id }) => id)
      .toSorted()
      .map((id, place) => [id, place]),
  );
  const ends: Run[] = [];
  for (const { id } of started) ends.push(await at.api.ended(id));
  expect(ends.filter(({ status }) => status !== 'succeeded')).toEqual([]);
  // A driver that is taken for dead on a busy machine may have called already.
  expect(at.stub.count('/many')).toBeGreaterThanOrEqual(MANY);
  const most = at.stub.mostAtOnce('/many');
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(5);
  // Those that go on together may overtake each other by as many as they are, and by those that come while others are let in.
  const begun = ends.toSorted((a, b) => ((a.started_at ?? '') < (b.started_at ?? '') ? -1 : 1));
  const overtaken = begun.map(({ id }, place) => Math.abs((order.get(id) ?? 0) - place));
  expect(Math.max(...overtaken)).toBeLessThan(30);
  at.stub.forget(({ path }) => path === '/many');
});

test('a run that waits says so, how many were there before it, and in its log', async () => {
  const workflow = await holding({ limit: 1 });
  const [first, second, third] = [await at.api.start(workflow), await at.api.start(workflow), await at.api.start(workflow)];
  await isRunning(first);
  expect(first).toMatchObject({ queue: null, reason: null });
  expect(second).toMatchObject({ status: 'pending', reason: 'queued: 0 before it', queue: { before: 0, exact: true, limit: 1 } });
  expect(third).toMatchObject({ status: 'pending', reason: 'queued: 1 before it', queue: { before: 1, key: null, until: null } });
  expect(await at.api.story(third.id)).toEqual(['run_created', 'run_queued']);
  await stop(first);
  expect(await isRunning(second)).toMatchObject({ queue: null, reason: null });
  expect((await at.api.run(third.id)).reason).toBe('queued: 0 before it');
  expect((await at.api.story(second.id)).slice(0, 4)).toEqual(['run_created', 'run_queued', 'run_admitted', 'run_started']);
  await Promise.all([stop(second), stop(third)]);
});

test('each key has the limit for itself, and shows it', async () => {
  const workflow = await holding({ limit: 1, key: '${ $input.customer }' });
  const acme = await at.api.start(workflow, { customer: 'acme' });
  const [other, again] = [await at.api.start(workflow, { customer: 'else' }), await at.api.start(workflow, { customer: 'acme' })];
  await Promise.all([acme, other].map(isRunning));
  expect(again).toMatchObject({ status: 'pending', queue: { before: 0, key: 'acme' } });
  await Promise.all([acme, other, again].map(stop));
});

test('a key that is a secret is shown as one, and told apart all the same', async () => {
  const input = { type: 'object', properties: { pin: { type: 'string', secret: true } } };
  const workflow = await holding({ limit: 1, key: '${ $input.pin }' }, { input });
  const one = await at.api.start(workflow, { pin: 'hush-hush-1' });
  const [two, same] = [
    await at.api.start(workflow, { pin: 'hush-hush-2' }),
    await at.api.start(workflow, { pin: 'hush-hush-1' }),
  ];
  expect([two, same].map(({ queue }) => queue !== null)).toEqual([false, true]);
  expect(JSON.stringify(same)).not.toContain('hush');
  await Promise.all([one, two, same].map(stop));
});

test('whenFull: skip records a run as skipped, with the reason; when there is room again it goes on', async () => {
  const workflow = await holding({ limit: 1, whenFull: 'skip' });
  const first = await at.api.start(workflow);
  const second = await at.api.start(workflow);
  expect(second).toMatchObject({
    status: 'skipped',
    reason: 'There was no room for it: the workflow runs 1 at once.',
    queue: null,
    ended_at: expect.any(String),
  });
  await stop(first);
  const third = await at.api.start(workflow);
  await isRunning(third);
  await stop(third);
});

test('whenFull: cancelRunning stops the oldest, with the reason, and the newest goes on', async () => {
  const workflow = await holding({ limit: 2, whenFull: 'cancelRunning' });
  const [first, second] = [await at.api.start(workflow), await at.api.start(workflow)];
  const third = await at.api.start(workflow);
  await isRunning(third);
  expect(await at.api.ended(first.id)).toMatchObject({
    status: 'stopped',
    reason: `Run ${third.id} has taken its place: the workflow runs 2 at once.`,
    stop: { actor: { kind: 'run', id: third.id } },
  });
  expect((await at.api.run(second.id)).ended_at).toBeNull();
  await Promise.all([second, third].map(stop));
});

test('whenFull: cancelRunning with many at once leaves the newest alone', async () => {
  const workflow = await holding({ limit: 1, whenFull: 'cancelRunning' });
  const all = await Promise.all(Array.from({ length: 12 }, () => at.api.start(workflow)));
  const [newest = ''] = all
    .map(({ id }) => id)
    .toSorted()
    .slice(-1);
  const others = await Promise.all(all.filter(({ id }) => id !== newest).map(({ id }) => at.api.ended(id)));
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['stopped']));
  const last = await at.api.until(newest, ({ started_at }) => started_at !== null);
  expect(last.ended_at).toBeNull();
  await stop(last);
});

test('a run that waits can be stopped, paused and resumed; it takes no room before it goes on', async () => {
  const workflow = await holding({ limit: 1 });
  const [first, gone, next] = [await at.api.start(workflow), await at.api.start(workflow), await at.api.start(workflow)];
  await stop(gone);
  expect(await at.api.context(gone.id)).toMatchObject({ hold: { status: 'skipped', reason: 'blocked' } });
  expect((await at.api.run(next.id)).reason).toBe('queued: 0 before it');
  const command = (name: string, { id }: Run) =>
    at.api.expect(200, 'POST', `/v1/workflows/${workflow}/command`, { command: name, run_id: id, params: {} });
  await command('pause', next);
  expect(await at.api.run(next.id)).toMatchObject({ status: 'paused' });
  await stop(first);
  await command('resume', next);
  await isRunning(next);
  await stop(next);
});

test('a draft stands in no published run’s way, nor a run that another of the same workflow waits for', async () => {
  const name = `self-${Date.now().toString(36)}`;
  const id = await at.api.publish({
    name,
    concurrency: { limit: 1 },
    steps: [{ id: 'again', if: '${ $input.depth > 0 }', run: { workflow: name, input: { depth: '${ $input.depth - 1 }' } } }],
  });
  expect((await at.api.ended((await at.api.start(id, { depth: 2 })).id)).status).toBe('succeeded');
  const workflow = await holding({ limit: 1 });
  const published = await at.api.start(workflow);
  const draft = await at.api.start(workflow, {}, { stage: 'Draft' });
  await Promise.all([published, draft].map(isRunning));
  await Promise.all([published, draft].map(stop));
});

test('the time that a run waits does not count against its deadline', async () => {
  const own = engine();
  const workflow = await holding({ limit: 1 }, { timeout: '10m' });
  const first = await at.api.start(workflow, {});
  const second = await at.api.start(workflow, {});
  await swept(withoutExecutions(later(own, 5 * 60_000)));
  await swept(later(own, QUEUED_LOOK_MS + 60_000));
  const [ended, next] = [await at.api.ended(first.id), await isRunning(second)];
  expect(ended.status).toBe('timed_out');
  expect(next.ended_at).toBeNull();
  await stop(next);
});

test('a start whose process dies once the run waits is found by the sweeper', async () => {
  const own = engine();
  const workflow = await holding({ limit: 1 });
  const first = await heldRun(own, workflow);
  // Nobody drives the first: its start was lost, and it has the only place.
  const second = await heldRun(own, workflow);
  expect((await own.run(second)).queued).toBeDefined();
  await swept(later(own, 60_000));
  await at.api.until(first, ({ started_at }) => started_at !== null);
  await stop(await at.api.run(first));
  await stop(await at.api.until(second, ({ started_at }) => started_at !== null));
});

test('an idempotent start that waits is given back, and waits once', async () => {
  const workflow = await holding({ limit: 1 });
  const first = await at.api.start(workflow);
  const start = () =>
    at.api.call('POST', `/v1/workflows/${workflow}/command`, { command: 'start', params: {} }, { 'idempotency-key': 'once' });
  const [one, two] = [await start(), await start()];
  expect([one.status, two.status]).toEqual([201, 200]);
  expect(two.body).toMatchObject({ id: (one.body as Run).id, reason: 'queued: 0 before it' });
  await Promise.all([first, one.body as Run].map(stop));
});

test.each([
  ['{ limit: 0 }', 'concurrency.limit'],
  ['{ limit: 501 }', 'concurrency.limit'],
  ['{ limit: 1.5 }', 'concurrency.limit'],
  ['{ key: a }', 'concurrency.limit'],
  ['{ limit: 1, whenFull: wait }', 'concurrency.whenFull'],
  ['{ limit: 1, max: 2 }', 'concurrency'],
  ['{ limit: 1, key: "${ $steps.only.x }" }', 'concurrency.key'],
  ['{ limit: 1, key: "${ $input. }" }', 'concurrency.key'],
  ['5', 'concurrency'],
])('concurrency: %s is refused at its place', (text, path) => {
  const checked = checkDocument(`format: 1\nname: bad\nconcurrency: ${text}\nsteps:\n  - id: only\n    set: {}\n`);
  expect(checked.ok).toBe(false);
  expect(checked.ok ? [] : checked.diagnostics.map((one) => one.path)).toContain(path);
});

test('a key that cannot be evaluated is refused at the start', async () => {
  const workflow = await holding({ limit: 1, key: '${ $input.a + "x" }' });
  const { status, body } = await at.api.call('POST', `/v1/workflows/${workflow}/command`, {
    command: 'start',
    params: { inputs: { a: 'b' } },
  });
  expect([status, body]).toMatchObject([400, { details: [{ name: 'concurrency.key' }] }]);
});
