import { LRUCache } from 'lru-cache';
import { notFound } from '../kernel/problem.ts';
import type { Plan } from './plan.ts';
import { planOf } from './plan-of.ts';
import type { Definitions, Workflows } from './workflows.ts';

const PLANS_KEPT = 200;

/** Plans by the hash of their text: a definition never changes, so each is read once a process. */
export class CachedDefinitions implements Definitions {
  readonly #workflows: Workflows;
  readonly #plans = new LRUCache<string, Promise<Plan>>({ max: PLANS_KEPT });

  constructor(workflows: Workflows) {
    this.#workflows = workflows;
  }

  planOf(workflowId: string, hash: string): Promise<Plan> {
    const key = `${workflowId}/${hash}`;
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = this.#read(workflowId, hash);
    this.#plans.set(key, plan);
    plan.catch(() => this.#plans.delete(key));
    return plan;
  }

  async #read(workflowId: string, hash: string): Promise<Plan> {
    const checked = await this.#workflows.checked(workflowId, hash);
    if (!checked) throw notFound('definition', hash);
    return { ...planOf(checked.document), pins: checked.pins };
  }
}
