import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { type Column, ListBeside } from '../kit/beside.tsx';
import { Button, Empty } from '../kit/controls.tsx';
import { usePaged } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import { SecretShown, SubscriptionDialog } from './subscription-dialog.tsx';
import { SubscriptionPanel } from './subscription-panel.tsx';
import { type Subscription, SubscriptionState, toldOf } from './subscription-state.tsx';
import './subscriptions.css';

const COLUMNS: readonly Column<Subscription>[] = [
  { name: 'State', cell: (one) => <SubscriptionState subscription={one} /> },
  { name: 'Of', cell: ({ events }) => <EventsSaid events={events} />, isMuted: true },
  { name: 'Project', cell: (one) => one.project_id, isMuted: true, isWide: true },
  { name: 'Since', cell: (one) => <Time at={one.created_at} />, isMuted: true, isWide: true },
];

const EventsSaid = ({ events }: Pick<Subscription, 'events'>) => (
  <span title={events.join(', ')}>
    {events.slice(0, 3).join(', ')}
    {events.length > 3 && ` and ${events.length - 3} more`}
  </span>
);

/** Who is told of what happens here. */
export function SubscriptionsPage() {
  const { id: opened } = useSearch({ from: '/subscriptions' });
  const navigate = useNavigate({ from: '/subscriptions' });
  const [asked, setAsked] = useState<'new' | { secret: string }>();
  const closed = () => setAsked(undefined);
  const subscriptions = usePaged(['subscriptions', 'list'], (token, signal) =>
    call('listSubscriptions', { query: { limit: 100, ...(token && { continuation_token: token }) } }, signal),
  );
  const open = (id: string | undefined) => void navigate({ search: { id }, replace: true, resetScroll: false });
  return (
    <>
      <ListBeside
        title="Subscriptions"
        action={
          <Button kind="primary" icon="plus" onClick={() => setAsked('new')}>
            New subscription
          </Button>
        }
        list={subscriptions}
        opened={opened}
        onOpen={open}
        nameOf={toldOf}
        columns={COLUMNS}
        none={
          <Empty title="Nobody is told yet">
            A subscription tells a webhook, people by mail, or the event bus, when runs start and end and when people are asked.
          </Empty>
        }
        panel={(id, close) => <SubscriptionPanel key={id} id={id} onClose={close} />}
      />
      {asked === 'new' && (
        <SubscriptionDialog
          onClose={closed}
          onSaved={({ id, secret }) => {
            open(id);
            // The dialog that asked closes itself first.
            if (secret !== null) setTimeout(() => setAsked({ secret }), 0);
          }}
        />
      )}
      {typeof asked === 'object' && <SecretShown secret={asked.secret} onClose={closed} />}
    </>
  );
}
