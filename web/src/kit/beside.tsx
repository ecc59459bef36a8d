import type { ReactNode } from 'react';
import { Button, Loading, Problem } from './controls.tsx';
import { useKeys } from './keyboard.ts';

interface Paged<Item> {
  items: readonly Item[];
  isPending: boolean;
  isError: boolean;
  isSuccess: boolean;
  hasNextPage: boolean;
  error: unknown;
  refetch: () => unknown;
  fetchNextPage: () => unknown;
}

export interface Column<Item> {
  name: string;
  cell: (item: Item) => ReactNode;
  isMuted?: boolean;
  /** There is no room for it beside the panel. */
  isWide?: boolean;
}

interface Props<Item> {
  title: string;
  /** What makes another one. */
  action: ReactNode;
  list: Paged<Item>;
  /** Which one stands in the panel, as the address of the page says. */
  opened: string | undefined;
  onOpen: (id: string | undefined) => void;
  nameOf: (item: Item) => string;
  columns: readonly Column<Item>[];
  /** What is said when there is none. */
  none: ReactNode;
  panel: (id: string, close: () => void) => ReactNode;
}

/** A page with a list, and beside it the one that is opened, with all that may be done with it. */
export function ListBeside<Item extends { id: string }>(props: Props<Item>) {
  const { title, action, list, opened, onOpen, nameOf, columns, none, panel } = props;
  const { items } = list;
  const move = (step: number) => {
    const at = items.findIndex(({ id }) => id === opened);
    const next = items[Math.max(0, Math.min(items.length - 1, at + step))];
    if (next) onOpen(next.id);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const shown = opened === undefined ? columns : columns.filter(({ isWide }) => !isWide);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title}</h1>
        {action}
      </div>
      {list.isPending && <Loading />}
      {list.isError && <Problem error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && none}
      {items.length > 0 && (
        <div className={opened === undefined ? '' : 'with-panel'}>
          <div className="panel scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Name</th>
                  {shown.map(({ name }) => (
                    <th key={name}>{name}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <tr key={item.id} aria-selected={item.id === opened}>
                    <td className="named">
                      <button
                        type="button"
                        className="link cut"
                        title={nameOf(item)}
                        onClick={() => onOpen(item.id === opened ? undefined : item.id)}
                      >
                        <b>{nameOf(item)}</b>
                      </button>
                    </td>
                    {shown.map(({ name, cell, isMuted }) => (
                      <td key={name} className={isMuted ? 'muted' : ''}>
                        {cell(item)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {opened !== undefined && panel(opened, () => onOpen(undefined))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>Show 100 more</Button>}
    </div>
  );
}
