import { Problem } from '../../problem.ts';
import type { Run } from '../run.ts';
import { RUN_STATUS } from '../status.ts';

const conflict = (run: Run, message: string) =>
  new Problem('conflict', message, [{ name: 'status', value: RUN_STATUS[run.status].v1 }]);

/** Terminal is terminal. */
export const hasEnded = (run: Run) => conflict(run, `Run ${run.id} has ended: it is ${RUN_STATUS[run.status].v1}.`);

export const isStopping = (run: Run) => conflict(run, `Run ${run.id} is being stopped, so it can neither pause nor go on.`);
