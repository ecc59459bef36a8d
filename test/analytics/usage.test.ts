import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { contributionOf } from '../../shared/analytics/contribution.ts';
import { csvOf } from '../../shared/analytics/usage.http.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { projectionOf } from '../../shared/run/model/project.ts';
import { RunState, stateOf } from '../../shared/run/model/state.ts';
import { awsDollarsOf } from '../../shared/usage/aws-dollars.ts';
import { creditsOf, sumOf } from '../../shared/usage/credits.ts';
import { PRICE_LISTS, type PriceList, pricesAt } from '../../shared/usage/prices.ts';
import { ofModel, withFewModels } from '../../shared/usage/usage.ts';
import { type Api, expectRefusal, startApi, uniqueName } from '../edge/api.ts';
import { aModel } from '../executor/llm/models.ts';
import { aPlan, aRun } from '../harness/builders.ts';

const OLD: PriceList = {
  from: '2026-01-01',
  step: 1,
  http: 2,
  mcp: 3,
  mail: 4,
  waiting: 0,
  tokens: [
    { model: 'big-*', in: 5, out: 25 },
    { model: '*', in: 0.5, out: 2 },
  ],
};
const LISTS = [OLD, { ...OLD, from: '2026-07-01', http: 20 }];
const AT = '2026-11-28T10:00:00.000Z';

describe('prices', () => {
  test('hold from their day on, and what is older than all has the first', () => {
    expect(pricesAt('2026-06-30T23:59:59.999Z', LISTS).http).toBe(2);
    expect(pricesAt('2026-07-01T00:00:00.000Z', LISTS).http).toBe(20);
    expect(pricesAt('1999-01-01T00:00:00.000Z', LISTS).http).toBe(2);
  });

  test('are in the order of their days, and every model has one', () => {
    expect(PRICE_LISTS.map(({ from }) => from)).toEqual(PRICE_LISTS.map(({ from }) => from).toSorted());
    for (const { tokens } of PRICE_LISTS) expect(tokens.at(-1)?.model).toBe('*');
  });

  test('make thousandths of credits of what was used', () => {
    const usage = {
      step: 3,
      http: 2,
      waiting: 90,
      [ofModel('tokens_in', 'big-1')]: 1_000,
      [ofModel('tokens_out', 'big-1')]: 10,
      [ofModel('tokens_in', 'small')]: 100,
    };
    const credits = creditsOf(usage, '2026-02-01T00:00:00.000Z', LISTS);
    expect(credits).toEqual({
      step: 3_000,
      http: 4_000,
      'tokens_in:big-1': 5_000,
      'tokens_out:big-1': 250,
      'tokens_in:small': 50,
    });
    expect(sumOf(credits)).toBe(12_300);
  });

  test('know a bounded number of models: the rarest are counted together, and nothing is lost', () => {
    const usage = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [ofModel('tokens_in', `m${n}`), n + 1]));
    const few = withFewModels(usage);
    expect(Object.keys(few)).toHaveLength(21);
    expect(sumOf(few)).toBe(sumOf(usage));
    expect(few['tokens_in:m59']).toBe(60);
  });
});

