import type { Result } from '../api/call.ts';
import { Time } from '../kit/time.tsx';

export type Subscription = Result<'listSubscriptions'>['items'][number];

/** Who is told. */
export const toldOf = ({ to }: Subscription) =>
  'webhook' in to ? to.webhook.url : 'email' in to ? to.email.addresses.join(', ') : 'the event bus';

/** Whether its receiver takes what it is sent. */
export const SubscriptionState = ({ subscription: { enabled, failing_since } }: { subscription: Subscription }) =>
  enabled ? (
    failing_since ? (
      <span className="pill bad">
        nothing taken since <Time at={failing_since} />
      </span>
    ) : (
      <span className="pill good">on</span>
    )
  ) : (
    <span className="pill">off</span>
  );
