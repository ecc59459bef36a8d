import type { Spread } from '../harness/statistics.ts';
import type { Results } from '../measure.ts';
import type { WorkflowSpeed } from '../speed/rounds.ts';
import { EARLIER } from './earlier.ts';
import { GOALS } from './goals.ts';

/** A figure beside what it was before and what it should be. */
export interface Figure {
  figure: string;
  earlier?: string | undefined;
  now: string;
  goal?: string;
  reached?: boolean;
}

/** Every figure but costs and bundles, which have tables of their own. */
export function figures(results: Results): Figure[] {
  return [
    ...speedFigures(results),
    ...lastingFigures(results),
    ...listFigures(results),
    ...operationFigures(results),
    ...processFigures(results),
  ];
}

function speedFigures({ speed, sizes }: Results): Figure[] {
  const { w3, wpar } = speed.on;
  const { off } = speed;
  const callers = `${sizes.speed.load.callers} callers`;
  return [
    atMost('W3, three http steps, start call to its answer with the success: p50', w3.latency.seen.p50, GOALS.w3LatencyMs, ms, {
      earlier: EARLIER.w3.seenP50,
    }),
    { figure: 'W3: p95', earlier: ms(EARLIER.w3.seenP95), now: ms(w3.latency.seen.p95) },
    {
      figure: 'W3, nobody looks, start call to the end that the run records: p50 / p95',
      earlier: both(EARLIER.w3.ended),
      now: both(w3.latency.ended),
    },
    {
      ...atLeast(`W3 runs a second, ${callers} who see the end`, w3.seen.runsPerSecond, GOALS.w3RunsPerSecond),
      earlier: EARLIER.w3.seenPerSecond,
    },
    {
      figure: `W3 runs a second, ${callers} who do not look`,
      earlier: rate(EARLIER.w3.unseenPerSecond),
      now: rate(w3.unseen.runsPerSecond),
    },
    atMost('CPU time of a W3 run whose end is seen, all processes', w3.seen.cpuMsPerRun, GOALS.cpuMsPerRun, ms, {
      earlier: EARLIER.w3.cpuMs,
    }),
    { figure: 'CPU time of a W3 run that nobody looks at', now: ms(w3.unseen.cpuMsPerRun) },
    {
      figure: 'WPAR, ten at once and a join, to the answer with the success: p50 / p95',
      earlier: both(EARLIER.wpar.seen),
      now: both(wpar.latency.seen),
    },
    {
      ...atLeast(`WPAR runs a second, ${callers} who see the end`, wpar.seen.runsPerSecond, GOALS.wparRunsPerSecond),
      earlier: rate(EARLIER.wpar.seenPerSecond),
    },
    { figure: `WPAR runs a second, ${callers} who do not look`, now: rate(wpar.unseen.runsPerSecond) },
    { figure: 'CPU time of a WPAR run whose end is seen', now: ms(wpar.seen.cpuMsPerRun) },
    {
      figure: 'FAST_PATH=off: W3 p50 / runs a second seen / not looked at / CPU time',
      now: inShort(off.w3),
    },
    {
      figure: 'FAST_PATH=off: WPAR p50 / runs a second seen / not looked at / CPU time',
      now: inShort(off.wpar),
    },
  ];
}

const inShort = ({ latency, seen, unseen }: WorkflowSpeed) =>
  [ms(latency.seen.p50), rate(seen.runsPerSecond), rate(unseen.runsPerSecond), ms(seen.cpuMsPerRun)].join(' / ');

function lastingFigures({ endurance, recovery, sizes }: Results): Figure[] {
  const [first = Number.NaN, last = Number.NaN] = [endurance.at(0), endurance.at(-1)];
  const { runs, stretch } = sizes.endurance;
  return [
    {
      figure: `W3 runs a second, the first and the last ${count(stretch)} of ${count(runs)} / the slowest`,
      now: `${rate(first)} and ${rate(last)} / ${rate(Math.min(...endurance))}`,
      goal: `last at least ${GOALS.enduring} of first`,
      reached: last >= GOALS.enduring * first,
    },
    { figure: 'kill -9 to ready', now: ms(recovery.readyMs) },
    atMost(
      `kill -9 to the last end of ${recovery.runs} runs that were in a step of 0.7 s`,
      recovery.endedMs,
      GOALS.recoveryMs,
      ms,
    ),
  ];
}

