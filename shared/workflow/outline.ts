import { checkDocument } from './check.ts';
import { callsIn } from './check-calls.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Plan, plannedIn } from './plan.ts';
import { listsInside } from './plan-of.ts';

/** A step of a document as a graph shows it. */
export interface OutlinedStep {
  step: string;
  kind: string;
  title: string | null;
  line: number;
  needs: string[];
  conditional: boolean;
  calls: string | null;
  /** By branch, and by handler: `catch[0]`. */
  inside?: Record<string, OutlinedStep[]>;
}

/** What there is to say of a document, and its steps when nothing is wrong with it. */
export interface Outline {
  diagnostics: Diagnostic[];
  plan?: { name: string; title?: string | undefined; input?: unknown; steps: OutlinedStep[] };
}

/** Checks a document and outlines its steps. What its `run` steps start is looked up when it is saved, not here. */
export function outlineOf(source: string): Outline {
  const checked = checkDocument(source);
  if (!checked.ok) return { diagnostics: checked.diagnostics };
  const { document, plan, warnings } = checked;
  const lines = checked.lines();
  const calls = new Map(callsIn(plan).map(({ id, workflow }) => [id, workflow]));
  const { name, title, input } = document;
  return { diagnostics: warnings, plan: { name, title, input, steps: listed(plan, plan.top, { lines, calls }) } };
}

interface Known {
  lines: Map<string, number>;
  calls: Map<string, string>;
}

const listed = (plan: Plan, ids: string[], known: Known): OutlinedStep[] =>
  ids.map((id) => {
    const planned = plannedIn(plan, id);
    const { step, needs } = planned;
    const inside = listsInside(planned).map(({ place, ids: inner }) => [
      place.kind === 'branch' ? place.name : `catch[${place.index}]`,
      listed(plan, inner, known),
    ]);
    return {
      step: id,
      kind: step.kind,
      title: step.title ?? null,
      line: known.lines.get(id) ?? 1,
      needs,
      conditional: step.if !== undefined,
      calls: known.calls.get(id) ?? null,
      ...(inside.length > 0 && { inside: Object.fromEntries(inside) }),
    };
  });