describe('what a run uses', () => {
  const http = "http: { method: GET, url: 'http://erp.example' }";
  const plan = aPlan(`  - id: call\n    ${http}\n    retry: { attempts: 3 }\n  - id: pause\n    wait: 5m\n`);
  const output = { json: '1' };
  const error = { name: 'HttpServerError', message: 'no' };
  const key = 'call';
  const usedBy = (entries: Entry[]) => stateOf(plan, entries).usage;

  test('is each step once, each attempt as a call, and whole minutes of waiting', () => {
    expect(
      usedBy([
        { type: 'step_started', at: AT, key },
        { type: 'step_retrying', at: AT, key, error, dueAt: AT },
        { type: 'step_started', at: AT, key },
        { type: 'step_completed', at: AT, key, output, usage: { http: 4 } },
        { type: 'step_started', at: AT, key: 'pause', until: '2026-11-28T10:05:00.000Z' },
        { type: 'step_completed', at: '2026-11-28T10:05:30.000Z', key: 'pause', output },
      ]),
    ).toEqual({ call: { step: 1, http: 5 }, pause: { step: 1, waiting: 5 } });
  });

  test('is a call too where that was cut off, and nothing where none was begun or another run paid', () => {
    const cancelled = { type: 'step_cancelled', at: AT, key, error } as const;
    expect(usedBy([{ type: 'step_started', at: AT, key }, cancelled])).toEqual({ call: { step: 1, http: 1 } });
    expect(usedBy([cancelled])).toEqual({ call: { step: 1 } });
    expect(usedBy([{ type: 'step_skipped', at: AT, key, reason: 'condition' }])).toEqual({});
    expect(usedBy([{ type: 'step_completed', at: AT, key, output, reused: 'R' }])).toEqual({});
  });

  test('is the same when the fold goes on from a snapshot', () => {
    const first = stateOf(plan, [
      { type: 'step_started', at: AT, key },
      { type: 'step_retrying', at: AT, key, error, dueAt: AT },
    ]);
    const restored = RunState.restore(plan, JSON.parse(JSON.stringify(first.snapshot())));
    for (const state of [first, restored]) state.apply({ type: 'step_failed', at: AT, key, error });
    expect(restored.usage).toEqual(first.usage);
    expect(restored.usage).toEqual({ call: { step: 1, http: 2 } });
  });

  test('is on its row while it lives, is counted by step and action, and a test costs nothing', () => {
    const entries: Entry[] = [
      { type: 'driver_started', at: AT, execution: 1, id: 'x', invocation: 'i' },
      { type: 'step_started', at: AT, key },
      { type: 'step_completed', at: AT, key, output },
    ];
    const run = aRun({ createdAt: AT });
    const live = stateOf(plan, entries);
    expect(projectionOf(run, live)).toMatchObject({ credits: 2_000, awsDollars: undefined });
    expect(projectionOf(aRun({ createdAt: AT, trigger: 'test' }), live).credits).toBeUndefined();
    const ended = stateOf(plan, [...entries, { type: 'run_ended', at: '2026-11-28T10:00:00.200Z', status: 'cancelled' }]);
    const { awsDollars = 0 } = projectionOf(run, ended);
    expect(awsDollars).toBeGreaterThan(5e-6);
    expect(awsDollars).toBeLessThan(5e-5);
    const { run: counts, steps } = contributionOf({ ...run, status: 'cancelled' }, ended);
    expect(counts).toMatchObject({ 'u.step': 1, 'u.http': 1, 'c.step': 1_000, 'c.http': 1_000 });
    expect(steps).toMatchObject({ call: { succeeded: 1, c: 2_000 } });
  });
});

test('what a run costs on AWS grows with all it does', () => {
  const small = { steps: 3, executions: 1, drivers: 1, drivenMs: 100, standard: false };
  const least = awsDollarsOf(small);
  for (const more of [{ steps: 30 }, { executions: 3 }, { drivers: 3 }, { drivenMs: 60_000 }, { standard: true }])
    expect(awsDollarsOf({ ...small, ...more }), JSON.stringify(more)).toBeGreaterThan(least);
});

test('a cell of CSV holds what it is given, and no formula', () => {
  const item = { action: 'tokens_in', model: '=1+1,"x"', count: 2, credits: 0.5 };
  expect(csvOf('action', [item, { ...item, model: null }])).toBe(
    'action,model,count,credits\r\ntokens_in,"\'=1+1,""x""",2,0.5\r\ntokens_in,,2,0.5\r\n',
  );
});

