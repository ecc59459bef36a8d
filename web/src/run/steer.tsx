import { useState } from 'react';
import { call } from '../api/call.ts';
import { type Run, runsChanged } from '../api/queries.ts';
import { Field } from '../kit/controls.tsx';
import { ActDialog, ReasonDialog } from '../kit/dialog.tsx';
import { told } from '../kit/told.tsx';

interface Props {
  run: Run;
  opened: boolean;
  onClose: () => void;
}

const workflowOf = (run: Run) => ({ workflow_id: run.workflow_id });

const SHOWN = 'Shown on the run, with your name.';

export function StopDialog({ run, opened, onClose }: Props) {
  const [graceful, setGraceful] = useState(false);
  const inFlight = run.steps.running + run.steps.waiting;
  const act = async (reason: string | undefined) => {
    const params = { mode: graceful ? ('graceful' as const) : ('immediate' as const), ...(reason && { reason }) };
    await call('commandWorkflow', { params: workflowOf(run), body: { command: 'stop', run_id: run.id, params } });
    await runsChanged(run.id);
    told(graceful ? 'Draining.' : 'Stopped.');
  };
  return (
    <ReasonDialog
      title={`Stop ${run.reference ?? run.name}`}
      verb={graceful ? 'Stop gracefully' : 'Stop now'}
      hint={SHOWN}
      danger
      opened={opened}
      onClose={onClose}
      act={act}
    >
      <p>
        {inFlight === 0 ? 'No step is in flight.' : `${inFlight} ${inFlight === 1 ? 'step is' : 'steps are'} in flight.`} A
        stopped run can be recovered later.
      </p>
      <label className="check">
        <input type="checkbox" checked={graceful} onChange={(event) => setGraceful(event.target.checked)} />
        <span>
          Let what is in flight finish first
          <br />
          <span className="muted">Nothing new is begun.</span>
        </span>
      </label>
    </ReasonDialog>
  );
}

export function PauseDialog({ run, opened, onClose }: Props) {
  const act = async (reason: string | undefined) => {
    const params = reason ? { reason } : {};
    await call('commandWorkflow', { params: workflowOf(run), body: { command: 'pause', run_id: run.id, params } });
    await runsChanged(run.id);
    told('Paused.');
  };
  return (
    <ReasonDialog
      title={`Pause ${run.reference ?? run.name}`}
      verb="Pause"
      hint={SHOWN}
      opened={opened}
      onClose={onClose}
      act={act}
    >
      <p>Steps in flight finish; nothing new begins until somebody resumes it. Its deadline goes on.</p>
    </ReasonDialog>
  );
}

export function LabelsDialog({ run, opened, onClose }: Props) {
  const [text, setText] = useState(run.labels.join('\n'));
  const act = async () => {
    const labels = text.split(/[\n,]/).flatMap((label) => (label.trim() ? [label.trim()] : []));
    await call('changeRun', { params: { run_id: run.id }, body: { labels } });
    await runsChanged(run.id);
  };
  return (
    <ActDialog title="Labels" verb="Save" opened={opened} onClose={onClose} act={act}>
      <Field label="One a line" hint="key:value, such as customer:acme; 20 at most.">
        {(id) => (
          <textarea
            id={id}
            className="textarea code"
            data-autofocus
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </ActDialog>
  );
}
