import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRunV2, outputsV2View } from '../../shared/api/v2.ts';
import { toResult } from '../../shared/edge/payload.ts';
import { readBody, readPart } from '../../shared/edge/request.ts';
import { parseJson } from '../../shared/kernel/json.ts';
import { startDefaults } from '../../shared/workflow/workflow.http.ts';
import { type Api, startApi, uniqueName } from './api.ts';

const ID = '8202522731445525542';
const event = (body: string) => ({ body, headers: {}, isBase64Encoded: false }) as Parameters<typeof readBody>[0];
const answered = (body: unknown) => toResult({ status: 200, body }).body;

test('an id of 19 digits goes through the API as it is: in by a body, out by an answer', () => {
  const text = `{"inputs":{"id":${ID},"deep":[{"id":-${ID}}]}}`;
  expect(answered(readPart('body', startDefaults, readBody(event(text))))).toBe(text);
});

test('v2 takes it as an input and gives it as an output, as a number', () => {
  const inputs = `[{"name":"id","value":${ID}}]`;
  const of = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const text = `{"name":"x","process_id":"${of}","agent_id":"ops","stage":"Draft","inputs":${inputs}}`;
  expect(readPart('body', createRunV2, readBody(event(text)))).toHaveProperty('inputs', parseJson(inputs));
  expect(answered(outputsV2View({ id: parseJson(ID), order: parseJson(`{"id":${ID}}`) }, '/whole'))).toBe(
    `[{"name":"id","value":${ID}},{"name":"order","value":"{\\"id\\":${ID}}"}]`,
  );
});

describe('an id of 19 digits keeps them', () => {
  let api: Api;
  let workflow: string;
  const child = uniqueName();

  /** One way after the other, each with the id that came out of the one before. */
  const STEPS = `  - id: each
    forEach: { in: ['\${ $input.id }'], as: one, steps: [{ id: item, set: { id: '\${ $one }' } }] }
  - id: both
    parallel: { left: [{ id: side, set: { id: '\${ $steps.each[0].id }' } }] }
  - id: pick
    switch: [{ when: '\${ $steps.both.left.id = $input.id }', steps: [{ id: same, set: { id: '\${ $steps.both.left.id }' } }] }]
  - id: large
    set: { id: '\${ $steps.pick.id }', pad: '\${ $pad("", 20000, "x") }' }
  - id: called
    run: { workflow: ${child}, input: { id: '\${ $steps.large.id }' } }
`;

  beforeAll(async () => {
    api = await startApi();
    const definition = `format: 1\nname: ${child}\nsteps: [{ id: a, set: { id: '\${ $input.id }', here: ${ID} } }]\noutput: { id: '\${ $steps.a.id }', here: '\${ $steps.a.here }' }\n`;
    const { body } = await api.post('/v1/workflows', { project_id: 'examples', definition });
    await api.post(`/v1/workflows/${body.id}/publish`, {});
    workflow = await api.publish(STEPS, {
      top: `input: { properties: { id: { type: integer } } }\noutput: { id: '\${ $steps.called.id }', here: '\${ $steps.called.here }' }`,
    });
  });
  afterAll(() => api.close());

  const command = (params: string) => api.post(`/v1/workflows/${workflow}/command`, `{"command":"start","params":${params}}`);

  /** Every number in the text that begins like the id, and there are some, is the id. */
  function expectDigits(text: string) {
    expect(new Set(text.match(/82025227\d+/g))).toEqual(new Set([ID]));
  }

  async function expectRun(id: string) {
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded', outputs: parseJson(`{"id":${ID},"here":${ID}}`) });
    for (const path of [`/v1/runs/${id}`, `/v2/runs/${id}`, `/v1/runs/${id}/events`, `/v1/runs/${id}/context`])
      expectDigits((await api.get(path)).text);
    for (const step of ['each', 'each[0]/item', 'both', 'pick', 'large', 'called'])
      expectDigits((await api.get(`/v1/runs/${id}/context?step=${step}`)).text);
    for (const value of ['inputs', 'outputs', 'outputs?step=large']) {
      const { body } = await api.get(`/v1/runs/${id}/values/${value}`);
      expectDigits(await (await fetch(body.url)).text());
    }
  }

  test('through every kind of step, a child run and every view of the run', async () => {
    const { body, text } = await command(`{"inputs":{"id":${ID}}}`);
    expectDigits(text);
    await expectRun(body.id);
  });

  test('in v2, from its inputs to its outputs', async () => {
    const fields = `"name":"x","process_id":"${workflow}","agent_id":"examples","stage":"Published"`;
    const { body } = await api.post('/v2/runs', `{${fields},"inputs":[{"name":"id","value":${ID}}]}`);
    await expectRun(body.id);
  });

  test('in reruns, with the inputs of the origin and with others', async () => {
    const { body } = await command(`{"inputs":{"id":${ID}}}`);
    await api.ended(body.id);
    for (const rerun of ['{"from":"start"}', '{"from":"large"}', `{"from":"start","inputs":{"id":${ID}}}`])
      await expectRun((await api.post(`/v1/runs/${body.id}/rerun`, rerun)).body.id);
  });

  test('in a dry run', async () => {
    expectDigits((await command(`{"inputs":{"id":${ID}},"dry_run":true}`)).text);
  });

  test('in start defaults and in the inputs of a schedule', async () => {
    const schedule = await api.post(
      `/v1/workflows/${workflow}/schedules`,
      `{"name":"yearly","expression":"cron(0 0 1 1 ? *)","inputs":{"id":${ID}}}`,
    );
    expectDigits(schedule.text);
    const fired = await api.post(`/v1/workflows/${workflow}/schedules/${schedule.body.id}/trigger`, {});
    await expectRun(fired.body.run_id);

    const saved = await api.call('PATCH', `/v1/workflows/${workflow}`, {
      body: `{"start_defaults":{"inputs":{"id":${ID}}}}`,
    });
    expect(saved.status).toBe(200);
    expectDigits((await api.get(`/v1/workflows/${workflow}`)).text);
    await expectRun((await command('{}')).body.id);
  });
});
