import type { Plan, PlannedStep } from '../../workflow/plan.ts';
import type { Engine } from '../ports.ts';
import { keyOf, scopeOf } from '../scope.ts';
import type { StepRow } from '../step-row.ts';
import type { RecentRows } from './recent.ts';

/** Outputs of the steps of one run, read as they are asked for. */
export class Outputs {
  readonly #engine: Pick<Engine, 'runs' | 'values'>;
  readonly #runId: string;
  readonly #plan: Plan;
  readonly #recent: RecentRows;
  readonly #rows = new Map<string, StepRow | undefined>();

  constructor(engine: Pick<Engine, 'runs' | 'values'>, runId: string, plan: Plan, recent: RecentRows) {
    this.#engine = engine;
    this.#runId = runId;
    this.#plan = plan;
    this.#recent = recent;
  }

  /** Takes rows that were read on the way. */
  learn(rows: Iterable<StepRow>): void {
    for (const row of rows) {
      this.#rows.set(row.key, row);
      this.#recent.remember(this.#runId, row);
    }
  }

  /** Those of the keys that still have to be read. */
  unknown(keys: string[]): string[] {
    return keys.filter((key) => !this.#rows.has(key) && !this.#recent.get(this.#runId, key));
  }

  /** Reads what is not known yet, in one go. */
  async prepare(keys: string[]): Promise<void> {
    const missing = this.unknown(keys);
    if (missing.length === 0) return;
    const found = await this.#engine.runs.stepsAt(this.#runId, missing);
    this.learn(found.values());
    for (const key of missing) if (!found.has(key)) this.#rows.set(key, undefined);
  }

  async row(key: string): Promise<StepRow | undefined> {
    await this.prepare([key]);
    return this.#rows.get(key) ?? this.#recent.get(this.#runId, key);
  }

  /** What `$steps.<id>` is: the step's output, that of its catch when it failed, null when it did not run. */
  async of(planned: PlannedStep, from: string): Promise<unknown> {
    const row = await this.row(keyOf(planned, from));
    if (row?.status === 'succeeded') return row.output ? this.#engine.values.read(row.output) : null;
    if (row?.status !== 'failed' || row.handler === undefined) return null;
    return this.last(planned.lists.get(`catch${row.handler}`) ?? [], scopeOf(planned, from));
  }

  /** The output of the last step of a list that ran. */
  async last(ids: string[], scope: string): Promise<unknown> {
    for (const id of ids.toReversed()) {
      const planned = this.#plan.steps.get(id);
      const row = planned && (await this.row(keyOf(planned, scope)));
      if (row && row.status !== 'skipped') return this.of(planned, scope);
    }
    return null;
  }
}
