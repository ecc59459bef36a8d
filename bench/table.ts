import { GOALS } from './goals.ts';
import type { Results } from './measure.ts';
import type { Spread } from './statistics.ts';

interface Row {
  figure: string;
  value: string;
  goal?: string;
  met?: boolean;
}

/** The results as people read them. */
export function table(results: Results, { markdown }: { markdown: boolean }): string {
  const rows = rowsOf(results);
  const cells = rows.map(({ figure, value, goal = '', met }) => [
    figure,
    value,
    goal,
    met === undefined ? '' : met ? 'yes' : 'no',
  ]);
  return markdown ? asMarkdown(cells) : asText(cells);
}

function rowsOf(results: Results): Row[] {
  const { latency, throughput, boot, memory, lists, operations } = results;
  const { w3, wpar, raw } = operations;
  const share = w3.dollarsPerMillion / raw.dollarsPerMillion;
  return [
    atMost('W3, three http steps, start call to success seen: p50', latency.w3.seen.p50, GOALS.w3LatencyMs, ms),
    { figure: 'W3: p95', value: ms(latency.w3.seen.p95) },
    { figure: 'W3, start call to the end that the run records: p50 / p95', value: both(latency.w3.ended) },
    { figure: 'WPAR, ten at once and a join, to success seen: p50 / p95', value: both(latency.wpar.seen) },
    {
      figure: `W3 runs a second (${throughput.runs} runs, ${throughput.callers} callers, ${throughput.succeeded} succeeded)`,
      value: throughput.runsPerSecond.toFixed(0),
      goal: `at least ${GOALS.runsPerSecond}`,
      met: throughput.runsPerSecond >= GOALS.runsPerSecond,
    },
    { figure: 'CPU time of a W3 run, all processes', value: ms(throughput.cpuMsPerRun) },
    ...lists.map(({ stored, p50 }) => atMost(`Newest 50 of ${stored.toLocaleString('en')} runs: p50`, p50, GOALS.listMs, ms)),
    ...(boot.coldMs === null ? [] : [atMost('First start after npm ci, to ready', boot.coldMs, GOALS.readyMs, ms)]),
    atMost('Later starts, to ready', boot.warmMs, GOALS.readyMs, ms),
    { figure: 'Memory when ready / after the runs', value: `${memory.readyMb.toFixed(0)} / ${memory.busyMb.toFixed(0)} MB` },
    atMost('W3: state transitions', w3.transitions, GOALS.transitions, count),
    atMost('W3: Lambda invocations', w3.lambdaInvocations, GOALS.lambdaInvocations, count),
    atMost('W3: DynamoDB write units', w3.writeUnits, GOALS.writeUnits, count),
    atMost('W3: DynamoDB read units', w3.readUnits, GOALS.readUnits, count),
    {
      figure: 'WPAR: transitions / invocations / write units / read units',
      value: [wpar.transitions, wpar.lambdaInvocations, wpar.writeUnits, wpar.readUnits].map(count).join(' / '),
    },
    { figure: 'A million W3 runs on AWS', value: dollars(w3.dollarsPerMillion) },
    { figure: 'The same by Step Functions alone, three Lambda tasks', value: dollars(raw.dollarsPerMillion) },
    atMost('Cost, times that of Step Functions alone', share, GOALS.costOfRaw, (value) => value.toFixed(2)),
    ...bundleRows(results),
    { figure: 'Load of the machine before / after', value: results.load.map((value) => value.toFixed(1)).join(' / ') },
  ];
}

function bundleRows({ bundles }: Results): Row[] {
  return bundles.flatMap(({ entry, bytes, loadMs }) => [
    atMost(`${entry}: bundle`, bytes, GOALS.bundleBytes, (value) => `${(value / 1000).toFixed(0)} KB`),
    atMost(`${entry}: load`, loadMs, GOALS.loadMs, ms),
  ]);
}

function atMost(figure: string, value: number, goal: number, show: (value: number) => string): Row {
  return { figure, value: show(value), goal: `at most ${show(goal)}`, met: value <= goal };
}

const ms = (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
const both = ({ p50, p95 }: Spread) => `${ms(p50)} / ${ms(p95)}`;
const count = (value: number) => String(Math.round(value * 10) / 10);
const dollars = (value: number) => `$${value.toFixed(2)}`;

const HEADER = ['figure', 'measured', 'goal', 'reached'];

function asMarkdown(cells: string[][]): string {
  return [HEADER, HEADER.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function asText(cells: string[][]): string {
  const widths = HEADER.map((_, column) => Math.max(...[HEADER, ...cells].map((row) => (row[column] ?? '').length)));
  return [HEADER, ...cells]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
