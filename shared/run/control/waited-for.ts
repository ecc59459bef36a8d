import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';

/** The runs that a run's steps wait for, as they stand now. */
export async function waitedFor(engine: Engine, run: Run): Promise<Run[]> {
  const rows = await engine.runs.steps(run.id);
  const ids = rows.flatMap(({ status, child }) => (status === 'waiting' && child !== undefined ? [child] : []));
  const children = await Promise.all(ids.map((id) => engine.runs.get(id)));
  return children.filter((child) => child !== undefined);
}
