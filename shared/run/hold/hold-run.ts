import type { FileRows } from '../../file/file.ts';
import { aside } from '../../kernel/acting.ts';
import { FOREVER, type Hold } from '../../kernel/hold.ts';
import { notFound } from '../../kernel/problem.ts';
import { keptAfterEnd } from '../model/project.ts';
import type { Run } from '../model/run.ts';
import type { Runs } from '../ports.ts';

export interface HoldServices {
  runs: Runs;
  files: { rows: Pick<FileRows, 'keepOnHold'> };
  retentionDays: number;
  now: () => Date;
}

/** Of the run itself, or of its workflow: one may be lifted while the other stays. */
export type HoldOf = 'hold' | 'workflowHold';

/** Keeps a run, whether it lives or has ended, with all that belongs to it. One that is under the hold stays under it as it was placed. */
export async function holdRun(services: HoldServices, run: Run, mark: Hold, kind: HoldOf = 'hold'): Promise<Run> {
  if (!run[kind] && !(await services.runs.change(run, { [kind]: mark }))) throw notFound('run', run.id);
  await aside(() => keepAll(services, run, true));
  return (await services.runs.get(run.id)) ?? run;
}

/** Lifts a hold: unless another one holds it, its retention counts again, from its end on. */
export async function releaseRun(services: HoldServices, run: Run, kind: HoldOf = 'hold'): Promise<Run> {
  for (let seen = run; seen[kind]; ) {
    const expires = keptAfterEnd(seen, services.retentionDays);
    if (await services.runs.change(seen, { [kind]: false, expires })) break;
    // It has ended, or was put under the other hold, meanwhile.
    const now = await services.runs.get(run.id);
    if (!now) throw notFound('run', run.id);
    seen = now;
  }
  const now = (await services.runs.get(run.id)) ?? run;
  if (!isHeld(now)) await aside(() => keepAll(services, now, false));
  return now;
}

const isHeld = ({ hold, workflowHold }: Pick<Run, HoldOf>) => hold !== undefined || workflowHold !== undefined;

/** The journal and comments go when the row does; files have a time of their own. */
async function keepAll({ runs, files, now }: HoldServices, { id, fileIds }: Run, isOn: boolean): Promise<void> {
  if (isOn) await runs.keep(id, FOREVER);
  await Promise.all(fileIds.map((file) => files.rows.keepOnHold(file, isOn, now())));
}
