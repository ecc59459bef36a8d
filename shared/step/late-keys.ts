import type { LeafKind } from './kind.ts';

/** A step's spec in two: what is evaluated before it executes, and what it evaluates itself while it does. */
export function partedSpec({ late = {} }: Pick<LeafKind, 'late'>, spec: unknown): { early: unknown; later: object } {
  if (Object.keys(late).length === 0 || typeof spec !== 'object' || spec === null) return { early: spec, later: {} };
  const entries = Object.entries(spec);
  const isLate = ([key]: [string, unknown]) => Object.hasOwn(late, key);
  return {
    early: Object.fromEntries(entries.filter((entry) => !isLate(entry))),
    later: Object.fromEntries(entries.filter(isLate)),
  };
}
