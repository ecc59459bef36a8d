import type { PlannedStep } from '../../workflow/plan.ts';
import { Journal } from '../journal/journal.ts';
import type { Entry, EntryValue } from '../model/entry.ts';
import type { Run } from '../model/run.ts';
import type { RunState } from '../model/state.ts';
import type { StepState } from '../model/step-state.ts';
import type { Stored } from '../model/stored.ts';
import type { EngineServices } from '../ports.ts';
import { planRerun, type Taken } from './plan-rerun.ts';
import { pointOf } from './rerun-run.ts';

/** Whether the run is one that runs another again and has not taken over yet what had ended there. */
export const hasToTakeOver = ({ rerun }: Run, { hasTakenOver }: RunState) => rerun !== undefined && !hasTakenOver;

/**
 * Writes what a rerun takes over into its journal, many steps to an item, with their values: what it has is kept for its own time. Whoever comes after
 * a crash goes on where it stopped.
 */
export async function takeOver(engine: EngineServices, journal: Journal): Promise<void> {
  const { rerun } = journal.run;
  const origin = rerun && (await engine.runs.load(rerun.origin));
  if (rerun && origin) {
    const plan = await engine.definitions.planOf(origin.run.workflowId, origin.run.definition);
    const before = new Journal(engine, plan, origin);
    const { plan: target } = journal.state;
    const { taken } = planRerun({
      origin: { id: origin.run.id, plan, steps: before.state.steps },
      target,
      from: pointOf(origin.run, target, rerun.from),
      changedInputs: [],
    });
    await new Transfer(engine, before, journal).all(taken);
  }
  journal.record({ type: 'steps_taken_over', at: engine.now().toISOString() });
  await journal.flush();
}

/** Steps read and copied at once. */
const BATCH = 100;

class Transfer {
  readonly #engine: EngineServices;
  readonly #from: Journal;
  readonly #to: Journal;
  readonly #at: string;

  constructor(engine: EngineServices, from: Journal, to: Journal) {
    this.#engine = engine;
    this.#from = from;
    this.#to = to;
    this.#at = engine.now().toISOString();
  }

  async all(taken: Taken[]): Promise<void> {
    const fresh = taken.filter(({ step }) => this.#to.state.step(step.key) === undefined);
    // A scope names the tries around it: groups come first, outer before inner.
    const groups = fresh.filter(({ step }) => this.#isGroup(step)).sort((a, b) => depthOf(a.step) - depthOf(b.step));
    for (const one of groups) if (one.kind !== 'resumes') await this.#open(one.step);
    for (let from = 0; from < fresh.length; from += BATCH) {
      const batch = fresh.slice(from, from + BATCH);
      await this.#from.entries(
        batch.flatMap(({ step }) => [step.inputAt, step.outputAt].filter((number) => number !== undefined)),
      );
      const entries = await Promise.all(batch.map((one) => this.#entriesOf(one)));
      this.#to.record(...entries.flat());
      await this.#to.flush();
    }
  }

  #planned({ id }: StepState): PlannedStep | undefined {
    return this.#to.state.plan.steps.get(id);
  }

  #isGroup(step: StepState): boolean {
    return (this.#planned(step)?.branches.size ?? 0) > 0;
  }

  get #reused(): string {
    return this.#from.run.id;
  }

  /** A group in the try that it was in. */
  async #open(step: StepState): Promise<void> {
    const { key } = step;
    const error = step.error ?? { name: 'StepInterrupted', message: 'An earlier try failed.' };
    const retry: Entry = { type: 'step_retrying', at: this.#at, key, error, dueAt: this.#at, reused: this.#reused };
    for (let tries = 1; tries < (step.tries ?? 1); tries += 1) this.#to.record(retry);
    const items = await this.#copied(step, step.itemsAt, 'items');
    this.#to.record({
      type: 'step_started',
      at: step.startedAt ?? this.#at,
      key,
      reused: this.#reused,
      ...(step.case !== undefined && { case: step.case }),
      ...(items && { items }),
      ...(step.itemCount !== undefined && { itemCount: step.itemCount }),
    });
  }

  async #entriesOf({ kind, step }: Taken): Promise<Entry[]> {
    const at = this.#at;
    const { key } = step;
    const reused = step.reused ?? this.#reused;
    if (kind === 'open') return [];
    if (kind === 'resumes') return step.child === undefined ? [] : [{ type: 'child_resumable', at, key, child: step.child }];
    const started: Entry[] = this.#isGroup(step) || step.startedAt === undefined ? [] : [await this.#start(step, reused)];
    if (step.status === 'skipped') return [{ type: 'step_skipped', at, key, reason: step.reason ?? 'condition', reused }];
    if (step.status === 'failed' && step.error) return [...started, { type: 'step_failed', at, key, error: step.error, reused }];
    const output = (await this.#copied(step, step.outputAt, 'output')) ?? { json: 'null' };
    return [...started, { type: 'step_completed', at, key, output, reused }];
  }

  async #start(step: StepState, reused: string): Promise<Entry> {
    const input = await this.#copied(step, step.inputAt, 'input');
    const { key, child, startedAt = this.#at } = step;
    return { type: 'step_started', at: startedAt, key, reused, ...(input && { input }), ...(child !== undefined && { child }) };
  }

  async #copied({ key }: StepState, number: number | undefined, name: EntryValue): Promise<Stored | undefined> {
    const value = await this.#from.stored(number, name);
    return value && this.#engine.values.copy(this.#to.run.id, `${key}.${name}`, value);
  }
}

const depthOf = ({ scope }: StepState) => (scope.length === 0 ? 0 : scope.split('/').length);
