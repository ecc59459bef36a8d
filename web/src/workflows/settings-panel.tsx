import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call, type Result } from '../api/call.ts';
import { meQuery, queries, type Workflow } from '../api/queries.ts';
import { Button, Id } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';
import { nameOf } from '../run/headline.tsx';
import { retentionQuery } from '../settings/queries.ts';
import { RetentionForm } from '../settings/retention.tsx';
import '../settings/settings.css';
import { Panel } from '../kit/panel.tsx';

type Asked = 'turn' | 'hold' | 'release' | 'delete';

const changed = (id: string) =>
  Promise.all([
    queries.invalidateQueries({ queryKey: ['workflow', id] }),
    queries.invalidateQueries({ queryKey: ['workflows'] }),
  ]);

/** Whether a workflow starts anything, and how long what it did is kept. */
export function SettingsPanel({ workflow }: { workflow: Workflow }) {
  const { data: me } = useQuery(meQuery);
  const retention = useQuery(retentionQuery);
  const [asked, setAsked] = useState<Asked>();
  const navigate = useNavigate();
  const params = { workflow_id: workflow.id };
  const editor = me?.role === 'admin' || me?.role === 'editor' ? undefined : 'This takes the role editor.';
  const admin = me?.role === 'admin' ? undefined : 'This takes the role admin.';
  const closed = () => setAsked(undefined);
  const hold = workflow.legal_hold;
  const named = workflow.title ?? workflow.name;
  return (
    <div className="stack">
      <Panel
        title={workflow.enabled ? 'It is on' : 'It is off'}
        label="On or off"
        actions={
          <Button because={editor} onClick={() => setAsked('turn')}>
            {workflow.enabled ? 'Turn off' : 'Turn on'}
          </Button>
        }
      >
        <p className="panel-body muted">
          {workflow.enabled
            ? 'Its published version is started by people, programs and triggers.'
            : 'Nothing starts its published version. What comes by a trigger is a rejected delivery, and can be redelivered.'}
        </p>
      </Panel>
      <Panel title="Retention">
        <div className="panel-body stack">
          <p className="muted">How long its runs are kept after their end. It counts for runs that start from now on.</p>
          <RetentionForm
            key={JSON.stringify(workflow.retention)}
            days={workflow.retention ?? {}}
            most={retention.data?.most}
            otherwise={(outcome) => `days; the workspace says ${retention.data?.[outcome] ?? retention.data?.most ?? '…'}`}
            because={editor}
            save={(days) =>
              call('updateWorkflow', { params, body: { retention: Object.keys(days).length > 0 ? days : null } }).then(() => {
                told('Saved.');
                return changed(workflow.id);
              })
            }
          />
        </div>
      </Panel>
      <Panel
        title="Legal hold"
        actions={
          <Button because={admin} onClick={() => setAsked(hold ? 'release' : 'hold')}>
            {hold ? 'Lift it' : 'Put under a legal hold'}
          </Button>
        }
      >
        <p className="panel-body muted">
          {hold ? (
            <>
              Since <Time at={hold.at} exact />, by {nameOf(hold.actor)}
              {hold.reason && `: ${hold.reason}`}. Neither it nor its runs are deleted, and no run expires.
            </>
          ) : (
            'None. Under one, neither the workflow nor any of its runs is deleted, and no run expires.'
          )}
        </p>
      </Panel>
      <Panel
        title="Delete"
        actions={
          <Button
            kind="danger"
            because={editor ?? (hold ? 'It is under a legal hold.' : undefined)}
            onClick={() => setAsked('delete')}
          >
            Delete the workflow
          </Button>
        }
      >
        <div className="panel-body row wrap">
          <span className="muted">Its name becomes free; its runs stay readable for as long as they are kept.</span>
          <span className="grow" />
          <Id id={workflow.id} />
        </div>
      </Panel>
      {asked === 'turn' && (
        <ReasonDialog
          title={`${workflow.enabled ? 'Turn off' : 'Turn on'} ${named}`}
          verb={workflow.enabled ? 'Turn off' : 'Turn on'}
          danger={workflow.enabled}
          opened
          onClose={closed}
          act={(reason) =>
            call('updateWorkflow', { params, body: { enabled: !workflow.enabled }, ...(reason && { reason }) }).then(() =>
              changed(workflow.id),
            )
          }
        >
          <p>{workflow.enabled ? 'What runs goes on; nothing new is started.' : 'Its triggers start it again.'}</p>
        </ReasonDialog>
      )}
      {(asked === 'hold' || asked === 'release') && <Hold workflow={workflow} isLifted={asked === 'release'} onClose={closed} />}
      {asked === 'delete' && (
        <ReasonDialog
          title={`Delete ${named}`}
          verb="Delete the workflow"
          danger
          opened
          onClose={closed}
          act={async (reason) => {
            await call('deleteWorkflow', { params, ...(reason && { reason }) });
            await navigate({ to: '/workflows' });
            await changed(workflow.id);
          }}
        >
          <p>Nothing starts it any more, its triggers included. This cannot be taken back.</p>
        </ReasonDialog>
      )}
    </div>
  );
}

/** Places or lifts the hold, run after run until all are reached. */
function Hold({ workflow, isLifted, onClose }: { workflow: Workflow; isLifted: boolean; onClose: () => void }) {
  const [reached, setReached] = useState(0);
  const act = async (reason: string | undefined) => {
    const ask = { params: { workflow_id: workflow.id }, ...(reason && { reason }) };
    let all = 0;
    for (let complete = false; !complete; ) {
      const answer: Result<'holdWorkflow'> = await (isLifted ? call('releaseWorkflow', ask) : call('holdWorkflow', ask));
      all += answer.runs;
      complete = answer.complete;
      setReached(all);
    }
    await changed(workflow.id);
    told(`${all.toLocaleString('en')} runs were reached.`);
  };
  return (
    <ReasonDialog
      title={isLifted ? 'Lift the legal hold' : 'Put under a legal hold'}
      verb={isLifted ? 'Lift it' : 'Hold'}
      danger={isLifted}
      opened
      onClose={onClose}
      act={act}
    >
      <p>
        {isLifted
          ? 'The retention of its runs counts again, from their end on: those whose time is over go.'
          : 'It and all its runs, those to come included, stay until somebody lifts it.'}
      </p>
      {reached > 0 && <p className="muted num">{reached.toLocaleString('en')} runs so far</p>}
    </ReasonDialog>
  );
}
