import { useState } from 'react';
import { call } from '../api/call.ts';
import { type Run, runsChanged } from '../api/queries.ts';
import { Field } from '../kit/controls.tsx';
import { ActDialog } from '../kit/dialog.tsx';
import { told } from '../kit/told.tsx';

interface Props {
  run: Run;
  opened: boolean;
  onClose: () => void;
}

const workflowOf = (run: Run) => ({ workflow_id: run.workflow_id });

export function StopDialog({ run, opened, onClose }: Props) {
  const [reason, setReason] = useState('');
  const [graceful, setGraceful] = useState(false);
  const inFlight = run.steps.running + run.steps.waiting;
  const act = async () => {
    const params = {
      mode: graceful ? ('graceful' as const) : ('immediate' as const),
      ...(reason.trim() && { reason: reason.trim() }),
    };
    await call('commandWorkflow', { params: workflowOf(run), body: { command: 'stop', run_id: run.id, params } });
    await runsChanged(run.id);
    told(graceful ? 'Draining.' : 'Stopped.');
  };
  return (
    <ActDialog
      title={`Stop ${run.reference ?? run.name}`}
      verb={graceful ? 'Stop gracefully' : 'Stop now'}
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
      <Reason value={reason} onChange={setReason} />
    </ActDialog>
  );
}

export function PauseDialog({ run, opened, onClose }: Props) {
  const [reason, setReason] = useState('');
  const act = async () => {
    const params = reason.trim() ? { reason: reason.trim() } : {};
    await call('commandWorkflow', { params: workflowOf(run), body: { command: 'pause', run_id: run.id, params } });
    await runsChanged(run.id);
    told('Paused.');
  };
  return (
    <ActDialog title={`Pause ${run.reference ?? run.name}`} verb="Pause" opened={opened} onClose={onClose} act={act}>
      <p>Steps in flight finish; nothing new begins until somebody resumes it. Its deadline goes on.</p>
      <Reason value={reason} onChange={setReason} />
    </ActDialog>
  );
}

const Reason = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <Field label="Reason" hint="Shown on the run, with your name.">
    {(id) => (
      <input
        id={id}
        className="input"
        data-autofocus
        maxLength={500}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    )}
  </Field>
);

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
