import type { AuditRecord } from '../../audit/audit.ts';
import type { Act } from '../../kernel/act.ts';
import { isPerson } from '../../kernel/actor.ts';
import { idOf } from '../../kernel/id.ts';
import type { Entry } from '../model/entry.ts';
import type { Run } from '../model/run.ts';

/** What people ask of a run, by the entry that says so. */
const ACT_OF: Partial<Record<Entry['type'], Act>> = {
  run_pausing: 'run.pause',
  run_resumed: 'run.resume',
  run_draining: 'run.stop',
  run_stopping: 'run.stop',
  task_answered: 'task.answer',
};

type RunSaid = Pick<Run, 'id' | 'name' | 'workspace' | 'project'>;

const recordOn = ({ id, name, workspace, project }: RunSaid, at: string) => ({
  workspace,
  project,
  at,
  object: { kind: 'run' as const, id, name },
});

/** The record of a start, which the row of a run is itself, if a person has asked for it. What triggers and runs start is nobody's act. */
export function startRecord(run: Run): AuditRecord | undefined {
  const { actor, trigger, createdAt, asked, workflowName, workflowId, stage, version } = run;
  if (!isPerson(actor)) return undefined;
  return {
    id: run.id,
    ...recordOn(run, createdAt),
    act: trigger === 'rerun' ? 'run.rerun' : 'run.start',
    actor,
    ...asked,
    after: { workflow: workflowName, workflow_id: workflowId, stage, version, trigger },
  };
}

/** Whether the entry is an act of a person. */
export const isAct = (entry: Entry) =>
  ACT_OF[entry.type] !== undefined && 'actor' in entry && !!entry.actor && isPerson(entry.actor);

/** The record of an entry by which a person asks for something. */
export function entryRecord(run: RunSaid, entry: Entry, number: number): AuditRecord | undefined {
  const act = ACT_OF[entry.type];
  if (!act || !('actor' in entry) || !entry.actor || !isPerson(entry.actor)) return undefined;
  const { actor, at } = entry;
  return {
    // The same whenever it is told again.
    id: idOf(`act on run ${run.id} ${number}`, Date.parse(at)),
    ...recordOn(run, at),
    act,
    actor,
    ...('reason' in entry && entry.reason !== undefined && { reason: entry.reason }),
    ...('from' in entry && entry.from && { from: entry.from }),
    ...(entry.type === 'task_answered' && { after: { step: entry.key, decision: entry.decision } }),
    ...(act === 'run.stop' && { after: { mode: entry.type === 'run_draining' ? 'graceful' : 'immediate' } }),
  };
}
