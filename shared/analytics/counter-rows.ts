import { addTo, type Contribution, type Counts } from './contribution.ts';

/** Which numbers stand together in a row: those of one hour of a project, of a workflow, of some of its steps, or of one kind of failure. */
export type CounterName =
  | { of: 'project'; hour: string; project: string }
  | { of: 'workflow'; hour: string; project: string; workflowId: string }
  | { of: 'steps'; hour: string; project: string; workflowId: string; part: number }
  | { of: 'failure'; hour: string; project: string; workflowId: string; fingerprint: string };

export interface CounterRow {
  name: CounterName;
  counts: Counts;
}

/** Numbers of a row in one write, at most: an expression of DynamoDB has 4 KB and 300 operators. */
export const MOST_NUMBERS = 240;
/** Steps in a row, so that a row of many steps is not written for one of them. */
const STEPS_IN_ROW = 16;

/** In rows of steps, where the numbers of several stand. The id of a step has no dot. */
const stepNumber = (step: string, count: string) => `${step}.${count}`;

/** What a run adds to each row. */
export function rowsOf({ project, workflowId, hour, run, steps, failure }: Contribution): CounterRow[] {
  const of = { project, hour };
  return [
    { name: { of: 'project', ...of }, counts: run },
    { name: { of: 'workflow', ...of, workflowId }, counts: run },
    ...partsOf(steps).map((counts, part): CounterRow => ({ name: { of: 'steps', ...of, workflowId, part }, counts })),
    ...(failure ? [{ name: failureRow(project, workflowId, failure), counts: { count: 1 } }] : []),
  ];
}

const failureRow = (project: string, workflowId: string, { hour, fingerprint }: { hour: string; fingerprint: string }) =>
  ({ of: 'failure', project, hour, workflowId, fingerprint }) as const;

function partsOf(steps: Contribution['steps']): Counts[] {
  const parts: Counts[] = [];
  let inPart = 0;
  for (const [step, counts] of Object.entries(steps)) {
    const numbers = Object.entries(counts).map(([count, value]) => [stepNumber(step, count), value] as const);
    const last = parts.at(-1);
    if (last && inPart < STEPS_IN_ROW && Object.keys(last).length + numbers.length <= MOST_NUMBERS) {
      Object.assign(last, Object.fromEntries(numbers));
      inPart += 1;
    } else {
      parts.push(Object.fromEntries(numbers));
      inPart = 1;
    }
  }
  return parts;
}

const keyOf = (name: CounterName) => JSON.stringify(name);

/** One row for each name, without numbers that come to nothing. */
export function summed(rows: Iterable<CounterRow>): CounterRow[] {
  const byName = new Map<string, CounterRow>();
  for (const { name, counts } of rows) {
    const sum = byName.get(keyOf(name)) ?? { name, counts: {} };
    addTo(sum.counts, counts);
    byName.set(keyOf(name), sum);
  }
  return [...byName.values()]
    .map(({ name, counts }) => ({ name, counts: Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) }))
    .filter(({ counts }) => Object.keys(counts).length > 0);
}

/** What makes of rows with the first in them rows with the second. */
export const difference = (before: Contribution, after: Contribution): CounterRow[] =>
  summed([...rowsOf(before).map(negative), ...rowsOf(after)]);

const negative = ({ name, counts }: CounterRow): CounterRow => ({
  name,
  counts: Object.fromEntries(Object.entries(counts).map(([number, count]) => [number, -count])),
});
