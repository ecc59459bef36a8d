import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { Time } from '../kit/time.tsx';
import { usePaged } from '../pages/paged.ts';
import { NewSubscription, SecretShown } from './new-subscription.tsx';
import { SubscriptionPanel } from './subscription-panel.tsx';
import { SubscriptionState, toldOf } from './subscription-state.tsx';

/** Who is told of what happens here. */
export function SubscriptionsPage() {
  const { id: opened } = useSearch({ from: '/subscriptions' });
  const navigate = useNavigate({ from: '/subscriptions' });
  const [asked, setAsked] = useState<'new' | { secret: string }>();
  const closed = () => setAsked(undefined);
  const subscriptions = usePaged(['subscriptions', 'list'], (token, signal) =>
    call('listSubscriptions', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  const { items } = subscriptions;
  const open = (id: string | undefined) => void navigate({ search: { id }, replace: true, resetScroll: false });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Subscriptions</h1>
        <Button kind="primary" icon="plus" onClick={() => setAsked('new')}>
          New subscription
        </Button>
      </div>
      {subscriptions.isPending && <Loading />}
      {subscriptions.isError && <Problem error={subscriptions.error} retry={() => void subscriptions.refetch()} />}
      {subscriptions.isSuccess && items.length === 0 && (
        <Empty title="Nobody is told yet">
          A subscription tells a webhook, or the event bus, when runs start and end and when people are asked.
        </Empty>
      )}
      {items.length > 0 && (
        <div className={opened ? 'with-panel' : ''}>
          <div className="panel scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Told</th>
                  <th>State</th>
                  <th>Of</th>
                  <th>Project</th>
                  <th>Since</th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id} aria-selected={one.id === opened}>
                    <td>
                      <button
                        type="button"
                        className="link cut"
                        title={toldOf(one)}
                        onClick={() => open(one.id === opened ? undefined : one.id)}
                      >
                        <b>{toldOf(one)}</b>
                      </button>
                    </td>
                    <td>
                      <SubscriptionState subscription={one} />
                    </td>
                    <td className="muted">{one.events.join(', ')}</td>
                    <td className="muted">{one.project_id}</td>
                    <td className="muted">
                      <Time at={one.created_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {opened && <SubscriptionPanel key={opened} id={opened} onClose={() => open(undefined)} />}
        </div>
      )}
      {subscriptions.hasNextPage && <Button onClick={() => void subscriptions.fetchNextPage()}>Show 100 more</Button>}
      {asked === 'new' && (
        <NewSubscription
          onClose={closed}
          onMade={({ id, secret }) => {
            open(id);
            // The dialog that asked closes itself first.
            if (secret !== null) setTimeout(() => setAsked({ secret }), 0);
          }}
        />
      )}
      {typeof asked === 'object' && <SecretShown secret={asked.secret} onClose={closed} />}
    </div>
  );
}
