import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nextInputs, publish } from '../harness/bench.ts';
import { Client } from '../harness/client.ts';
import { type BenchCloud, bringUp, usedFolder } from '../harness/cloud.ts';
import { type Stub, startStub } from '../harness/stub.ts';
import type { Measured } from '../harness/workflows.ts';
import { AS_ON_AWS, type Counted, left, undisturbed } from './count.ts';
import { printed } from './logs.ts';
import { between, quiet, sum } from './usage.ts';

export interface Waiting {
  workflow: Measured;
  waitMs: number;
}

/**
 * Runs that wait, without waiting for them: when all sleep, the cloud ends and starts again with a clock that is ahead by the time they wait. What
 * such a start takes by itself is counted in one more, and subtracted.
 */
export async function countWaiting(waiting: Waiting, runs: number): Promise<Counted> {
  const stub = await startStub();
  try {
    return await undisturbed(() => countOnce(waiting, runs, stub));
  } finally {
    stub.close();
  }
}

async function countOnce({ workflow, waitMs }: Waiting, runs: number, stub: Stub): Promise<Counted> {
  const folder = await usedFolder();
  const inputs = Array.from({ length: runs }, () => nextInputs({ stub }));
  try {
    const asleep = await during(folder.path, {}, async ({ client, cloud }) => {
      const { id } = await publish({ client }, workflow);
      const before = await quiet(client);
      const from = cloud.output().length;
      const ids = await Promise.all(inputs.map((one) => client.start(id, one)));
      return { ids, usage: between(before, await quiet(client)), output: cloud.output().slice(from) };
    });
    const awake = await during(folder.path, ahead(waitMs), async ({ client, cloud }) => {
      await Promise.all(inputs.map(({ n }) => stub.called(n, workflow.calls)));
      const usage = await quiet(client);
      return { usage, output: cloud.output(), storage: await left({ client, cloud }, asleep.ids[0] ?? '') };
    });
    // As far ahead of the start before: as many schedules were missed meanwhile, and are made up for.
    const idle = await during(folder.path, ahead(2 * waitMs), async ({ client, cloud }) => ({
      usage: await quiet(client),
      output: cloud.output(),
    }));
    const usage = sum(asleep.usage, between(idle.usage, awake.usage));
    const output = asleep.output + awake.output.slice(idle.output.length);
    return { runs, usage, printed: printed(output), storage: awake.storage };
  } finally {
    folder.remove();
  }
}

const AHEAD = pathToFileURL(join(import.meta.dirname, 'ahead.ts')).href;
const ahead = (ms: number) => ({ NODE_OPTIONS: `--import=${AHEAD}`, CLOCK_AHEAD_MS: String(ms) });

async function during<T>(
  dataDir: string,
  environment: Record<string, string>,
  act: (bench: { client: Client; cloud: BenchCloud }) => Promise<T>,
): Promise<T> {
  const cloud = await bringUp(dataDir, { environment: { ...AS_ON_AWS, ...environment } });
  const client = new Client(cloud.url, 16);
  try {
    return await act({ client, cloud });
  } finally {
    await client.close();
    await cloud.end();
  }
}