const listFigures = ({ lists: { stored, lists } }: Results): Figure[] =>
  lists.map(({ list, items, isRare, p50, p95 }) => ({
    ...atMost(
      `${count(stored)} runs stored, ${list}, ${items} shown: p50 / p95`,
      p50,
      isRare ? GOALS.rareListMs : GOALS.listMs,
      ms,
      {
        earlier: new Map<string, number>(Object.entries(EARLIER.lists)).get(list),
      },
    ),
    now: both({ p50, p95 }),
  }));

function operationFigures({ cost: { w3, slow, wpar } }: Results): Figure[] {
  const before = EARLIER.operations;
  const slowStep = slow.writeUnits - w3.writeUnits;
  const { transitions, lambdaInvocations, writeUnits, readUnits } = EARLIER.wparOperations;
  return [
    atMost('W3: DynamoDB write units', w3.writeUnits, GOALS.writeUnits, count, { earlier: before.writeUnits }),
    atMost('W3: DynamoDB read units', w3.readUnits, GOALS.readUnits, count, { earlier: before.readUnits }),
    atMost('W3: Lambda invocations, one of them the authorizer', w3.lambdaInvocations, GOALS.lambdaInvocations, count, {
      earlier: before.lambdaInvocations,
    }),
    atMost('W3: Express executions', w3.expressExecutions, GOALS.expressExecutions, count, { earlier: 0 }),
    atMost('W3: state transitions', w3.transitions, 0, count, { earlier: before.transitions }),
    atMost('A step of over 500 ms: write units more', slowStep, GOALS.slowStepWriteUnits, count, {
      earlier: EARLIER.slowStepWriteUnits,
    }),
    {
      figure: 'WPAR: transitions / invocations / write units / read units',
      earlier: [transitions, lambdaInvocations, writeUnits, readUnits].map(count).join(' / '),
      now: [wpar.transitions, wpar.lambdaInvocations, wpar.writeUnits, wpar.readUnits].map(count).join(' / '),
    },
    {
      ...atMost('A million W3 runs on AWS, all in', w3.total, GOALS.dollars, dollars),
      earlier: `${dollars(EARLIER.dollars.w3)} without logs and storage`,
    },
    {
      figure: 'A million W3 runs on AWS, without logs and storage',
      earlier: dollars(EARLIER.dollars.w3),
      now: dollars(w3.total - w3.dollars.logs - w3.dollars.storage),
    },
  ];
}

const processFigures = ({ boot, speed, parts }: Results): Figure[] => [
  ...(boot.coldMs === null
    ? []
    : [atMost('First start after npm ci, to ready', boot.coldMs, GOALS.readyMs, ms, { earlier: EARLIER.boot.coldMs })]),
  atMost('Later starts, to ready', boot.warmMs, GOALS.readyMs, ms, { earlier: EARLIER.boot.warmMs }),
  {
    figure: 'Memory when ready / after the runs',
    earlier: `${EARLIER.memory.readyMb} / ${EARLIER.memory.busyMb} MB`,
    now: `${speed.on.readyMb.toFixed(0)} / ${speed.on.busyMb.toFixed(0)} MB`,
  },
  {
    figure: 'Load of the machine before and after each part, at the most',
    now: Math.max(...Object.values(parts).flatMap(({ load }) => load)).toFixed(1),
  },
  ...(parts.speed?.machine
    ? [
        {
          figure: 'The machine when speed was measured: a loop of 100 million steps / a page written to the disk',
          now: `${ms(parts.speed.machine.loopMs)} / ${ms(parts.speed.machine.diskMs)}`,
        },
      ]
    : []),
];

type Show = (value: number) => string;

function atMost(
  figure: string,
  value: number,
  goal: number,
  show: Show,
  { earlier }: { earlier?: number | undefined } = {},
): Figure {
  return {
    figure,
    earlier: earlier === undefined ? undefined : show(earlier),
    now: show(value),
    goal: `at most ${show(goal)}`,
    reached: value <= goal,
  };
}

const atLeast = (figure: string, value: number, goal: number): Figure => ({
  figure,
  now: rate(value),
  goal: `at least ${rate(goal)}`,
  reached: value >= goal,
});

export const ms: Show = (value) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
const both = ({ p50, p95 }: Spread) => `${ms(p50)} / ${ms(p95)}`;
export const rate: Show = (value) => value.toFixed(0);
export const count: Show = (value) => (Math.round(value * 10) / 10).toLocaleString('en');
export const dollars: Show = (value) => `$${value.toFixed(2)}`;
