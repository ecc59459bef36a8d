import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { type Ask, call, type Result } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { Button, Empty, Loading, Problem, SearchBox, Segments } from '../kit/controls.tsx';
import { boundsOf, dayAfter, dayOf, isDay } from '../kit/days.ts';
import { Icon } from '../kit/icons.tsx';
import { usePaged } from '../kit/paged.ts';
import { useSettled } from '../kit/settled.ts';
import { Time, useNow, useZone, weekday } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import type { Zone } from '../kit/zone.ts';
import { RedeliverDialog, type RejectedFilter } from './redeliver.tsx';

type Delivery = Result<'listDeliveries'>['items'][number];
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
  ['event', 'Event'],
] as const;
const TONES: Record<string, string> = { accepted: 'good', rejected: 'bad', duplicate: 'warn' };

/** Between which instants a day lies, as filters of the API have them: both included. */
function within(day: string, zone: Zone) {
  const { start, end } = boundsOf(day, zone);
  return { from: new Date(start).toISOString(), to: new Date(end - 1).toISOString() };
}

interface Search {
  outcome?: string;
  trigger?: string;
  day?: string | undefined;
  q?: string | undefined;
}

/** What arrived at mailboxes, schedules, webhooks, queues and event rules, and what became of it, day by day. */
export function DeliveriesPage() {
  const { outcome = '', trigger = '', day: chosen = '', q = '' } = useSearch({ from: '/deliveries' });
  const navigate = useNavigate({ from: '/deliveries' });
  const zone = useZone();
  const today = dayOf(useNow(), zone);
  const [asked, setAsked] = useState<{ filter: RejectedFilter; which: string }>();
  const day = isDay(chosen) ? chosen : '';
  const words = useSettled(q.trim());
  const ledger = usePaged(['deliveries', outcome, trigger, day, zone, words], (token, signal) =>
    call(
      'listDeliveries',
      {
        query: {
          limit: 50,
          ...(outcome && { outcome }),
          ...(trigger && { trigger }),
          ...(day && within(day, zone)),
          ...(words && { q: words }),
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
  const set = (search: Search, replace = false) => void navigate({ search: { outcome, trigger, day, q, ...search }, replace });
  const nameOf = (one: string) =>
    one === today ? 'Today' : one === dayAfter(today, -1, zone) ? 'Yesterday' : weekday(boundsOf(one, zone).start);
  const redeliverAll = (of: string) => {
    const triggerWord = TRIGGERS.find(([value]) => value === trigger)?.[1] ?? trigger;
    setAsked({
      filter: {
        outcome: 'rejected',
        ...(trigger && { trigger }),
        ...(of && within(of, zone)),
        ...(words && { q: words }),
      } as RejectedFilter,
      which: `${triggerWord.toLowerCase()}, ${of ? nameOf(of).replace(/^[TY]/, (letter) => letter.toLowerCase()) : 'any time'}${words && `, with “${words}”`}`,
    });
  };
  const isRejected = outcome === '' || outcome === 'rejected';
  const days = Map.groupBy(ledger.items, ({ at }) => dayOf(Date.parse(at), zone));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Deliveries</h1>
        <SearchBox
          label="Find deliveries"
          placeholder="Source, reason, id, run"
          value={q}
          onChange={(next) => set({ q: next || undefined }, true)}
        />
        <Segments label="Trigger" value={trigger} options={TRIGGERS} onChange={(next) => set({ trigger: next })} />
        <Segments label="Outcome" value={outcome} options={OUTCOMES} onChange={(next) => set({ outcome: next })} />
        <Segments
          label="Day"
          value={day}
          options={[
            ['', 'Any time'],
            [today, 'Today'],
            [dayAfter(today, -1, zone), 'Yesterday'],
          ]}
          onChange={(next) => set({ day: next })}
        />
        {day && day !== today && day !== dayAfter(today, -1, zone) && (
          <span className="chip">
            {nameOf(day)}
            <button type="button" aria-label="Clear the day" onClick={() => set({ day: undefined })}>
              <Icon name="cross" size={12} />
            </button>
          </span>
        )}
        {isRejected && ledger.items.length > 0 && (
          <Button icon="redo" onClick={() => redeliverAll(day)}>
            Redeliver all rejected
          </Button>
        )}
      </div>
      {ledger.isPending && <Loading />}
      {ledger.isError && <Problem error={ledger.error} />}
      {ledger.isSuccess && ledger.items.length === 0 && (
        <Empty title={outcome || trigger || day || words ? 'No delivery matches' : 'Nothing has arrived yet'}>
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
              {[...days].map(([one, deliveries]) => (
                <Fragment key={one}>
                  <tr className="day-row">
                    <th colSpan={COLUMNS} scope="rowgroup">
                      <button type="button" className="link" onClick={() => set({ day: one === day ? undefined : one })}>
                        {nameOf(one)}
                      </button>
                      {isRejected && deliveries.some((delivery) => delivery.outcome === 'rejected') && (
                        <Button kind="ghost" icon="redo" onClick={() => redeliverAll(one)}>
                          Redeliver the rejected of {nameOf(one)}
                        </Button>
                      )}
                    </th>
                  </tr>
                  {deliveries.map((delivery) => (
                    <Row key={delivery.id} delivery={delivery} onRedeliver={() => void redeliver(delivery.id)} />
                  ))}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {asked && <RedeliverDialog {...asked} onClose={() => setAsked(undefined)} />}
      {ledger.hasNextPage && <Button onClick={() => void ledger.fetchNextPage()}>Show 50 more</Button>}
    </div>
  );
}

const COLUMNS = 7;

const Row = ({ delivery, onRedeliver }: { delivery: Delivery; onRedeliver: () => void }) => (
  <tr>
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
        delivery.outcome === 'rejected' && <Button onClick={onRedeliver}>Redeliver</Button>
      )}
    </td>
  </tr>
);
