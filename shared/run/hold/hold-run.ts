import type { Files } from '../../file/file.ts';
import { holdFile, releaseFile } from '../../file/held-files.ts';
import { aside } from '../../kernel/acting.ts';
import { FOREVER, type Hold } from '../../kernel/hold.ts';
import { notFound } from '../../kernel/problem.ts';
import { Slots } from '../../kernel/slots.ts';
import { keptAfterEnd } from '../model/project.ts';
import type { Run } from '../model/run.ts';
import type { Runs } from '../ports.ts';

export interface HoldServices {
  runs: Runs;
  files: Files;
  retentionDays: number;
  now: () => Date;
}

const FILES_AT_ONCE = 10;

/** Of the run itself, or of its workflow: one may be lifted while the other stays. */
export type HoldOf = 'hold' | 'workflowHold';

/** Keeps a run, whether it lives or has ended, with all that belongs to it. One that is under the hold stays under it as it was placed. */
export async function holdRun(services: HoldServices, run: Run, mark: Hold, kind: HoldOf = 'hold'): Promise<Run> {
  if (!run[kind] && !(await services.runs.change(run, { [kind]: mark }))) throw notFound('run', run.id);
  await aside(() => keepAll(services, run, run[kind] ?? mark));
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
  if (!isHeld(now)) await aside(() => letGo(services, now));
  return now;
}

const isHeld = ({ hold, workflowHold }: Pick<Run, HoldOf>) => hold !== undefined || workflowHold !== undefined;

/** The journal and comments go when the row does; files have a time of their own, and a place where they outlast it. */
export async function keepAll(
  { runs, files }: Pick<HoldServices, 'files'> & { runs: Pick<Runs, 'keep'> },
  run: Pick<Run, 'id' | 'fileIds'>,
  { at }: Hold,
): Promise<void> {
  await runs.keep(run.id, FOREVER);
  await ofEach(files, run, (file) => holdFile(files, file, { runId: run.id, since: at }));
}

const letGo = ({ files, now }: HoldServices, run: Run) => ofEach(files, run, (file) => releaseFile(files, file, run.id, now()));

/** Files that it was given, and those that its steps have made. */
async function ofEach(
  { rows }: Pick<Files, 'rows'>,
  { id, fileIds }: Pick<Run, 'id' | 'fileIds'>,
  act: (file: string) => Promise<void>,
): Promise<void> {
  const slots = new Slots(FILES_AT_ONCE);
  const all = new Set([...fileIds, ...(await rows.madeBy(id))]);
  await Promise.all([...all].map((file) => slots.run(() => act(file))));
}
