import { reads, stepsReadBy } from '../expression/references.ts';
import type { Template } from '../expression/template.ts';
import type { GroupKind, Kind, Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import { asksOf } from './asks.ts';
import type { Document } from './document.ts';
import type { Place, Plan, PlannedStep } from './plan.ts';

/** Indexes a document. Of two steps with one id the first counts; `checkDocument` refuses such documents. */
export function planOf(document: Document): Plan {
  const steps = new Map<string, PlannedStep>();
  const top = addList(steps, document.steps, { kind: 'top' }, null, []);
  for (const planned of steps.values()) {
    const asks = asksOf(planned.step, document);
    if (asks) planned.asks = asks;
  }
  return { document, steps, top, pins: {}, outputReads: stepsReadBy(document.output) };
}

/** The kind of a step when it is a group whose form is right. */
export function groupOf(step: Step): GroupKind | undefined {
  const kind = step.spec === undefined ? undefined : kinds.get(step.kind);
  return kind?.shape === 'group' ? kind : undefined;
}

/** Ids of the list in which a step stands. */
export function listOf(plan: Plan, { parent, place }: PlannedStep): string[] {
  if (place.kind === 'top') return plan.top;
  return (place.kind === 'branch' ? parent?.branches.get(place.name) : parent?.handlers[place.index]) ?? [];
}

/** Every list inside a step, its branches before its handlers. */
export function listsInside({ branches, handlers }: PlannedStep): { place: Exclude<Place, { kind: 'top' }>; ids: string[] }[] {
  return [
    ...[...branches].map(([name, ids]) => ({ place: { kind: 'branch' as const, name }, ids })),
    ...handlers.map((ids, index) => ({ place: { kind: 'catch' as const, index }, ids })),
  ];
}

function addList(
  steps: Map<string, PlannedStep>,
  list: Step[],
  place: Place,
  parent: PlannedStep | null,
  scopes: PlannedStep['scopes'],
): string[] {
  const siblings = new Set(list.map(({ id }) => id));
  for (const [position, step] of list.entries()) {
    if (steps.has(step.id)) continue;
    const before = list[position - 1];
    const wanted = step.needs ?? (before ? [before.id] : []);
    const needs = [...new Set(wanted)].filter((id) => id !== step.id && siblings.has(id));
    const planned: PlannedStep = {
      id: step.id,
      step,
      index: steps.size,
      parent,
      place,
      needs,
      scopes,
      reads: stepsReadBy(templatesOf(step)),
      readsLast: reads('last', templatesOf(step)),
      branches: new Map(),
      handlers: [],
    };
    steps.set(step.id, planned);
    addInside(steps, planned);
  }
  return [...siblings];
}

function addInside(steps: Map<string, PlannedStep>, planned: PlannedStep): void {
  const { step, scopes } = planned;
  for (const { name, steps: inner } of groupOf(step)?.branches(step.spec) ?? []) {
    planned.branches.set(name, addList(steps, inner, { kind: 'branch', name }, planned, scopesInside(planned)));
  }
  planned.handlers = (step.catch ?? []).map((handler, index) =>
    addList(steps, handler.steps, { kind: 'catch', index }, planned, scopes),
  );
}

function scopesInside({ id, step, scopes }: PlannedStep): PlannedStep['scopes'] {
  const inner = [...scopes];
  if (step.retry) inner.push({ id, by: 'try' });
  if (groupOf(step)?.loops) inner.push({ id, by: 'index' });
  return inner;
}

function templatesOf(step: Step): Template[] {
  return [step.if, step.output, step.timeout, ...ownTemplates(step, kinds.get(step.kind))];
}

function ownTemplates(step: Step, kind: Kind | undefined): Template[] {
  if (kind?.shape !== 'group') return [step.spec];
  return step.spec === undefined ? [] : kind.entryTemplates(step.spec);
}
