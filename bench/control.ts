import { setTimeout as sleep } from 'node:timers/promises';
import { between, quiet } from './cost/usage.ts';
import { type Bench, withBench } from './harness/bench.ts';
import { type Spread, spreadOf } from './harness/statistics.ts';

const HELP = `Usage: npm run bench:control [-- samples]

Measures how fast runs obey on this machine: pause to quiet, stop to cancelled, rerun to the first new step, and what a step costs that a
rerun takes over.
`;

const REUSED = 40;
const samples = Number(process.argv[2] ?? 20);
if (!Number.isInteger(samples) || samples < 1) {
  console.error(HELP);
  process.exit(2);
}

let last = 1_000_000;

async function measured(act: () => Promise<number>): Promise<Spread> {
  const times: number[] = [];
  for (let n = 0; n < samples; n++) times.push(await act());
  return spreadOf(times);
}

async function since(act: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await act();
  return performance.now() - at;
}

async function until({ client }: Bench, id: string, status: string): Promise<void> {
  while ((await client.run(id)).status !== status) await sleep(2);
}

const command = ({ client }: Bench, workflow: string, verb: string, id: string) =>
  client.post(`/v1/workflows/${workflow}/command`, { command: verb, run_id: id, params: {} });

const input = { type: 'object', properties: { n: { type: 'integer' } } };
const call = ({ stub }: Bench, id: string) => ({
  id,
  http: { method: 'POST', url: `${stub.url}/${id}/\${ $input.n }`, body: {} },
});

async function obeying(bench: Bench): Promise<Record<string, Spread>> {
  const { client, stub } = bench;
  const steps = [call(bench, 'first'), { id: 'pause', wait: '1h' }];
  const workflow = await client.publish({ format: 1, name: 'bench-waits', input, steps });
  const waiting = async () => {
    last += 1;
    const id = await client.start(workflow, { n: last });
    await stub.called(last, 1);
    await until(bench, id, 'waiting');
    return id;
  };
  const obeyed = (verb: string, id: string, status: string) =>
    since(() => command(bench, workflow, verb, id).then(() => until(bench, id, status)));

  const paused: string[] = [];
  return {
    'pause to paused, nothing in flight': await measured(async () => {
      const id = await waiting();
      paused.push(id);
      return obeyed('pause', id, 'paused');
    }),
    'stop to stopped, paused': await measured(() => obeyed('stop', paused.pop() ?? '', 'stopped')),
    'stop to stopped, in a wait': await measured(async () => obeyed('stop', await waiting(), 'stopped')),
  };
}

async function rerunning(bench: Bench): Promise<{ times: Spread; units: number }> {
  const { client, stub } = bench;
  const each = { in: `\${ [1..${REUSED}] }`, as: 'i', concurrency: 10, steps: [{ id: 'x', set: { i: '${ $i }' } }] };
  const bad = { id: 'bad', if: '${ $input.n > 0 }', raise: { error: 'Bad', message: '' } };
  const steps = [{ id: 'each', forEach: each }, bad, call(bench, 'again')];
  const workflow = await client.publish({ format: 1, name: 'bench-fails', input, steps });
  const failed = async () => {
    last += 1;
    const id = await client.start(workflow, { n: last });
    await until(bench, id, 'failed');
    return id;
  };
  // The same inputs would fail again: others make the condition of the step false.
  const again = async (id: string) => {
    last += 1;
    const asked = { from: 'failed', inputs: { n: -last }, accept_changes: true };
    await client.post(`/v1/runs/${id}/rerun`, asked);
    await stub.called(-last, 1);
  };
  const times = await measured(async () => {
    const id = await failed();
    return since(() => again(id));
  });
  const origin = await failed();
  const before = await quiet(client);
  await again(origin);
  return { times, units: between(before, await quiet(client)).dynamodb.writeUnits };
}

await withBench({ connections: 1 }, async (bench) => {
  const obeyed = await obeying(bench);
  const { times, units } = await rerunning(bench);
  console.log(`samples ${samples}, times in ms`);
  console.table({ ...obeyed, [`rerun to the first new call, ${REUSED} steps taken over`]: times });
  console.log(
    `one such rerun to its end: ${units} write units, ${(units / REUSED).toFixed(2)} for each step taken over at the most`,
  );
});
