import { loadavg } from 'node:os';
import { withBench } from './harness/bench.ts';
import { FAILING, type Measured, PAUSING, W3 } from './harness/workflows.ts';
import { hotKeys, STARTS_PER_SECOND } from './scale/hot-keys.ts';
import { lostStarts } from './scale/lost-starts.ts';

const HELP = `Usage: npm run bench:scale [-- --quick]

Simulates ${STARTS_PER_SECOND.toLocaleString('en')} starts a second of one workflow in one workspace, with time stretched to what this machine can do, and shows the write units
that the busiest key of each table and index would take in a second. Then measures how soon the sweeper has started 10,000 runs whose
start was lost.

  --quick   shorter windows and 1,000 lost starts
`;

/** A partition of DynamoDB. */
const MOST_UNITS = 1000;
const given = process.argv.slice(2);
if (given.some((argument) => argument !== '--quick')) {
  console.error(HELP);
  process.exit(2);
}
const quick = given.includes('--quick');
const windowMs = quick ? 3000 : 10_000;

/** Callers beyond what keeps the machine busy are there for runs that wait. */
const LOADS: [says: string, workflow: Measured, callers: number][] = [
  ['W3', W3, 32],
  ['W3, every run fails', FAILING, 32],
  ['W3, every run waits for 3 s', PAUSING, 300],
];

for (const [says, workflow, callers] of LOADS) {
  const { pace, keys, ofOneRun } = await hotKeys({ workflow, callers, windowMs });
  console.log(
    `\n${says}: started ${pace.toFixed(0)} a second, shown as ${STARTS_PER_SECOND}; write units a second of the busiest keys`,
  );
  console.table(
    keys.map(({ table, index, key, units }) => ({
      table,
      index: index ?? '(the table)',
      key,
      units: Math.round(units),
      [`at most ${MOST_UNITS}`]: units <= MOST_UNITS ? 'yes' : 'no',
    })),
  );
  console.log(`the key of a run itself took ${ofOneRun} in its whole life at the most`);
}

const lost = await withBench({ connections: 16 }, (bench) => lostStarts(bench, quick ? 1000 : 10_000));
console.log(
  `\n${lost.runs} lost starts: all started ${seconds(lost.startedMs)} s after they were due, all ended after ${seconds(lost.endedMs)} s`,
);
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)}`);

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
