import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsBehind, toldIn, traceFrom, traceHeaders, traceIdOf, traceIn } from '../../shared/kernel/trace.ts';
import { eventOfRow } from '../../shared/subscription/events-of-runs.ts';
import { type Api, startApi, uniqueName } from '../edge/api.ts';
import { aRun } from '../harness/builders.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const FORM = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

describe('events in a row', () => {
  test.each([
    [undefined, 'millrun=1'],
    ['millrun=3', 'millrun=4'],
    ['vendor=1, millrun=3,other=2', 'millrun=4,vendor=1,other=2'],
    ['millrun=9999', 'millrun=9999'],
    ['millrun=many,vendor=1', 'millrun=1,millrun=many,vendor=1'],
  ])('of the state %s, the next one says %s', (state, next) => {
    const trace = { parent: PARENT, ...(state !== undefined && { state }) };
    expect(toldIn(trace)).toEqual({ parent: PARENT, state: next });
  });

  test('are counted in a state that is as long as it may be, which is cut by members', () => {
    const state = Array.from({ length: 40 }, (_, n) => `vendor${n}=${n}`).join();
    const told = toldIn({ parent: PARENT, state });
    expect(told.state?.length).toBeLessThanOrEqual(512);
    expect(traceIn(traceHeaders(told))).toEqual(told);
    expect(eventsBehind(told)).toBe(1);
    expect(state).toContain(told.state?.split(',').slice(1).join());
  });

  test('are none where nobody has told any', () => {
    expect([undefined, { parent: PARENT }, { parent: PARENT, state: 'vendor=7' }].map(eventsBehind)).toEqual([0, 0, 0]);
  });

  test('are told of by what becomes of runs, as by what they emit', () => {
    const run = aRun({ status: 'failed', trace: { parent: PARENT, state: 'millrun=2' } });
    const { data } = eventOfRow(run, 'run.failed');
    expect(data).toMatchObject({ trace: { traceparent: expect.stringMatching(FORM), tracestate: 'millrun=3' } });
  });
});

