import { FOREVER } from '../../kernel/hold.ts';
import type { Runs } from '../ports.ts';
import type { RunFollower, StreamedChange } from '../stream/streamed-change.ts';

const endsHeld = (change: StreamedChange) =>
  change.kind === 'row_changed' &&
  change.after.endedAt !== undefined &&
  change.before?.endedAt === undefined &&
  (change.after.hold ?? change.after.workflowHold) !== undefined;

/** What is written of a run after it came under a legal hold has a time of its own: when the run has ended, all of it stays. */
export const keepsHeld = ({ runs }: { runs: Pick<Runs, 'keep'> }): RunFollower => ({
  name: 'legal hold',
  async follow(changes) {
    const ended = changes.filter(endsHeld);
    const done = await Promise.allSettled(ended.map(({ runId }) => runs.keep(runId, FOREVER)));
    return ended.filter((_, at) => done[at]?.status === 'rejected').map(({ id }) => id);
  },
});
