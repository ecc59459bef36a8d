import { fitInputs } from '../expression/input-schema.ts';
import { askedNow } from '../kernel/acting.ts';
import type { Actor } from '../kernel/actor.ts';
import { Problem } from '../kernel/problem.ts';
import type { Decision, Entry } from '../run/model/entry.ts';
import { parseKey } from '../run/model/scope.ts';
import type { RunState } from '../run/model/state.ts';
import type { EngineServices } from '../run/ports.ts';
import { tell } from '../run/tell/tell.ts';
import { kindOf } from '../step/registry.ts';
import { plannedIn } from '../workflow/plan.ts';
import { questionOf } from './question.ts';
import { checkDecision, closedAlready, isAnswered, type TaskRow, type Tasks } from './task.ts';

export interface TaskAnswer {
  decision: Decision;
  comment?: string | undefined;
  /** What an approval fills in. */
  form?: Record<string, unknown> | undefined;
  /** Other input for the next attempt of a step that has failed. */
  inputs?: Record<string, unknown> | undefined;
  /** The output of a step that is skipped. */
  output?: unknown;
}

export type AnswerServices = EngineServices & { tasks: Tasks };

/**
 * Answers a task: an entry of the journal of its run, which goes on with it. Of two answers, or an answer and the end of its time, the first in the journal
 * counts. The same answer by the same person once more is the same answer. Throws `conflict` for one that comes too late.
 */
export async function answerTask(services: AnswerServices, task: TaskRow, answer: TaskAnswer, actor: Actor): Promise<TaskRow> {
  checkDecision(task, answer.decision);
  const value = await givenWith(services, task, answer);
  const given =
    value === undefined ? undefined : await services.values.store(task.runId, `${task.stepKey}.given.${task.opened}`, value);
  let isLate = false;
  await tell(services, task.runId, (state): Entry[] => {
    isLate = !isOpen(state, task);
    if (isLate) return [];
    if (answer.inputs !== undefined) checkTakesInputs(state, task);
    const { decision, comment } = answer;
    const at = services.now().toISOString();
    const said = { decision, ...(comment !== undefined && { comment }), ...(given && { given }), ...askedNow() };
    return [{ type: 'task_answered', at, key: task.stepKey, task: task.opened, actor, ...said }];
  });
  const now = (await services.tasks.get(task.id)) ?? task;
  if (isLate && !isAnswered(now, answer, actor)) throw closedAlready(now);
  return now;
}

function isOpen(state: RunState, { opened, stepKey }: TaskRow): boolean {
  const step = state.step(stepKey);
  return !state.ended && !state.stop && step?.task === opened && step.answeredAt === undefined;
}

/** What comes with the decision. Throws `invalid` for what does not belong to it, or does not fit the form. */
async function givenWith(
  services: AnswerServices,
  task: TaskRow,
  { decision, form, inputs, output }: TaskAnswer,
): Promise<unknown> {
  const misplaced = [
    form !== undefined && task.kind !== 'approval' && 'form',
    inputs !== undefined && decision !== 'retry' && 'inputs',
    output !== undefined && decision !== 'skip' && 'output',
  ].find((name) => name !== false);
  if (misplaced)
    throw new Problem('invalid', `${misplaced} does not go with ${decision}.`, [{ name: misplaced, value: decision }]);
  if (decision === 'approve') return filledIn(services, task, form ?? {});
  return decision === 'reject' ? form : decision === 'retry' ? inputs : output;
}

async function filledIn(services: AnswerServices, task: TaskRow, form: Record<string, unknown>): Promise<unknown> {
  const { form: schema } = await questionOf(services, task);
  if (schema === undefined) return form;
  const { inputs, problems } = fitInputs(schema, form);
  const [first] = problems;
  if (!first) return inputs;
  throw new Problem(
    'invalid',
    `The form does not fit: ${first.path.replace(/^\./, '') || 'it'} ${first.message}.`,
    problems.map(({ path, message }) => ({ name: `form${path}`, value: message })),
  );
}

/** Only what is one call can be made again with other input. */
function checkTakesInputs({ plan }: RunState, { stepKey }: TaskRow): void {
  const { step } = plannedIn(plan, parseKey(stepKey).id);
  if (kindOf(step.kind).shape === 'leaf') return;
  throw new Problem('invalid', `A step of kind ${step.kind} takes no other input; answer retry without inputs.`, [
    { name: 'inputs', value: step.kind },
  ]);
}
