import type { RunFilter } from '../run/list/filter.ts';
import { isCounted } from './contribution.ts';
import { type CountServices, countablesOf } from './count-runs.ts';

export interface Recounted {
  /** Runs that were looked at. */
  looked: number;
  /** Runs that had not been counted. */
  counted: number;
  /** Runs that had been counted as something else than they are. */
  corrected: number;
  /** Goes on behind the last run; absent when all have been looked at. */
  next?: string | undefined;
}

const PAGE = 100;

/**
 * Makes the counters agree with the runs that there are, newest first, until the time is up. Others may count and recount meanwhile: what a run adds is settled
 * with the word that it is counted. Runs that are gone keep what they have added.
 */
export async function recount(
  services: CountServices & { now: () => Date },
  filter: Pick<RunFilter, 'workspace' | 'project' | 'from' | 'to'>,
  { token, until }: { token?: string | undefined; until: Date },
): Promise<Recounted> {
  const done: Recounted = { looked: 0, counted: 0, corrected: 0, next: token };
  do {
    const { items, next } = await services.runs.list({ ...filter, archived: 'any' }, { limit: PAGE, token: done.next });
    const countables = await countablesOf(
      services,
      items.filter(isCounted).map(({ id }) => id),
    );
    // Of a run that is held longer than others nobody knows any more that it has been counted.
    const known = countables.filter(({ keptUntil }) => keptUntil * 1000 > services.now().getTime());
    const { counted, corrected } = await services.counters.correct(known);
    done.looked += items.length;
    done.counted += counted;
    done.corrected += corrected;
    done.next = next;
  } while (done.next !== undefined && services.now() < until);
  return done;
}
