import { LRUCache } from 'lru-cache';
import { hasSecrets, secretsOf as secretInputs } from '../../expression/input-secrets.ts';
import { groupKind } from '../../step/registry.ts';
import { type Plan, type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import type { Journal } from '../journal/journal.ts';
import { storedIn } from '../model/entry.ts';
import type { Run } from '../model/run.ts';
import { besideItem, indexIn, stepKeyOf } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import { bytesOf, type Stored } from '../model/stored.ts';
import type { Values } from '../ports.ts';
import { Budget } from './budget.ts';

const PARSED_BYTES = 32 * 1024 * 1024;
/** As JSON text; in memory a value may take five times as much. */
const READ_AT_ONCE_BYTES = 32 * 1024 * 1024;

async function secretsOf(schema: unknown, inputs: () => Promise<unknown>): Promise<string[]> {
  return hasSecrets(schema) ? secretInputs(schema, await inputs()) : [];
}

/** What `$run` is: the same for every step, whoever drives. */
const runNames = ({ id, name, reference, createdAt, trigger }: Run, { startedAt = createdAt }: RunState) => ({
  id,
  name,
  reference: reference ?? null,
  startedAt,
  trigger,
});

/** Reads what expressions may name: inputs, outputs of steps, items of loops, the failure that a handler took. */
export class Names {
  readonly #journal: Journal;
  readonly #values: Values;
  readonly #plan: Plan;
  /** What many steps read again and again: the inputs of the run, the items of loops. */
  readonly #shared = new LRUCache<string, { value: unknown }>({ maxSize: PARSED_BYTES });

  readonly #budget = new Budget(READ_AT_ONCE_BYTES);
  #secrets: Promise<string[]> | undefined;

  constructor(journal: Journal, values: Values, plan: Plan) {
    this.#journal = journal;
    this.#values = values;
    this.#plan = plan;
  }

  /** Does something with every name that a step in that scope may use. What is read for it is counted first: many steps at once may read large values. */
  async with<T>(planned: PlannedStep, scope: string, work: (names: Record<string, unknown>) => Promise<T>): Promise<T> {
    return this.#budget.within(await this.#bytesRead(planned, scope), async () => work(await this.#of(planned, scope)));
  }

  async #bytesRead(planned: PlannedStep, scope: string): Promise<number> {
    const { state } = this.#journal;
    const before = this.#roundBefore(planned, scope);
    const last = before && this.#lastOf(before.ids, before.scope);
    const keys = planned.reads.map((id) => state.scopeRead(plannedIn(this.#plan, id), scope) + id);
    const numbers = [...keys, ...(last ? [before.scope + last.id] : [])].flatMap((key) => state.step(key)?.outputAt ?? []);
    const entries = await this.#journal.entries(numbers);
    let bytes = 0;
    for (const entry of entries.values()) {
      const stored = storedIn(entry, 'output');
      if (stored) bytes += bytesOf(stored);
    }
    return bytes;
  }

  async #of(planned: PlannedStep, scope: string): Promise<Record<string, unknown>> {
    const steps = await this.#outputs(planned.reads, scope);
    const bound: Record<string, unknown> = {
      input: await this.inputs(),
      run: runNames(this.#journal.run, this.#journal.state),
      steps,
    };
    for (let child = planned, parent = planned.parent; parent; child = parent, parent = parent.parent) {
      if (child.place.kind === 'catch') {
        const { error } = this.#journal.state.step(stepKeyOf(parent, scope)) ?? {};
        bound['error'] ??= { name: error?.name, message: error?.message, step: error?.step ?? parent.id };
        continue;
      }
      const index = indexIn(scope, parent.id);
      if (index === undefined) continue;
      bound['index'] ??= index;
      const loop = groupKind(parent.step.kind).loop?.(parent.step.spec);
      // The item may be null, and be called as one further out.
      if (loop && !(loop.as in bound)) bound[loop.as] = await this.#item(stepKeyOf(parent, scope), index);
    }
    const before = this.#roundBefore(planned, scope);
    if (planned.readsLast) bound['last'] = before ? await this.last(before.ids, before.scope) : null;
    return bound;
  }

  /** What the innermost `repeat` around a step did in the round before. */
  #roundBefore(planned: PlannedStep, scope: string): { ids: string[]; scope: string } | undefined {
    if (!planned.readsLast) return undefined;
    for (let child = planned, parent = planned.parent; parent; child = parent, parent = parent.parent) {
      if (child.place.kind === 'catch' || !groupKind(parent.step.kind).rounds) continue;
      const index = indexIn(scope, parent.id) ?? 0;
      const [ids = []] = parent.branches.values();
      return index === 0 ? undefined : { ids, scope: besideItem(scope, parent.id, index - 1) };
    }
    return undefined;
  }

  /** What the document's `output` may use. */
  async ofRun(): Promise<Record<string, unknown>> {
    const steps = await this.#outputs(this.#plan.outputReads, '');
    return { input: await this.inputs(), run: runNames(this.#journal.run, this.#journal.state), steps };
  }

  /** What the run's input schema marks as secret. */
  secrets(): Promise<string[]> {
    this.#secrets ??= secretsOf(this.#plan.document.input, () => this.inputs());
    return this.#secrets;
  }

  inputs(): Promise<unknown> {
    const { inputs } = this.#journal.run;
    return this.#shareStored('inputs', inputs);
  }

  /** The output of the last step of a list that ran. */
  async last(ids: string[], scope: string): Promise<unknown> {
    return this.#read(await this.storedLast(ids, scope));
  }

  /** The same as it is stored; undefined when it is null. */
  async storedLast(ids: string[], scope: string): Promise<Stored | undefined> {
    const planned = this.#lastOf(ids, scope);
    return planned && this.#stored(planned, scope);
  }

  /** What `$steps.<id>` is: the step's output, that of its handler when it failed, null when it did not run or has not ended. */
  async #stored(planned: PlannedStep, from: string): Promise<Stored | undefined> {
    const { state } = this.#journal;
    const scope = state.scopeRead(planned, from);
    const step = state.step(scope + planned.id);
    if (step?.status === 'succeeded') return this.#journal.stored(step.outputAt, 'output');
    if (step?.handler === undefined || !state.hasPassed(planned.id, scope)) return undefined;
    return this.storedLast(planned.handlers[step.handler] ?? [], scope);
  }

  #read(stored: Stored | undefined): unknown {
    return stored === undefined ? null : this.#values.read(stored);
  }

  #lastOf(ids: string[], scope: string): PlannedStep | undefined {
    return ids
      .toReversed()
      .map((id) => plannedIn(this.#plan, id))
      .find(({ id }) => (this.#journal.state.step(scope + id)?.status ?? 'skipped') !== 'skipped');
  }

  async #outputs(ids: string[], scope: string): Promise<Record<string, unknown>> {
    const outputs: Record<string, unknown> = {};
    for (const id of ids) outputs[id] = await this.#read(await this.#stored(plannedIn(this.#plan, id), scope));
    return outputs;
  }

  async #item(loop: string, index: number): Promise<unknown> {
    const number = this.#journal.state.step(loop)?.itemsAt;
    const stored = await this.#journal.stored(number, 'items');
    const items = stored && (await this.#shareStored(`${loop} ${number}`, stored));
    return Array.isArray(items) ? items[index] : undefined;
  }

  async #shareStored(key: string, stored: Stored): Promise<unknown> {
    const known = this.#shared.get(key);
    if (known) return known.value;
    const value = await this.#values.read(stored);
    this.#shared.set(key, { value }, { size: Math.max(1, bytesOf(stored) * 4) });
    return value;
  }
}
