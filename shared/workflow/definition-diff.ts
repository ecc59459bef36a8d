import { canonicalJson } from '../kernel/canonical-json.ts';
import type { Step } from '../step/kind.ts';
import { isMap } from './parse-steps.ts';
import { type Plan, type PlannedStep, placeName, plannedIn } from './plan.ts';
import { planOf } from './plan-of.ts';
import type { CheckedDefinition } from './workflow.ts';

export interface NamedStep {
  step: string;
  kind: string;
}

export interface ChangedStep extends NamedStep {
  /** What of it is another: `http.url`, `needs`, `place` (it stands in another list), `pin` (another definition of the workflow that it starts). */
  fields: string[];
}

/** What two definitions do differently. */
export interface DefinitionDiff {
  added: NamedStep[];
  gone: NamedStep[];
  changed: ChangedStep[];
  /** Keys of the document itself. */
  document: string[];
}

/** Compares two definitions step by step, by the ids of steps, in the order of the document. */
export function diffOf(from: CheckedDefinition, to: CheckedDefinition): DefinitionDiff {
  const [before, after] = [planOf(from.document), planOf(to.document)];
  const named = (id: string, plan: Plan): NamedStep => ({ step: id, kind: plannedIn(plan, id).step.kind });
  const ids = [...after.steps.keys()];
  return {
    added: ids.filter((id) => !before.steps.has(id)).map((id) => named(id, after)),
    gone: [...before.steps.keys()].filter((id) => !after.steps.has(id)).map((id) => named(id, before)),
    changed: ids
      .filter((id) => before.steps.has(id))
      .map((id) => ({ ...named(id, after), fields: differing(fieldsOf(before, id, from.pins), fieldsOf(after, id, to.pins)) }))
      .filter(({ fields }) => fields.length > 0),
    document: differing(keysOf(from.document), keysOf(to.document)),
  };
}

type Fields = Record<string, unknown>;

const keysOf = ({ steps: _, ...keys }: CheckedDefinition['document']): Fields => ({ ...keys });

/** Names of what is not the same on both sides. Of a step of another kind the parts of its form mean nothing. */
function differing(before: Fields, after: Fields): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
  return changed.includes('kind') ? changed.filter((name) => !name.includes('.')) : changed;
}

function fieldsOf(plan: Plan, id: string, pins: CheckedDefinition['pins']): Fields {
  const planned = plannedIn(plan, id);
  const { id: _, needs: __, kind, spec, catch: handlers, ...rest } = planned.step;
  const all = new Set<unknown>([...plan.steps.values()].map(({ step }) => step));
  return {
    kind,
    ...rest,
    ...formOf(kind, withoutSteps(spec, all)),
    catch: withoutSteps(handlers, all),
    needs: planned.needs.toSorted(),
    place: placeOf(planned),
    pin: pins[id],
  };
}

const formOf = (kind: string, spec: unknown): Fields =>
  isMap(spec) ? Object.fromEntries(Object.entries(spec).map(([key, value]) => [`${kind}.${key}`, value])) : { [kind]: spec };

const placeOf = (planned: PlannedStep) => `${planned.parent?.id ?? ''} ${placeName(planned)}`;

/** What holds steps without them: each is compared for itself. */
function withoutSteps(value: unknown, all: ReadonlySet<Step | unknown>): unknown {
  if (Array.isArray(value)) return value.filter((item) => !all.has(item)).map((item) => withoutSteps(item, all));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSteps(inner, all)]));
}
