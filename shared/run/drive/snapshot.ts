import type { Journal } from '../journal/journal.ts';
import { projectionOf } from '../model/project.ts';
import type { EngineServices } from '../ports.ts';

/** Entries between two snapshots, at least. */
const SNAPSHOT_EVERY = 1_000;
/** And a part of what there is, so that all snapshots of a run are in proportion to its journal. */
const GROWTH = 0.25;

/** Keeps the fold of a long journal, so that nobody has to read all of it. Only what is written counts. */
export async function snapshotWhenDue({ runs, values }: EngineServices, journal: Journal): Promise<void> {
  const last = journal.run.snapshot?.number ?? 0;
  // Runs that have ended are read for the rest of their time.
  const apart = journal.state.ended ? SNAPSHOT_EVERY : Math.max(SNAPSHOT_EVERY, last * GROWTH);
  if (journal.state.seen - last < apart) return;
  while (!journal.isClean) await journal.flush();
  const { run, state } = journal;
  const number = state.seen;
  const text = JSON.stringify(state.snapshot());
  const next = projectionOf(run, state);
  const ref = await values.put(run.id, `snapshots/${number}`, text);
  const snapshot = { number, ref };
  // The end is told to others before the row shows it.
  if (state.ended || (await runs.project(run, { ...next, snapshot }, {}))) journal.replaceRun({ ...journal.run, snapshot });
}
