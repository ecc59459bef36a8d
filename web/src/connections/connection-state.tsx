import type { Result } from '../api/call.ts';
import { Time } from '../kit/time.tsx';

export type Connection = Result<'listConnections'>['items'][number];

const STATES: Record<Connection['status']['state'], { word: string; tone: string }> = {
  untested: { word: 'untested', tone: '' },
  connected: { word: 'connected', tone: 'good' },
  not_connected: { word: 'not connected', tone: 'bad' },
};

/** How a connection stands, and why it does not. */
export const ConnectionState = ({ status: { state, since, reason } }: { status: Connection['status'] }) => (
  <span className="row wrap">
    <span className={`pill ${STATES[state].tone}`}>{STATES[state].word}</span>
    <span className="muted">
      <Time at={since} />
    </span>
    {reason && (
      <span className="muted reason" title={reason}>
        {reason}
      </span>
    )}
  </span>
);
