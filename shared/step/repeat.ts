import * as z from 'zod';
import type { Template } from '../expression/template.ts';
import { MAX_ROUNDS } from '../kernel/limits.ts';
import { condition } from './condition-schema.ts';
import type { GroupKind, Step } from './kind.ts';

type Repeat = { until: Template; max: number; steps: Step[] };

/** Takes its steps round after round until a condition holds; its result is the output of the last round. */
export const repeat: GroupKind<Repeat> = {
  shape: 'group',
  name: 'repeat',
  schema: (steps) =>
    z.strictObject({
      until: condition.describe('Asked after every round, of which $last is the output.'),
      max: z.int().min(1).max(MAX_ROUNDS).describe('How many rounds there may be; one that needs more fails as LimitReached.'),
      steps,
    }),
  branches: ({ steps }) => [{ name: 'steps', steps }],
  asks: true,
  loops: true,
  rounds: ({ until, max }) => ({ until, max }),
  entryTemplates: ({ until }) => [until],
  enter: () => Promise.resolve({}),
  output: (_spec, { count = 0 }, last) => last('steps', count - 1),
};
