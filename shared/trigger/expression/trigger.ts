import * as z from 'zod';
import { type Actor, actor } from '../../kernel/actor.ts';
import { newId } from '../../kernel/id.ts';
import type { Workflow } from '../../workflow/workflow.ts';

/** What stands in the row of a trigger that maps what arrives to the inputs of its workflow. */
export const trigger = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  name: z.string(),
  /** JSONata to inputs, over what its kind reads. */
  mapping: z.string().optional(),
  /** JSONata condition over the same: what does not meet it starts nothing. */
  if: z.string().optional(),
  enabled: z.boolean(),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});

/** The row of a new one, as its owner has chosen. */
export function newTrigger<Choices extends object>(
  choices: Choices,
  { workflow, actor: createdBy }: { workflow: Workflow; actor: Actor },
  at: Date,
) {
  return {
    ...choices,
    id: newId(at.getTime()),
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    createdAt: at.toISOString(),
    createdBy,
    updatedAt: at.toISOString(),
  };
}

/** The row after a change, in which null takes away what was said. */
export function changedTrigger<Row extends object>(
  row: z.ZodType<Row>,
  seen: Row,
  change: { [Name in keyof Row]?: Row[Name] | null | undefined },
  at: Date,
): Row {
  const said = Object.entries(change).filter(([, value]) => value !== undefined);
  const all = { ...seen, ...Object.fromEntries(said), updatedAt: at.toISOString() };
  return row.parse(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)));
}
