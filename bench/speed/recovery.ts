import { nextInputs, publish } from '../harness/bench.ts';
import { Client } from '../harness/client.ts';
import { bringUp, usedFolder } from '../harness/cloud.ts';
import { type Stub, startStub } from '../harness/stub.ts';
import { SLOW } from '../harness/workflows.ts';

export interface Recovery {
  runs: number;
  /** From the kill to the line that says the next process is ready. */
  readyMs: number;
  /** From the kill to the end of the last run that was in flight. */
  endedMs: number;
}

/** kill -9 while so many runs are in their second step, which takes 0.7 s and is executed again. */
export async function recovery(runs: number): Promise<Recovery> {
  const folder = await usedFolder();
  const stub = await startStub();
  try {
    const ids = await killedInFlight(folder.path, stub, runs);
    const killedAt = performance.now();
    const cloud = await bringUp(folder.path);
    const readyMs = performance.now() - killedAt;
    const client = new Client(cloud.url, runs);
    await Promise.all(ids.map((id) => client.success(id)));
    const endedMs = performance.now() - killedAt;
    await client.close();
    await cloud.end();
    return { runs, readyMs, endedMs };
  } finally {
    stub.close();
    folder.remove();
  }
}

async function killedInFlight(dataDir: string, stub: Stub, runs: number): Promise<string[]> {
  const cloud = await bringUp(dataDir);
  const client = new Client(cloud.url, runs);
  const { id } = await publish({ client }, SLOW);
  const start = async () => {
    const inputs = nextInputs({ stub });
    const runId = await client.start(id, inputs);
    await stub.called(inputs.n, 1);
    return runId;
  };
  const ids = await Promise.all(Array.from({ length: runs }, start));
  await cloud.kill();
  await client.close();
  return ids;
}
