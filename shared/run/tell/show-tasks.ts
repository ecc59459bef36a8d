import type { Run } from '../model/run.ts';
import type { Asked, RunState } from '../model/state.ts';
import { taskOf } from '../model/task.ts';
import type { EngineServices } from '../ports.ts';

type Services = Pick<EngineServices, 'runs' | 'tasks' | 'retentionDays'>;

const AT_ONCE = 40;

/**
 * Makes the rows of tasks reflect the journal, as far as the row of the run does not yet: that is written behind them, so that what breaks off between is
 * done again by whoever comes next.
 */
export async function showTasks(services: Services, run: Run, state: RunState): Promise<void> {
  const news = [...state.tasks.values()].filter(({ opened, closed = 0 }) => Math.max(opened, closed) > run.seen);
  for (let from = 0; from < news.length; from += AT_ONCE) await showSome(services, run, news.slice(from, from + AT_ONCE));
}

async function showSome({ runs, tasks, retentionDays }: Services, run: Run, news: Asked[]): Promise<void> {
  const numbers = news.flatMap(({ opened, closed }) => [opened, ...(closed === undefined ? [] : [closed])]);
  const entries = await runs.entriesAt(run.id, numbers);
  await Promise.all(
    news.map(async ({ opened, closed }) => {
      const entry = entries.get(opened);
      const closing = closed === undefined ? undefined : entries.get(closed);
      if (entry?.type !== 'task_opened') return;
      const end = closing && closed !== undefined ? { number: closed, entry: closing } : undefined;
      await tasks.project(taskOf(run, { number: opened, entry }, end, retentionDays));
    }),
  );
}
