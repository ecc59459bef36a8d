import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Ask, call } from '../api/call.ts';
import { runsChanged } from '../api/queries.ts';
import { JobDialog } from '../jobs/job-dialog.tsx';
import { Button } from '../kit/controls.tsx';
import { Choices } from '../kit/menu.tsx';
import { Status } from '../kit/status.tsx';
import { bodyOf, type queryOf } from './filter.ts';

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
      {verb && <RunsJob verb={verb} selection={selection} onClose={() => setVerb(undefined)} />}
    </>
  );
}

function jobOf(verb: Verb, selection: Selection, more: object): Body {
  return {
    verb,
    ...('query' in selection ? { filter: bodyOf(selection.query) } : { run_ids: selection.ids }),
    params: verb === 'rerun' ? { from: 'failed' } : verb === 'stop' ? { mode: 'immediate' } : {},
    ...more,
  } as Body;
}

/** Says how many runs it would touch, and some of them, before it does. */
function RunsJob({ verb, selection, onClose }: { verb: Verb; selection: Selection; onClose: () => void }) {
  const navigate = useNavigate();
  const foresee = async (signal: AbortSignal) => {
    const foreseen = await call('createJob', { body: jobOf(verb, selection, { dry_run: true }) }, signal);
    return foreseen.object === 'job_dry_run' ? foreseen : undefined;
  };
  const act = async (reason: string | undefined) => {
    const made = await call('createJob', {
      body: jobOf(verb, selection, reason ? { reason } : {}),
      idempotencyKey: `console-${crypto.randomUUID()}`,
    });
    await runsChanged();
    await navigate({ to: '/jobs', search: made.object === 'job' ? { id: made.id } : {} });
  };
  const { label, verb: word, danger = false } = VERBS[verb];
  return (
    <JobDialog
      title={label}
      verb={word}
      danger={danger}
      nouns={['run', 'runs']}
      which={'query' in selection ? 'that match' : 'that are selected'}
      about={[verb, selection]}
      foresee={foresee}
      act={act}
      onClose={onClose}
      line={(run) => (
        <li key={run.id} className="row">
          <Status status={run.status} quiet />
          <span className="cut grow">{run.reference ?? run.name}</span>
          <span className="muted">{run.workflow_name}</span>
        </li>
      )}
    />
  );
}
