import { useInfiniteQuery } from '@tanstack/react-query';
import { memo, useCallback, useRef, useState } from 'react';
import { call, type Result } from '../api/call.ts';
import type { Run, StepState } from '../api/queries.ts';
import { Button, Loading, Problem, Segments } from '../kit/controls.tsx';
import { Status } from '../kit/status.tsx';
import { duration } from '../kit/time.tsx';
import type { StepRow } from './steps.ts';

const PAGE = 100;
const STATES = [
  ['', 'All'],
  ['failed', 'Failed'],
  ['running', 'Running'],
  ['succeeded', 'Succeeded'],
] as const;

/** The items of a loop as a table, filtered by the API: never a node each. */
export function Items({ run, row, onSelect }: { run: Run; row: StepRow; onSelect: (key: string) => void }) {
  const [status, setStatus] = useState<(typeof STATES)[number][0]>('');
  const items = useInfiniteQuery({
    queryKey: ['run', run.id, 'items', row.key, status],
    queryFn: ({ pageParam, signal }) =>
      call(
        'getRunContext',
        {
          params: { run_id: run.id },
          query: {
            scope: `${row.key}[`,
            limit: PAGE,
            ...(status && { status }),
            ...(pageParam && { continuation_token: pageParam }),
          },
        },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last: Result<'getRunContext'>) => last.continuation_token ?? undefined,
  });
  const latest = useRef(onSelect);
  latest.current = onSelect;
  const select = useCallback((key: string) => latest.current(key), []);
  const steps = items.data?.pages.flatMap((page) => page.steps) ?? [];
  return (
    <div className="stack">
      <Segments label="State of items" value={status} options={STATES} onChange={setStatus} />
      {items.isPending && <Loading rows={4} />}
      {items.isError && <Problem error={items.error} />}
      {items.isSuccess && steps.length === 0 && <p className="muted">{status ? `None is ${status}.` : 'There are none yet.'}</p>}
      {steps.length > 0 && (
        <table className="table items-table">
          <thead>
            <tr>
              <th>Item</th>
              <th>Status</th>
              <th className="right">Took</th>
              <th>Error</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((state) => (
              <Item key={state.key} state={state} name={state.key.slice(row.key.length)} onSelect={select} />
            ))}
          </tbody>
        </table>
      )}
      {items.hasNextPage && <Button onClick={() => void items.fetchNextPage()}>Show {PAGE} more</Button>}
    </div>
  );
}

/** Most of them stay as they are while others go on. */
const Item = memo(function Item({ state, name, onSelect }: { state: StepState; name: string; onSelect: (key: string) => void }) {
  const { key, status, started_at, ended_at, error } = state;
  return (
    <tr>
      <td>
        <button type="button" className="link mono" onClick={() => onSelect(key)}>
          {name}
        </button>
      </td>
      <td>
        <Status status={status} quiet />
      </td>
      <td className="right num muted">{started_at && ended_at && duration(Date.parse(ended_at) - Date.parse(started_at))}</td>
      <td className="cut">{error?.name}</td>
    </tr>
  );
});
