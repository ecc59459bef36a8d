import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FAILURE_CODES } from '../../../shared/run/failure-codes.ts';
import { operatorOf } from '../control/operator.ts';
import { setting } from '../setting.ts';

const at = setting();
const operator = operatorOf(() => at.api);
const list = z.object({ items: z.array(z.looseObject({ id: z.string() })) });
const source = z.object({ definition: z.string(), source: z.string() });
const dry = z.looseObject({
  would_start: z.boolean(),
  steps: z.array(z.unknown()),
  problems: z.array(z.unknown()),
  inputs: z.unknown(),
});

const runsOf = async (id: string) => list.parse(await at.api.expect(200, 'GET', `/v1/workflows/${id}/runs`)).items;
const command = (id: string, params: object) => at.api.call('POST', `/v1/workflows/${id}/command`, { command: 'start', params });
const dryRun = async (id: string, params: object = {}) =>
  dry.parse(
    await at.api.expect(200, 'POST', `/v1/workflows/${id}/command`, { command: 'start', params: { ...params, dry_run: true } }),
  );
const save = (id: string, start_defaults: object) => at.api.call('PATCH', `/v1/workflows/${id}`, { start_defaults });

describe.concurrent('start defaults', { timeout: 90_000 }, () => {
  const echo = { input: { type: 'object' }, steps: [{ id: 'a', set: {} }], output: { n: '${ $input }' } };

  test('stand under what the caller gives, who wins', async ({ expect }) => {
    const id = await at.api.publish(echo);
    expect((await save(id, { inputs: { a: 1, b: 1 }, name: 'nightly', reference: 'R-1' })).status).toBe(200);
    const run = await operator.ended((await at.api.start(id, { b: 2, c: 3 }, { reference: 'R-2' })).id);
    expect(run).toMatchObject({
      inputs: { a: 1, b: 2, c: 3 },
      name: 'nightly',
      reference: 'R-2',
      outputs: { n: { a: 1, b: 2, c: 3 } },
    });
    const without = await at.api.start(id, { b: 2 }, { use_start_defaults: false });
    expect(without).toMatchObject({ inputs: { b: 2 }, reference: null });
    // Another trigger does not have them.
    const v2 = await at.api.call('POST', '/v2/runs', {
      name: 'n',
      process_id: id,
      agent_id: 'examples',
      stage: 'Published',
      inputs: [{ name: 'b', value: 5 }],
    });
    expect((await at.api.run((v2.body as { id: string }).id)).inputs).toEqual({ b: 5 });
    // A rerun uses what the run had.
    const again = await operator.again(run.id, { from: 'start' });
    expect(again).toMatchObject({ inputs: { a: 1, b: 2, c: 3 }, reference: 'R-2' });
  });

  test('are checked like inputs when they are used', async ({ expect }) => {
    const id = await at.api.publish({ ...echo, input: { type: 'object', properties: { n: { type: 'integer' } } } });
    await save(id, { inputs: { n: 'x' } });
    expect((await command(id, {})).status).toBe(400);
    expect((await command(id, { inputs: { n: 1 } })).status).toBe(201);
  });
});

describe.concurrent('connection overrides', { timeout: 90_000 }, () => {
  test('name connections that the workflow uses, are kept with the run and with what runs it again', async ({ expect }) => {
    const id = await at.api.publish({ connections: ['erp', 'crm'], steps: [{ id: 'a', set: {} }] });
    const run = await at.api.start(id, {}, { connection_overrides: { erp: 'erp-test' } });
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ connection_overrides: { erp: 'erp-test' } });
    expect(await operator.again(run.id, { from: 'start' })).toMatchObject({ connection_overrides: { erp: 'erp-test' } });
    const refused = await command(id, { connection_overrides: { other: 'x' } });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('uses no connection \\"other\\". It uses: erp, crm.'),
    ]);
    expect((await command(id, { connection_overrides: { erp: { key: 'secret' } } })).status).toBe(400);
  });
});

