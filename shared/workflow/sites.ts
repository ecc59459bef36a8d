import type { Step } from '../step/kind.ts';

/** A string of the document, and the step whose it is. */
export interface Site {
  at: PropertyKey[];
  text: string;
  /** Null for the document's own. */
  stepId: string | null;
  /** The key of the step, or of the document, under which the string stands. */
  field: string;
}

/** Where everything stands. */
export interface FoundSites {
  sites: Site[];
  /** Every place of a step, in the order of the document; the same id more than once if it is used twice. */
  places: { id: string; at: PropertyKey[] }[];
}

/** Goes through the author's form of a document. `found` has the maps that are steps. */
export function sitesIn(root: unknown, found: ReadonlyMap<object, Step>): FoundSites {
  const all: FoundSites = { sites: [], places: [] };
  const visit = (value: unknown, at: PropertyKey[], stepId: string | null, field: string) => {
    if (typeof value === 'string') all.sites.push({ at, text: value, stepId, field });
    if (typeof value !== 'object' || value === null) return;
    const step = found.get(value);
    if (step) all.places.push({ id: step.id, at });
    for (const [key, item] of Object.entries(value)) {
      const below = [...at, Array.isArray(value) ? Number(key) : key];
      if (step) visit(item, below, step.id, key);
      else visit(item, below, stepId, at.length === 0 ? key : field);
    }
  };
  visit(root, [], null, '');
  return all;
}

/** A path in words: steps by id, such as `steps.extract.llm.tools[0]`. */
export function displayPath(root: unknown, at: PropertyKey[], found: ReadonlyMap<object, Step>): string {
  let value = root;
  let words = '';
  for (const key of at) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    const step = typeof value === 'object' && value !== null ? found.get(value) : undefined;
    if (step) words = `steps.${step.id}`;
    else if (typeof key === 'number') words += `[${key}]`;
    else words += words === '' ? String(key) : `.${String(key)}`;
  }
  return words;
}
