import type { RunCost } from '../cost/cost.ts';
import { plainStepFunctions, tenthOfASecond } from '../cost/costs.ts';
import type { Results } from '../measure.ts';
import { EARLIER, ELSEWHERE } from './earlier.ts';
import { count, dollars, figures, ms, rate } from './figures.ts';
import { GOALS } from './goals.ts';

interface Table {
  header: string[];
  rows: string[][];
}

/** The results as people read them. */
export function tables(results: Results, { markdown }: { markdown: boolean }): string {
  const all = [figureTable(results), findTable(results), costTable(results), bundleTable(results), ELSEWHERE_TABLE];
  return all
    .filter(({ rows }) => rows.length > 0)
    .map(markdown ? asMarkdown : asText)
    .join('\n\n');
}

const yesNo = (reached: boolean | undefined) => (reached === undefined ? '' : reached ? 'yes' : 'no');

const figureTable = (results: Results): Table => ({
  header: ['figure', `before (${EARLIER.measured})`, 'now', 'goal', 'reached'],
  rows: figures(results).map(({ figure, earlier = '', now, goal = '', reached }) => [figure, earlier, now, goal, yesNo(reached)]),
});

const findTable = ({ find: { stored, filters } }: Results): Table => ({
  header: [
    `a page of ${count(stored)} runs by`,
    'p50',
    'p95',
    `p50 at most ${ms(GOALS.findMs)}`,
    'shown',
    'pages to the end',
    'the slowest of them',
  ],
  rows: filters.map(({ filter, p50, p95, items, pages, slowestMs }) => [
    filter === '' ? '(nothing)' : `\`${filter}\``,
    ms(p50),
    ms(p95),
    yesNo(p50 <= GOALS.findMs),
    String(items),
    pages === undefined ? 'more than 40' : String(pages),
    ms(slowestMs),
  ]),
});

const RUNS = [
  ['w3', 'W3'],
  ['w3Seen', 'W3, its caller waits for the end'],
  ['slow', 'W3, its second step takes 0.7 s'],
  ['failing', 'W3, its third step fails'],
  ['shortWait', 'W3 with a wait of 10 s'],
  ['longWait', 'W3 with a wait of 10 min'],
  ['approval', 'W3 with a person’s answer between, its task looked at once'],
  ['parent', 'a run whose one step is a child run of W3'],
  ['wpar', 'WPAR'],
] as const satisfies [keyof Results['cost'], string][];

const PARTS = ['api', 'lambda', 'streams', 'stepFunctions', 'dynamodb', 's3', 'logs', 'storage'] as const;

function costTable({ cost }: Results): Table {
  const only = (figure: string, total: number) => [figure, ...Array<string>(8 + PARTS.length).fill(''), dollars(total)];
  return {
    header: [
      'one run',
      'write units',
      'read units',
      'invocations',
      'told to followers',
      'Express',
      'transitions',
      'log bytes',
      'bytes stored',
      ...PARTS.map((part) => `${part}, $`),
      'a million',
    ],
    rows: [
      ...RUNS.map(([name, says]) => costRow(says, cost[name])),
      only('each 0.1 s in which steps wait for answers adds', tenthOfASecond),
      only('three Lambda tasks of Step Functions alone, without logs and storage', plainStepFunctions(cost.w3)),
    ],
  };
}

const costRow = (name: string, run: RunCost): string[] => [
  name,
  count(run.writeUnits),
  count(run.readUnits),
  count(run.lambdaInvocations),
  count(run.streamInvocations),
  count(run.expressExecutions),
  count(run.transitions),
  count(run.logBytes),
  count(run.storedBytes),
  ...PARTS.map((part) => run.dollars[part].toFixed(2)),
  dollars(run.total),
];

const bundleTable = ({ bundles }: Results): Table => ({
  header: ['function', 'bundle', 'load', 'both within 1,000 KB and 150 ms'],
  rows: bundles.map(({ entry, bytes, loadMs }) => [
    entry,
    `${(bytes / 1000).toFixed(0)} KB`,
    ms(loadMs),
    yesNo(bytes <= GOALS.bundleBytes && loadMs <= GOALS.loadMs),
  ]),
});

const ELSEWHERE_TABLE: Table = {
  header: [`other engines (${EARLIER.measured})`, 'W3 p50', 'W3 runs a second', 'CPU time of a run', 'WPAR runs a second'],
  rows: ELSEWHERE.map(({ engine, w3P50, w3PerSecond, cpuMs, wparPerSecond }) => [
    engine,
    ms(w3P50),
    rate(w3PerSecond),
    ms(cpuMs),
    rate(wparPerSecond),
  ]),
};

function asMarkdown({ header, rows }: Table): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function asText({ header, rows }: Table): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
