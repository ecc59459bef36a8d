import * as z from 'zod';
import { conditionOf } from '../expression/condition.ts';
import type { Template } from '../expression/template.ts';
import { condition } from './condition-schema.ts';
import type { GroupKind, Step } from './kind.ts';

type Case = { when: Template; steps: Step[] } | { otherwise: Step[] };

/** Takes the first case whose condition holds, or `otherwise`. */
export const switchKind: GroupKind<Case[]> = {
  shape: 'group',
  name: 'switch',
  schema: (steps) =>
    z
      .array(z.union([z.strictObject({ when: condition, steps }), z.strictObject({ otherwise: steps })]))
      .min(1, 'needs at least one case')
      .refine((cases) => cases.slice(0, -1).every((one) => 'when' in one), 'otherwise must be the last case')
      .refine(([first]) => first === undefined || 'when' in first, 'needs a case with "when" before otherwise'),
  branches: (cases) =>
    cases.map((one, index) =>
      'when' in one ? { name: `case${index}`, steps: one.steps } : { name: 'otherwise', steps: one.otherwise },
    ),
  asks: true,
  loops: false,
  entryTemplates: (cases) => cases.flatMap((one) => ('when' in one ? [one.when] : [])),

  async enter(cases, evaluate) {
    for (const [index, one] of cases.entries()) {
      if (!('when' in one)) return { case: 'otherwise' };
      const field = `switch[${index}].when`;
      if (conditionOf(await evaluate(one.when, field), field)) return { case: `case${index}` };
    }
    return { case: 'skip' };
  },

  output: async (_cases, entry, last) => (entry.case === undefined || entry.case === 'skip' ? null : last(entry.case)),
};
