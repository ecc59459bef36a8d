import { useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Run, RunEvent } from '../api/queries.ts';
import { Copy, IconButton } from '../kit/controls.tsx';
import { Panel } from '../kit/panel.tsx';
import { clock, useZone } from '../kit/time.tsx';
import type { RunSearch } from './search.ts';
import type { Log } from './use-live.ts';

const LINE_PX = 24;

const wordsOf = (line: RunEvent) => `${line.type} ${line.scope}${line.step ?? ''} ${line.message}`;
const toneOf = ({ type }: RunEvent) =>
  /fail|timed|interrupt/.test(type)
    ? 'bad'
    : /retry|paus|stop|cancel|drain/.test(type)
      ? 'warn'
      : /complet|succeed/.test(type)
        ? 'good'
        : '';

/** The log, oldest first: found in, followed, each line with an address of its own. */
export function LogPanel({ run, log }: { run: Run; log: Log }) {
  useZone();
  const search = useSearch({ from: '/runs/$runId' });
  const navigate = useNavigate({ from: '/runs/$runId' });
  const [query, setQuery] = useState('');
  const [follow, setFollow] = useState(run.ended_at === null);
  const scroller = useRef<HTMLDivElement>(null);
  const wanted = query.trim().toLowerCase();
  const lines = useMemo(
    () => (wanted ? log.lines.filter((line) => wordsOf(line).toLowerCase().includes(wanted)) : log.lines),
    [log.lines, wanted],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 12,
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
  return (
    <Panel
      title="Log"
      className="log"
      note={
        <>
          {wanted ? `${lines.length} of ` : ''}
          {log.lines.length.toLocaleString('en')} lines{log.isCut && ', the first of more'}
        </>
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
    </Panel>
  );
}
