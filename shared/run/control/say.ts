import { lineIds, type RunEvent } from '../event.ts';
import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';

/** Writes one line about the run itself. */
export async function say(engine: Engine, run: Run, type: RunEvent['type'], message: string): Promise<void> {
  const now = engine.now();
  const [id = ''] = lineIds(1, now, run.id);
  await engine.runs.append(run.id, { events: [{ id, time: now.toISOString(), type, message }] });
}
