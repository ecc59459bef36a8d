import type { EntryOf } from '../model/entry.ts';
import type { Run } from '../model/run.ts';

/** What the journal of a parent says of the end of a run that one of its steps waits for. */
export const childEnd = (child: Run, key: string, now: Date): EntryOf<'child_ended'> => ({
  type: 'child_ended',
  at: now.toISOString(),
  key,
  child: child.id,
  status: child.status,
  name: child.workflowName,
  ...(child.outputs && { outputs: child.outputs }),
  ...(child.error && { error: { name: child.error.name, message: child.error.message } }),
});
