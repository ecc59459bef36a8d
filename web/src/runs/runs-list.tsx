import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useMemo, useRef } from 'react';
import { Button, Empty, Loading, Problem } from '../kit/controls.tsx';
import { Icon } from '../kit/icons.tsx';
import { useCursor, useKeys } from '../kit/keyboard.ts';
import { Choices } from '../kit/menu.tsx';
import { Time } from '../kit/time.tsx';
import { Bulk } from './bulk.tsx';
import { COLUMNS, type ColumnName, columnsOf, columnsText, isChosen } from './columns.ts';
import { Export } from './export.tsx';
import { type FieldName, isFiltered, type RunsSearch, unfiltered } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { Histogram, StatusStrip } from './histogram.tsx';
import { NextSteps } from './next-steps.tsx';
import { RunsTable } from './runs-table.tsx';
import { Selected } from './selected.tsx';
import { useRuns } from './use-runs.ts';
import { useSelected } from './use-selected.ts';
import { Views } from './views.tsx';
import './runs.css';

interface Props {
  title?: string;
  search: RunsSearch;
  onSearch: (search: RunsSearch, replace?: boolean) => void;
  /** Fields that the page sets, which no chip shows. */
  fixed?: readonly FieldName[];
  actions?: ReactNode;
}

const NONE: readonly FieldName[] = [];

/** Runs with all that narrows them: counts, bars, words. The same of a workspace and of a workflow. */
export function RunsList({ title, search, onSearch, fixed = NONE, actions }: Props) {
  const { runs, waiting, list, histogram, searchedTo, query, showWaiting } = useRuns(search);
  const navigate = useNavigate();
  const { cursor, now, put } = useCursor();
  const { selected, toggle, clear } = useSelected();
  const chosen = useMemo(() => new Set(selected), [selected]);
  // One function for all rows, so that a row is drawn anew when it changes and no sooner.
  const current = useRef(toggle);
  current.current = toggle;
  const select = useCallback((id: string) => current.current(id), []);
  const narrow = useRef((_: string) => {});
  narrow.current = (label) => onSearch({ ...search, label });
  const narrowTo = useCallback((label: string) => narrow.current(label), []);
  const move = (step: number) => {
    const at = runs.findIndex(({ id }) => id === now());
    const next = runs[Math.max(0, Math.min(runs.length - 1, at + step))];
    if (!next) return;
    put(next.id);
    document.querySelector(`[data-run="${next.id}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const id = now();
      if (id) select(id);
    },
    Enter: () => {
      const runId = now();
      if (runId) void navigate({ to: '/runs/$runId', params: { runId } });
    },
  });
  const own = Object.fromEntries(Object.entries(search).filter(([name]) => !fixed.some((one) => one === name)));
  const cleared = unfiltered(search, fixed);
  const isOwn = (name: ColumnName) => !fixed.some((field) => field === name);
  const columns = useMemo(
    () => columnsOf(search.columns).filter((name) => !fixed.some((field) => field === name)),
    [search.columns, fixed],
  );
  const toggleColumn = (name: ColumnName) => {
    const now = columnsOf(search.columns);
    const { columns: _, ...rest } = search;
    const next = columnsText(now.includes(name) ? now.filter((one) => one !== name) : [...now, name]);
    onSearch({ ...rest, ...(next !== undefined && { columns: next }) }, true);
  };
  const { status: _, ...rest } = search;
  return (
    <>
      {title && (
        <div className="page-head">
          <h1>{title}</h1>
          {actions}
        </div>
      )}
      {list.isSuccess && !isFiltered(own) && runs.length > 0 && runs.length < 6 && !list.hasNextPage && (
        <NextSteps run={runs[0]} />
      )}
      <div className="over-runs">
        <StatusStrip
          histogram={histogram}
          status={search.status}
          onStatus={(status) => onSearch({ ...rest, ...(status && { status }) })}
        />
        <Histogram histogram={histogram} search={search} onRange={(from, to) => onSearch({ ...search, from, to })} />
      </div>
      <div className="row wrap">
        <FilterBar search={search} onSearch={onSearch} fixed={fixed} />
        <Views search={own} onSearch={(next) => onSearch({ ...cleared, ...next })} />
        {runs.length > 0 && <Bulk word="All that match" selection={{ query }} />}
        {runs.length > 0 && <Export query={query} />}
        <Choices
          choices={COLUMNS.filter(([name]) => isChosen(name) && isOwn(name)).map(([name, label]) => ({
            label,
            isOn: columns.includes(name),
            act: () => toggleColumn(name),
          }))}
        >
          <Button kind="ghost">Columns</Button>
        </Choices>
        {!title && actions}
      </div>
      {selected.length > 0 && <Selected ids={selected} onClear={clear} />}
      {list.isError && <Problem error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={10} />}
      {list.isSuccess && (
        <div className="panel runs" data-busy={list.isPlaceholderData}>
          {waiting > 0 && (
            <button type="button" className="news" onClick={() => void showWaiting()}>
              <Icon name="refresh" size={14} />
              {waiting} new
            </button>
          )}
          {runs.length > 0 ? (
            <RunsTable runs={runs} cursor={cursor} columns={columns} selected={chosen} onSelect={select} onLabel={narrowTo} />
          ) : (
            <Nothing own={own} searchedTo={searchedTo} onClear={() => onSearch(cleared)} />
          )}
        </div>
      )}
      {list.hasNextPage && (
        <div className="row">
          <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
            {list.isFetchingNextPage ? 'Loading…' : runs.length > 0 ? 'Show 50 more' : 'Look further back'}
          </Button>
          {searchedTo && (
            <span className="muted">
              Looked back to <Time at={searchedTo} exact />
            </span>
          )}
        </div>
      )}
    </>
  );
}

function Nothing({ own, searchedTo, onClear }: { own: RunsSearch; searchedTo: string | null; onClear: () => void }) {
  if (isFiltered(own))
    return (
      <Empty title="No run matches" action={<Button onClick={onClear}>Clear filters</Button>}>
        {own.from || own.to ? 'None within this time and with these filters.' : 'None with these filters.'}
        {searchedTo && ' Older runs have not been looked at yet.'}
      </Empty>
    );
  return (
    <Empty title="Nothing has run yet">
      Start a workflow from its page, by the API, by mail, by schedule or by webhook. From a terminal: <code>npm start</code>{' '}
      publishes the examples and runs one.
    </Empty>
  );
}
