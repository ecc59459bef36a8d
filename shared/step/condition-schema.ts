import * as z from 'zod';
import { EXPRESSION, isOneExpression } from '../expression/template.ts';
import { not } from '../kernel/shown.ts';

const expected = 'must be true, false or one ${ ... } expression';

/** What `if`, `when` and `runIf` look like in a document. */
export const condition = z.union(
  [
    z.boolean(),
    z
      .string()
      .regex(EXPRESSION, { error: expected, abort: true })
      .refine(isOneExpression, { error: not(expected) }),
  ],
  {
    error: expected,
  },
);
