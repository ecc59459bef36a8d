import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { EVENTS } from '../../../shared/subscription/events.ts';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { queries, workflowsQuery } from '../api/queries.ts';
import { Copy, Field, Segments } from '../kit/controls.tsx';
import { Dialog, DoneFoot, ReasonDialog } from '../kit/dialog.tsx';
import type { Subscription } from './subscription-state.tsx';

type Event = (typeof EVENTS)[number];
type Target = BodyOf<'createSubscription'>['to'];
type Kind = 'webhook' | 'email' | 'event_bus';
type Every = 'hour' | 'day';

const USUAL: readonly Event[] = ['run.failed', 'run.timed_out'];
const KINDS = [
  ['webhook', 'Webhook'],
  ['email', 'Mail'],
  ['event_bus', 'Event bus'],
] as const;

const addressesIn = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

interface Props {
  /** The one that is changed; a new one unless given. */
  of?: Subscription;
  onClose: () => void;
  onSaved: (saved: { id: string; secret: string | null }) => void;
}

/** Says who is told of what: for a new subscription, and for one that is changed. */
export function SubscriptionDialog({ of, onClose, onSaved }: Props) {
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const projects = [...new Set(workflows.map(({ project_id }) => project_id))];
  const [project, setProject] = useState(of?.project_id);
  const [events, setEvents] = useState<readonly Event[]>(of?.events ?? USUAL);
  const [kind, setKind] = useState<Kind>(() => KINDS.find(([one]) => of && one in of.to)?.[0] ?? 'webhook');
  const [url, setUrl] = useState(of && 'webhook' in of.to ? of.to.webhook.url : '');
  const [written, setWritten] = useState(of && 'email' in of.to ? of.to.email.addresses.join('\n') : '');
  const [every, setEvery] = useState<Every>((of && 'email' in of.to && of.to.email.every) || 'hour');
  const [workflow, setWorkflow] = useState(of?.filter.workflow_id ?? '');
  const [label, setLabel] = useState(of?.filter.label ?? '');
  const chosen = project ?? projects[0] ?? '';
  const addresses = addressesIn(written);
  const target = (): Target =>
    kind === 'webhook' ? { webhook: { url } } : kind === 'email' ? { email: { addresses, every } } : { event_bus: {} };
  const act = async (given: string | undefined) => {
    const reason = given === undefined ? {} : { reason: given };
    const { trigger, type } = of?.filter ?? {};
    const body = {
      events: [...events],
      to: target(),
      filter: {
        ...(workflow && { workflow_id: workflow }),
        ...(label.trim() && { label: label.trim() }),
        ...(trigger && { trigger }),
        ...(type && { type }),
      } as NonNullable<BodyOf<'createSubscription'>['filter']>,
    };
    const saved: Saved = of
      ? await call('changeSubscription', { params: { subscription_id: of.id }, body, ...reason })
      : await call('createSubscription', { body: { project_id: chosen, ...body }, ...reason });
    await queries.invalidateQueries({ queryKey: ['subscriptions'] });
    onSaved({ id: saved.id, secret: saved.secret ?? null });
  };
  const isAimed = kind === 'webhook' ? url !== '' : kind === 'email' ? addresses.length > 0 : true;
  return (
    <ReasonDialog
      title={of ? 'Change the subscription' : 'New subscription'}
      verb={of ? 'Save' : 'Create'}
      size="lg"
      opened
      onClose={onClose}
      because={
        chosen === ''
          ? 'Name a project.'
          : events.length === 0
            ? 'Choose what it is told of.'
            : isAimed
              ? undefined
              : 'Fill in where to.'
      }
      act={act}
    >
      {!of && (
        <Field label="Project">
          {(id) => <input id={id} className="input" value={chosen} onChange={(event) => setProject(event.target.value)} />}
        </Field>
      )}
      <fieldset className="fields">
        <legend>Of</legend>
        <div className="events">
          {EVENTS.map((event) => (
            <label key={event} className="check">
              <input
                type="checkbox"
                checked={events.includes(event)}
                onChange={({ target: { checked } }) =>
                  setEvents((now) => EVENTS.filter((one) => (one === event ? checked : now.includes(one))))
                }
              />
              <span>{event}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset className="fields">
        <legend>To</legend>
        {!of && (
          <div>
            <Segments label="Kind of receiver" value={kind} options={KINDS} onChange={setKind} />
          </div>
        )}
        {kind === 'webhook' && (
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
        {kind === 'email' && (
          <>
            <Field
              label="Mail addresses"
              hint="One a line; ten at most. Whoever wants to tell more has a list at their mail server."
            >
              {(id) => (
                <textarea
                  id={id}
                  className="textarea"
                  rows={2}
                  value={written}
                  onChange={(event) => setWritten(event.target.value)}
                />
              )}
            </Field>
            <Field label="How often" hint="One mail with all that has happened since; where nothing has, none is sent.">
              {(id) => (
                <select
                  id={id}
                  className="select"
                  value={every}
                  onChange={(event) => setEvery(event.target.value === 'day' ? 'day' : 'hour')}
                >
                  <option value="hour">at each full hour</option>
                  <option value="day">each day at 05:00 UTC</option>
                </select>
              )}
            </Field>
          </>
        )}
        {kind === 'event_bus' && <p className="field-hint">That of this installation.</p>}
      </fieldset>
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

/** A new one has a secret, where it signs. */
type Saved = Result<'changeSubscription'> & Partial<Pick<Result<'createSubscription'>, 'secret'>>;

/** What verifies signatures, this once. */
export const SecretShown = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <Dialog title="The subscription is made" opened onClose={onClose}>
    <div className="act">
      <p className="shown-once">
        What its signatures are verified with, shown this once: <code>{secret}</code>{' '}
        <Copy text={secret} label="Copy the secret" />
      </p>
      <DoneFoot onDone={onClose} />
    </div>
  </Dialog>
);
