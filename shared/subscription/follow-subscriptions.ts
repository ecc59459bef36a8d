import type { Run } from '../run/model/run.ts';
import type { RunFollower } from '../run/stream/streamed-change.ts';
import { asksPeople, eventOfRow, eventsOfEntries, typeOfRow } from './events-of-runs.ts';
import type { Subscribers } from './subscribers.ts';

export interface FollowSubscriptionsServices {
  subscribers: Pick<Subscribers, 'tell' | 'want'>;
  runs: { get(id: string): Promise<Run | undefined> };
}

/** Tells subscribers what happens to runs, and what people are asked. */
export const notifiesSubscribers = ({ subscribers, runs }: FollowSubscriptionsServices): RunFollower => ({
  name: 'subscriptions',
  follow: async (changes) => {
    const rows = await Promise.all(
      changes.map(async (change) => {
        const type = change.kind === 'row_changed' ? typeOfRow(change) : undefined;
        if (change.kind !== 'row_changed' || !type || !(await subscribers.want(change.workspace, [type]))) return [];
        return [eventOfRow(change.after, type)];
      }),
    );
    const asking = changes.filter(asksPeople);
    const asked = await Promise.all(
      asking.map(async (change) => {
        const run = await runs.get(change.runId);
        return run ? eventsOfEntries(run, change) : [];
      }),
    );
    await subscribers.tell([...rows.flat(), ...asked.flat()]);
    return [];
  },
});