describe('a traceparent', () => {
  test.each([
    [PARENT, PARENT],
    [`  ${PARENT} `, PARENT],
    // Of a version to come, what is known of it counts.
    [`cc-${TRACE}-b7ad6b7169203331-01-what-comes`, PARENT],
    [`00-${TRACE}-b7ad6b7169203331-01-more`, undefined],
    [`ff-${TRACE}-b7ad6b7169203331-01`, undefined],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [PARENT.toUpperCase(), undefined],
    ['nonsense', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is read as %s', (traceparent, parent) => {
    expect(traceIn({ traceparent })?.parent).toBe(parent);
  });

  test('goes on with another span for each attempt, the same flags and the state of others', () => {
    const run = { id: 'r1', trace: { parent: `00-${TRACE}-b7ad6b7169203331-00`, state: 'vendor=1' } };
    const first = traceHeaders(traceFrom(run, 'a 1'));
    expect(first).toEqual({
      traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`)),
      tracestate: 'vendor=1',
    });
    expect(traceFrom(run, 'a 1')).toEqual(traceFrom(run, 'a 1'));
    expect(traceFrom(run, 'a 2')).not.toEqual(traceFrom(run, 'a 1'));
    expect(traceIn(first)).toEqual(traceFrom(run, 'a 1'));
  });

  test('a state that is too long, or no text, is left behind', () => {
    expect(traceIn({ traceparent: PARENT, tracestate: 'x'.repeat(513) })).toEqual({ parent: PARENT });
    expect(traceIn({ traceparent: PARENT, tracestate: 'a=1\u0007' })).toEqual({ parent: PARENT });
  });

  test('is made of the id of a run that came without one', () => {
    expect(traceIdOf({ id: 'r1' })).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf({ id: 'r1' })).not.toBe(traceIdOf({ id: 'r2' }));
    expect(traceFrom({ id: 'r1' }, 'a 1').parent).toMatch(FORM);
  });
});

describe('the trace of a run', () => {
  let api: Api;
  let stub: StubServer;
  beforeAll(async () => {
    [api, stub] = await Promise.all([startApi(), startStub()]);
  });
  afterAll(() => Promise.all([api.close(), stub.close()]));

  /** Something to call, and what it was told. */
  function listener() {
    const heard: Record<string, unknown>[] = [];
    const url = stub.on(`/${uniqueName()}`, ({ headers }) => {
      heard.push(headers);
      return { body: {} };
    });
    return { url, heard };
  }

  const start = (workflow: string, headers: Record<string, string>) =>
    api.call('POST', `/v1/workflows/${workflow}/command`, { body: { command: 'start', params: { wait: 20 } }, headers });

  test('is that of who started it, in every call and in child runs', async () => {
    const { url, heard } = listener();
    const child = uniqueName();
    const definition = `format: 1\nname: ${child}\nsteps:\n  - id: inner\n    http: { method: GET, url: '${url}' }\n`;
    const saved = (await api.post('/v1/workflows', { project_id: 'examples', definition })).body;
    await api.post(`/v1/workflows/${saved.id}/publish`, {});
    const workflow = await api.publish(
      `  - { id: outer, http: { method: POST, url: '${url}' } }\n  - { id: child, run: { workflow: ${child} } }\n`,
    );
    const { body } = await start(workflow, { traceparent: PARENT, tracestate: 'vendor=1' });
    expect(body).toMatchObject({ status: 'succeeded', trace_id: TRACE });
    expect(heard).toHaveLength(2);
    for (const { traceparent, tracestate } of heard) {
      expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
      expect(tracestate).toBe('vendor=1');
    }
    expect(new Set(heard.map(({ traceparent }) => traceparent)).size).toBe(2);
    const [inner] = (await api.get(`/v1/runs/${body.id}`)).body.children;
    expect((await api.get(`/v1/runs/${inner.id}`)).body.trace_id).toBe(TRACE);
  });

  test('is made where nobody says one, or none that is valid; an author may say another', async () => {
    const { url, heard } = listener();
    const workflow = await api.publish(`  - { id: call, http: { method: GET, url: '${url}' } }\n`);
    const { body } = await start(workflow, { traceparent: 'nonsense' });
    expect(heard[0]?.['traceparent']).toMatch(new RegExp(`^00-${body.trace_id}-[0-9a-f]{16}-01$`));
    const own = await api.publish(
      `  - { id: call, http: { method: GET, url: '${url}', headers: { traceparent: '${PARENT}' } } }\n`,
    );
    await start(own, {});
    expect(heard[1]?.['traceparent']).toBe(PARENT);
  });

  test('is no part of the request: the same key in another trace is the same start', async () => {
    const { url } = listener();
    const workflow = await api.publish(`  - { id: call, http: { method: GET, url: '${url}' } }\n`);
    const first = await start(workflow, { traceparent: PARENT, 'idempotency-key': 'one' });
    const again = await start(workflow, { traceparent: `00-${'1'.repeat(32)}-b7ad6b7169203331-01`, 'idempotency-key': 'one' });
    expect(again.body).toMatchObject({ id: first.body.id, trace_id: TRACE });
  });

  test('comes by webhook, and goes to tools', async () => {
    const { url, heard } = listener();
    const connection = uniqueName();
    const made = { project_id: 'examples', name: connection, type: 'mcp', settings: { url }, secret: {} };
    expect((await api.post('/v1/connections', made)).status).toBe(201);
    const workflow = await api.publish(`  - { id: call, mcp: { connection: ${connection}, tool: any } }\n`, {
      top: `connections: [${connection}]`,
    });
    const hook = (await api.post(`/v1/workflows/${workflow}/webhooks`, { name: 'orders', scheme: 'none' })).body;
    const headers = { 'content-type': 'application/json', traceparent: PARENT };
    const answered = await fetch(hook.url, { method: 'POST', body: '{}', headers });
    const { delivery_id: id } = (await answered.json()) as { delivery_id: string };
    const { run_id: run } = (await api.get(`/v1/deliveries/${id}`)).body;
    expect((await api.ended(run)).trace_id).toBe(TRACE);
    expect(heard.length).toBeGreaterThan(0);
    for (const { traceparent } of heard) expect(String(traceparent)).toContain(TRACE);
  });
});
