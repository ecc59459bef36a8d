import { LRUCache } from 'lru-cache';
import { type Budget, periodAt } from '../usage/budget.ts';
import { inCredits } from '../usage/credits.ts';
import type { Counters } from './counters.ts';
import { totalOf } from './figures.ts';
import { creditsIn } from './usage-figures.ts';

/** For so long a function goes by what it has read: a month is some hundred rows. */
const KEPT_MS = 60_000;
const BUDGETS_KNOWN = 1_000;

/** What has been spent of budgets, by the counters. */
export class CountedSpending {
  readonly #counters: Pick<Counters, 'read'>;
  readonly #now: () => Date;
  readonly #known = new LRUCache<string, { credits: number }>({ max: BUDGETS_KNOWN, ttl: KEPT_MS });

  constructor(counters: Pick<Counters, 'read'>, now: () => Date) {
    this.#counters = counters;
    this.#now = now;
  }

  /** Credits in the day or month that it is now; as they were a minute ago at the most, unless they are asked for as they stand now. */
  async spent(workspace: string, { projectId: project, workflowId, per }: Budget, asOf?: 'now'): Promise<number> {
    const now = this.#now();
    const { from } = periodAt(per, now);
    const key = JSON.stringify([workspace, project, workflowId, from, per]);
    const known = asOf ? undefined : this.#known.get(key);
    if (known) return known.credits;
    const of = workflowId === undefined ? 'project' : 'workflow';
    const to = now.toISOString().slice(0, from.length);
    const { rows } = await this.#counters.read({ workspace, project, workflowId, of, from, to });
    const credits = inCredits(creditsIn(totalOf(rows)));
    this.#known.set(key, { credits });
    return credits;
  }
}
