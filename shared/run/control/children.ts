import { Problem } from '../../problem.ts';
import type { Engine } from '../ports.ts';
import type { Run } from '../run.ts';

/** Does to the runs that a run's steps wait for what was done to it. A child that has ended or cannot follow is left as it is. */
export async function withChildren(engine: Engine, run: Run, act: (child: Run) => Promise<unknown>): Promise<void> {
  const rows = await engine.runs.steps(run.id);
  const waitedFor = rows.flatMap(({ status, child }) => (status === 'waiting' && child !== undefined ? [child] : []));
  await Promise.all(
    waitedFor.map(async (id) => {
      const child = await engine.runs.get(id);
      await (child && act(child))?.catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
      });
    }),
  );
}
