import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { call, type Result } from '../api/call.ts';
import type { Run, RunEvent } from '../api/queries.ts';
import { Copy, IconButton } from '../kit/controls.tsx';
import { Panel } from '../kit/panel.tsx';
import { clock, useZone } from '../kit/time.tsx';
import type { RunSearch } from './search.ts';
import type { Speech } from './speech.ts';
import type { Log } from './use-live.ts';

const LINE_PX = 24;
/** Of what is found on the server. */
const MOST_FOUND = 1000;

const wordsOf = (line: RunEvent) => `${line.type} ${line.scope}${line.step ?? ''} ${line.message}`;
const toneOf = ({ type }: RunEvent) =>
  /fail|timed|interrupt/.test(type)
    ? 'bad'
    : /retry|paus|stop|cancel|drain/.test(type)
      ? 'warn'
      : /complet|succeed/.test(type)
        ? 'good'
        : '';

interface Found {
  lines: readonly RunEvent[];
  isMore: boolean;
}

/** The lines with these words: of those that are here, and on the server where there are more. */
function useFound(run: Run, { lines, isCut }: Log, words: string): Found {
  const late = useDeferredValue(words);
  const there = useQuery({
    queryKey: ['run', run.id, 'log', late],
    queryFn: ({ signal }) => findLines(run.id, late, signal),
    placeholderData: keepPreviousData,
    enabled: isCut && late !== '',
  });
  const here = useMemo(
    () => (words ? lines.filter((line) => wordsOf(line).toLowerCase().includes(words)) : lines),
    [lines, words],
  );
  return isCut && words && there.data ? there.data : { lines: here, isMore: false };
}

/** One page of the API looks through so many lines and no more: it is asked until all have been, or enough are found. */
async function findLines(run_id: string, q: string, signal: AbortSignal): Promise<Found> {
  const lines: RunEvent[] = [];
  for (let after: string | undefined; ; ) {
    const query = { q, limit: MOST_FOUND, ...(after !== undefined && { after }) };
    const page: Result<'getRunEvents'> = await call('getRunEvents', { params: { run_id }, query }, signal);
    lines.push(...page.items);
    after = page.continuation_token ?? undefined;
    if (after === undefined || lines.length >= MOST_FOUND) return { lines, isMore: after !== undefined };
  }
}

/** The log, oldest first: found in, followed, each line with an address of its own. */
export function LogPanel({ run, log }: { run: Run; log: Log }) {
  useZone();
  const search = useSearch({ from: '/runs/$runId' });
  const navigate = useNavigate({ from: '/runs/$runId' });
  const [query, setQuery] = useState('');
  const [follow, setFollow] = useState(run.ended_at === null);
  const scroller = useRef<HTMLDivElement>(null);
  const words = query.trim().toLowerCase();
  const { lines, isMore } = useFound(run, log, words);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 12,
    // Lines that come while it follows are drawn with what else has changed.
    useFlushSync: false,
  });
  useEffect(() => {
    if (follow && lines.length > 0) virtual.scrollToIndex(lines.length - 1);
  }, [follow, lines.length, virtual]);
  const asked = useRef(search.line);
  useEffect(() => {
    const at = asked.current ? lines.findIndex(({ id }) => String(id) === asked.current) : -1;
    if (at < 0) return;
    asked.current = undefined;
    virtual.scrollToIndex(at, { align: 'center' });
  }, [lines, virtual]);
  const linkTo = (line: RunEvent) => {
    void navigate({ search: (now: RunSearch) => ({ ...now, line: String(line.id) }), replace: true, resetScroll: false });
  };
  const all = log.lines.length.toLocaleString('en');
  return (
    <Panel
      title="Log"
      className="log"
      note={
        words ? (
          <>
            {lines.length.toLocaleString('en')} {isMore && 'or more '}of {log.isCut ? 'all' : all} lines
          </>
        ) : (
          <>
            {all} lines{log.isCut && ', the first of more: find in all of them'}
          </>
        )
      }
      actions={
        <>
          <input
            className="input small"
            type="search"
            placeholder="Find in log"
            aria-label="Find in log"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
          {run.ended_at === null && (
            <label className="check muted">
              <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />
              Follow
            </label>
          )}
          <Copy text={() => lines.map((line) => `${line.time} ${wordsOf(line)}`).join('\n')} label="Copy the log" />
        </>
      }
    >
      <div
        ref={scroller}
        className="log-lines"
        tabIndex={0}
        role="region"
        aria-label="Lines of the log"
        onWheel={() => setFollow(false)}
      >
        <div style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            if (!line) return null;
            return (
              <div
                key={line.id}
                className={`log-line ${toneOf(line)}${search.line === String(line.id) ? ' at' : ''}`}
                style={{ transform: `translateY(${start}px)` }}
              >
                <IconButton icon="right" label={`Address of line ${line.id}`} onClick={() => linkTo(line)} />
                <time dateTime={line.time} title={line.time} className="num">
                  {clock(line.time)}
                </time>
                <span className="log-type">{line.type}</span>
                <span className="log-step cut">{line.step && `${line.scope}${line.step}`}</span>
                <span className="cut grow" title={line.message}>
                  {line.message}
                </span>
              </div>
            );
          })}
        </div>
      </div>
      {log.speeches.map((speech) => (
        <Saying key={speech.step} speech={speech} />
      ))}
    </Panel>
  );
}

/** What a model says while it says it, its end in sight. */
function Saying({ speech: { step, attempt, text, isCut } }: { speech: Speech }) {
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each piece
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [text]);
  return (
    <section className="saying" aria-label={`What ${step} says`}>
      <p className="muted">
        <code>{step}</code> says{attempt > 1 && `, attempt ${attempt}`}
        {isCut && ', and more: its answer will have all of it'}
      </p>
      <div ref={end} className="saying-text" tabIndex={0} role="region" aria-label={`Words of ${step}`}>
        {text}
      </div>
    </section>
  );
}
