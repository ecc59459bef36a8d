import type { Client } from './client.ts';
import type { BenchCloud } from './cloud.ts';
import type { Stub } from './stub.ts';
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

let last = 0;

/** Starts a run; `done` resolves when it has made its last call to the stub. */
export async function startOne(
  { client, stub }: Bench,
  { id, calls }: Published,
): Promise<{ runId: string; done: Promise<void> }> {
  last += 1;
  const n = last;
  const runId = await client.start(id, { stub: stub.url, n });
  return { runId, done: stub.called(n, calls) };
}
