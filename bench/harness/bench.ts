import { Client } from './client.ts';
import { type BenchCloud, bringUp, type CloudSettings, usedFolder } from './cloud.ts';
import { type Stub, startStub } from './stub.ts';
import type { Measured } from './workflows.ts';

/** What a measurement works with. */
export interface Bench {
  cloud: BenchCloud;
  client: Client;
  stub: Stub;
}

export interface Published extends Measured {
  id: string;
}

export interface BenchSettings extends CloudSettings {
  /** How many requests are under way at once. */
  connections: number;
}

/** A cloud, a caller and the service that its workflows call, for as long as `act` takes. */
export async function withBench<T>({ connections, ...settings }: BenchSettings, act: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = await usedFolder();
  const stub = await startStub();
  try {
    const cloud = await bringUp(folder.path, settings);
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

export async function publish({ client }: Pick<Bench, 'client'>, workflow: Measured): Promise<Published> {
  return { ...workflow, id: await client.publish(workflow.definition) };
}

let last = 0;

/** The inputs of the next run: whom it calls, and the number under which it is known there. */
export function nextInputs({ stub }: Pick<Bench, 'stub'>): { stub: string; n: number } {
  last += 1;
  return { stub: stub.url, n: last };
}

/** Starts a run that nobody looks at; `done` resolves when it has made its last call to the stub. */
export async function startOne(bench: Bench, { id, calls }: Published): Promise<{ runId: string; done: Promise<void> }> {
  const inputs = nextInputs(bench);
  const runId = await bench.client.start(id, inputs);
  return { runId, done: bench.stub.called(inputs.n, calls) };
}
