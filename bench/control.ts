import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { API_KEY } from '../test/harness/millrun-process.ts';
import { temporaryFolder } from '../test/harness/temporary-folder.ts';
import { Client } from './client.ts';
import { bringUp } from './cloud.ts';
import { spreadOf } from './statistics.ts';
import { startStub } from './stub.ts';

const HELP = `Usage: node bench/control.ts [samples]

Measures how fast runs obey on this machine: pause to quiet, stop to cancelled, rerun to the first new step, and what a step costs that a
rerun takes over.
`;

const REUSED = 40;
const samples = Number(process.argv[2] ?? 20);
if (!Number.isInteger(samples) || samples < 1) {
  console.error(HELP);
  process.exit(2);
}

const one = z.object({ id: z.string(), status: z.string() });

const folder = temporaryFolder();
const stub = await startStub();
await (await bringUp(folder.path, { once: true })).end();
const cloud = await bringUp(folder.path);
const client = new Client(cloud.url, 1);

async function post(path: string, body: object): Promise<z.infer<typeof one>> {
  const answer = await fetch(cloud.url + path, {
    method: 'POST',
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return one.parse(await answer.json());
}

const command = (workflow: string, verb: string, runId: string, params = {}) =>
  post(`/v1/workflows/${workflow}/command`, { command: verb, run_id: runId, params });

async function until(id: string, status: string): Promise<void> {
  while ((await client.run(id)).status !== status) await sleep(2);
}

async function measured(act: () => Promise<number>) {
  const times: number[] = [];
  for (let n = 0; n < samples; n++) times.push(await act());
  return spreadOf(times);
}

async function since(act: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await act();
  return performance.now() - at;
}

let last = 1_000_000;
const call = (id: string, path = id) => ({ id, http: { method: 'POST', url: `${stub.url}/${path}/\${ $input.n }`, body: {} } });
const input = { type: 'object', properties: { n: { type: 'integer' } } };

try {
  const waits = await client.publish({ format: 1, name: 'bench-waits', input, steps: [call('first'), { id: 'w', wait: '1h' }] });
  const fails = await client.publish({
    format: 1,
    name: 'bench-fails',
    input,
    steps: [
      {
        id: 'each',
        forEach: { in: `\${ [1..${REUSED}] }`, as: 'i', concurrency: 10, steps: [{ id: 'x', set: { i: '${ $i }' } }] },
      },
      { id: 'bad', if: '${ $input.n > 0 }', raise: { error: 'Bad', message: '' } },
      call('again'),
    ],
  });
  const waiting = async () => {
    last += 1;
    const id = await client.start(waits, { n: last });
    await stub.called(last, 1);
    await until(id, 'running');
    return id;
  };
  const failed = async () => {
    last += 1;
    const id = await client.start(fails, { n: last });
    await until(id, 'failed');
    return id;
  };
  // The same inputs would fail again: others make the condition of the step false.
  const again = async (id: string) => {
    last += 1;
    await post(`/v1/runs/${id}/rerun`, { from: 'failed', inputs: { n: -last }, accept_changes: true });
    await stub.called(-last, 1);
  };

  const paused: string[] = [];
  const pause = await measured(async () => {
    const id = await waiting();
    paused.push(id);
    return since(() => command(waits, 'pause', id).then(() => until(id, 'paused')));
  });
  const stopPaused = await measured(async () => {
    const id = paused.pop() ?? '';
    return since(() => command(waits, 'stop', id).then(() => until(id, 'stopped')));
  });
  const stop = await measured(async () => {
    const id = await waiting();
    return since(() => command(waits, 'stop', id).then(() => until(id, 'stopped')));
  });
  const rerun = await measured(async () => {
    const id = await failed();
    return since(() => again(id));
  });

  const origin = await failed();
  await sleep(500);
  const before = await client.usage();
  await again(origin);
  await sleep(500);
  const after = await client.usage();
  const units = after.operations.dynamodb.writeUnits - before.operations.dynamodb.writeUnits;

  console.log(`samples ${samples}, times in ms`);
  console.table({
    'pause to paused, nothing in flight': pause,
    'stop to stopped, in a wait': stop,
    'stop to stopped, paused': stopPaused,
    [`rerun to the first new call, ${REUSED} steps taken over`]: rerun,
  });
  console.log(
    `one such rerun to its end: ${units} write units, ${(units / REUSED).toFixed(2)} for each step taken over at the most`,
  );
} finally {
  await client.close();
  await cloud.end();
  stub.close();
  folder.remove();
}