describe.concurrent('a dry run', { timeout: 90_000 }, () => {
  test('answers with the plan and starts nothing', async ({ expect }) => {
    const id = await at.api.publish({
      input: { type: 'object', required: ['n'], properties: { n: { type: 'integer' }, unit: { default: 'kg' } } },
      reference: 'order ${ $input.n }',
      runIf: '${ $input.n > 0 }',
      steps: [
        { id: 'a', title: 'First', set: {} },
        { id: 'x', needs: ['a'], if: '${ $input.n > 5 }', set: {} },
        { id: 'y', needs: ['a'], if: '${ $steps.a.z = 1 }', set: {} },
        { id: 'z', needs: ['x', 'y'], forEach: { in: '${ [1] }', as: 'i', steps: [{ id: 'inner', set: {} }] } },
      ],
    });
    const answer = await dryRun(id, { inputs: { n: 3 } });
    expect(answer).toMatchObject({
      dry_run: true,
      would_start: true,
      reference: 'order 3',
      version: 1,
      inputs: { n: 3, unit: 'kg' },
      problems: [],
    });
    expect(answer.steps).toMatchObject([
      { step: 'a', kind: 'set', title: 'First', needs: [], skipped: false },
      { step: 'x', needs: ['a'], skipped: true },
      { step: 'y', needs: ['a'], skipped: null },
      { step: 'z', kind: 'forEach', needs: ['x', 'y'], skipped: false, inside: { steps: [{ step: 'inner', skipped: false }] } },
    ]);
    expect(await dryRun(id, { inputs: { n: 0 } })).toMatchObject({ would_start: false });
    expect((await command(id, { inputs: {}, dry_run: true })).status).toBe(400);
    expect(await runsOf(id)).toEqual([]);
  });

  test('names expressions that would fail with these inputs, and the case a switch would take', async ({ expect }) => {
    const id = await at.api.publish({
      input: { type: 'object' },
      steps: [
        { id: 'bad', set: { n: '${ $input.n > 10 }' } },
        {
          id: 'way',
          switch: [{ when: '${ $input.kind = "a" }', steps: [{ id: 'p', set: {} }] }, { otherwise: [{ id: 'q', set: {} }] }],
        },
        { id: 'skipped', if: '${ $input.kind = "a" }', set: { n: '${ $input.n > 10 }' } },
      ],
    });
    const answer = await dryRun(id, { inputs: { n: 'twelve', kind: 'b' } });
    expect(answer.problems).toMatchObject([{ step: 'bad', message: expect.stringContaining('bad.set.n') }]);
    expect(answer.steps).toMatchObject([
      { step: 'bad' },
      { step: 'way', inside: { case0: [{ step: 'p', skipped: true }], otherwise: [{ step: 'q', skipped: false }] } },
      { step: 'skipped', skipped: true },
    ]);
  });
});

describe.concurrent('what a run follows', { timeout: 90_000 }, () => {
  test('an explicit version', async ({ expect }) => {
    const id = await at.api.publish({ name: `versions-${process.pid}`, steps: [{ id: 'a', set: {} }], output: { v: 1 } });
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: { format: 1, name: `versions-${process.pid}`, steps: [{ id: 'a', set: {} }], output: { v: 2 } },
    });
    await at.api.publishDraft(id);
    expect(await operator.ended((await at.api.start(id, {}, { version: 1 })).id)).toMatchObject({
      version: 1,
      outputs: { v: 1 },
    });
    expect(await operator.ended((await at.api.start(id)).id)).toMatchObject({ version: 2, outputs: { v: 2 } });
    expect((await command(id, { version: 3 })).status).toBe(404);
    expect((await command(id, { version: 1, stage: 'Draft' })).status).toBe(400);
  });

  test('a draft run keeps the text that it ran, byte for byte, after the draft has changed', async ({ expect }) => {
    const text = `# A comment, and   odd  spacing\nformat: 1\nname: bytes-${process.pid}\nsteps:\n  - {id: a,   set: {v: 'é'}}\n`;
    const { id } = z
      .looseObject({ id: z.string() })
      .parse(await at.api.expect(201, 'POST', '/v1/workflows', { project_id: 'examples', definition: text }));
    const run = await at.api.start(id, {}, { stage: 'Draft' });
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, { definition: text.replace('odd', 'other') });
    const kept = source.parse(await at.api.expect(200, 'GET', `/v1/runs/${run.id}/definition`));
    expect(kept.source).toBe(text);
    expect(kept.definition).toBe((await at.api.run(run.id))['definition']);
    const again = await operator.again((await operator.ended(run.id)).id, { from: 'start' });
    expect(source.parse(await at.api.expect(200, 'GET', `/v1/runs/${again.id}/definition`)).source).toBe(text);
  });
});

test('GET /v1/failure-codes serves every code, without a key', async () => {
  const answer = await fetch(`${at.api.url}/v1/failure-codes`);
  expect(await answer.json()).toEqual({ items: FAILURE_CODES });
});
