import type { Actor } from '../kernel/actor.ts';
import { Problem } from '../kernel/problem.ts';
import { Slots } from '../kernel/slots.ts';
import { rejectedConnection } from '../run/model/task.ts';
import { type AnswerServices, answerTask, type TaskAnswer } from './answer-task.ts';
import type { TaskRow } from './task.ts';

const AT_ONCE = 10;
const PAGE = 100;
/** A request has some seconds; what is left is answered by answering any of it. */
const MOST = 1_000;

/** Whether an answer is one to all exceptions of its connection: with that mended, every step may be tried again as it was. */
const isForAll = ({ error }: TaskRow, { decision, inputs }: TaskAnswer) =>
  decision === 'retry' && inputs === undefined && error !== undefined && rejectedConnection(error) !== undefined;

/** Answers the other open exceptions of the same connection, if the answer is one to all of them; those that somebody else answers are theirs. */
export async function answerOthers(
  services: AnswerServices,
  task: TaskRow,
  answer: TaskAnswer,
  { actor, mayAnswer }: { actor: Actor; mayAnswer: (task: TaskRow) => boolean },
): Promise<void> {
  if (!isForAll(task, answer)) return;
  const { workspace, project, group } = task;
  const slots = new Slots(AT_ONCE);
  let token: string | undefined;
  for (let seen = 0; seen < MOST; seen += PAGE) {
    const page = await services.tasks.list({ workspace, project, group, status: 'open' }, { limit: PAGE, token });
    const others = page.items.filter((one) => one.id !== task.id && mayAnswer(one));
    await Promise.all(others.map((one) => slots.run(() => answerTask(services, one, answer, actor).catch(leaveClosed))));
    token = page.next;
    if (token === undefined) return;
  }
}

function leaveClosed(error: unknown): void {
  if (!(error instanceof Problem && error.kind === 'conflict')) throw error;
}
