import { conditionOf } from '../../expression/condition.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import { StepError } from '../../kernel/step-error.ts';
import { groupKind } from '../../step/registry.ts';
import type { Journal } from '../journal/journal.ts';
import { itemScope } from '../model/scope.ts';
import { bytesOf } from '../model/stored.ts';
import { ValueTooLarge } from '../model/value.ts';
import { complete, evaluate, record, type Scene } from './scene.ts';

/** Opens a group, or its next try: the case it takes, the items it goes through, the first of its rounds. */
export async function openGroup(scene: Scene): Promise<void> {
  const { services, journal, planned, key, step } = scene;
  const kind = groupKind(planned.step.kind);
  const entry = await kind.enter(planned.step.spec, (template, field) => evaluate(scene, template, field));
  const items = entry.items && (await services.values.store(journal.run.id, `${key}.items${step?.tries ?? ''}`, entry.items));
  record(scene, {
    type: 'step_started',
    ...(entry.case !== undefined && { case: entry.case }),
    ...(items && { items, itemCount: entry.items?.length ?? 0 }),
    ...(kind.rounds && { itemCount: 1 }),
  });
}

/** Ends a group whose lists have passed, unless another round follows. */
export async function closeGroup(scene: Scene): Promise<void> {
  const full = await resultOf(scene);
  const next = await nextRound(scene, full);
  if (next === undefined) await complete(scene, full);
  else record(scene, { type: 'round_started', round: next });
}

/** The number of the round that follows the one of which this is the output; nothing when its condition holds. Throws when there were as many as there may be. */
async function nextRound({ names, planned, scope, step }: Scene, last: unknown): Promise<number | undefined> {
  const rounds = groupKind(planned.step.kind).rounds?.(planned.step.spec);
  const count = step?.itemCount ?? 1;
  if (!rounds) return undefined;
  const field = `${planned.step.kind}.until`;
  const ends = await names.with(planned, scope, (values) =>
    evaluateTemplate(rounds.until, { ...values, last, index: count - 1 }, { step: planned.id, field }),
  );
  if (conditionOf(ends, `${planned.id}.${field}`)) return undefined;
  if (count - (step?.roundsBefore ?? 0) < rounds.max) return count;
  throw new StepError(
    'LimitReached',
    `${planned.id}.${field} did not hold after ${rounds.max} rounds, the most that max allows.`,
  );
}

/** The full result of a group: made of the outputs of its steps, as far as they fit into memory together. */
async function resultOf(scene: Scene): Promise<unknown> {
  const { journal, names, planned, scope, services, step } = scene;
  const kind = groupKind(planned.step.kind);
  const inner = journal.state.innerScope(planned, scope);
  const scopeIn = (index?: number) => (index === undefined ? inner : itemScope(inner, planned.id, index));
  const items = step?.itemCount === undefined ? undefined : Array.from({ length: step.itemCount });
  // Of rounds only the last one counts.
  const ahead = kind.rounds ? undefined : new ReadAhead(journal, [...planned.branches.values()], scopeIn);
  let bytes = 0;
  return kind.output(
    planned.step.spec,
    { ...(step?.case !== undefined && { case: step.case }), ...(items && { items }) },
    async (branch, index) => {
      await ahead?.reach(index);
      const stored = await names.storedLast(planned.branches.get(branch) ?? [], scopeIn(index));
      if (!stored) return null;
      bytes += bytesOf(stored);
      if (bytes > LIMIT_BYTES)
        throw new ValueTooLarge(
          `What the steps of "${planned.id}" give is more than ${LIMIT_BYTES / 1024 / 1024} MiB together. Let the last of them give less, by its output.`,
        );
      return services.values.read(stored);
    },
  );
}

/** As JSON, of which a value in memory is several times as much. */
const LIMIT_BYTES = 32 * 1024 * 1024;
/** Items whose outputs are read at once. */
const ITEMS_AHEAD = 500;

/** Reads in one go what the output of many items most likely stands on: the last step of each list. */
class ReadAhead {
  readonly #journal: Journal;
  readonly #last: string[];
  readonly #scopeIn: (index?: number) => string;
  readonly #reads = new Map<number, Promise<unknown>>();

  constructor(journal: Journal, lists: string[][], scopeIn: (index?: number) => string) {
    this.#journal = journal;
    this.#last = lists.flatMap((ids) => ids.slice(-1));
    this.#scopeIn = scopeIn;
  }

  /** Resolves when the outputs of an item, and of those around it, are in memory; without an index, those of the branches. */
  async reach(index: number | undefined): Promise<void> {
    const part = Math.floor((index ?? 0) / ITEMS_AHEAD);
    const read = this.#reads.get(part) ?? this.#read(index === undefined ? [undefined] : itemsOf(part));
    this.#reads.set(part, read);
    await read;
  }

  async #read(indices: (number | undefined)[]): Promise<void> {
    const { state } = this.#journal;
    const keys = indices.flatMap((index) => this.#last.map((id) => this.#scopeIn(index) + id));
    const numbers = keys.flatMap((key) => state.step(key)?.outputAt ?? []);
    if (numbers.length > 1) await this.#journal.entries(numbers);
  }
}

const itemsOf = (part: number) => Array.from({ length: ITEMS_AHEAD }, (_, place) => part * ITEMS_AHEAD + place);
