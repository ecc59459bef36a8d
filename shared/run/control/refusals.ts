import { Problem } from '../../kernel/problem.ts';
import type { Run } from '../model/run.ts';
import type { RunState } from '../model/state.ts';
import { RUN_STATUS } from '../model/status.ts';

const conflict = ({ status }: Pick<Run, 'status'>, message: string) =>
  new Problem('conflict', message, [{ name: 'status', value: RUN_STATUS[status].v1 }]);

/** Terminal is terminal. */
export const runEnded = ({ id, status }: Run, state?: RunState) => {
  const now = state?.ended ? state.status : status;
  return conflict({ status: now }, `Run ${id} has ended: it is ${RUN_STATUS[now].v1}.`);
};

export const stopping = (run: Run) => conflict(run, `Run ${run.id} is being stopped, so it can neither pause nor go on.`);
