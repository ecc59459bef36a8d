import type { Actor } from '../../kernel/actor.ts';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { checkExpressions } from '../expression/trigger-expressions.ts';
import { MESSAGE } from './message.ts';
import type { Queue, Queues } from './queue.ts';

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
  const at = now();
  const queue: Queue = {
    ...choices,
    id: newId(at.getTime()),
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    createdAt: at.toISOString(),
    createdBy: actor,
    updatedAt: at.toISOString(),
  };
  if (await queues.create(queue)) return queue;
  throw new Problem('conflict', `The messages of "${source}" are for another trigger already; delete that one first.`, [
    { name: 'source', value: source ?? '' },
  ]);
}

export async function changeQueue(
  { queues, now }: QueueSettingsServices,
  seen: Queue,
  { mapping = seen.mapping, if: condition = seen.if, ...change }: QueueChange,
): Promise<Queue> {
  const { mapping: _, if: __, ...kept } = seen;
  const expressions = { ...(mapping != null && { mapping }), ...(condition != null && { if: condition }) };
  checkExpressions(expressions, MESSAGE);
  const next = { ...kept, ...change, ...expressions, updatedAt: now().toISOString() };
  if (await queues.replace(seen, next)) return next;
  throw new Problem('conflict', `Queue "${seen.name}" has been changed by somebody else meanwhile. Read it again.`);
}
