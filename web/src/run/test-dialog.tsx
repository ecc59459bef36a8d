import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { queries, type Run } from '../api/queries.ts';
import { Field } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { told } from '../kit/told.tsx';

const pointers = (text: string) => text.split('\n').flatMap((line) => (line.trim() ? [line.trim()] : []));

/** Makes a test of the run: what goes in, what should come out, and what each outside call answered. */
export function TestDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState(run.reference ?? run.name);
  const [compare, setCompare] = useState('');
  const [ignore, setIgnore] = useState('');
  const act = async (reason: string | undefined) => {
    await call('addTest', {
      params: { workflow_id: run.workflow_id },
      body: {
        run_id: run.id,
        ...(name.trim() && { name: name.trim() }),
        compare: pointers(compare),
        ignore: pointers(ignore),
      },
      ...(reason && { reason }),
    });
    await queries.invalidateQueries({ queryKey: ['workflow', run.workflow_id, 'tests'] });
    told('The test is there. It stays when the run is gone.');
    await navigate({ to: '/workflows/$workflowId', params: { workflowId: run.workflow_id }, search: { tab: 'tests' } });
  };
  return (
    <ReasonDialog title="Make a test of this run" verb="Make the test" opened onClose={onClose} act={act}>
      <p>
        It keeps the input, the output that should come out, and what outside calls answered. Nothing reaches outside when it
        runs.
      </p>
      <Field label="Name">
        {(id) => (
          <input id={id} className="input" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      <Field label="What counts" hint="Places in the output, one a line, such as /lines/*/price; all when there are none.">
        {(id) => (
          <textarea id={id} className="textarea" rows={2} value={compare} onChange={(event) => setCompare(event.target.value)} />
        )}
      </Field>
      <Field label="What does not" hint="Times, and ids that are new each time.">
        {(id) => (
          <textarea id={id} className="textarea" rows={2} value={ignore} onChange={(event) => setIgnore(event.target.value)} />
        )}
      </Field>
    </ReasonDialog>
  );
}
