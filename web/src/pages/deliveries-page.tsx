import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type Ask, call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, Empty, Loading, Problem, Segments } from '../kit/controls.tsx';
import { Time } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { usePaged } from './paged.ts';

type Query = NonNullable<Ask<'listDeliveries'>['query']>;
const OUTCOMES = [
  ['', 'All'],
  ['accepted', 'Accepted'],
  ['rejected', 'Rejected'],
  ['duplicate', 'Duplicate'],
  ['skipped', 'Skipped'],
] as const;
const TRIGGERS = [
  ['', 'Any trigger'],
  ['email', 'Mail'],
  ['schedule', 'Schedule'],
  ['webhook', 'Webhook'],
  ['queue', 'Queue'],
] as const;
const TONES: Record<string, string> = { accepted: 'good', rejected: 'bad', duplicate: 'warn' };

/** What arrived at mailboxes, schedules, webhooks and queues, and what became of it. */
export function DeliveriesPage() {
  const { outcome = '', trigger = '' } = useSearch({ from: '/deliveries' });
  const navigate = useNavigate({ from: '/deliveries' });
  const ledger = usePaged(['deliveries', outcome, trigger], (token, signal) =>
    call(
      'listDeliveries',
      {
        query: {
          limit: 50,
          ...(outcome && { outcome }),
          ...(trigger && { trigger }),
          ...(token && { continuation_token: token }),
        } as Query,
      },
      signal,
    ),
  );
  const redeliver = (delivery_id: string) =>
    call('redeliver', { params: { delivery_id } }).then((delivery) => {
      told(`It was ${delivery.outcome}.`);
      return queries.invalidateQueries({ queryKey: ['deliveries'] });
    }, tellProblem);
  const set = (search: { outcome?: string; trigger?: string }) => void navigate({ search: { outcome, trigger, ...search } });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Deliveries</h1>
        <Segments label="Trigger" value={trigger} options={TRIGGERS} onChange={(next) => set({ trigger: next })} />
        <Segments label="Outcome" value={outcome} options={OUTCOMES} onChange={(next) => set({ outcome: next })} />
      </div>
      {ledger.isPending && <Loading />}
      {ledger.isError && <Problem error={ledger.error} />}
      {ledger.isSuccess && ledger.items.length === 0 && (
        <Empty title={outcome || trigger ? 'No delivery matches' : 'Nothing has arrived yet'}>
          Mails, fires of schedules and webhook requests are listed here, accepted or not.
        </Empty>
      )}
      {ledger.items.length > 0 && (
        <div className="panel scroll">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Outcome</th>
                <th>Trigger</th>
                <th>From</th>
                <th>Reason</th>
                <th className="right">Bytes</th>
                <th>Run</th>
              </tr>
            </thead>
            <tbody>
              {ledger.items.map((delivery) => (
                <tr key={delivery.id}>
                  <td className="muted num">
                    <Time at={delivery.at} />
                  </td>
                  <td>
                    <span className={`pill ${TONES[delivery.outcome] ?? ''}`}>{delivery.outcome}</span>
                  </td>
                  <td>{delivery.trigger}</td>
                  <td className="cut">{delivery.source}</td>
                  <td>{delivery.reason}</td>
                  <td className="right num muted">{delivery.size.toLocaleString('en')}</td>
                  <td>
                    {delivery.run_id ? (
                      <Link to="/runs/$runId" params={{ runId: delivery.run_id }}>
                        Run
                      </Link>
                    ) : (
                      delivery.outcome === 'rejected' && <Button onClick={() => void redeliver(delivery.id)}>Redeliver</Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {ledger.hasNextPage && <Button onClick={() => void ledger.fetchNextPage()}>Show 50 more</Button>}
    </div>
  );
}
