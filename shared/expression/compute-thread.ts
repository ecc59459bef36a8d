import { parentPort } from 'node:worker_threads';
import { parseJson } from '../kernel/json.ts';
import { type Computation, compute } from './compute.ts';
import { LIMITS } from './effort.ts';

/** What a thread says when it is done. */
export type Report = { value: unknown } | { error: { name: string; message: string } };

async function report(computation: Computation): Promise<Report> {
  try {
    return { value: await compute(computation, LIMITS) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
}

parentPort?.on('message', async (text: string) =>
  parentPort?.postMessage(JSON.stringify(await report(parseJson(text) as Computation))),
);