describe('GET /v1/usage', () => {
  let api: Api;
  let model: Awaited<ReturnType<typeof aModel>>;
  let workflow: string;
  let run: string;

  beforeAll(async () => {
    [api, model] = await Promise.all([startApi(), aModel()]);
    model.say('Acme.');
    const settings = { base_url: model.url, model: 'claude-opus-x' };
    const connection = uniqueName();
    const made = { project_id: 'examples', name: connection, type: 'openai', settings, secret: { api_key: 'sk' } };
    expect((await api.post('/v1/connections', made)).status).toBe(201);
    const steps = `  - id: call\n    http: { method: GET, url: '${api.cloud.cloudUrl}/_sample/' , expect: [200, 404] }
  - id: ask\n    llm: { connection: ${connection}, prompt: Who? }\n`;
    workflow = await api.publish(steps, { top: `connections: [${connection}]` });
    run = (await api.start(workflow)).body.id;
    await api.ended(run);
  });
  afterAll(async () => {
    await api.close();
    model.close();
  });

  const usage = async (query: string) => (await api.get(`/v1/usage?${query}`)).body;
  const counted = (query: string) =>
    vi.waitFor(
      async () => {
        const body = await usage(query);
        expect(body.credits).toBeGreaterThan(0);
        return body;
      },
      { timeout: 25_000, interval: 200 },
    );

  test('a run shows what it has cost: its steps, its call, its tokens', async () => {
    // Two steps, one call, ten tokens in at 5 and five out at 25 a thousand.
    const { body } = await api.get(`/v1/runs/${run}`);
    expect(body).toMatchObject({ status: 'succeeded', credits: 3.175, aws_usd: expect.any(Number) });
    const { items } = (await api.get(`/v1/runs/${run}/events`)).body;
    expect(JSON.stringify(items)).not.toContain('usage');
  });

  test('sums by day, workflow, project and action come to the same', async () => {
    const byAction = await counted(`workflow_id=${workflow}&by=action`);
    expect(byAction.items).toEqual([
      { action: 'step', model: null, count: 2, credits: 2 },
      { action: 'http', model: null, count: 1, credits: 1 },
      { action: 'tokens_in', model: 'claude-opus-x', count: 10, credits: 0.05 },
      { action: 'tokens_out', model: 'claude-opus-x', count: 5, credits: 0.125 },
    ]);
    const amounts = { runs: 1, steps: 2, http_calls: 1, mcp_calls: 0, mails: 0, tokens_in: 10, tokens_out: 5, credits: 3.175 };
    const byWorkflow = await usage('by=workflow');
    expect(byWorkflow).toMatchObject({ by: 'workflow', credits: 3.175, items: [{ workflow_id: workflow, ...amounts }] });
    expect((await usage('by=project')).items).toEqual([{ project_id: 'examples', ...amounts }]);
    const days = (await usage('by=day')).items;
    expect(days.length).toBeGreaterThanOrEqual(7);
    expect(days.at(-1)).toMatchObject(amounts);
    const { items } = (await api.get(`/v1/analytics/steps?workflow_id=${workflow}`)).body;
    expect(Object.fromEntries(items.map((step: { step_id: string; credits: number }) => [step.step_id, step.credits]))).toEqual({
      call: 2,
      ask: 1.175,
    });
  });

  test('is CSV for whoever takes that', async () => {
    await counted('by=project');
    const { text, headers } = await api.get('/v1/usage?by=project', { headers: { accept: 'text/csv' } });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(text).toBe(
      'project_id,runs,steps,http_calls,mcp_calls,mails,tokens_in,tokens_out,credits\r\nexamples,1,2,1,0,0,10,5,3.175\r\n',
    );
  });

  test('shows nothing of others, and refuses what it does not know', async () => {
    const key = await api.keyOf({ workspace: 'elsewhere' });
    expect((await api.get('/v1/usage?by=project', { key })).body).toMatchObject({ credits: 0, items: [] });
    expectRefusal(await api.get(`/v1/usage?workflow_id=${workflow}`, { key }), 404);
    expectRefusal(await api.get('/v1/usage?by=hour'), 400, 'by');
    expectRefusal(await api.get('/v1/usage?from=2026-01-01T00:00:00Z'), 400, 'from');
  });
});
