import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { contractOperations, faultsOf } from './v2-contract.ts';
import { ABSENT, type Probe, probesOf, withProbe } from './v2-probes.ts';

let api: Api;
let process_id: string;
let firstToken: string;
const agent_id = 'examples';

beforeAll(async () => {
  api = await startApi();
  process_id = await api.publish(ONE_STEP);
  for (let n = 0; n < 3; n += 1) await create({});
  firstToken = (await list({ limit: '2' })).body.continuation_token;
});
afterAll(() => api.close());

/** Asks, and holds the answer against the contract. */
async function documented(route: string, asked: Promise<Answered>): Promise<Answered> {
  const answered = await asked;
  expect(faultsOf(route, answered.status, answered.body), answered.text.slice(0, 500)).toEqual([]);
  expect(answered.headers.get('content-type')).toBe('application/json');
  return answered;
}

const request = () => ({ name: 'A run', process_id, agent_id, stage: 'Published', inputs: [{ name: 'customer', value: 'Ann' }] });
const create = (fields: object) => documented('POST /runs', api.post('/v2/runs', { ...request(), ...fields }));
const read = (id: string) => documented('GET /runs/{run_id}', api.get(`/v2/runs/${id}`));
const list = (query: Record<string, string>, process = process_id) =>
  documented('GET /runs', api.get(`/v2/runs?${new URLSearchParams({ process_id: process, agent_id, ...query })}`));

/** Places that name a thing: what has the right form need not be there. */
const NAMES_A_THING = /^(process_id|agent_id|run_id|file_ids)/;
const show = (value: unknown) => (value === ABSENT ? 'nothing' : (JSON.stringify(value)?.slice(0, 30) ?? ''));
const titled = (probes: Probe[]) =>
  probes.map(
    (probe) =>
      [`${probe.at.join('.')} (${probe.constraint}) ${probe.fits ? 'takes' : 'refuses'} ${show(probe.value)}`, probe] as const,
  );

describe('every constraint of create_run', () => {
  const schema = contractOperations.get('POST /runs')?.requestBody?.content['application/json'].schema ?? {};
  const probes = probesOf(schema);

  test('is found in the contract', () => {
    expect(probes.length).toBeGreaterThan(80);
    const constraints = probes.map(({ constraint }) => constraint.split(' ')[0]);
    expect([...new Set(constraints)].toSorted()).toEqual([
      'enum',
      'maxLength',
      'minLength',
      'optional',
      'pattern',
      'required',
      'type',
    ]);
  });

  test.each(titled(probes))('%s', async (_, probe) => {
    const answered = await documented('POST /runs', api.post('/v2/runs', withProbe(request(), probe)));
    if (!probe.fits) return expectRefusal(answered, 400, String(probe.at[0] ?? ''));
    if (answered.status === 404) return expect(probe.at.join('.')).toMatch(NAMES_A_THING);
    expect(answered.status, answered.text).toBe(201);
  });
});

describe('every constraint of the other operations', () => {
  const parameters = contractOperations.get('GET /runs')?.parameters ?? [];
  // A query is text: null is sent by leaving the parameter out, and a list or an object cannot be sent at all.
  const probes = parameters.flatMap(({ name, schema, required }): Probe[] => [
    ...probesOf(schema, [name])
      .filter(({ value }) => value === null || typeof value !== 'object')
      .map((probe) => (probe.value === null ? { ...probe, value: ABSENT, fits: !required } : probe)),
    { at: [name], constraint: required ? 'required' : 'optional', value: ABSENT, fits: !required },
  ]);

  test.each(titled(probes))('list_runs: %s', async (_, probe) => {
    const isText = parameters.some(
      ({ name, schema }) =>
        name === probe.at[0] && /"string"/.test(JSON.stringify(schema)) && !schema.anyOf?.some(({ $ref }) => $ref),
    );
    // As text a number is a text.
    const fits = probe.fits || (isText && probe.value !== ABSENT);
    const value = probe.at[0] === 'continuation_token' && fits && probe.value !== ABSENT ? firstToken : probe.value;
    const query = withProbe(
      { process_id, agent_id, limit: '2', stage: undefined, continuation_token: undefined },
      { at: probe.at, value },
    );
    const given = Object.entries(query as Record<string, unknown>).filter(([, one]) => one !== undefined);
    const path = `/v2/runs?${new URLSearchParams(given.map(([name, one]): [string, string] => [name, String(one)]))}`;
    const answered = await documented('GET /runs', api.get(path));
    if (!fits) return expectRefusal(answered, 400, String(probe.at[0]));
    if (answered.status === 404) return expect(probe.at.join('.')).toMatch(NAMES_A_THING);
    expect(answered.status, answered.text).toBe(200);
  });

  test.each(['unknown', 'a'.repeat(27), 'a b', '..%2f..%2fetc', '%00', '01M8387TYVR7S9HAXEJEP9VNK3', 'a'.repeat(1000)])(
    'get_run: any text is taken, and %s is not found',
    async (id) => {
      expectRefusal(await documented('GET /runs/{run_id}', api.get(`/v2/runs/${id}`)), 404, 'run');
    },
  );
});

