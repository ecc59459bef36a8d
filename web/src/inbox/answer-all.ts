import { type BodyOf, call } from '../api/call.ts';
import { told } from '../kit/told.tsx';
import { type TaskEntry, tasksChanged } from './use-tasks.ts';

const AT_ONCE = 4;

/** Answers a few at a time, and says how many it could not answer, and why the first of them. */
export async function answerAll(tasks: readonly TaskEntry[], body: BodyOf<'answerTask'>): Promise<void> {
  const left = [...tasks];
  const refused: unknown[] = [];
  const worker = async () => {
    for (let task = left.shift(); task; task = left.shift())
      await call('answerTask', { params: { task_id: task.id }, body }).catch((error: unknown) => refused.push(error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const [first] = refused;
  if (first !== undefined)
    told(`${refused.length} of ${tasks.length} could not be answered: ${first instanceof Error ? first.message : first}`, 'bad');
  await tasksChanged();
  if (refused.length === tasks.length) throw first;
}
