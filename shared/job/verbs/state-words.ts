import type { Run } from '../../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../../run/model/status.ts';

/** Why a run that lives cannot be what only an ended one can; the same words for all of one state. */
export const notEnded = ({ status }: Run) =>
  isTerminal(status) ? undefined : `It has not ended: it is ${RUN_STATUS[status].v1}.`;

export const hasEnded = ({ status }: Run) => (isTerminal(status) ? `It has ended: it is ${RUN_STATUS[status].v1}.` : undefined);

export const isStopping = ({ stop }: Run) => (stop ? 'It is being stopped.' : undefined);
