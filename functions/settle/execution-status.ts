import * as z from 'zod';
import { engineServices } from '../../shared/aws/services.ts';
import { background } from '../../shared/observe.ts';
import type { WalkEnd } from '../../shared/run/ports.ts';
import { walkName } from '../../shared/run/run.ts';
import { Control } from '../../shared/run/signal.ts';
import { isTerminal } from '../../shared/run/status.ts';
import { walkEnded } from '../../shared/run/walk-ended.ts';
import type { Worker } from '../../shared/run/work/scene.ts';

const ENDS = { SUCCEEDED: 'succeeded', FAILED: 'failed', TIMED_OUT: 'timed_out', ABORTED: 'aborted' } as const satisfies Record<
  string,
  WalkEnd
>;

/** "Step Functions Execution Status Change", as far as it concerns us. */
const statusChange = z.object({
  detail: z.object({ name: z.string(), status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']) }),
});

/** Settles the run of a walk that has ended without doing so. Events come at least once, in any order: an older walk's is of no matter. */
export async function settleWalk({ detail: { name, status } }: z.infer<typeof statusChange>, worker: Worker): Promise<void> {
  const run = await worker.runs.get(name.slice(0, name.lastIndexOf('-')));
  if (!run || walkName(run) !== name || isTerminal(run.status)) return;
  const end = status === 'FAILED' ? await worker.walks.status(run.machine, name) : ENDS[status];
  if (!end || end === 'running') return;
  await walkEnded(worker, run, end).catch((error: unknown) => {
    if (!(error instanceof Control)) throw error;
  });
}

export const handler = background(statusChange, settleWalk, engineServices);
