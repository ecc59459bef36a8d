import * as z from 'zod';
import { schemaProblem } from '../../expression/input-schema.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Question } from '../../step/kind.ts';
import { askKind } from '../../step/registry.ts';
import { resolvedSpec } from './resolved-spec.ts';
import { evaluate, record, type Scene } from './scene.ts';

/** Asks: the journal has the question, and whoever reads the journal tells people. */
export async function openApproval(scene: Scene): Promise<void> {
  const { services, journal, names, key } = scene;
  const mask = maskOf(await names.secrets());
  const { title, assignees, expires, remind, ...question } = await questionOf(scene);
  const shown = mask.value({ assignees, title, ...question });
  const input = await services.values.store(journal.run.id, `${key}.input`, shown);
  const until = expires === undefined ? undefined : new Date(services.now().getTime() + expires * 1000).toISOString();
  const asked = { kind: 'approval', title: mask.text(title), assignees, input } as const;
  const times = { ...(until !== undefined && { until }), ...(remind !== undefined && { remindSeconds: remind }) };
  record(scene, { type: 'task_opened', ...asked, ...times });
}

/** A rejection is a failure unless the question said otherwise. */
async function failsOnReject({ journal, services, step }: Scene): Promise<boolean> {
  const asked = await journal.stored(step?.inputAt, 'input');
  return !asked || !goesOn.safeParse(await services.values.read(asked)).success;
}

const goesOn = z.looseObject({ onReject: z.literal('continue') });

async function questionOf(scene: Scene): Promise<Question> {
  const { planned } = scene;
  const evaluated = await evaluate(scene, planned.step.spec, planned.step.kind);
  const question = resolvedSpec(askKind(planned.step.kind), planned.id, evaluated);
  const problem = question.form && schemaProblem(question.form);
  if (problem !== undefined) throw new StepError('ExpressionError', `${planned.id}.approval.form: ${problem}`);
  return question;
}
/** The full result of an approval. Throws for one that was rejected, unless a rejection is a result too, and for one that nobody has answered in time. */
export async function approvalResult(scene: Scene, number: number): Promise<unknown> {
  const { journal, services } = scene;
  const entry = (await journal.entries([number])).get(number);
  if (entry?.type === 'task_expired') throw new StepError('ApprovalExpired', 'Nobody has answered in time.');
  if (entry?.type !== 'task_answered') throw new Error('the journal does not say how the approval was answered');
  const { decision, actor, comment, given } = entry;
  const by = actor.email ?? actor.name;
  if (decision === 'reject' && (await failsOnReject(scene)))
    throw new StepError('ApprovalRejected', `${by} has rejected${comment === undefined ? '.' : `: ${comment}`}`);
  const form = given === undefined ? {} : await services.values.read(given);
  return { decision, by, comment: comment ?? null, form };
}
