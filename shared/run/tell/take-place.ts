import type { Run } from '../model/run.ts';
import type { EngineServices } from '../ports.ts';
import { admitWhenOpen, letWaitingIn, stopFor } from './tell.ts';

/** More wait in one look only where they have come all at once. */
const MOST_LOOKED_AT = 100;

/** A run waits for the end of a maintenance window, or for room: the oldest make way where its workflow says so, then whoever is first goes on as far as there is room. */
export async function takePlace(services: EngineServices, run: Run): Promise<void> {
  const { concurrency } = run;
  if (!concurrency) return admitWhenOpen(services, run);
  if (concurrency.whenFull === 'cancelRunning')
    for (const id of await tooMany(services, run.id, concurrency)) await stopFor(services, run, id);
  await letWaitingIn(services, run.workspace, concurrency.place, concurrency.limit);
}

/** Those that have to end, so that the run and the newest before it are no more than the limit; the oldest first. */
async function tooMany(
  { places }: Pick<EngineServices, 'places'>,
  id: string,
  { place, limit }: NonNullable<Run['concurrency']>,
): Promise<string[]> {
  const [{ running }, waiting] = await Promise.all([places.look(place), places.waiting(place, MOST_LOOKED_AT)]);
  const older = [...new Set([...running, ...waiting.map((run) => run.id)])].filter((other) => other < id).toSorted();
  return older.slice(0, Math.max(0, older.length + 1 - limit));
}
