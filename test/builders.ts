import { ulid } from 'ulid';
import type { Run } from '../shared/run/model/run.ts';
import type { StepRow } from '../shared/run/step-row.ts';
import { checkDocument } from '../shared/workflow/check.ts';
import type { Plan } from '../shared/workflow/plan.ts';

/** A run that shows only what matters. */
export function aRun(of: Partial<Run> = {}): Run {
  const id = of.id ?? ulid();
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
    createdAt: '2026-11-23T08:00:00.000Z',
    definition: 'abc',
    machine: 'arn:aws:states:us-east-1:000000000000:stateMachine:millrun-01WORKFLOW:1',
    inputs: { json: '{}' },
    fileIds: [],
    walk: 1,
    deadline: '2027-02-21T08:00:00.000Z',
    dueAt: '2026-11-23T08:00:30.000Z',
    ...of,
  };
}

/** A step row under its key: `aRow('stock[3]/check', { status: 'succeeded' })`. */
export function aRow(key: string, of: Partial<StepRow> = {}): StepRow {
  const at = key.lastIndexOf('/') + 1;
  return { key, id: key.slice(at), scope: key.slice(0, at), status: 'succeeded', failures: 0, ...of };
}

export const rowsOf = (...rows: StepRow[]) => new Map(rows.map((row) => [row.key, row]));

/** The plan of some steps, written as in a document. */
export function aPlan(steps: string): Plan {
  const checked = checkDocument(`format: 1\nname: test\nsteps:\n${steps}`);
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('\n'));
  return checked.plan;
}
