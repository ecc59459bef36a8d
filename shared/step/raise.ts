import * as z from 'zod';
import { jsonNumber } from '../kernel/json-number.ts';
import { StepError } from '../kernel/step-error.ts';
import type { LeafKind } from './kind.ts';

export const ERROR_NAME = /^[A-Z][A-Za-z0-9]{0,63}$/;

const errorName = z.string().regex(ERROR_NAME, 'must be an error name in PascalCase such as OutOfStock, without expressions');

const resolved = z.object({
  error: errorName,
  message: z.union([z.string(), jsonNumber, z.boolean(), z.null()]).transform((message) => String(message ?? '')),
});

/** Fails the run, or the group that catches it, under a name of the author's. */
export const raise: LeafKind<z.infer<typeof resolved>> = {
  shape: 'leaf',
  name: 'raise',
  schema: z.strictObject({ error: errorName, message: z.string() }),
  resolved,
  evaluate: ({ error, message }) => Promise.reject(new StepError(error, message)),
};
