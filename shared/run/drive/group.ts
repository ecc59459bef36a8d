import { conditionOf } from '../../expression/condition.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import { StepError } from '../../kernel/step-error.ts';
import { groupKind } from '../../step/registry.ts';
import { plannedIn } from '../../workflow/plan.ts';
import { itemScope, keyOf } from '../model/scope.ts';
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

/** The full result of a group: made of the outputs of its steps. */
async function resultOf(scene: Scene): Promise<unknown> {
  const { journal, names, planned, scope, step } = scene;
  const kind = groupKind(planned.step.kind);
  const inner = journal.state.innerScope(planned, scope);
  const scopeIn = (index?: number) => (index === undefined ? inner : itemScope(inner, planned.id, index));
  const items = step?.itemCount === undefined ? undefined : Array.from({ length: step.itemCount });
  await prepare(scene, scopeIn, items?.length);
  return kind.output(
    planned.step.spec,
    { ...(step?.case !== undefined && { case: step.case }), ...(items && { items }) },
    (branch, index) => names.last(planned.branches.get(branch) ?? [], scopeIn(index)),
  );
}

/** Reads in one go what the output most likely stands on: the last step of each list, in every item. */
async function prepare(
  { journal, planned }: Scene,
  scopeIn: (index?: number) => string,
  count: number | undefined,
): Promise<void> {
  const last = [...planned.branches.values()].flatMap((ids) => ids.slice(-1));
  const scopes = count === undefined ? [scopeIn()] : Array.from({ length: count }, (_, index) => scopeIn(index));
  const { state } = journal;
  const numbers = scopes.flatMap((scope) =>
    last.flatMap((id) => state.step(keyOf(plannedIn(state.plan, id), scope))?.outputAt ?? []),
  );
  if (numbers.length > 1) await journal.entries(numbers);
}
