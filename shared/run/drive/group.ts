import { groupKind } from '../../step/registry.ts';
import { plannedIn } from '../../workflow/plan.ts';
import { itemScope, keyOf } from '../model/scope.ts';
import { evaluate, record, type Scene } from './scene.ts';

/** Opens a group, or its next try: the case it takes, the items it goes through. */
export async function openGroup(scene: Scene): Promise<void> {
  const { services, journal, planned, key, step } = scene;
  const kind = groupKind(planned.step.kind);
  const entry = await kind.enter(planned.step.spec, (template, field) => evaluate(scene, template, field));
  const items = entry.items && (await services.values.store(journal.run.id, `${key}.items${step?.tries ?? ''}`, entry.items));
  record(scene, {
    type: 'step_started',
    ...(entry.case !== undefined && { case: entry.case }),
    ...(items && { items, itemCount: entry.items?.length ?? 0 }),
  });
}

/** The full result of a group whose lists have passed: made of the outputs of its steps. */
export async function closeGroup(scene: Scene): Promise<unknown> {
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
