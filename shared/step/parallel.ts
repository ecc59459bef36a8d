import * as z from 'zod';
import type { GroupKind, Step } from './kind.ts';

const branchName = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_]{0,39}$/,
    'must be the name of a branch such as sales: a small letter, then letters, digits and _ only, 40 at most',
  );

/** Runs its branches at the same time and ends when all have ended. */
export const parallel: GroupKind<Record<string, Step[]>> = {
  shape: 'group',
  name: 'parallel',
  schema: (steps) =>
    z.record(branchName, steps).refine((branches) => Object.keys(branches).length > 0, 'needs at least one branch'),
  branches: (spec) => Object.entries(spec).map(([name, steps]) => ({ name, steps })),
  asks: false,
  loops: false,
  resultNames: (spec) => Object.keys(spec),
  entryTemplates: () => [],
  enter: () => Promise.resolve({}),

  async output(spec, _entry, last) {
    const names = Object.keys(spec);
    const outputs = await Promise.all(names.map((name) => last(name)));
    return Object.fromEntries(names.map((name, index) => [name, outputs[index]]));
  },
};
