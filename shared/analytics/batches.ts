import { type CounterName, type CounterRow, MOST_NUMBERS, rowsOf, summed } from './counter-rows.ts';
import type { Countable } from './counters.ts';

/** Writes in one transaction of DynamoDB. */
const MOST_WRITES = 100;

/** Numbers to add to a row of a workspace. */
export interface Addition {
  workspace: string;
  row: CounterRow;
}

/** Each run once. */
export const once = (runs: readonly Countable[]): Countable[] => [
  ...new Map(runs.map((run) => [run.contribution.runId, run])).values(),
];

/** Runs that are counted in one transaction each: a write for every run, and one for every row that some of them add to. */
export function batchesOf(runs: readonly Countable[]): Countable[][] {
  const batches: Countable[][] = [];
  let rows = new Map<string, Set<string>>();
  for (const run of runs) {
    const more = keyedNumbers(run);
    const last = batches.at(-1);
    if (last && fits(last.length + 1, rows, more)) last.push(run);
    else {
      batches.push([run]);
      rows = new Map();
    }
    for (const [key, numbers] of more) rows.set(key, new Set([...(rows.get(key) ?? []), ...numbers]));
  }
  return batches;
}

const keyOf = (workspace: string, name: CounterName) => JSON.stringify([workspace, name]);

const keyedNumbers = ({ contribution }: Countable) =>
  rowsOf(contribution).map(({ name, counts }) => [keyOf(contribution.workspace, name), Object.keys(counts)] as const);

function fits(runs: number, rows: Map<string, Set<string>>, more: ReturnType<typeof keyedNumbers>): boolean {
  const added = more.filter(([key]) => !rows.has(key)).length;
  const narrow = more.every(([key, numbers]) => new Set([...(rows.get(key) ?? []), ...numbers]).size <= MOST_NUMBERS);
  return narrow && runs + rows.size + added <= MOST_WRITES;
}

/** What a batch adds to each row. */
export function additionsOf(batch: readonly Countable[]): Addition[] {
  const byWorkspace = Map.groupBy(batch, ({ contribution }) => contribution.workspace);
  return [...byWorkspace].flatMap(([workspace, runs]) =>
    summed(runs.flatMap(({ contribution }) => rowsOf(contribution))).map((row) => ({ workspace, row })),
  );
}
