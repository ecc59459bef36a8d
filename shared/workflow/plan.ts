import type { Step } from '../step/kind.ts';
import type { Document } from './document.ts';

/** A step in its place: what holds it, what comes before it, what it reads. */
export interface PlannedStep {
  id: string;
  step: Step;
  /** Place in the document, outer before inner. */
  index: number;
  /** The step that holds it: a group, or the step whose catch it belongs to. Null at the top. */
  parent: PlannedStep | null;
  /** The list of the parent it stands in: a branch name, or `catch0`, `catch1`, ...; `steps` at the top. */
  list: string;
  /** Ids of the same list that must have ended before it starts (direct ones). */
  needs: string[];
  /** Scope-opening ancestors, outermost first: loops by index, groups with `retry` by try. */
  scopes: { id: string; by: 'index' | 'try' }[];
  /** Ids of the steps its own templates read through `$steps`. */
  reads: string[];
  /** Ids of the steps inside it by list, in the order of the document. */
  lists: Map<string, string[]>;
}

/** The definition that a step's callee had when the document was saved; `self` is the document's own. */
export interface Pin {
  workflow: string;
  definition: string;
  version: number | null;
}

/** The document, indexed for the compiler and the engine. */
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
