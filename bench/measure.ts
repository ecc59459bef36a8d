import { loadavg } from 'node:os';
import { temporaryFolder } from '../test/harness/temporary-folder.ts';
import type { Bench, Published } from './bench.ts';
import { boots } from './boot.ts';
import { bundles } from './bundles.ts';
import { Client } from './client.ts';
import { bringUp } from './cloud.ts';
import { latency } from './latency.ts';
import { listNewest } from './lists.ts';
import { operationsOf, rawStepFunctions } from './operations.ts';
import { processTree } from './process-tree.ts';
import { seedRuns } from './seed.ts';
import type { Sizes } from './sizes.ts';
import { startStub } from './stub.ts';
import { throughput } from './throughput.ts';
import { type Measured, W3, WPAR } from './workflows.ts';

export type Results = Awaited<ReturnType<typeof measure>>;

/** Every figure, in one go. `say` hears what is being measured. */
export async function measure(sizes: Sizes, say: (what: string) => void) {
  const [before = 0] = loadavg();
  say('boot');
  const boot = await boots(sizes.boots);
  const engine = await withCloud(sizes.throughput.callers, (bench) => measureEngine(bench, sizes, say));
  say('bundles');
  const loaded = bundles(sizes.bundleLoads);
  const [after = 0] = loadavg();
  return { measuredAt: new Date().toISOString(), sizes, load: [before, after], boot, ...engine, bundles: loaded };
}

async function measureEngine(bench: Bench, sizes: Sizes, say: (what: string) => void) {
  const { client, cloud } = bench;
  const [w3, wpar] = [await publish(client, W3), await publish(client, WPAR)];
  const readyMb = processTree(cloud.pid).residentMb;

  say('latency');
  const latencies = { w3: await latency(bench, w3, sizes.latencyRuns), wpar: await latency(bench, wpar, sizes.latencyRuns) };
  say('operations');
  const operations = {
    w3: await operationsOf(bench, w3, sizes.countedRuns),
    wpar: await operationsOf(bench, wpar, sizes.countedRuns),
  };
  say('throughput');
  const w3Throughput = await throughput(bench, w3, sizes.throughput);
  const busyMb = processTree(cloud.pid).residentMb;

  const lists = [];
  let stored = 0;
  for (const wanted of sizes.stored) {
    say(`list with ${wanted} runs stored`);
    await seedRuns(cloud, w3.id, wanted - stored);
    stored = wanted;
    lists.push({ stored, ...(await listNewest(bench, sizes.lists)) });
  }
  return {
    latency: latencies,
    operations: { ...operations, raw: rawStepFunctions(operations.w3) },
    throughput: w3Throughput,
    memory: { readyMb, busyMb },
    lists,
  };
}

/** On a second start: the first one of a data folder shows the examples. */
async function withCloud<T>(connections: number, act: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  const stub = await startStub();
  try {
    await (await bringUp(folder.path, { once: true })).end();
    const cloud = await bringUp(folder.path);
    const client = new Client(cloud.url, connections);
    try {
      return await act({ cloud, client, stub });
    } finally {
      await client.close();
      await cloud.end();
    }
  } finally {
    stub.close();
    folder.remove();
  }
}

async function publish(client: Client, workflow: Measured): Promise<Published> {
  return { ...workflow, id: await client.publish(workflow.definition) };
}
