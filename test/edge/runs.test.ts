import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi } from './api.ts';

let api: Api;
let workflow: string;
let sleeper: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
  sleeper = await api.publish('  - id: nap\n    wait: 1h\n');
});
afterAll(() => api.close());

const command = (body: unknown, id = workflow) => api.post(`/v1/workflows/${id}/command`, body);
const idsIn = ({ body }: Answered): unknown[] => body.items.map(({ id }: { id: unknown }) => id);

describe('a run', () => {
  test('is started by a command, and shows what it was given and gave', async () => {
    const params = { inputs: { a: 1, deep: [{ b: null }] }, name: 'One of mine', reference: 'ORDER-7', stage: 'Draft' };
    const started = await command({ command: 'start', params });
    expect(started.status).toBe(201);
    expect(started.body).toMatchObject({
      ...params,
      status: 'pending',
      version: null,
      trigger: 'manual',
      workflow_id: workflow,
      outputs: null,
    });
    const ended = await api.ended(started.body.id);
    expect(ended).toMatchObject({ ...params, status: 'succeeded', steps: { total: 1, succeeded: 1 }, error: null });
    for (const at of ['created_at', 'started_at', 'ended_at', 'deadline'])
      expect(ended[at]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('that is stopped is 202, and stopping it again is 409 with its state', async () => {
    const { id } = (await command({ command: 'start' }, sleeper)).body;
    const stop = () => command({ command: 'stop', run_id: id, params: { reason: 'wrong file' } }, sleeper);
    expect(await stop()).toMatchObject({ status: 202 });
    expect(await api.ended(id)).toMatchObject({ status: 'stopped', reason: 'wrong file' });
    const again = await stop();
    expectRefusal(again, 409, 'status');
    expect(again.body.message).toContain('stopped');
  });

  test('of another workflow is not found under this one', async () => {
    const { id } = (await command({ command: 'start' })).body;
    expectRefusal(await command({ command: 'stop', run_id: id }, sleeper), 404, 'run');
    for (const what of ['events', 'context'])
      expectRefusal(await api.get(`/v1/workflows/${sleeper}/runs/${id}/${what}`), 404, 'run');
  });

  test('has events behind a cursor, oldest first, and a context by step', async () => {
    const { id } = (await command({ command: 'start' })).body;
    await api.ended(id);
    const all = await api.get(`/v1/runs/${id}/events`);
    const types = all.body.items.map(({ type }: { type: string }) => type);
    expect([types[0], types.at(-1)]).toEqual(['run_created', 'run_succeeded']);
    expect(types).toContain('step_completed');
    const seen: unknown[] = [];
    let token: string | null = '';
    while (token !== null) {
      const page: Answered = await api.get(`/v1/runs/${id}/events?limit=1${token && `&continuation_token=${token}`}`);
      seen.push(...idsIn(page));
      token = page.body.continuation_token;
    }
    expect(seen).toEqual(idsIn(all));
    expect(idsIn(await api.get(`/v1/runs/${id}/events?after=${seen[1]}`))).toEqual(seen.slice(2));
    expect(idsIn(await api.get(`/v1/workflows/${workflow}/runs/${id}/events`))).toEqual(seen);
    for (const after of ['', 'x', '-1', '1.5', '0x1', '1e2', '9'.repeat(16)])
      expectRefusal(await api.get(`/v1/runs/${id}/events?after=${after}`), 400, 'after');
    const context = await api.get(`/v1/workflows/${workflow}/runs/${id}/context?step=only`);
    expect(context.body.steps).toMatchObject([{ step: 'only', status: 'succeeded', output: { done: true } }]);
    expectRefusal(await api.get(`/v1/runs/${id}/context?step=other`), 404, 'step');
  });

  test('has the lines of its log that hold some words, in any case, and nothing of what a step gave', async () => {
    const source = `  - id: wanted\n    set: { colour: turquoise }\n  - id: broken\n    raise: { error: NoStock, message: "100% [gone]" }\n`;
    const { id } = (await api.start(await api.publish(source))).body;
    await api.ended(id);
    const found = async (query: string) =>
      (await api.get(`/v1/runs/${id}/events?${query}`)).body.items.map(
        ({ type, step }: { type: string; step: string | null }) => [type, step],
      );
    expect(await found('q=wANTED')).toEqual([
      ['step_started', 'wanted'],
      ['step_completed', 'wanted'],
    ]);
    expect(await found('q=wanted&type=step_completed')).toEqual([['step_completed', 'wanted']]);
    expect(await found('q=wanted&step=broken')).toEqual([]);
    expect(await found('q=100%25%20[gone]&type=step_failed')).toEqual([['step_failed', 'broken']]);
    expect(await found('q=turquoise')).toEqual([]);
    expect(await found('q=created%20by')).toEqual([['run_created', null]]);
    const page = await api.get(`/v1/runs/${id}/events?q=wanted&limit=1`);
    expect(await found(`q=wanted&continuation_token=${page.body.continuation_token}`)).toEqual([['step_completed', 'wanted']]);
    for (const q of ['', 'x'.repeat(201), '%00']) expectRefusal(await api.get(`/v1/runs/${id}/events?q=${q}`), 400, 'q');
  });

  test('has its context in pages, in the order of the document, also of one place or one state', async () => {
    const loop = `  - id: each\n    forEach:\n      in: [1, 2, 3]\n      as: n\n      steps:\n        - id: one\n          set: { n: '\${ $n }' }\n`;
    const { id } = (await api.start(await api.publish(`${loop}  - id: never\n    if: '\${ false }'\n    set: {}\n`))).body;
    await api.ended(id);
    const keysOf = ({ body }: Answered): string[] => body.steps.map(({ key }: { key: string }) => key);
    const context = (query: string) => api.get(`/v1/runs/${id}/context?${query}`);
    const seen: string[] = [];
    let token: string | null = '';
    while (token !== null) {
      const page: Answered = await context(`limit=2${token && `&continuation_token=${encodeURIComponent(token)}`}`);
      seen.push(...keysOf(page));
      token = page.body.continuation_token;
    }
    expect(seen).toEqual(['each', 'each[0]/one', 'each[1]/one', 'each[2]/one', 'never']);
    expect(keysOf(await context('scope=each[1]/'))).toEqual(['each[1]/one']);
    expect(keysOf(await context('status=skipped'))).toEqual(['never']);
    expectRefusal(await context('continuation_token=each[9]/one'), 400, 'continuation_token');
  });
});

describe('whoever waits', () => {
  const short = '  - id: nap\n    wait: 1s\n';

  test('for the end of a run gets the run as it ended, from its start and from reading it', async () => {
    const id = await api.publish(short, { top: "output: { a: '${ $input.a }' }" });
    const [waited, plain] = await Promise.all([
      command({ command: 'start', params: { inputs: { a: 1 }, wait: 10 } }, id),
      command({ command: 'start', params: { inputs: { a: 2 } } }, id),
    ]);
    expect([waited.status, waited.body.status, waited.body.outputs]).toEqual([201, 'succeeded', { a: 1 }]);
    expect(plain.body.status).toBe('pending');
    expect((await api.get(`/v1/runs/${plain.body.id}?wait=10`)).body).toMatchObject({ status: 'succeeded', outputs: { a: 2 } });
  });

  test('in vain gets the run as it stands when the time is over', async () => {
    const { body } = await command({ command: 'start', params: { wait: 0.2 } }, sleeper);
    expect(body.ended_at).toBeNull();
    expect((await api.get(`/v1/runs/${body.id}?wait=0.2`)).body).toMatchObject({ id: body.id, ended_at: null });
    await command({ command: 'stop', run_id: body.id }, sleeper);
  });

  test('for a line of the log gets it as soon as it is there, and nothing once the run has ended', async () => {
    const { id } = (await command({ command: 'start' }, await api.publish(short))).body;
    const types: string[] = [];
    let after = 0;
    for (let items = [{ id: 0, type: '' }]; items.length > 0; ) {
      items = (await api.get(`/v1/runs/${id}/events?after=${after}&wait=10`)).body.items;
      types.push(...items.map(({ type }) => type));
      after = items.at(-1)?.id ?? after;
    }
    expect(types).toEqual(['run_started', 'step_started', 'step_completed', 'run_succeeded']);
  });

  test.each(['26', '-1', 'x'])('does not wait for %s seconds', async (wait) => {
    for (const path of ['', '/events']) expectRefusal(await api.get(`/v1/runs/x${path}?wait=${wait}`), 400, 'wait');
    expectRefusal(await command({ command: 'start', params: { wait: Number(wait) } }), 400, 'params.wait');
  });

  test('with a key is the same caller whatever the time', async () => {
    const start = (wait: number) =>
      api.post(
        `/v1/workflows/${workflow}/command`,
        { command: 'start', params: { wait } },
        { headers: { 'idempotency-key': 'waits' } },
      );
    const [first, second] = [await start(10), await start(0)];
    expect([first.body.status, second.status, second.body.id]).toEqual(['succeeded', 200, first.body.id]);
  });
});

describe('a start that cannot be', () => {
  test.each<[string, unknown, number, string]>([
    ['a command that nobody knows', { command: 'explode' }, 400, 'command'],
    ['no command', {}, 400, 'command'],
    ['a field beside it', { command: 'start', colour: 'red' }, 400, 'colour'],
    ['a parameter that nobody knows', { command: 'start', params: { colour: 'red' } }, 400, 'params.colour'],
    ['inputs that are a list', { command: 'start', params: { inputs: [] } }, 400, 'params.inputs'],
    ['a NUL in the name', { command: 'start', params: { name: 'a\u0000' } }, 400, 'params.name'],
    ['a name of 101 characters', { command: 'start', params: { name: '\u{1f680}'.repeat(101) } }, 400, 'params.name'],
    ['half a character', '{"command": "start", "params": {"inputs": {"a": "\\ud83d"}}}', 400, ''],
    ['half a character in a key', '{"command": "start", "params": {"inputs": {"\\ud83d": 1}}}', 400, ''],
    ['a stage that is none', { command: 'start', params: { stage: 'Live' } }, 400, 'params.stage'],
    ['a file that nobody sent', { command: 'start', params: { file_ids: ['x'] } }, 404, 'file'],
    ['a stop without a run', { command: 'stop' }, 400, 'run_id'],
    ['a stop of a run that is not', { command: 'stop', run_id: 'x' }, 404, 'run'],
  ])('%s', async (_, body, status, field) => {
    const answered = await command(body);
    expectRefusal(answered, status, field || undefined);
  });

  test('inputs that do not fit name each field', async () => {
    const id = await api.publish(ONE_STEP, {
      top: 'input: { type: object, required: [id], properties: { n: { type: integer } } }',
    });
    const answered = await api.start(id, { n: 'x' });
    expectRefusal(answered, 400, /inputs\.n/);
    expect(answered.body.message).toBe('The inputs do not fit the workflow: id is missing (and 1 more).');
    expect(answered.body.details).toContainEqual({ name: 'inputs.n', value: 'must be a whole number, not "x"' });
  });

  test.each<[string, string, string]>([
    ['a runIf that is a text', 'runIf: \'${ "yes" }\'', 'runIf'],
    ['a runIf that fails', 'runIf: \'${ $error("no") }\'', 'runIf'],
    ['a reference that fails', 'reference: \'${ $number("x") }\'', 'reference'],
    ['a timeout that is no number', 'timeout: \'${ "soon" }\'', ''],
  ])('%s is 400 in words', async (_, top, field) => {
    expectRefusal(await api.start(await api.publish(ONE_STEP, { top })), 400, field || undefined);
  });

  test('a reference is cut between characters', async () => {
    const id = await api.publish(ONE_STEP, { top: 'reference: \'${ "x" & $pad("", 300, "\u{1f680}") }\'' });
    const { status, body } = await api.start(id);
    expect([status, body.reference.isWellFormed(), body.reference.startsWith('x\u{1f680}')]).toEqual([201, true, true]);
  });

  test('a runIf that is false is a skipped run', async () => {
    const { status, body } = await api.start(await api.publish(ONE_STEP, { top: "runIf: '${ false }'" }));
    expect([status, body.status]).toEqual([201, 'skipped']);
    expect((await api.get(`/v1/runs/${body.id}/events`)).body.items.at(-1)).toMatchObject({ type: 'run_skipped' });
  });
});

describe('lists of runs', () => {
  test.each([
    'from=0001-01-01T00:00:00Z',
    'to=9999-12-31T23:59:59Z',
    'from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
    'to=0001-01-01T00:00:00Z',
    'from=2026-11-23T00:00:00%2B02:00',
  ])('take any range of time: %s', async (range) => {
    for (const path of [`/v1/runs?${range}`, `/v1/runs?status=failed&${range}`, `/v1/workflows/${workflow}/runs?${range}`]) {
      expect((await api.get(path)).status).toBe(200);
    }
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=1&limit=2',
    'limit=-1',
    'status=done',
    'stage=Live',
    'trigger=me',
    'from=yesterday',
    'to=2026-11-23',
    'continuation_token=',
    'continuation_token=e30',
    'workflow_id=a%00',
    'project_id=%00',
  ])('refuse %s', async (query) => {
    expectRefusal(await api.get(`/v1/runs?${query}`), 400, query.split('=')[0]);
  });

  test('take no token of other filters, nor one that somebody made', async () => {
    for (let n = 0; n < 3; n += 1) await api.start(workflow);
    const token = (await api.get(`/v1/workflows/${workflow}/runs?limit=1`)).body.continuation_token;
    const [list] = JSON.parse(Buffer.from(token, 'base64url').toString());
    const forged = (at: unknown) => Buffer.from(JSON.stringify([list, at])).toString('base64url');
    const tokens = [
      forged('../x'),
      forged({ pk: 'RUN#x' }),
      forged(null),
      forged('a'.repeat(100)),
      `${token}x`,
      token.slice(1),
      '%00',
      'null',
      'W10',
    ];
    for (const one of tokens)
      expectRefusal(await api.get(`/v1/workflows/${workflow}/runs?limit=1&continuation_token=${one}`), 400, 'continuation_token');
    expectRefusal(
      await api.get(`/v1/workflows/${workflow}/runs?limit=1&stage=Draft&continuation_token=${token}`),
      400,
      'continuation_token',
    );
    expectRefusal(await api.get(`/v1/workflows/${sleeper}/runs?limit=1&continuation_token=${token}`), 400, 'continuation_token');
  });

  test('hold 25 unless said and go on to the end while new runs arrive', async () => {
    const id = await api.publish(ONE_STEP);
    const started: string[] = [];
    for (let n = 0; n < 30; n += 1) started.push((await api.start(id)).body.id);
    expect(idsIn(await api.get(`/v1/workflows/${id}/runs`))).toHaveLength(25);
    for (const query of ['', '&stage=Published']) {
      const seen: unknown[] = [];
      let token: string | null = '';
      while (token !== null) {
        const page: Answered = await api.get(
          `/v1/workflows/${id}/runs?limit=7${query}${token && `&continuation_token=${token}`}`,
        );
        seen.push(...idsIn(page));
        token = page.body.continuation_token;
        await api.start(id);
      }
      expect(seen.slice(-30)).toEqual(started.toReversed());
      expect(new Set(seen).size).toBe(seen.length);
    }
  });
});

describe('a start with an Idempotency-Key', () => {
  const keyed = (key: string, params: object = {}, id = workflow) =>
    api.post(`/v1/workflows/${id}/command`, { command: 'start', params }, { headers: { 'idempotency-key': key } });

  test('gives the first run back, as it stands now, and says so', async () => {
    const first = await keyed('replayed', { inputs: { a: 1 } });
    await api.ended(first.body.id);
    const again = await keyed('replayed', { inputs: { a: 1 } });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect([first.headers.get('idempotent-replay'), again.headers.get('idempotent-replay')]).toEqual([null, 'true']);
    expect(again.body).toMatchObject({ id: first.body.id, status: 'succeeded' });
  });

  test('and another body is 409 and names the run', async () => {
    const first = await keyed('other-body', { inputs: { a: 1 } });
    const other = await keyed('other-body', { inputs: { a: 2 } });
    expectRefusal(other, 409, 'run_id');
    expect(other.body.details).toEqual([{ name: 'run_id', value: first.body.id }]);
    expectRefusal(await keyed('other-body', { inputs: { a: 1 } }, sleeper), 409);
  });

  test('is the same request whatever the order of its members, and another one when its values differ', async () => {
    const once = (body: string) =>
      api.post(`/v1/workflows/${workflow}/command`, body, { headers: { 'idempotency-key': 'any-order' } });
    const first = await once(
      '{"command": "start", "params": {"name": "a", "inputs": {"id": 8202522731445525542, "to": {"x": 1, "y": [{"p": 1, "q": 2}]}}}}',
    );
    const again = await once(
      '{"params": {"inputs": {"to": {"y": [{"q": 2, "p": 1}], "x": 1}, "id": 8202522731445525542}, "name": "a"}, "command": "start"}',
    );
    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    expectRefusal(
      await once(
        '{"command": "start", "params": {"name": "a", "inputs": {"id": 8202522731445525543, "to": {"x": 1, "y": [{"p": 1, "q": 2}]}}}}',
      ),
      409,
      'run_id',
    );
  });

  test('is the project’s own', async () => {
    const key = await api.keyOf({});
    const starts = ['north', 'south'].map(async (project) =>
      api.post(
        `/v1/workflows/${await api.publish(ONE_STEP, { project, key })}/command`,
        { command: 'start' },
        { key, headers: { 'idempotency-key': 'of-a-project' } },
      ),
    );
    const [north, south] = await Promise.all(starts);
    expect([north?.status, south?.status]).toEqual([201, 201]);
    expect(north?.body.id).not.toBe(south?.body.id);
  });

  test('sent many times at once starts one run', async () => {
    const id = await api.publish(ONE_STEP);
    const answers = await Promise.all(Array.from({ length: 12 }, () => keyed('at-once', { inputs: { a: 1 } }, id)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(11).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replay') === null)).toHaveLength(1);
    expect(idsIn(await api.get(`/v1/workflows/${id}/runs`))).toHaveLength(1);
  });

  test('whose answer was lost is answered although the workflow is turned off or gone meanwhile', async () => {
    const id = await api.publish(ONE_STEP);
    const first = await keyed('lost', {}, id);
    await api.call('PATCH', `/v1/workflows/${id}`, { body: { enabled: false } });
    expect((await keyed('lost', {}, id)).body.id).toBe(first.body.id);
    expectRefusal(await keyed('new', {}, id), 409);
    await api.call('DELETE', `/v1/workflows/${id}`);
    expect((await keyed('lost', {}, id)).body.id).toBe(first.body.id);
    expectRefusal(await keyed('new', {}, id), 404);
  });

  test('is the workspace’s own', async () => {
    const key = await api.keyOf({ workspace: 'idempotent' });
    const theirs = await api.publish(ONE_STEP, { key });
    const first = await keyed('shared-word');
    const other = await api.post(
      `/v1/workflows/${theirs}/command`,
      { command: 'start', params: {} },
      { key, headers: { 'idempotency-key': 'shared-word' } },
    );
    expect([first.status, other.status, other.headers.get('idempotent-replay')]).toEqual([201, 201, null]);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test.each([
    ['too long', 'x'.repeat(201)],
    ['empty', ''],
    ['not ASCII', 'caf\u00e9'],
  ])('that is %s is 400', async (_, key) => {
    expectRefusal(await keyed(key), 400);
  });
});
