import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { meQuery, queries } from '../api/queries.ts';
import { Button, Field } from '../kit/controls.tsx';
import { ActDialog, ReasonDialog } from '../kit/dialog.tsx';
import { Choices } from '../kit/menu.tsx';
import { told } from '../kit/told.tsx';
import { bodyOf, isAgo, queryOf, type RunsSearch, searchIn } from './filter.ts';

type View = Result<'listViews'>['items'][number];

const again = () => queries.invalidateQueries({ queryKey: ['views'] });
const viewsQuery = {
  queryKey: ['views'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call('listViews', undefined, signal),
};

interface Props {
  search: RunsSearch;
  onSearch: (search: RunsSearch) => void;
}

/** Filters under a name: one's own and those that others share. */
export function Views({ search, onSearch }: Props) {
  const { data } = useQuery(viewsQuery);
  const { data: me } = useQuery(meQuery);
  const [asked, setAsked] = useState<'save' | { deleted: View }>();
  const views = data?.items ?? [];
  const isEmpty = Object.keys(search).length === 0;
  const removable = views.filter(({ own }) => own || me?.role === 'admin');
  const named = (view: View) => (view.own ? view.name : `${view.name}, of ${view.owner.name}`);
  return (
    <>
      <Choices
        choices={[
          ...views.map((view) => ({ label: named(view), act: () => onSearch(searchIn(view, search)) })),
          ...(views.length > 0 ? (['line'] as const) : []),
          {
            label: 'Save this filter',
            icon: 'plus' as const,
            because: isEmpty ? 'Narrow the list first: a view is a filter.' : undefined,
            act: () => setAsked('save'),
          },
          ...removable.map((view) => ({
            label: `Delete ${named(view)}`,
            icon: 'cross' as const,
            danger: true,
            act: () => setAsked({ deleted: view }),
          })),
        ]}
      >
        <Button kind="ghost">Views{views.length > 0 && ` (${views.length})`}</Button>
      </Choices>
      {asked === 'save' && <Save search={search} views={views} onClose={() => setAsked(undefined)} />}
      {typeof asked === 'object' && (
        <ReasonDialog
          title={`Delete ${named(asked.deleted)}`}
          verb="Delete"
          danger
          opened
          onClose={() => setAsked(undefined)}
          act={(reason) =>
            call('deleteView', {
              params: { view_name: asked.deleted.name },
              ...(!asked.deleted.own && { query: { owner_id: asked.deleted.owner.id } }),
              ...(reason && { reason }),
            }).then(again)
          }
        >
          <p>{asked.deleted.shared ? 'It goes for everybody who sees it.' : 'Nobody else sees it.'} The runs stay.</p>
        </ReasonDialog>
      )}
    </>
  );
}

function Save({ search, views, onClose }: { search: RunsSearch; views: readonly View[]; onClose: () => void }) {
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const { from, to, columns, ...timeless } = search;
  const last = to === undefined && isAgo(from) ? from : undefined;
  const isOfNothing = Object.keys(timeless).length === 0 && last === undefined && columns === undefined;
  const known = views.find((view) => view.own && view.name === name.trim());
  const act = async () => {
    const filter = bodyOf(queryOf(timeless, Date.now()));
    await call('saveView', {
      params: { view_name: name.trim() },
      body: {
        filter,
        shared,
        ...(last !== undefined && { last }),
        ...(columns !== undefined && { columns: columns.split(',') }),
      } as BodyOf<'saveView'>,
    });
    await again();
    told(`Saved as ${name.trim()}.`);
  };
  return (
    <ActDialog
      title="Save this filter"
      verb={known ? 'Replace the view' : 'Save'}
      opened
      onClose={onClose}
      because={
        name.trim() === ''
          ? 'Give it a name.'
          : isOfNothing
            ? 'Nothing but a time that is over is chosen, which is no part of a view.'
            : undefined
      }
      act={act}
    >
      <Field label="Name" hint={known ? 'You have a view of this name: it is replaced.' : undefined}>
        {(id) => (
          <input
            id={id}
            className="input"
            data-autofocus
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <label className="check">
        <input
          type="checkbox"
          checked={shared}
          disabled={me?.role === 'viewer'}
          onChange={(event) => setShared(event.target.checked)}
        />
        <span>
          Others see it too
          <span className="field-hint block">All who may see its runs. It takes the role operator.</span>
        </span>
      </label>
      {last !== undefined && <p className="muted">It is always of the last {last}.</p>}
      {last === undefined && (from || to) && (
        <p className="muted">The time is no part of it: whoever opens the view keeps the time that they have chosen.</p>
      )}
      {columns !== undefined && <p className="muted">It has the columns that are shown now.</p>}
    </ActDialog>
  );
}
