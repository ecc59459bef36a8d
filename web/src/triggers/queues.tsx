import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { type BodyOf, call } from '../api/call.ts';
import type { Workflow } from '../api/queries.ts';
import { Copy } from '../kit/controls.tsx';
import { type Queue, queuesQuery, triggersChanged } from './queries.ts';
import { TriggerList } from './trigger-list.tsx';

/** What messages of SQS start. */
export function Queues({ workflow }: { workflow: Workflow }) {
  const list = useQuery(queuesQuery(workflow.id));
  const params = { workflow_id: workflow.id };
  return (
    <TriggerList
      title="Queues"
      noun="queue"
      list={list}
      none="None. A message of SQS, in the inbox of this installation or in a queue of yours, starts a run."
      schemas={{ asNew: forms.queue, change: forms.queueChange }}
      create={(values, reason) => call('createQueue', { params, body: values as BodyOf<'createQueue'>, ...reason })}
      change={({ id: queue_id }, body, reason) => call('changeQueue', { params: { ...params, queue_id }, body, ...reason })}
      remove={({ id: queue_id }, reason) => call('deleteQueue', { params: { ...params, queue_id }, ...reason })}
      again={() => triggersChanged(workflow.id)}
    >
      {(queue) => <Where queue={queue} />}
    </TriggerList>
  );
}

/** Where messages are sent to, and what they carry to get here. */
const Where = ({ queue }: { queue: Queue }) =>
  queue.source !== null ? (
    <p className="muted">
      All messages of <code>{queue.source}</code>
    </p>
  ) : (
    <>
      <p className="row">
        <code className="cut">{queue.queue_url}</code>
        {queue.queue_url && <Copy text={queue.queue_url} label="Copy the address of the queue" />}
      </p>
      <p className="row muted">
        with the attribute <code>queue_id</code> <code className="cut">{queue.id}</code>
        <Copy text={queue.id} label="Copy the queue_id" />
        {queue.fifo_queue_url && <Copy text={queue.fifo_queue_url} label="Copy the address of the FIFO queue" small={false} />}
      </p>
    </>
  );
