import type { Actor } from '../../kernel/actor.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { changedTrigger, newTrigger } from '../expression/trigger.ts';
import { checkExpressions } from '../expression/trigger-expressions.ts';
import { MESSAGE, type Queue, type Queues, queue } from './queue.ts';

export interface QueueSettingsServices {
  queues: Queues;
  /** The owner's own queues and the workspaces whose triggers may take their messages. */
  ownQueues: readonly { name: string; workspace: string }[];
  now: () => Date;
}

/** What its owner says of a queue. */
export type QueueChoices = Pick<Queue, 'name' | 'source' | 'mapping' | 'if' | 'enabled'>;

/** What changes; null takes an expression away. */
export type QueueChange = Partial<Pick<Queue, 'name' | 'enabled'>> & { mapping?: string | null; if?: string | null };

export async function createQueue(
  { queues, ownQueues, now }: QueueSettingsServices,
  { workflow, actor }: { workflow: Workflow; actor: Actor },
  choices: QueueChoices,
): Promise<Queue> {
  checkExpressions(choices, MESSAGE);
  const { source } = choices;
  const isOwn = ownQueues.some(({ name, workspace }) => name === source && workspace === workflow.workspace);
  if (source !== undefined && !isOwn)
    throw new Problem('invalid', `There is no queue "${source}" for this workspace: the setting inboundQueues names them.`, [
      { name: 'source', value: source },
    ]);
  const created = newTrigger(choices, { workflow, actor }, now());
  if (await queues.create(created)) return created;
  throw new Problem('conflict', `The messages of "${source}" are for another trigger already; delete that one first.`, [
    { name: 'source', value: source ?? '' },
  ]);
}

export async function changeQueue({ queues, now }: QueueSettingsServices, seen: Queue, change: QueueChange): Promise<Queue> {
  const next = changedTrigger(queue, seen, change, now());
  checkExpressions(next, MESSAGE);
  if (await queues.replace(seen, next)) return next;
  throw new Problem('conflict', `Queue "${seen.name}" has been changed by somebody else meanwhile. Read it again.`);
}
