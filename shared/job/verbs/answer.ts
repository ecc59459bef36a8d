import * as z from 'zod';
import { DECISIONS } from '../../run/model/entry.ts';
import { answerTask } from '../../task/answer-task.ts';
import { isAnswered, type TaskRow } from '../../task/task.ts';
import { verb } from '../verb.ts';

const params = z.object({
  decision: z.enum(DECISIONS),
  comment: z.string().optional(),
  form: z.record(z.string(), z.unknown()).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  output: z.unknown().optional(),
});

/** An answer is an entry of the journal of its run, which takes one: the same answer once more finds it there. */
export const answer = verb({
  role: 'operator',
  word: 'task.answer',
  params,
  find: ({ tasks }, id) => tasks.get(id),
  exclusion: (_, { status }: TaskRow) => (status === 'open' ? undefined : `It is ${status} already.`),
  async act(services, task, given, { actor }) {
    await answerTask(services, task, given, actor);
    return undefined;
  },
  done: (task, given, { actor }) => (task && isAnswered(task, given, actor) ? {} : undefined),
});
