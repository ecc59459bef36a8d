import { Problem } from '../kernel/problem.ts';
import { keptUntil } from '../run/model/project.ts';
import { stateOf } from '../run/model/state.ts';
import type { EngineServices } from '../run/ports.ts';
import { type Contribution, contributionOf, isCounted } from './contribution.ts';
import type { Countable, Counters } from './counters.ts';

export interface CountServices extends Pick<EngineServices, 'runs' | 'definitions' | 'retentionDays'> {
  counters: Counters;
}

/** Journals that are read side by side. */
const READ_AT_ONCE = 8;
/** A run's row goes at some time after it may; by then nobody must find the run and not know that it has been counted. */
const GRACE_SECONDS = 30 * 86_400;

/** Counts the runs among these that have ended, each once, however often it comes; answers what they add. */
export async function countRuns(services: CountServices, ids: readonly string[]): Promise<Contribution[]> {
  const countables = await countablesOf(services, ids);
  await services.counters.count(countables);
  return countables.map(({ contribution }) => contribution);
}

/** What runs add, from their journals. Those that are gone or do not count are left out. */
export async function countablesOf(services: CountServices, ids: readonly string[]): Promise<Countable[]> {
  const countables: Countable[] = [];
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + READ_AT_ONCE).map((id) => countableOf(services, id)));
    countables.push(...found.filter((one) => one !== undefined));
  }
  return countables;
}

/** Undefined for a run that has been deleted meanwhile: a recount does not know it either. */
async function countableOf({ runs, definitions, retentionDays }: CountServices, id: string): Promise<Countable | undefined> {
  const loaded = await runs.load(id);
  if (!loaded || !isCounted(loaded.run)) return undefined;
  const { run, entries, snapshot } = loaded;
  const plan = await definitions.planOf(run.workflowId, run.definition).catch(unlessGone);
  if (!plan) return undefined;
  const end = new Date(run.endedAt ?? run.createdAt);
  const contribution = contributionOf(run, stateOf(plan, entries, snapshot));
  return { contribution, keptUntil: keptUntil(end, retentionDays) + GRACE_SECONDS };
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof Problem && error.kind === 'not-found')) throw error;
}
