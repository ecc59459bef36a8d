import { decodeTime, ulid } from 'ulid';
import type { Run } from '../shared/run/model/run.ts';
import { checkDocument } from '../shared/workflow/check.ts';
import type { Plan } from '../shared/workflow/plan.ts';

/** A run that shows only what matters. */
export function aRun(of: Partial<Run> = {}): Run {
  const id = of.id ?? ulid();
  const createdMs = decodeTime(id);
  const after = (seconds: number) => new Date(createdMs + seconds * 1000).toISOString();
  const timeoutSeconds = 90 * 86_400;
  return {
    id,
    workspace: 'acme',
    project: 'ops',
    workflowId: '01WORKFLOW',
    workflowName: 'orders',
    name: 'orders',
    stage: 'Published',
    version: 1,
    status: 'pending',
    trigger: 'api',
    archived: false,
    createdAt: after(0),
    definition: 'abc',
    inputs: { json: '{}' },
    fileIds: [],
    timeoutSeconds,
    depth: 0,
    attempt: 1,
    seen: 0,
    execution: 1,
    steps: { total: 1, pending: 1, running: 0, waiting: 0, succeeded: 0, failed: 0, cancelled: 0, skipped: 0 },
    deadline: after(timeoutSeconds),
    dueAt: after(30),
    ...of,
  };
}

/** The plan of some steps, written as in a document. */
export function aPlan(steps: string): Plan {
  const checked = checkDocument(`format: 1\nname: test\nsteps:\n${steps}`);
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('\n'));
  return checked.plan;
}
