import { evaluateTemplate } from '../../expression/expression.ts';
import type { Template } from '../../expression/template.ts';
import { maskOf } from '../../kernel/mask.ts';
import type { Usage } from '../../usage/usage.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { Journal } from '../journal/journal.ts';
import type { Entry } from '../model/entry.ts';
import type { StepState } from '../model/step-state.ts';
import type { Stored } from '../model/stored.ts';
import type { DriveServices } from './drive-services.ts';
import type { Names } from './names.ts';
import type { TimeLimit } from './time-limit.ts';

/** One step that has been begun, with what it works on. */
export interface Scene {
  services: DriveServices;
  journal: Journal;
  names: Names;
  planned: PlannedStep;
  scope: string;
  key: string;
  /** Of what reaches nothing outside: the revision of the journal that it stands on. */
  revision: number | undefined;
  /** What must be kept out of what it says when it fails; those of the run when there are no others. */
  secrets?: string[];
  /** Of the connections that it has opened: they are kept out of its result as well. */
  opened?: string[];
  /** What this execution has used, as far as that is not one call. */
  used?: Usage;
  /** As it was when it was begun; undefined when it is new. */
  step: StepState | undefined;
}

/** Evaluates a template of the step with every name it may use. */
export async function evaluate(
  { names, planned, scope }: Scene,
  template: Template,
  field: string,
  context?: unknown,
  limit?: TimeLimit,
): Promise<unknown> {
  const where = { step: planned.id, field };
  return names.with(planned, scope, (values) =>
    limit
      ? limit.count(() => evaluateTemplate(template, values, where, context, limit))
      : evaluateTemplate(template, values, where, context),
  );
}

/** Makes the output of a step from its full result, and records its end. */
export async function complete(
  scene: Scene,
  full: unknown,
  { child, limit, made = false }: { child?: string; limit?: TimeLimit; made?: boolean } = {},
): Promise<void> {
  const { planned, services, journal, key } = scene;
  const { output: template } = planned.step;
  const output = maskOf(scene.opened ?? []).value(
    template === undefined || made ? full : await evaluate(scene, template, 'output', full, limit),
  );
  const stored = await services.values.store(journal.run.id, `${key}.output`, output);
  record(scene, {
    type: 'step_completed',
    output: stored,
    ...(child !== undefined && { child }),
    ...(scene.used && { usage: scene.used }),
  });
}

/** Before a step reaches outside, its driver looks whether others have written, unless it has just read or written itself. */
const STALE_AFTER_MS = 100;

/** Whether the step may begin still: a pause or a stop may have come, and the group around it may have failed. */
export async function mayStillBegin({ journal }: Scene, signal: AbortSignal): Promise<boolean> {
  await journal.look(STALE_AFTER_MS);
  const { pause, stop, ended } = journal.state;
  return !signal.aborted && !pause && !stop && !ended;
}

type Said =
  | {
      type: 'task_opened';
      kind: 'approval';
      title: string;
      assignees: string[];
      input: Stored;
      until?: string;
      remindSeconds?: number;
    }
  | { type: 'step_skipped'; reason: 'condition' }
  | { type: 'step_completed'; output: Stored; child?: string; usage?: Usage }
  | { type: 'round_started'; round: number }
  | { type: 'step_started'; input?: Stored; until?: string; child?: string; case?: string; items?: Stored; itemCount?: number };

export function record(scene: Scene, said: Said, at = scene.services.now().toISOString()): void {
  recordEntry(scene, { ...said, at, key: scene.key } as Entry);
}

export function recordEntry({ journal, revision }: Pick<Scene, 'journal' | 'revision'>, entry: Entry): void {
  if (revision === undefined) journal.record(entry);
  else journal.derive(entry, revision);
}
