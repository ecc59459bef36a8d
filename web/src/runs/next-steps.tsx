import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { RunEntry } from '../api/queries.ts';
import { IconButton } from '../kit/controls.tsx';

const PLACE = 'millrun.next-steps';

/** What somebody may do first who has just started Millrun. */
export function NextSteps({ run }: { run: RunEntry | undefined }) {
  const [hidden, setHidden] = useState(() => localStorage.getItem(PLACE) === 'hidden');
  if (hidden || !run) return null;
  return (
    <section className="next-steps" aria-labelledby="next-steps">
      <h2 id="next-steps">Three next steps</h2>
      <ol>
        <li>
          <Link to="/runs/$runId" params={{ runId: run.id }}>
            Look into the run
          </Link>
          <span className="muted">Its graph, what each step was given and gave, and its log.</span>
        </li>
        <li>
          <Link to="/workflows/$workflowId" params={{ workflowId: run.workflow_id }} search={{ tab: 'start' }}>
            Start one that fails
          </Link>
          <span className="muted">
            An order with the sku <code>OUT-1</code>. Then recover it with the input corrected.
          </span>
        </li>
        <li>
          <Link to="/workflows/$workflowId" params={{ workflowId: run.workflow_id }} search={{ tab: 'edit' }}>
            Change the workflow
          </Link>
          <span className="muted">Edit its text beside its graph, and publish a second version.</span>
        </li>
      </ol>
      <IconButton
        icon="cross"
        label="Hide the next steps"
        onClick={() => {
          localStorage.setItem(PLACE, 'hidden');
          setHidden(true);
        }}
      />
    </section>
  );
}