describe('what a run is given and gives', () => {
  test('no inputs and no files can be said by null, by an empty list and by nothing', async () => {
    for (const none of [{ inputs: null, file_ids: null }, { inputs: [], file_ids: [] }, { inputs: undefined }]) {
      expect((await create(none)).status).toBe(201);
    }
  });

  test('inputs become one object by their names, numbers as numbers', async () => {
    const { body } = await create({
      inputs: [
        { name: 'who', value: 'Ann' },
        { name: 'how many', value: 2 },
        { name: 'rate', value: 0.5 },
      ],
    });
    expect((await api.get(`/v1/runs/${body.id}`)).body.inputs).toEqual({ who: 'Ann', 'how many': 2, rate: 0.5 });
  });

  test('an input named twice is refused, and so is one that would be a prototype', async () => {
    const twice = [
      { name: 'a', value: 1 },
      { name: 'a', value: 2 },
    ];
    expectRefusal(await create({ inputs: twice }), 400, 'inputs');
    expectRefusal(await create({ inputs: [{ name: '__proto__', value: 1 }] }), 400, 'inputs.0.name');
  });

  test('outputs are numbers and texts as they are, anything else as JSON text', async () => {
    const id = await api.publish(ONE_STEP, {
      top: 'output: { text: "${ $input.t }", whole: "${ 42 }", part: "${ 0.5 }", yes: "${ true }", none: "${ null }", list: "${ [1,[2]] }", map: "${ {\'a\': 1} }" }',
    });
    const { body } = await create({ process_id: id, inputs: [{ name: 't', value: 'x "y" \u{1f680}' }] });
    expect(body).toMatchObject({ status: 'Created', outputs: null, file_ids: [] });
    await api.ended(body.id);
    const ended = (await read(body.id)).body;
    expect(ended).toMatchObject({
      id: body.id,
      name: 'A run',
      process_id: id,
      agent_id,
      stage: 'Published',
      status: 'Succeeded',
    });
    expect(Object.fromEntries(ended.outputs.map(({ name, value }: { name: string; value: unknown }) => [name, value]))).toEqual({
      text: 'x "y" \u{1f680}',
      whole: 42,
      part: 0.5,
      yes: 'true',
      none: 'null',
      list: '[1,[2]]',
      map: '{"a":1}',
    });
  });

  test('every way to end has its word, in the run and in the list', async () => {
    const nap = '  - id: nap\n    wait: 1h\n';
    const ways = [
      ['Succeeded', await api.publish(ONE_STEP)],
      ['Exception', await api.publish('  - id: no\n    raise: { error: OutOfStock, message: none left }\n')],
      ['Exception', await api.publish(nap, { top: 'timeout: 1s' })],
      ['Stopped', await api.publish(nap)],
      ['Stopped', await api.publish(nap, { top: "runIf: '${ false }'" })],
    ] as const;
    const runs = await Promise.all(ways.map(async ([, id]) => (await create({ process_id: id })).body));
    await api.post(`/v1/workflows/${runs[3].process_id}/command`, { command: 'stop', run_id: runs[3].id });
    for (const [status, process] of ways) {
      const { id } = runs.find((run) => run.process_id === process);
      await api.ended(id);
      expect((await read(id)).body.status).toBe(status);
      expect((await list({}, process)).body.items).toMatchObject([{ id, status }]);
    }
  });

  test('a run that is on its way is Running', async () => {
    const { body } = await create({ process_id: await api.publish('  - id: nap\n    wait: 1h\n') });
    await expect.poll(async () => (await read(body.id)).body.status, { timeout: 10_000 }).toBe('Running');
    await api.post(`/v1/workflows/${body.process_id}/command`, { command: 'stop', run_id: body.id });
  });

  test('a name that the process has too long is cut to what the contract allows, by whole characters', async () => {
    const id = await api.publish(ONE_STEP, { top: `title: ${'\u{1f680}'.repeat(100)}` });
    const { body } = await api.start(id);
    expect((await read(body.id)).body.name).toBe('\u{1f680}'.repeat(100));
  });
});

