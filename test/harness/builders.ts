import { ulid } from 'ulid';
import type { Actor } from '../../shared/kernel/actor.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { RunState } from '../../shared/run/model/state.ts';
import { checkDocument } from '../../shared/workflow/check.ts';
import type { Plan } from '../../shared/workflow/plan.ts';

/** A run that shows only what matters. */
/** A person with an API key. */
export const anActor = (name = 'ann'): Actor => ({ kind: 'key', id: `key-${name}`, name });

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
    actor: anActor(),
    labels: [],
    createdAt: '2026-11-23T08:00:00.000Z',
    definition: 'abc',
    inputs: { json: '{}' },
    fileIds: [],
    timeoutSeconds: 7_776_000,
    depth: 0,
    attempt: 1,
    seen: 0,
    execution: 1,
    steps: new RunState(aPlan('  - id: only\n    set: {}')).countSteps(),
    deadline: '2027-02-21T08:00:00.000Z',
    dueAt: '2026-11-23T08:00:30.000Z',
    ...of,
  };
}

/** The plan of some steps, written as in a document. */
export function aPlan(steps: string): Plan {
  const checked = checkDocument(`format: 1\nname: test\nsteps:\n${steps}`);
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('\n'));
  return checked.plan;
}
