import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Ask, call } from '../api/call.ts';
import { runsChanged } from '../api/queries.ts';
import { Button, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Choices } from '../kit/menu.tsx';
import { Status } from '../kit/status.tsx';
import type { queryOf } from './filter.ts';

type Verb = 'rerun' | 'stop' | 'pause' | 'resume' | 'archive';
type Body = Ask<'createJob'>['body'];

const VERBS: Record<Verb, { label: string; verb: string; danger?: boolean }> = {
  rerun: { label: 'Recover all from where they failed', verb: 'Recover' },
  stop: { label: 'Stop all', verb: 'Stop', danger: true },
  pause: { label: 'Pause all', verb: 'Pause' },
  resume: { label: 'Resume all', verb: 'Resume' },
  archive: { label: 'Archive all', verb: 'Archive' },
};

type Query = ReturnType<typeof queryOf>;
/** Runs that a filter selects, or that somebody has selected. */
export type Selection = { query: Query } | { ids: readonly string[] };

/** What can be done with all of them. */
export function Bulk({ word, selection }: { word: string; selection: Selection }) {
  const [verb, setVerb] = useState<Verb>();
  const isAll = 'query' in selection && Object.keys(selection.query).length === 0;
  const because = isAll ? 'Narrow the list first: a job needs a filter.' : undefined;
  return (
    <>
      <Choices
        choices={(Object.keys(VERBS) as Verb[]).map((name) => ({
          label: VERBS[name].label,
          because,
          ...(VERBS[name].danger && { danger: true }),
          act: () => setVerb(name),
        }))}
      >
        <Button>{word}</Button>
      </Choices>
      {verb && <JobDialog verb={verb} selection={selection} onClose={() => setVerb(undefined)} />}
    </>
  );
}

/** As a body has it: where a query has commas, it has lists. */
function filterOf({ status, label, ...same }: Query) {
  return {
    ...same,
    ...(status && { status: String(status).split(',') }),
    ...(label && { label: String(label).split(',') }),
  };
}

function bodyOf(verb: Verb, selection: Selection, more: object): Body {
  return {
    verb,
    ...('query' in selection ? { filter: filterOf(selection.query) } : { run_ids: selection.ids }),
    params: verb === 'rerun' ? { from: 'failed' } : verb === 'stop' ? { mode: 'immediate' } : {},
    ...more,
  } as Body;
}

/** Says how many runs it would touch, and some of them, before it does. */
function JobDialog({ verb, selection, onClose }: { verb: Verb; selection: Selection; onClose: () => void }) {
  const navigate = useNavigate();
  const foreseen = useQuery({
    queryKey: ['job', 'dry', verb, selection],
    queryFn: ({ signal }) => call('createJob', { body: bodyOf(verb, selection, { dry_run: true }) }, signal),
    staleTime: 0,
  });
  const { data } = foreseen;
  const dry = data?.object === 'job_dry_run' ? data : undefined;
  const act = async (reason: string | undefined) => {
    await call('createJob', {
      body: bodyOf(verb, selection, reason ? { reason } : {}),
      idempotencyKey: `console-${crypto.randomUUID()}`,
    });
    await runsChanged();
    await navigate({ to: '/jobs' });
  };
  const { label, verb: word, danger = false } = VERBS[verb];
  const count = dry ? `${dry.would.toLocaleString('en')}${dry.exact ? '' : '+'} ${dry.would === 1 ? 'run' : 'runs'}` : '';
  return (
    <ReasonDialog
      title={label}
      verb={dry ? `${word} ${count}` : word}
      danger={danger}
      because={dry ? (dry.would === 0 ? 'There is nothing to do.' : undefined) : 'It is being counted.'}
      opened
      onClose={onClose}
      act={act}
    >
      {foreseen.isPending && <Loading rows={3} />}
      {foreseen.isError && <Problem error={foreseen.error} />}
      {dry && (
        <>
          <p>
            <b className="num">{count}</b> of <span className="num">{dry.total.toLocaleString('en')}</span>{' '}
            {'query' in selection ? 'that match' : 'that are selected'}.
          </p>
          <ul className="bulk-sample">
            {dry.sample.slice(0, 5).map((run) => (
              <li key={run.id} className="row">
                <Status status={run.status} quiet />
                <span className="cut grow">{run.reference ?? run.name}</span>
                <span className="muted">{run.workflow_name}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </ReasonDialog>
  );
}
