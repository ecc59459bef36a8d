import type { StubServer } from '../harness/stub-server.ts';
import type { Client, Event, Run } from '../run/client.ts';

/** Keys of the steps whose end the log has told, with the calls that there had been by then. */
export type Finished = Map<string, number>;

/** What the stub saw of a run, as `key: calls`; `flaky` is told apart since it is called again on purpose. */
export function callsOf(stub: StubServer, run: Pick<Run, 'id'>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { query, path } of stub.calls) {
    if (query['run'] !== run.id || path === '/flaky') continue;
    const key = query['key'] ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Notes what the log says has ended: from now on it must not be called again. Answers the log. */
export async function noteFinished(api: Client, stub: StubServer, run: Pick<Run, 'id'>, finished: Finished): Promise<Event[]> {
  const events = await api.events(run.id);
  const counts = callsOf(stub, run);
  for (const { type, step, scope } of events) {
    const key = `${scope}${step}`;
    const count = counts.get(key);
    if (type === 'step_completed' && count !== undefined && !finished.has(key)) finished.set(key, count);
  }
  return events;
}

/** Which steps were called although they had ended. */
export const calledAgain = (stub: StubServer, run: Pick<Run, 'id'>, finished: Finished): string[] =>
  [...callsOf(stub, run)].flatMap(([key, count]) => {
    const before = finished.get(key);
    return before === undefined || count === before
      ? []
      : [`${key} had ended after ${before} calls and was called ${count - before} times more`];
  });

/** What is wrong with the log of a run that has succeeded: it has one order, and tells each end once. */
export function wrongLog(log: Event[]): string[] {
  const disordered = log.filter(({ id }, n) => id <= (log[n - 1]?.id ?? -1)).map(({ id }) => `line ${id} is out of order`);
  const ends = log.flatMap(({ type, scope, step }) =>
    type === 'step_completed' || /^run_(succeeded|failed|cancelled|timed_out)$/.test(type)
      ? [`${type} ${scope}${step ?? ''}`]
      : [],
  );
  const twice = ends.filter((end, n) => ends.indexOf(end) < n).map((end) => `${end} is told again`);
  return [...disordered, ...twice, ...(log.at(-1)?.type === 'run_succeeded' ? [] : ['its last line is not run_succeeded'])];
}
