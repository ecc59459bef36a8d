import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { tellProblem } from '../kit/told.tsx';

export type Job = Awaited<ReturnType<typeof call<'getJob'>>>;

const NOUNS: Record<string, [string, string]> = {
  run: ['run', 'runs'],
  delivery: ['delivery', 'deliveries'],
  task: ['task', 'tasks'],
};
export const nounOf = ({ subject, total }: Pick<Job, 'subject' | 'total'>) => NOUNS[subject]?.[total === 1 ? 0 : 1] ?? subject;

/** How often an open page asks how far a job has come. */
export const LOOK_EVERY_MS = 2000;

export const act = (id: 'abortJob' | 'retryJob', job_id: string) =>
  call(id, { params: { job_id } }).then(() => queries.invalidateQueries({ queryKey: ['jobs'] }), tellProblem);
