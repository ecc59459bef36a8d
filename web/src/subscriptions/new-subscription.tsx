import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { EVENTS } from '../../../shared/subscription/events.ts';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { queries, workflowsQuery } from '../api/queries.ts';
import { Button, Copy, Field } from '../kit/controls.tsx';
import { Dialog, ReasonDialog } from '../kit/dialog.tsx';

type Event = (typeof EVENTS)[number];
const USUAL: readonly Event[] = ['run.failed', 'run.timed_out'];

interface Props {
  onClose: () => void;
  onMade: (made: Result<'createSubscription'>) => void;
}

/** Says who is told of what; the secret that signs is shown this once. */
export function NewSubscription({ onClose, onMade }: Props) {
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const projects = [...new Set(workflows.map(({ project_id }) => project_id))];
  const [project, setProject] = useState<string>();
  const [events, setEvents] = useState(USUAL);
  const [url, setUrl] = useState('');
  const [isBus, setBus] = useState(false);
  const [workflow, setWorkflow] = useState('');
  const [label, setLabel] = useState('');
  const chosen = project ?? projects[0] ?? '';
  const act = async (reason: string | undefined) => {
    const body: BodyOf<'createSubscription'> = {
      project_id: chosen,
      events: [...events],
      to: isBus ? { event_bus: {} } : { webhook: { url } },
      filter: { ...(workflow && { workflow_id: workflow }), ...(label.trim() && { label: label.trim() }) },
    };
    const made = await call('createSubscription', { body, ...(reason && { reason }) });
    await queries.invalidateQueries({ queryKey: ['subscriptions'] });
    onMade(made);
  };
  return (
    <ReasonDialog
      title="New subscription"
      verb="Create"
      size="lg"
      opened
      onClose={onClose}
      because={
        chosen === ''
          ? 'Name a project.'
          : events.length === 0
            ? 'Choose what it is told of.'
            : isBus || url
              ? undefined
              : 'Fill in where to.'
      }
      act={act}
    >
      <Field label="Project">
        {(id) => <input id={id} className="input" value={chosen} onChange={(event) => setProject(event.target.value)} />}
      </Field>
      <fieldset className="fields">
        <legend>Of</legend>
        <div className="row wrap">
          {EVENTS.map((event) => (
            <label key={event} className="check">
              <input
                type="checkbox"
                checked={events.includes(event)}
                onChange={({ target }) =>
                  setEvents((now) => EVENTS.filter((one) => (one === event ? target.checked : now.includes(one))))
                }
              />
              <span>{event}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <label className="check">
        <input type="radio" name="to" checked={!isBus} onChange={() => setBus(false)} />
        <span>A webhook</span>
      </label>
      {!isBus && (
        <Field label="URL" hint="What is sent is signed (Standard Webhooks).">
          {(id) => (
            <input
              id={id}
              className="input"
              type="url"
              placeholder="https://erp.example.com/millrun"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          )}
        </Field>
      )}
      <label className="check">
        <input type="radio" name="to" checked={isBus} onChange={() => setBus(true)} />
        <span>The event bus of this installation</span>
      </label>
      <div className="row wrap">
        <Field label="Only of the workflow">
          {(id) => (
            <select id={id} className="select" value={workflow} onChange={(event) => setWorkflow(event.target.value)}>
              <option value="">any</option>
              {workflows
                .filter((one) => one.project_id === chosen)
                .map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.title ?? one.name}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Field label="Only with the label">
          {(id) => <input id={id} className="input" value={label} onChange={(event) => setLabel(event.target.value)} />}
        </Field>
      </div>
    </ReasonDialog>
  );
}

/** What verifies signatures, this once. */
export const SecretShown = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <Dialog title="The subscription is made" opened onClose={onClose}>
    <div className="act">
      <p className="shown-once">
        What its signatures are verified with, shown this once: <code>{secret}</code>{' '}
        <Copy text={secret} label="Copy the secret" />
      </p>
      <div className="act-foot">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  </Dialog>
);
