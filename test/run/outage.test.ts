import '../harness/quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runMachine } from '../../infra/run-machine.ts';
import { FunctionFailed } from '../../local/lambda/function-failed.ts';
import { Functions } from '../../local/lambda/functions.ts';
import { definition } from '../../local/step-functions/definition.ts';
import { type Ending, interpret } from '../../local/step-functions/interpreter.ts';
import { StatesError } from '../../local/step-functions/states-error.ts';
import { driveMessage } from '../../shared/run/drive/drive.ts';
import { howMany } from '../harness/how-many.ts';
import { setting } from './setting.ts';
import { driven, engine, heldRun } from './setting-engine.ts';

/** Longer than the tables are asked again by anybody but a driver. A minute in `npm run soak`. */
const OUTAGE_SECONDS = howMany('OUTAGE_SECONDS', 6);
const at = setting();

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const call = (id: string, url: string, more: object = {}) => ({ id, http: { method: 'POST', url, body: {} }, ...more });

describe('the tables refuse everything for a while', () => {
  const throttled = () => Promise.reject(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));

  test('no run fails, no call that came back is made again, also one that may not be repeated', {
    timeout: 60_000 + OUTAGE_SECONDS * 1000,
  }, async () => {
    const slow = (path: string) => at.stub.on(path, { afterMs: 1000, body: 1 });
    const name = `outage-child-${process.pid}`;
    await at.api.publish({ name, steps: [call('c', slow('/outage/child'))], output: { ok: true } });
    const then = (id: string) => call('then', `${at.stub.url}/outage/then`, { needs: [id] });
    const flows = [
      [call('a', slow('/outage/repeatable'))],
      [call('a', slow('/outage/once'), { repeatable: false })],
      [{ id: 'a', forEach: { in: '${ [1..3] }', as: 'n', steps: [call('each', slow('/outage/each'))] } }],
      [{ id: 'a', wait: '2s' }],
      [{ id: 'a', run: { workflow: name } }],
    ].map((steps) => ({ steps: [...steps, then('a')] }));
    const workflows = await Promise.all(flows.map((flow) => at.api.publish(flow)));
    const runs = await Promise.all(workflows.map((workflow) => at.api.start(workflow)));
    await Promise.all(
      ['repeatable', 'once', 'child'].map((path) => at.stub.called(`/outage/${path}`)).concat(at.stub.called('/outage/each', 3)),
    );

    vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(throttled);
    await sleep(OUTAGE_SECONDS * 1000);
    vi.restoreAllMocks();

    for (const run of runs) expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', error: null });
    const calls = ['repeatable', 'once', 'each', 'child', 'then'].map((path) => at.stub.count(`/outage/${path}`));
    expect(calls).toEqual([1, 1, 3, 1, runs.length]);
  });

  test('of the bucket, while a large value is stored: it is stored afterwards', async () => {
    const url = at.stub.on('/outage/large', { afterMs: 100, body: { text: 'x'.repeat(20_000) } });
    const run = await at.api.start(
      await at.api.publish({ steps: [call('a', url)], output: { length: '${ $length($steps.a.body.text) }' } }),
    );
    await at.stub.called('/outage/large');
    vi.spyOn(S3Client.prototype, 'send').mockImplementation(throttled);
    await sleep(1000);
    vi.restoreAllMocks();
    expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { length: 20_000 } });
    expect(at.stub.count('/outage/large')).toBe(1);
  });
});

describe('Lambda takes no calls for a while', () => {
  const refusals = [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.Unknown',
    'Runtime.ExitError',
    'Sandbox.Timedout',
    'States.Timeout',
  ];

  test('the executions of the stack call again, and no run fails', async () => {
    const workflow = await at.api.publish({
      steps: [call('a', `${at.stub.url}/no-lambda`), { id: 'w', wait: '3s' }, call('b', `${at.stub.url}/no-lambda`)],
    });
    const refused = { errorType: 'Lambda.TooManyRequestsException', errorMessage: 'Rate Exceeded.' };
    const invoke = Functions.prototype.invoke;
    let refusing = true;
    vi.spyOn(Functions.prototype, 'invoke').mockImplementation(function (this: Functions, name, event) {
      if (refusing && driveMessage.safeParse(event).success) return Promise.reject(new FunctionFailed(refused));
      return invoke.call(this, name, event);
    });
    const runs = await Promise.all([1, 2, 3].map(() => at.api.start(workflow)));
    await sleep(1500);
    for (const { id } of runs) expect((await at.api.run(id)).status).toBe('pending');
    refusing = false;
    for (const { id } of runs) expect((await at.api.ended(id)).status).toBe('succeeded');
    expect(at.stub.count('/no-lambda')).toBe(6);
  });

  test.each(refusals)('five minutes of %s end no execution', async (name) => {
    const own = engine();
    const path = `/no-lambda/${name}`;
    const id = await heldRun(own, await at.api.publish({ steps: [call('a', at.stub.url + path)], output: { ok: true } }));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const over = Date.now() + 5 * 60_000;
    let refused = 0;
    const invoke = async (_: string, payload: unknown) => {
      if (Date.now() >= over) return { ...(await driven(own, id, driveMessage.parse(payload))) };
      refused += 1;
      throw new StatesError(name, 'refused');
    };
    const ending: Ending = await interpret(
      definition.parse(runMachine('worker', { express: false })),
      { state: 'Drive', data: { run: id, execution: 1, turn: 0 }, used: [], wakeMs: 0 },
      {
        context: { Execution: { Id: `arn:${id}`, StartTime: new Date().toISOString() } },
        invoke,
        sleepUntil: async (ms) => void vi.setSystemTime(ms),
        save() {},
        onTransition() {},
        random: () => 1,
      },
    );
    expect(ending.status).toBe('SUCCEEDED');
    expect(refused).toBeGreaterThan(5);
    expect(await own.run(id)).toMatchObject({ status: 'succeeded' });
    expect(at.stub.count(path)).toBe(1);
  });
});
