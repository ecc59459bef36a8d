import { lineIds, type RunEvent } from '../event.ts';
import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';

/**
 * Makes one line about the run itself; calling what it answers writes it. Made before what it tells of is done, it stands before whatever that
 * brings about, the end of the run too.
 */
export function lineOf(engine: Engine, run: Run, type: RunEvent['type'], message: string): () => Promise<void> {
  const now = engine.now();
  const [id = ''] = lineIds(1, now, run.id);
  return () => engine.runs.append(run.id, { events: [{ id, time: now.toISOString(), type, message }] });
}
