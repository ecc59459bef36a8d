import type { OnError, Step } from '../step/kind.ts';
import type { Document } from './document.ts';

/** Which list a step stands in: that of the whole document, a branch of a group, or a handler of the step whose failure it takes. */
export type Place = { kind: 'top' } | { kind: 'branch'; name: string } | { kind: 'catch'; index: number };

/** A step in its place: what holds it, what comes before it, what it reads. */
export interface PlannedStep {
  id: string;
  step: Step;
  /** Place in the document, outer before inner. */
  index: number;
  /** The step that holds it: a group, or the step whose catch it belongs to. Null at the top. */
  parent: PlannedStep | null;
  place: Place;
  /** Ids of the same list that must have ended before it starts (direct ones). */
  needs: string[];
  /** Scope-opening ancestors, outermost first: loops by index, groups with `retry` by try. */
  scopes: { id: string; by: 'index' | 'try' }[];
  /** Ids of the steps its own templates read through `$steps`. */
  reads: string[];
  /** Its own templates read `$last`. */
  readsLast: boolean;
  /** Whom to ask when it has failed for good; absent when it simply fails. */
  asks?: OnError;
  /** Ids of the steps inside a group by branch, in the order of the document. */
  branches: Map<string, string[]>;
  /** Ids of the steps of each of its handlers. */
  handlers: string[][];
}

/** The definition that a step's callee had when the document was saved; `self` is the document's own. */
export interface Pin {
  workflow: string;
  definition: string;
  version: number | null;
}

/** The document, indexed: what the driver follows. */
export interface Plan {
  document: Document;
  steps: Map<string, PlannedStep>;
  /** Ids of the top list, in the order of the document. */
  top: string[];
  /** By step id, what `run` steps start. */
  pins: Record<string, Pin>;
  /** Ids of the steps that the document's `output` reads. */
  outputReads: string[];
}

/** The step of that id. Throws for one that the plan does not have: the journal and the plan are of one definition. */
export function plannedIn(plan: Plan, id: string): PlannedStep {
  const planned = plan.steps.get(id);
  if (!planned) throw new Error(`the definition has no step "${id}"`);
  return planned;
}

/** Tells the lists of one holder apart. */
export const placeName = ({ place }: Pick<PlannedStep, 'place'>): string =>
  place.kind === 'top' ? '' : place.kind === 'branch' ? `branch ${place.name}` : `catch ${place.index}`;
