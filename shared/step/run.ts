import * as z from 'zod';
import type { CallKind } from './kind.ts';

const workflow = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'must be the name of a workflow of the same project, such as order-intake, without expressions',
  );
const version = z.int().min(1).max(999_999).optional();
const resolved = z.object({
  workflow,
  version,
  input: z.record(z.string(), z.unknown()).default({}),
  wait: z.boolean().default(true),
});

/** Starts a run of another workflow. Its result is the run's outputs, or its id when it does not wait. */
export const run: CallKind<z.infer<typeof resolved>> = {
  shape: 'call',
  name: 'run',
  schema: z.strictObject({
    workflow,
    version,
    input: z.record(z.string(), z.unknown()).optional(),
    wait: z.boolean().optional(),
  }),
  resolved,
  callee: ({ workflow: name, version: number }) => ({ workflow: name, version: number }),
  waits: ({ wait = true }) => wait,
};
