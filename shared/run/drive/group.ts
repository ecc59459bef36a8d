import { conditionOf } from '../../expression/condition.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import { StepError } from '../../kernel/step-error.ts';
import { groupKind } from '../../step/registry.ts';
import { itemScope } from '../model/scope.ts';
import { bytesOf } from '../model/stored.ts';
import { ValueTooLarge } from '../model/value.ts';
import { ReadAhead } from './read-ahead.ts';
import { checkRoom } from './room.ts';
import { complete, evaluate, record, type Scene } from './scene.ts';

/** As JSON, of which a value in memory is several times as much. */
const LIMIT_BYTES = 32 * 1024 * 1024;

/** Opens a group, or its next try: the case it takes, the items it goes through, the first of its rounds. */
export async function openGroup(scene: Scene): Promise<void> {
  const { services, journal, planned, key, step } = scene;
  const kind = groupKind(planned.step.kind);
  const entry = await kind.enter(planned.step.spec, (template, field) => evaluate(scene, template, field));
  const items = entry.items && (await services.values.store(journal.run.id, `${key}.items${step?.tries ?? ''}`, entry.items));
  // With nothing between it and the record: others are opened at the same time.
  checkRoom(journal.state, planned, entry);
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
async function nextRound(scene: Scene, last: unknown): Promise<number | undefined> {
  const { journal, names, planned, scope, step } = scene;
  const rounds = groupKind(planned.step.kind).rounds?.(planned.step.spec);
  const count = step?.itemCount ?? 1;
  if (!rounds) return undefined;
  const field = `${planned.step.kind}.until`;
  const ends = await names.with(planned, scope, (values) =>
    evaluateTemplate(rounds.until, { ...values, last, index: count - 1 }, { step: planned.id, field }),
  );
  if (conditionOf(ends, `${planned.id}.${field}`)) return undefined;
  if (count - (step?.roundsBefore ?? 0) >= rounds.max) {
    const message = `${planned.id}.${field} did not hold after ${rounds.max} rounds, the most that max allows.`;
    throw new StepError('LimitReached', message);
  }
  checkRoom(journal.state, planned, {});
  return count;
}

/** The full result of a group: made of the outputs of its steps, as far as they fit into memory together. */
async function resultOf(scene: Scene): Promise<unknown> {
  const { journal, names, planned, scope, services, step } = scene;
  const kind = groupKind(planned.step.kind);
  const inner = journal.state.innerScope(planned, scope);
  const scopeIn = (index?: number) => (index === undefined ? inner : itemScope(inner, planned.id, index));
  // Of rounds only the last one counts.
  const ahead = kind.rounds ? undefined : new ReadAhead(journal, [...planned.branches.values()], scopeIn);
  let bytes = 0;
  return kind.output(
    planned.step.spec,
    { ...(step?.case !== undefined && { case: step.case }), ...(step?.itemCount !== undefined && { count: step.itemCount }) },
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
