import type { Files } from '../../file/file.ts';
import type { Runs } from '../ports.ts';
import { hasEnded, type RunFollower, type StreamedChange } from '../stream/streamed-change.ts';
import { keepAll } from './hold-run.ts';

const endsHeld = (change: StreamedChange) => change.kind === 'row_changed' && hasEnded(change) && change.isHeld;

/**
 * What is written of a run after it came under a legal hold has a time of its own, and so have the files of one that was born under it: when the run has
 * ended, all of it stays.
 */
export const keepsHeld = (services: { runs: Pick<Runs, 'get' | 'keep'>; files: Files }): RunFollower => ({
  name: 'legal hold',
  async follow(changes) {
    const ended = changes.filter(endsHeld);
    const done = await Promise.allSettled(ended.map(({ runId }) => keepOf(services, runId)));
    return ended.filter((_, at) => done[at]?.status === 'rejected').map(({ id }) => id);
  },
});

async function keepOf(services: { runs: Pick<Runs, 'get' | 'keep'>; files: Files }, runId: string): Promise<void> {
  const run = await services.runs.get(runId);
  // Released meanwhile, it goes as others do.
  const mark = run?.hold ?? run?.workflowHold;
  if (run && mark) await keepAll(services, run, mark);
}
