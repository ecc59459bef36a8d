import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call } from '../api/call.ts';
import type { Workflow } from '../api/queries.ts';
import { Button, Copy, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { changeOf, FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Choices } from '../kit/menu.tsx';
import { Panel } from '../kit/panel.tsx';
import { defaultsOf } from '../kit/schema.ts';
import { tellProblem, told } from '../kit/told.tsx';
import { type Queue, queuesQuery, triggersChanged } from './queries.ts';

type Asked = { act: 'new' } | { act: 'change' | 'delete'; queue: Queue };

/** What messages of SQS start. */
export function Queues({ workflow }: { workflow: Workflow }) {
  const queues = useQuery(queuesQuery(workflow.id));
  const [asked, setAsked] = useState<Asked>();
  const items = queues.data?.items ?? [];
  const paramsOf = ({ id }: Queue) => ({ workflow_id: workflow.id, queue_id: id });
  const again = () => triggersChanged(workflow.id);
  const closed = () => setAsked(undefined);
  const turn = (queue: Queue) =>
    call('changeQueue', { params: paramsOf(queue), body: { enabled: !queue.enabled } }).then(() => {
      told(queue.enabled ? 'Paused: messages are rejected deliveries, and can be redelivered.' : 'It takes messages again.');
      return again();
    }, tellProblem);
  return (
    <Panel
      title="Queues"
      note={items.length > 0 && items.length}
      actions={
        <Button icon="plus" onClick={() => setAsked({ act: 'new' })}>
          New queue
        </Button>
      }
    >
      {queues.isPending && <Loading rows={2} />}
      {queues.isError && <Problem error={queues.error} />}
      {queues.isSuccess && items.length === 0 && (
        <p className="panel-body muted">
          None. A message of SQS, in the inbox of this installation or in a queue of yours, starts a run.
        </p>
      )}
      {items.length > 0 && (
        <ul className="trigger-list">
          {items.map((queue) => (
            <li key={queue.id}>
              <div className="row wrap">
                <b>{queue.name}</b>
                {queue.enabled ? <span className="pill good">on</span> : <span className="pill">paused</span>}
                <span className="grow" />
                <Button onClick={() => void turn(queue)}>{queue.enabled ? 'Pause' : 'Resume'}</Button>
                <Choices
                  choices={[
                    { label: 'Settings', icon: 'edit', act: () => setAsked({ act: 'change', queue }) },
                    { label: 'Delete', icon: 'cross', danger: true, act: () => setAsked({ act: 'delete', queue }) },
                  ]}
                >
                  <button type="button" className="button" aria-label={`More on ${queue.name}`}>
                    More
                  </button>
                </Choices>
              </div>
              <Where queue={queue} />
            </li>
          ))}
        </ul>
      )}
      {asked?.act === 'new' && (
        <FormDialog
          title="New queue"
          verb="Create"
          schema={forms.queue}
          values={defaultsOf(forms.queue)}
          onClose={closed}
          save={(values, reason) =>
            call('createQueue', {
              params: { workflow_id: workflow.id },
              body: values as BodyOf<'createQueue'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked?.act === 'change' && (
        <FormDialog
          title={`Settings of ${asked.queue.name}`}
          verb="Save"
          schema={forms.queueChange}
          values={valuesOf(forms.queueChange, asked.queue)}
          onClose={closed}
          save={(values, reason) =>
            call('changeQueue', {
              params: paramsOf(asked.queue),
              body: changeOf(forms.queueChange, valuesOf(forms.queueChange, asked.queue), values) as BodyOf<'changeQueue'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked?.act === 'delete' && (
        <ReasonDialog
          title={`Delete ${asked.queue.name}`}
          verb="Delete"
          danger
          opened
          onClose={closed}
          act={(reason) => call('deleteQueue', { params: paramsOf(asked.queue), ...(reason && { reason }) }).then(again)}
        >
          <p>Messages for it are turned away from then on. What has arrived stays readable under Deliveries.</p>
        </ReasonDialog>
      )}
    </Panel>
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
