import { type Bench, type Published, publish, withBench } from '../harness/bench.ts';
import { processTree } from '../harness/process-tree.ts';
import { median, type Spread } from '../harness/statistics.ts';
import { W3, WPAR } from '../harness/workflows.ts';
import { type Latency, latency } from './latency.ts';
import { type Load, seen, type Throughput, unseen } from './throughput.ts';

export interface SpeedSizes {
  rounds: number;
  warmUpRuns: number;
  /** One after another. */
  latencyRuns: number;
  load: Load;
}

export interface WorkflowSpeed {
  latency: Latency;
  seen: Throughput;
  unseen: Throughput;
}

export interface Speed {
  w3: WorkflowSpeed;
  wpar: WorkflowSpeed;
  readyMb: number;
  busyMb: number;
}

export type FastPath = 'on' | 'off';

/** Medians of interleaved rounds, each in a process of its own: what the machine does beside it befalls all figures alike. */
export async function speedOf(sizes: SpeedSizes, say: (what: string) => void): Promise<Record<FastPath, Speed>> {
  const rounds: Record<FastPath, Speed[]> = { on: [], off: [] };
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const way of ['on', 'off'] as const) {
      say(`round ${round} of ${sizes.rounds}, fast path ${way}`);
      const settings = { connections: sizes.load.callers, environment: { FAST_PATH: way } };
      rounds[way].push(await withBench(settings, (bench) => oneRound(bench, sizes)));
    }
  }
  return { on: medianOf(rounds.on), off: medianOf(rounds.off) };
}

async function oneRound(bench: Bench, sizes: SpeedSizes): Promise<Speed> {
  const [w3, wpar] = [await publish(bench, W3), await publish(bench, WPAR)];
  const readyMb = processTree(bench.cloud.pid).residentMb;
  for (const workflow of [w3, wpar]) await seen(bench, workflow, { ...sizes.load, runs: sizes.warmUpRuns });
  const speeds = { w3: await speed(bench, w3, sizes), wpar: await speed(bench, wpar, sizes) };
  return { ...speeds, readyMb, busyMb: processTree(bench.cloud.pid).residentMb };
}

const speed = async (bench: Bench, workflow: Published, { latencyRuns, load }: SpeedSizes): Promise<WorkflowSpeed> => ({
  latency: await latency(bench, workflow, latencyRuns),
  seen: await seen(bench, workflow, load),
  unseen: await unseen(bench, workflow, load),
});

function medianOf(rounds: Speed[]): Speed {
  const of = (read: (round: Speed) => number) => median(rounds.map(read));
  const spread = (read: (round: Speed) => Spread): Spread => ({
    p50: of((round) => read(round).p50),
    p95: of((round) => read(round).p95),
  });
  const throughput = (read: (round: Speed) => Throughput): Throughput => ({
    runsPerSecond: of((round) => read(round).runsPerSecond),
    cpuMsPerRun: of((round) => read(round).cpuMsPerRun),
  });
  const workflow = (name: 'w3' | 'wpar'): WorkflowSpeed => ({
    latency: { seen: spread((round) => round[name].latency.seen), ended: spread((round) => round[name].latency.ended) },
    seen: throughput((round) => round[name].seen),
    unseen: throughput((round) => round[name].unseen),
  });
  return {
    w3: workflow('w3'),
    wpar: workflow('wpar'),
    readyMb: of(({ readyMb }) => readyMb),
    busyMb: of(({ busyMb }) => busyMb),
  };
}
