import * as z from 'zod';
import { BUILTINS } from '../expression/builtins.ts';
import { isOneExpression, type Template } from '../expression/template.ts';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY, MAX_ITEMS } from '../kernel/limits.ts';
import { not } from '../kernel/shown.ts';
import { StepError } from '../kernel/step-error.ts';
import type { GroupKind, Step } from './kind.ts';

const notOneExpression = not('must be a list or one expression such as ${ $input.lines }; over a text it runs once');

const RESERVED = ['input', 'steps', 'run', 'error', 'index', 'last'];

const itemName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,39}$/, 'must be a name such as line: a small letter, then letters, digits and _ only, 40 at most')
  .refine((name) => !RESERVED.includes(name), {
    error: not(`must be another name such as line: ${RESERVED.join(', ')} mean something already`),
  })
  .refine((name) => !BUILTINS.has(name), { error: not('must be another name such as line: it is that of a function') });

/** Outputs of items. */
const READ_AT_ONCE = 100;

type ForEach = { in: Template; as: string; concurrency: number; steps: Step[] };

/** Goes through a list; its result has the output of each item's last step, in the order of the list. */
export const forEach: GroupKind<ForEach> = {
  shape: 'group',
  name: 'forEach',
  schema: (steps) =>
    z.strictObject({
      in: z
        .unknown()
        .refine((list) => list !== undefined, 'is missing')
        .refine((list) => typeof list !== 'string' || isOneExpression(list), { error: notOneExpression }),
      as: itemName,
      concurrency: z.int().min(1).max(MAX_CONCURRENCY).default(DEFAULT_CONCURRENCY),
      steps,
    }),
  branches: ({ steps }) => [{ name: 'steps', steps }],
  asks: true,
  loops: true,
  loop: ({ as, concurrency }) => ({ as, concurrency }),
  entryTemplates: (spec) => [spec.in],

  async enter(spec, evaluate) {
    const items = listOf(await evaluate(spec.in, 'forEach.in'));
    if (items.length > MAX_ITEMS) {
      throw new StepError('ExpressionError', `forEach.in: ${items.length} items, at most ${MAX_ITEMS} are allowed`);
    }
    return { items };
  },

  async output(_spec, { count = 0 }, last) {
    const outputs: unknown[] = [];
    for (let from = 0; from < count; from += READ_AT_ONCE) {
      const some = Array.from({ length: Math.min(READ_AT_ONCE, count - from) }, (_, place) => last('steps', from + place));
      outputs.push(...(await Promise.all(some)));
    }
    return outputs;
  },
};

// JSONata gives a list of one as its item, and nothing for an empty list.
function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
