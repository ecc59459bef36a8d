import { useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import { type Ask, call, type Result } from '../api/call.ts';
import { Button, Empty, Loading, Problem, Segments } from '../kit/controls.tsx';
import { type DifferenceList, Differences } from '../kit/differences.tsx';
import { Icon } from '../kit/icons.tsx';
import { usePaged } from '../kit/paged.ts';
import { DAY, Time } from '../kit/time.tsx';
import './pages.css';

type Entry = Result<'listAudit'>['items'][number];
type Query = NonNullable<Ask<'listAudit'>['query']>;

const RANGES = [
  ['', 'Any time'],
  ['1', '24 hours'],
  ['7', '7 days'],
  ['30', '30 days'],
] as const;

/** Who did what, to what, and why; and what it was before and is since. */
export function AuditPage() {
  const search = useSearch({ from: '/audit' });
  const { actor, object, act, range = '', entry: opened } = search;
  const navigate = useNavigate({ from: '/audit' });
  const days = RANGES.find(([value]) => value === range)?.[0] ?? '';
  const log = usePaged(['audit', actor, object, act, days], (token, signal) =>
    call(
      'listAudit',
      {
        query: {
          limit: 50,
          ...(actor && { actor }),
          ...(object && { object }),
          ...(act && { act }),
          ...(days && { from: new Date(Date.now() - Number(days) * DAY).toISOString() }),
          ...(token && { continuation_token: token }),
        } as Query,
      },
      signal,
    ),
  );
  const set = (more: Partial<typeof search>) =>
    void navigate({ search: (now: object) => ({ ...now, entry: undefined, ...more }) });
  const toggle = (id: string) =>
    void navigate({
      search: (now: object) => ({ ...now, entry: id === opened ? undefined : id }),
      replace: true,
      resetScroll: false,
    });
  const nameOf = (find: (entry: Entry) => string | null | undefined, id: string) =>
    log.items.map(find).find((name) => name) ?? id;
  const chips = [
    ['who', 'actor', actor && nameOf((entry) => (entry.actor.id === actor ? entry.actor.name : undefined), actor)],
    ['what', 'act', act],
    ['to', 'object', object && nameOf((entry) => (entry.object.id === object ? entry.object.name : undefined), object)],
  ] as const;
  const isNarrowed = Boolean(actor || object || act || days);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Audit</h1>
        <Segments label="Time" value={days} options={RANGES} onChange={(next) => set({ range: next || undefined })} />
        {chips.map(
          ([word, name, value]) =>
            value && (
              <span key={name} className="chip">
                <span className="muted">{word}</span> {value}
                <button type="button" aria-label={`Clear ${word}`} onClick={() => set({ [name]: undefined })}>
                  <Icon name="cross" size={12} />
                </button>
              </span>
            ),
        )}
        {isNarrowed && (
          <button type="button" className="link" onClick={() => void navigate({ search: {} })}>
            Show all
          </button>
        )}
      </div>
      {log.isPending && <Loading />}
      {log.isError && <Problem error={log.error} />}
      {log.isSuccess && log.items.length === 0 && (
        <Empty title={isNarrowed ? 'Nothing matches' : 'Nothing has been done yet'}>
          Acts of people are written down here, with their reasons.
        </Empty>
      )}
      {log.items.length > 0 && (
        <div className="panel scroll">
          <table className="table audit-table">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th>To what</th>
                <th>Reason</th>
                <th>Changed</th>
              </tr>
            </thead>
            <tbody>
              {log.items.map((entry) => (
                <Fragment key={entry.id}>
                  <Row entry={entry} isOpen={entry.id === opened} set={set} onToggle={() => toggle(entry.id)} />
                  {entry.id === opened && (
                    <tr className="audit-change">
                      <td colSpan={COLUMNS}>
                        <Differences label="Changed" of={changeOf(entry)} names={['Before', 'Since']} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {log.hasNextPage && <Button onClick={() => void log.fetchNextPage()}>Show 50 more</Button>}
    </div>
  );
}

const COLUMNS = 6;

interface RowProps {
  entry: Entry;
  isOpen: boolean;
  set: (more: { actor?: string; object?: string; act?: string }) => void;
  onToggle: () => void;
}

function Row({ entry, isOpen, set, onToggle }: RowProps) {
  const changed = changeOf(entry)
    .items.map(({ path }) => path)
    .join(', ');
  return (
    <tr>
      <td className="muted num">
        <Time at={entry.at} />
      </td>
      <td>
        <button type="button" className="link" onClick={() => set({ actor: entry.actor.id })}>
          {entry.actor.name || entry.actor.id}
        </button>
      </td>
      <td>
        <button type="button" className="link" onClick={() => set({ act: entry.act })}>
          <code>{entry.act}</code>
        </button>
      </td>
      <td>
        <button type="button" className="link" onClick={() => set({ object: entry.object.id })}>
          {entry.object.kind} {entry.object.name ?? entry.object.id}
        </button>
      </td>
      <td className="cut" title={entry.reason ?? undefined}>
        {entry.reason}
      </td>
      <td>
        {changed && (
          <button type="button" className="link muted cut" aria-expanded={isOpen} title={changed} onClick={onToggle}>
            <Icon name={isOpen ? 'down' : 'right'} size={12} /> {changed}
          </button>
        )}
      </td>
    </tr>
  );
}

/** Field by field, both sides. */
function changeOf({ before, after }: Entry): DifferenceList {
  const names = Object.keys({ ...before, ...after });
  const side = (name: 'before' | 'after', fields: Entry['before'], path: string) =>
    fields && path in fields ? { [name]: fields[path] } : {};
  return {
    items: names.map((path) => ({ path, ...side('before', before, path), ...side('after', after, path) })),
    more: false,
  };
}
