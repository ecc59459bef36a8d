import type { Branch, GroupKind, Kind, Step, Template } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import type { Document } from './document.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { stepsReadBy } from './references.ts';

/** Indexes a document. Of two steps with one id the first counts; `checkDocument` refuses such documents. */
export function planOf(document: Document): Plan {
  const steps = new Map<string, PlannedStep>();
  const top = addList(steps, document.steps, 'steps', null, []);
  return { document, steps, top, pins: {}, outputReads: stepsReadBy(document.output) };
}

/** The kind of a step when it is a group whose form is right. */
export function groupOf(step: Step): GroupKind | undefined {
  const kind = step.spec === undefined ? undefined : kinds.get(step.kind);
  return kind?.shape === 'group' ? kind : undefined;
}

/** Lists of steps inside a step: its branches, then its handlers. */
function branchesOf(step: Step): Branch[] {
  const handlers = (step.catch ?? []).map((handler, index) => ({ name: `catch${index}`, steps: handler.steps }));
  return [...(groupOf(step)?.branches(step.spec) ?? []), ...handlers];
}

export function isHandler(list: string): boolean {
  return /^catch[0-9]+$/.test(list);
}

function addList(
  steps: Map<string, PlannedStep>,
  list: Step[],
  name: string,
  parent: PlannedStep | null,
  scopes: PlannedStep['scopes'],
): string[] {
  const siblings = new Set(list.map(({ id }) => id));
  for (const [place, step] of list.entries()) {
    if (steps.has(step.id)) continue;
    const before = list[place - 1];
    const wanted = step.needs ?? (before ? [before.id] : []);
    const needs = [...new Set(wanted)].filter((id) => id !== step.id && siblings.has(id));
    const planned = {
      id: step.id,
      step,
      index: steps.size,
      parent,
      list: name,
      needs,
      scopes,
      reads: readsOf(step),
      lists: new Map(),
    };
    steps.set(step.id, planned);
    for (const branch of branchesOf(step)) {
      planned.lists.set(branch.name, addList(steps, branch.steps, branch.name, planned, scopesInside(planned, branch.name)));
    }
  }
  return [...siblings];
}

function scopesInside({ id, step, scopes }: PlannedStep, list: string): PlannedStep['scopes'] {
  if (isHandler(list)) return scopes;
  const inner = [...scopes];
  const group = groupOf(step);
  if (group && step.retry) inner.push({ id, by: 'try' });
  if (group?.loops) inner.push({ id, by: 'index' });
  return inner;
}

function readsOf(step: Step): string[] {
  return stepsReadBy([step.if, step.output, step.timeout, ...ownTemplates(step, kinds.get(step.kind))]);
}

function ownTemplates(step: Step, kind: Kind | undefined): Template[] {
  if (kind?.shape !== 'group') return [step.spec];
  return step.spec === undefined ? [] : kind.entryTemplates(step.spec);
}
