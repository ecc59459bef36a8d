import type { Audit, AuditRecord } from '../../audit/audit.ts';
import type { Run } from '../model/run.ts';
import type { Runs } from '../ports.ts';
import type { RunFollower, StreamedChange } from '../stream/streamed-change.ts';
import { entryRecord, isAct, startRecord } from './acts-of-runs.ts';

interface Services {
  audit: Pick<Audit, 'add'>;
  runs: Pick<Runs, 'get'>;
}

/**
 * Records what people do to runs: it stands in their journals, so that no record can be missing. Who has started a run stands in its row: a record of it is
 * made when somebody deletes that.
 */
export function recordsActs({ audit, runs }: Services): RunFollower {
  const recordsIn = async (change: StreamedChange, runOf: (id: string) => Promise<Run | undefined>): Promise<AuditRecord[]> => {
    if (change.kind === 'deleted' && !change.isExpired) return [startRecord(change.before)].filter((one) => one !== undefined);
    if (change.kind !== 'appended' || !change.isNotable || !change.entries.some(isAct)) return [];
    const run = await runOf(change.runId);
    if (!run) return [];
    return change.entries.flatMap((entry, place) => entryRecord(run, entry, change.number + place) ?? []);
  };
  return {
    name: 'audit',
    async follow(changes) {
      const known = new Map<string, Promise<Run | undefined>>();
      const runOf = (id: string) => {
        const found = known.get(id) ?? runs.get(id);
        known.set(id, found);
        return found;
      };
      const done = await Promise.allSettled(
        changes.map(async (change) => {
          for (const record of await recordsIn(change, runOf)) await audit.add(record);
        }),
      );
      return changes.filter((_, at) => done[at]?.status === 'rejected').map(({ id }) => id);
    },
  };
}
