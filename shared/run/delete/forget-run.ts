import type { Runs, Values } from '../ports.ts';
import type { RunFollower } from '../stream/streamed-change.ts';

interface Services {
  runs: Pick<Runs, 'remove'>;
  values: Pick<Values, 'remove'>;
}

/** A run whose row has expired takes along what it leaves behind: values, journal, comments. Of one that was deleted there is nothing left. */
export const forgetsRuns = ({ runs, values }: Services): RunFollower => ({
  name: 'forget',
  async follow(changes) {
    const gone = changes.filter(({ kind }) => kind === 'deleted');
    const done = await Promise.allSettled(
      gone.map(async ({ runId }) => {
        await values.remove(runId);
        await runs.remove(runId);
      }),
    );
    return gone.filter((_, at) => done[at]?.status === 'rejected').map(({ id }) => id);
  },
});
