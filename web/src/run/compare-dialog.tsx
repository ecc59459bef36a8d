import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { call } from '../api/call.ts';
import type { Run } from '../api/queries.ts';
import { Button, Field, Loading, Problem } from '../kit/controls.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { Status } from '../kit/status.tsx';
import { Time } from '../kit/time.tsx';

/** With which run this one is compared: those of its workflow, the one it runs again first; or any other by reference or id. */
export function CompareDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const [q, setQ] = useState('');
  const [asked, setAsked] = useState('');
  const found = useQuery({
    queryKey: ['runs', 'to-compare', run.workflow_id, asked],
    queryFn: ({ signal }) =>
      call(
        'listRuns',
        { query: asked ? { q: asked, limit: 10, archived: 'any' } : { workflow_id: run.workflow_id, limit: 10 } },
        signal,
      ),
  });
  const choose = (other: string) => {
    onClose();
    void navigate({ to: '/compare', search: { a: other, b: run.id } });
  };
  const search = (event: FormEvent) => {
    event.preventDefault();
    setAsked(q.trim());
  };
  const others = (found.data?.items ?? []).filter(({ id }) => id !== run.id);
  const isAncestor = (id: string) => run.chain.includes(id);
  return (
    <Dialog title={`Compare ${run.reference ?? run.name} with`} opened onClose={onClose} size="lg">
      <div className="act">
        {run.chain[0] && !asked && (
          <Button kind="primary" icon="compare" onClick={() => choose(run.chain[0] ?? '')}>
            The run that it runs again
          </Button>
        )}
        <form className="row end" onSubmit={search}>
          <Field label="Another run">
            {(id) => (
              <input
                id={id}
                className="input"
                type="search"
                data-autofocus
                placeholder="Reference or id"
                value={q}
                onChange={(event) => setQ(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit">Find</Button>
        </form>
        {found.isPending && <Loading rows={4} />}
        {found.isError && <Problem error={found.error} />}
        {found.isSuccess && others.length === 0 && (
          <p className="muted">
            {asked ? 'No other run has that reference or id.' : 'There is no other run of this workflow yet.'}
          </p>
        )}
        <ul className="to-compare">
          {others.map((other) => (
            <li key={other.id}>
              <button type="button" onClick={() => choose(other.id)}>
                <Status status={other.status} quiet />
                <span className="cut grow">{other.reference ?? other.name}</span>
                {isAncestor(other.id) && <span className="pill">runs again</span>}
                <span className="faint num">{other.version === null ? 'draft' : `v${other.version}`}</span>
                <span className="muted">
                  <Time at={other.created_at} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