describe('what is not there', () => {
  test('an unknown process or agent, or a process of another agent, is 404', async () => {
    for (const fields of [{ process_id: 'unknown' }, { agent_id: 'unknown' }]) {
      expectRefusal(await create(fields), 404);
      const query = new URLSearchParams({ process_id, agent_id, ...fields });
      expectRefusal(await documented('GET /runs', api.get(`/v2/runs?${query}`)), 404);
    }
  });

  test('a process without the stage is 404', async () => {
    const { body } = await api.post('/v1/workflows', {
      project_id: agent_id,
      definition: `format: 1\nname: only-a-draft\nsteps:\n${ONE_STEP}`,
    });
    expectRefusal(await create({ process_id: body.id }), 404);
    expect((await create({ process_id: body.id, stage: 'Draft' })).status).toBe(201);
    expect((await list({ stage: 'Published' }, body.id)).body.items).toEqual([]);
    expect((await list({ stage: 'Draft' }, body.id)).body.items).toHaveLength(1);
  });

  test('a file that nobody sent is 404', async () => {
    expectRefusal(await create({ file_ids: ['nope'] }), 404, 'file');
  });
});

describe('pages', () => {
  test('hold 10 unless said, 100 at most, and follow each other to the end while new runs arrive', async () => {
    const id = await api.publish(ONE_STEP);
    const started: string[] = [];
    for (let n = 0; n < 23; n += 1) started.push((await create({ process_id: id })).body.id);
    expect((await list({}, id)).body.items).toHaveLength(10);
    expect((await list({ limit: '100' }, id)).body).toMatchObject({ items: { length: 23 }, continuation_token: null });

    const seen: string[] = [];
    let token: string | null = '';
    while (token !== null) {
      const { body }: Answered = await list({ limit: '4', ...(token && { continuation_token: token }) }, id);
      seen.push(...body.items.map((run: { id: string }) => run.id));
      token = body.continuation_token;
      await create({ process_id: id });
    }
    expect(seen).toEqual(started.toReversed());
  });

  test.each([['another list'], ['another stage']])('take no token of %s', async (which) => {
    const other = await api.publish(ONE_STEP);
    for (let n = 0; n < 2; n += 1) await create({ process_id: other });
    const query: Record<string, string> = which === 'another stage' ? { stage: 'Draft' } : {};
    const process = which === 'another stage' ? process_id : other;
    expectRefusal(await list({ ...query, continuation_token: firstToken }, process), 400, 'continuation_token');
  });
});

describe('beside the contract', () => {
  test('no key and an unknown key get the error of the contract under 401', async () => {
    for (const key of [null, 'nonsense']) {
      const answered = await api.get('/v2/runs/x', { key });
      expectRefusal(answered, 401);
      expect(faultsOf('GET /runs/{run_id}', 404, answered.body)).toEqual([]);
    }
  });

  test('an unknown field is refused by its name', async () => {
    expectRefusal(await create({ colour: 'red' }), 400, 'colour');
    expectRefusal(await list({ colour: 'red' }), 400, 'colour');
  });

  test('a repeated start with its key, which the contract does not know, is answered with the run of the first', async () => {
    const headers = { 'idempotency-key': 'v2-once' };
    const [first, second] = [
      await api.post('/v2/runs', request(), { headers }),
      await api.post('/v2/runs', request(), { headers }),
    ];
    expect(faultsOf('POST /runs', 201, second.body)).toEqual([]);
    expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
    expect([first, second].map((one) => one.headers.get('idempotent-replay'))).toEqual([null, 'true']);
  });
});
