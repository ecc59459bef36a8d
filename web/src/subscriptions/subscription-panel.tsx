import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, IconButton, Id, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { usePaged } from '../kit/paged.ts';
import { Panel } from '../kit/panel.tsx';
import { Time } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { SubscriptionDialog } from './subscription-dialog.tsx';
import { SubscriptionState, toldOf } from './subscription-state.tsx';

const TONES = { pending: 'active', delivered: 'good', failed: 'bad' } as const;
const again = () => queries.invalidateQueries({ queryKey: ['subscriptions'] });

/** One subscription: how it stands, what was sent, and what came of it. */
export function SubscriptionPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const params = { subscription_id: id };
  const subscription = useQuery({
    queryKey: ['subscriptions', id],
    queryFn: ({ signal }) => call('getSubscription', { params }, signal),
  });
  const [asked, setAsked] = useState<'change' | 'turn' | 'delete'>();
  const one = subscription.data;
  const test = () =>
    call('testSubscription', { params }).then(() => {
      told('Sent: what comes of it stands below.');
      return again();
    }, tellProblem);
  return (
    <Panel
      title={one && 'webhook' in one.to ? new URL(one.to.webhook.url).host : one && 'email' in one.to ? 'Mail' : 'Event bus'}
      label="Subscription"
      actions={<IconButton icon="cross" label="Close" onClick={onClose} />}
    >
      <div className="panel-body stack">
        {subscription.isPending && <Loading rows={4} />}
        {subscription.isError && <Problem error={subscription.error} />}
        {one && (
          <>
            <div className="row wrap">
              <SubscriptionState subscription={one} />
              <span className="grow" />
              <Button icon="play" onClick={() => void test()}>
                Send a test
              </Button>
              <Button icon="edit" onClick={() => setAsked('change')}>
                Change
              </Button>
              <Button onClick={() => setAsked('turn')}>{one.enabled ? 'Turn off' : 'Turn on'}</Button>
              <Button kind="danger" onClick={() => setAsked('delete')}>
                Delete
              </Button>
            </div>
            {one.disabled_reason && <p className="problem">{one.disabled_reason}</p>}
            <dl className="facts">
              <dt>To</dt>
              <dd>{'webhook' in one.to ? <code>{one.to.webhook.url}</code> : toldOf(one)}</dd>
              {'email' in one.to && (
                <>
                  <dt>Sent</dt>
                  <dd>
                    {one.to.email.every === 'day' ? 'each day at 05:00 UTC' : 'at each full hour'}, when something has happened
                  </dd>
                </>
              )}
              <dt>Of</dt>
              <dd>{one.events.join(', ')}</dd>
              <dt>Only</dt>
              <dd>
                {[
                  one.filter.workflow_id && `of workflow ${one.filter.workflow_id}`,
                  one.filter.trigger && `by ${one.filter.trigger}`,
                  one.filter.label && `labelled ${one.filter.label}`,
                ]
                  .filter(Boolean)
                  .join(', ') || 'all of the project'}
              </dd>
              <dt>Made</dt>
              <dd>
                <Time at={one.created_at} exact /> by {one.created_by.name}
              </dd>
              <dt>Id</dt>
              <dd>
                <Id id={one.id} />
              </dd>
            </dl>
          </>
        )}
      </div>
      <Sent id={id} />
      {asked === 'change' && one && (
        <SubscriptionDialog of={one} onClose={() => setAsked(undefined)} onSaved={() => told('Saved.')} />
      )}
      {asked === 'turn' && one && (
        <ReasonDialog
          title={one.enabled ? 'Turn it off' : 'Turn it on'}
          verb={one.enabled ? 'Turn off' : 'Turn on'}
          opened
          onClose={() => setAsked(undefined)}
          act={(reason) =>
            call('changeSubscription', { params, body: { enabled: !one.enabled }, ...(reason && { reason }) }).then(again)
          }
        >
          <p>
            {one.enabled
              ? 'Nothing is sent until it is turned on; what happens meanwhile is not made up for.'
              : 'It is told again.'}
          </p>
        </ReasonDialog>
      )}
      {asked === 'delete' && (
        <ReasonDialog
          title="Delete the subscription"
          verb="Delete"
          danger
          opened
          onClose={() => setAsked(undefined)}
          act={async (reason) => {
            await call('deleteSubscription', { params, ...(reason && { reason }) });
            onClose();
            await again();
          }}
        >
          <p>What has not been sent is not sent any more.</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}

const LOOK_EVERY_MS = 3000;

function Sent({ id }: { id: string }) {
  const params = { subscription_id: id };
  const sent = usePaged(
    ['subscriptions', id, 'sent'],
    (token, signal) =>
      call('listSubscriptionDeliveries', { params, query: { limit: 25, ...(token && { continuation_token: token }) } }, signal),
    LOOK_EVERY_MS,
  );
  const resend = (delivery: string) =>
    call('redeliverSubscription', { params, body: { delivery_ids: [delivery] } }).then(() => {
      told('It is sent again.');
      return again();
    }, tellProblem);
  if (sent.isError) return <Problem error={sent.error} />;
  if (sent.isSuccess && sent.items.length === 0) return <p className="panel-body muted">Nothing was sent yet.</p>;
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Sent</th>
            <th>Event</th>
            <th>Outcome</th>
            <th className="right">Again</th>
          </tr>
        </thead>
        <tbody>
          {sent.items.map((one) => (
            <tr key={one.id}>
              <td className="muted">
                <Time at={one.last_at ?? one.created_at} />
              </td>
              <td>{one.type}</td>
              <td>
                <span className={`pill ${TONES[one.outcome]}`}>{one.outcome}</span>{' '}
                <span className="muted">
                  {one.status !== null && one.status}
                  {one.error && ` ${one.error}`}
                  {one.attempts > 1 && `, ${one.attempts} attempts`}
                </span>
              </td>
              <td className="right">
                {one.outcome !== 'pending' && (
                  <Button kind="ghost" onClick={() => void resend(one.id)}>
                    Send again
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
