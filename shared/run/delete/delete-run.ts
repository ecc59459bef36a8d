import { holdSaid } from '../../kernel/hold.ts';
import { Problem } from '../../kernel/problem.ts';
import { runEnded } from '../control/refusals.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, RUN_STATUS, RUN_STATUSES } from '../model/status.ts';
import type { Runs, Values } from '../ports.ts';

export interface DeleteServices {
  runs: Pick<Runs, 'get' | 'list' | 'remove'>;
  values: Pick<Values, 'remove'>;
}

/**
 * Deletes a run that has ended, with its values, journal and comments; its row last, so that whoever was interrupted finds it and goes on. One that is
 * gone already is left alone. Throws `conflict` for what has to stay: a run that lives, is held, or that a live run goes on from or reports to.
 */
export async function deleteRun(services: DeleteServices, { id }: Pick<Run, 'id'>): Promise<void> {
  const run = await services.runs.get(id);
  if (!run) return;
  const reason = await reasonToKeep(services, run);
  if (reason !== undefined) throw keeps(run, reason);
  await services.values.remove(id);
  // Terminal is terminal: only a row that was wrong from the start is refused here.
  if (!(await services.runs.remove(id))) throw runEnded(run);
}

/** Why the run has to stay, if it has to. */
export async function reasonToKeep(services: DeleteServices, run: Run): Promise<string | undefined> {
  if (!isTerminal(run.status)) return `It has not ended: it is ${RUN_STATUS[run.status].v1}.`;
  const hold = run.hold ?? run.workflowHold;
  return hold ? holdSaid(hold) : neededBy(services, run);
}

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));

/** A rerun takes its steps over, and the run whose step waits for it hears of its end. */
async function neededBy({ runs }: DeleteServices, { id, workspace, parent, trigger }: Run): Promise<string | undefined> {
  const waiting = parent !== undefined && trigger === 'parent' ? await runs.get(parent) : undefined;
  if (waiting && !isTerminal(waiting.status)) return `It is part of run ${waiting.id}, which has not ended.`;
  let token: string | undefined;
  do {
    const page = await runs.list({ workspace, parent: id, status: LIVE, archived: 'any' }, { limit: 1, token });
    const [rerun] = page.items;
    if (rerun) return `Run ${rerun.id} goes on from it and has not ended.`;
    token = page.next;
  } while (token !== undefined);
  return undefined;
}

const keeps = ({ id, status }: Run, reason: string) =>
  new Problem('conflict', `Run ${id} cannot be deleted. ${reason}`, [{ name: 'status', value: RUN_STATUS[status].v1 }]);
