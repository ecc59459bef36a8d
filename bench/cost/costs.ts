import { PRICES } from '../../shared/kernel/aws-prices.ts';
import { type Bench, publish } from '../harness/bench.ts';
import { APPROVAL, FAILING, LONG_WAIT, type Measured, PARENT, SHORT_WAIT, SLOW, W3, WPAR } from '../harness/workflows.ts';
import { costOf, type RunCost } from './cost.ts';
import { answeredRun, countRuns, seenRun, unseenRun } from './count.ts';
import { countWaiting } from './waits.ts';

const SHORT_WAIT_MS = 10_000;
const LONG_WAIT_MS = 600_000;

/** What runs of several kinds take on AWS. */
export async function costs(bench: Bench, runs: number, say: (what: string) => void) {
  const of = async (workflow: Measured, { run = unseenRun, failedExecutions = 0 } = {}): Promise<RunCost> => {
    say(`operations of ${workflow.definition.name}`);
    return costOf(await countRuns(bench, await publish(bench, workflow), runs, run), failedExecutions);
  };
  return {
    w3: await of(W3),
    w3Seen: await of(W3, { run: seenRun }),
    slow: await of(SLOW),
    failing: await of(FAILING, { failedExecutions: 1 }),
    approval: await of(APPROVAL, { run: answeredRun }),
    parent: await of(PARENT),
    wpar: await of(WPAR),
  };
}

export const costsOfWaits = async (runs: number) => ({
  shortWait: await costOf(await countWaiting({ workflow: SHORT_WAIT, waitMs: SHORT_WAIT_MS }, runs)),
  longWait: await costOf(await countWaiting({ workflow: LONG_WAIT, waitMs: LONG_WAIT_MS }, runs)),
});

const SECONDS = 0.1;
const WORKER_GB = 0.5;

/** What a tenth of a second adds in which the steps wait for whom they call: the worker is paid for it, and its execution. */
export const tenthOfASecond = SECONDS * (WORKER_GB * PRICES.lambdaGbSecond + (64 / 1024) * PRICES.expressGbSecond) * 1_000_000;

/** Three Lambda tasks in a row that Step Functions calls itself, each as long as an invocation of ours is on the average. */
export function plainStepFunctions({ dollars, lambdaInvocations }: RunCost): number {
  const tasks = 3;
  return tasks * (PRICES.stateTransition * 1_000_000 + dollars.lambda / lambdaInvocations);
}
