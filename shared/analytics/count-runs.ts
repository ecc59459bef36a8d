import { Problem } from '../kernel/problem.ts';
import { keptUntil } from '../run/model/project.ts';
import type { Run } from '../run/model/run.ts';
import type { EngineServices } from '../run/ports.ts';
import { loadState } from '../run/read/load-state.ts';
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
export async function countRuns(services: CountServices, runs: readonly Run[]): Promise<Contribution[]> {
  const countables = await countablesOf(services, runs);
  await services.counters.count(countables);
  return countables.map(({ contribution }) => contribution);
}

/** What runs add, from their journals. */
export async function countablesOf(services: CountServices, runs: readonly Run[]): Promise<Countable[]> {
  const ended = runs.filter(isCounted);
  const countables: Countable[] = [];
  for (let at = 0; at < ended.length; at += READ_AT_ONCE) {
    const some = ended.slice(at, at + READ_AT_ONCE);
    const found = await Promise.all(some.map((run) => countableOf(services, run)));
    countables.push(...found.filter((one) => one !== undefined));
  }
  return countables;
}

/** Undefined for a run that has been deleted meanwhile: a recount does not know it either. */
async function countableOf(services: CountServices, run: Run): Promise<Countable | undefined> {
  const state = await loadState(services, run).catch(unlessGone);
  if (!state) return undefined;
  const end = new Date(run.endedAt ?? run.createdAt);
  return { contribution: contributionOf(run, state), keptUntil: keptUntil(end, services.retentionDays) + GRACE_SECONDS };
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof Problem && error.kind === 'not-found')) throw error;
}
