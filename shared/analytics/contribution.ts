import * as z from 'zod';
import { fingerprintOf } from '../kernel/fingerprint.ts';
import { isUnaided } from '../run/model/project.ts';
import type { Run } from '../run/model/run.ts';
import type { RunState } from '../run/model/state.ts';
import { isTerminal, RUN_STATUS } from '../run/model/status.ts';
import { attemptsOf, type StepState } from '../run/model/step-state.ts';
import { creditsOf, sumOf } from '../usage/credits.ts';
import { summedUsage, withFewModels } from '../usage/usage.ts';
import { bucketOf } from './durations.ts';

/** Numbers by what they count; `d<bucket>` are durations. */
export const counts = z.record(z.string(), z.int());
export type Counts = z.infer<typeof counts>;

/** A failure as it is told apart from others, and where it happened. */
const failed = z.object({
  fingerprint: z.string(),
  /** In which the run ended: whoever looks for what has failed lately means that. */
  hour: z.string(),
  at: z.string(),
  step: z.string().optional(),
  name: z.string(),
  message: z.string(),
});

/**
 * What a run adds to the counters, once it has ended: all that they know of it. It is counted in the hour in which it was created, where lists have it too.
 */
export const contribution = z.object({
  runId: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  /** `YYYY-MM-DDTHH`, UTC. */
  hour: z.string(),
  run: counts,
  /** By the id of the step, whichever item or round it was in. */
  steps: z.record(z.string(), counts),
  failure: failed.optional(),
});
export type Contribution = z.infer<typeof contribution>;

const hourOf = (at: string) => at.slice(0, 'YYYY-MM-DDTHH'.length);
const durationKey = (bucket: number) => `d${bucket}`;

/** A run that has ended adds to the counters, unless it was a test. */
export const isCounted = ({ status, trigger }: Pick<Run, 'status' | 'trigger'>) => isTerminal(status) && trigger !== 'test';

/** The same for the same run whenever it is asked, since nothing follows the end of a journal. */
export function contributionOf(run: Run, state: RunState): Contribution {
  const { id: runId, workspace, project, workflowId } = run;
  const executed = [...state.steps.values()].filter(isExecuted);
  return {
    runId,
    workspace,
    project,
    workflowId,
    hour: hourOf(run.createdAt),
    run: runCounts(run, state, executed),
    steps: withCredits(stepCounts(executed), run, state),
    ...failureOf(run),
  };
}

function runCounts(run: Run, state: RunState, executed: StepState[]): Counts {
  const retries = executed.reduce((sum, step) => sum + retriesOf(step), 0);
  return {
    [run.status]: 1,
    ...(isUnaided(run, state) && { unaided: 1 }),
    ...(executed.length > 0 && { steps: executed.length }),
    ...(retries > 0 && { retries }),
    ...usageCounts(run, state),
    ...(run.status !== 'skipped' && durationBetween(run.startedAt, run.endedAt)),
  };
}

/** Of usage and credits, by action. */
export const usedKey = (name: string) => `u.${name}`;
export const creditKey = (name: string) => `c.${name}`;
/** All credits of a step together. */
export const STEP_CREDITS = 'c';

function usageCounts({ createdAt }: Run, { usage }: RunState): Counts {
  const used = withFewModels(summedUsage(Object.values(usage)));
  return { ...renamed(used, usedKey), ...renamed(creditsOf(used, createdAt), creditKey) };
}

const renamed = (counts: Counts, nameOf: (name: string) => string): Counts =>
  Object.fromEntries(Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[nameOf(name), count]] : [])));

function withCredits(counts: Record<string, Counts>, { createdAt }: Run, { usage }: RunState): Record<string, Counts> {
  const credits = (id: string) => sumOf(creditsOf(withFewModels(usage[id] ?? {}), createdAt));
  return Object.fromEntries(
    Object.entries(counts).map(([id, own]) => [id, { ...own, ...(credits(id) > 0 && { [STEP_CREDITS]: credits(id) }) }]),
  );
}

/** What another run has executed counts there, and what was skipped nobody has executed. */
const isExecuted = ({ status, reused }: StepState) =>
  reused === undefined && (status === 'succeeded' || status === 'failed' || status === 'cancelled');

const retriesOf = (step: StepState) => Math.max(0, attemptsOf(step) - 1);

function stepCounts(executed: StepState[]): Record<string, Counts> {
  const byStep = new Map<string, Counts>();
  for (const step of executed) {
    const sum = byStep.get(step.id) ?? {};
    const retries = retriesOf(step);
    addTo(sum, {
      [step.status]: 1,
      ...(retries > 0 && { retries }),
      ...(step.status !== 'cancelled' && durationBetween(step.startedAt, step.endedAt)),
    });
    byStep.set(step.id, sum);
  }
  return Object.fromEntries([...byStep].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function durationBetween(from: string | undefined, to: string | undefined): Counts {
  if (from === undefined || to === undefined) return {};
  return { [durationKey(bucketOf(Date.parse(to) - Date.parse(from)))]: 1 };
}

/** A message is kept as far as a row of a list shows it. */
const MESSAGE_CHARACTERS = 300;

function failureOf({ workflowId, status, error, endedAt, createdAt }: Run): Pick<Contribution, 'failure'> {
  if (RUN_STATUS[status].tone !== 'bad' || !error) return {};
  const { name, message, step } = error;
  const at = endedAt ?? createdAt;
  const fingerprint = fingerprintOf({ workflowId, step, name, message });
  return {
    failure: { fingerprint, hour: hourOf(at), at, step, name, message: message.slice(0, MESSAGE_CHARACTERS).toWellFormed() },
  };
}

/** Adds in place. */
export function addTo(sum: Counts, more: Counts): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}
