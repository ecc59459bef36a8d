import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventBridgeBus } from '../../../shared/executor/emit/bus.eventbridge.ts';
import type { EventBus, NotTaken } from '../../../shared/executor/emit/bus.ts';
import { emitExecutor } from '../../../shared/executor/emit/emit.ts';
import { type EmitSpec, emit } from '../../../shared/step/emit.ts';
import { type Api, startApi, uniqueName } from '../../edge/api.ts';
import { aLeafContext } from '../../harness/leaf-context.ts';
import { aServer } from '../http/server.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function emitted(spec: object, { inputs = {}, more = {} } = {}) {
  const name = uniqueName();
  const definition = {
    format: 1,
    name,
    steps: [{ id: 'each', forEach: { in: '${ $input.items }', as: 'item', steps: [{ id: 'told', emit: spec, ...more }] } }],
    output: { ids: '${ $steps.each }' },
  };
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
  expect(made.status, made.text).toBe(201);
  expect((await api.post(`/v1/workflows/${made.body.id}/publish`, {})).status).toBe(201);
  const params = { inputs: { items: ['a'], ...inputs } };
  const { body } = await api.post(`/v1/workflows/${made.body.id}/command`, { command: 'start', params });
  return { name, run: (await api.get(`/v1/runs/${body.id}?wait=20`)).body };
}

const text = async () => (await fetch(`${api.url}/_local/events`)).text();
const eventsOf = async (run: string) =>
  JSON.parse(await text()).items.filter(({ detail }: { detail: { runid: string } }) => detail.runid === run);

describe('an emit step', () => {
  test('puts a CloudEvent on the bus for each time it is executed, and gives its id', async () => {
    const spec = { type: 'order.booked', subject: '${ $item }', data: { order: '${ $item }', big: '${ $input.big }' } };
    const { name, run } = await emitted(spec, { inputs: { items: ['a', 'b'], big: 5 } });
    expect(run, JSON.stringify(run.error)).toMatchObject({
      status: 'succeeded',
      outputs: { ids: [`${run.id}/each[0]/told`, `${run.id}/each[1]/told`] },
    });
    const events = await eventsOf(run.id);
    expect(events).toHaveLength(2);
    const first = events.find(({ detail }: { detail: { subject: string } }) => detail.subject === 'a');
    expect(first).toMatchObject({
      'event-bus': expect.stringMatching(/event-bus\/millrun$/),
      source: `millrun/examples/${name}`,
      'detail-type': 'order.booked',
      detail: {
        specversion: '1.0',
        id: `${run.id}/each[0]/told`,
        type: 'order.booked',
        source: `millrun/examples/${name}`,
        subject: 'a',
        datacontenttype: 'application/json',
        data: { order: 'a', big: 5 },
        workspace: 'local',
        project: 'examples',
        workflow: name,
        runid: run.id,
      },
    });
    expect(Date.parse(first.detail.time)).toBeGreaterThan(0);
  });

  test('keeps digits that a double cannot hold', async () => {
    const { run } = await emitted({ type: 'a.b', source: 'shop', data: '${ $parse("{\\"id\\": 8202522731445525542}") }' });
    expect(run.status, JSON.stringify(run.error)).toBe('succeeded');
    expect(await text()).toContain('"data":{"id":8202522731445525542}');
  });

  test.each<[string, object, object, string, RegExp]>([
    ['a type with a space', { type: '${ $input.x }' }, { x: 'order booked' }, 'ExpressionError', /type: must be a word/],
    ['a source of aws', { source: '${ $input.x }' }, { x: 'aws.s3' }, 'ExpressionError', /source: must be a word/],
    ['a subject with a line break', { subject: '${ $input.x }' }, { x: 'a\nb' }, 'ExpressionError', /subject/],
    ['more than 256 KiB', { data: '${ $pad("", 262144, "x") }' }, {}, 'InputInvalid', /262144 are the most/],
  ])('with %s is refused by name, and nothing is put', async (_, spec, inputs, name, message) => {
    const { run } = await emitted({ type: 'a.b', data: 1, ...spec }, { inputs });
    expect(run.error).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(await eventsOf(run.id)).toEqual([]);
  });

  test('takes as much as the bus does', async () => {
    const { run } = await emitted({ type: 'a.b', data: '${ $pad("", 261000, "x") }' });
    expect(run.status, JSON.stringify(run.error)).toBe('succeeded');
    expect(await eventsOf(run.id)).toHaveLength(1);
  });

  test('with constants that will not do is not saved', async () => {
    const definition = { format: 1, name: uniqueName(), steps: [{ id: 'a', emit: { type: 'two words', data: 1 } }] };
    expect((await api.post('/v1/workflows', { project_id: 'examples', definition })).status).toBe(422);
  });
});

const spec: EmitSpec = emit.resolved.parse({ type: 'a.b', data: 1 });
const throttled: NotTaken = { code: 'ThrottlingException', message: 'slow down' };

function aBus(...answers: (NotTaken | undefined)[]): EventBus & { ids: string[] } {
  const ids: string[] = [];
  return {
    ids,
    put: async ({ detail }) => {
      ids.push(JSON.parse(detail).id);
      return answers.length > 1 ? answers.shift() : answers[0];
    },
  };
}

describe('what the bus does not take', () => {
  test('is put again where that may pass, with the same id', async () => {
    const bus = aBus(throttled, { code: 'InternalFailure', message: 'oops' }, undefined);
    expect(
      await emitExecutor(bus, { tell: async () => {} }).execute(spec, aLeafContext({ runId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' })),
    ).toBe('01ARZ3NDEKTSV4RRFFQ69G5FAV/a');
    expect(bus.ids).toEqual(Array(3).fill('01ARZ3NDEKTSV4RRFFQ69G5FAV/a'));
  });

  test('fails as EmitFailed in the end, at once where it does not pass', async () => {
    const refusing = aBus({ code: 'NotAuthorizedForSourceException', message: 'no' });
    await expect(emitExecutor(refusing, { tell: async () => {} }).execute(spec, aLeafContext())).rejects.toMatchObject({
      name: 'EmitFailed',
    });
    expect(refusing.ids).toHaveLength(1);
    const gone = aBus({ code: 'ResourceNotFoundException', message: 'arn:aws:events:x' });
    await expect(emitExecutor(gone, { tell: async () => {} }).execute(spec, aLeafContext())).rejects.toThrow('it is not there');
    const busy = aBus(throttled);
    await expect(emitExecutor(busy, { tell: async () => {} }).execute(spec, aLeafContext())).rejects.toThrow('5 times');
    expect(busy.ids).toHaveLength(5);
  });

  test('is given up when the step is', async () => {
    const busy = aBus(throttled);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(emitExecutor(busy, { tell: async () => {} }).execute(spec, aLeafContext({ signal }))).rejects.toThrow('stopped');
  });
});

test('an answer of EventBridge that took nothing is no success', async () => {
  const answers = [
    { FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'oops' }] },
    { FailedEntryCount: 0, Entries: [{ EventId: '1' }] },
  ];
  const server = await aServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answers.shift()));
  });
  const client = new EventBridgeClient({ endpoint: server.url });
  const bus = new EventBridgeBus(
    () => client,
    () => 'arn:aws:events:us-east-1:000000000000:event-bus/millrun',
  );
  const event = { source: 's', type: 't', at: new Date(0), detail: '{}' };
  expect(await bus.put(event)).toEqual({ code: 'InternalFailure', message: 'oops' });
  expect(await bus.put(event)).toBeUndefined();
  client.destroy();
});
