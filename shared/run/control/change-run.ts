import type { Actor } from '../../kernel/actor.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import { LABELS } from '../model/label.ts';
import type { Run } from '../model/run.ts';
import type { EngineServices } from '../ports.ts';

type Services = Pick<EngineServices, 'runs' | 'now'>;

/** What a caller changes of a run; the rest stays. */
export interface RunChangeRequest {
  archived?: boolean | undefined;
  /** All that it has from now on. */
  labels?: string[] | undefined;
  name?: string | undefined;
}

/** Changes what people say of a run, whether it lives or has ended. The same change once more changes nothing. */
export async function changeRun(services: Services, run: Run, change: RunChangeRequest, actor: Actor): Promise<Run> {
  const { archived, labels, name } = change;
  if (archived === undefined && labels === undefined && name === undefined) return run;
  const mark = archived === true ? { actor, at: services.now().toISOString() } : archived;
  await services.runs.change(run, { labels, name, archived: mark });
  return asItStands(services, run);
}

/** Lists show it no more, unless they are asked for it. A live run goes on. */
export const archiveRun = (services: Services, run: Run, actor: Actor) => changeRun(services, run, { archived: true }, actor);

export const unarchiveRun = (services: Services, run: Run, actor: Actor) => changeRun(services, run, { archived: false }, actor);

/** Adds some labels and takes others away, whatever others change meanwhile. */
export async function labelRun(
  services: Services,
  run: Run,
  { add = [], remove = [] }: { add?: string[]; remove?: string[] },
): Promise<Run> {
  for (let seen = run; ; seen = await asItStands(services, run)) {
    const labels = [...new Set([...seen.labels, ...add])].filter((label) => !remove.includes(label));
    if (labels.join() === seen.labels.join()) return seen;
    if (labels.length > LABELS) throw tooMany(seen, labels.length);
    if (await services.runs.change(seen, { labels, labelsWere: seen.labels })) return asItStands(services, run);
  }
}

async function asItStands({ runs }: Services, { id }: Run): Promise<Run> {
  const run = await runs.get(id);
  if (!run) throw notFound('run', id);
  return run;
}

const tooMany = ({ id }: Run, count: number) =>
  new Problem('conflict', `Run ${id} would have ${count} labels; it can have ${LABELS}. Take some away first.`, [
    { name: 'labels', value: count },
  ]);
