import { Problem } from '../../kernel/problem.ts';
import { closedUntil } from '../../workflow/maintenance.ts';
import { decide } from '../decide/decide.ts';
import { CANCELLED_BY } from '../decide/failures.ts';
import { stopped } from '../decide/stopped.ts';
import { newWriter } from '../journal/journal.ts';
import { limitOf } from '../model/concurrency.ts';
import { type Entry, withAttempt } from '../model/entry.ts';
import {
  dueAtOf,
  keptAfterEnd,
  keptAnewAtEnd,
  keptAnewInLife,
  keptFromLife,
  projectionOf,
  START_GRACE_MS,
} from '../model/project.ts';
import { deadlineOf, type Run, runActor } from '../model/run.ts';
import { failuresAt, isTimely, type RunState, stateOf } from '../model/state.ts';
import { letIn } from '../place/let-in.ts';
import type { EngineServices } from '../ports.ts';
import { executionKind } from '../start/execution-kind.ts';
import { startExecution } from '../start/start-execution.ts';
import { childEnd } from './child-end.ts';
import { showTasks } from './show-tasks.ts';

/** A run as somebody else than its driver finds it. */
export interface Told {
  run: Run;
  state: RunState;
}

const MOST_TRIES = 50;

/** What is to be said, by the state of the run; nothing when it is known already. May refuse by throwing. */
export type Saying = (state: RunState, run: Run) => Entry[];

/**
 * Appends to the journal of a run that somebody else may be driving: what people ask for, how a child has ended. When nobody drives it, what follows is
 * written with it, and the next execution is started if there is something to do. A row that is behind is mended. Undefined for a run that does not exist.
 */
export async function tell(services: EngineServices, runId: string, saying: Saying): Promise<Told | undefined> {
  let seen: Told | undefined;
  const looking: Saying = (state, run) => {
    seen = { run, state };
    return saying(state, run);
  };
  try {
    const told = await append(services, runId, looking);
    if (!told || told.isNews || told.state.seen === told.run.seen) return told;
    return { ...told, run: await settle(services, told.run, told.state) };
  } catch (refusal) {
    // Who is refused since the run has ended is to find a row that says so.
    if (refusal instanceof Problem && seen && seen.state.seen !== seen.run.seen) await settle(services, seen.run, seen.state);
    throw refusal;
  }
}

/** The same without mending the row of a run that has nothing to hear: two runs that have both ended would mend each other for ever. */
async function append(
  services: EngineServices,
  runId: string,
  saying: Saying,
): Promise<(Told & { isNews: boolean }) | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const loaded = await services.runs.load(runId);
    if (!loaded) return undefined;
    const { run } = loaded;
    const plan = await services.definitions.planOf(run.workflowId, run.definition);
    const state = stateOf(plan, loaded.entries, loaded.snapshot);
    const before = state.seen;
    const said = saying(state, run);
    if (said.length === 0) {
      // Whoever woke it may have died before the row could show that it is to be looked at. A look that is due already is not put off by this.
      if (state.seen > run.seen && !state.ended) await show(services, run, state, run.dueAt);
      return { run, state, isNews: false };
    }
    // Nobody drives it: whatever breaks off from here on, the sweeper comes.
    if (state.left && !(await hasten(services, run))) continue;
    const { entries, starts } = withConsequences(services, run, state, said);
    const until = keptFromLife(services.now(), services.retentionDays);
    if ((await services.runs.append(runId, before, entries, until, newWriter())) < entries.length) continue;
    const settled = await settle(services, run, state);
    if (starts) await startExecution(services, settled, executionKind(state.plan));
    return { run: settled, state, isNews: true };
  }
  throw new Error(`Run ${runId} changes faster than it can be told anything.`);
}

/**
 * Lets the sweeper look soon; false when the time of its next look was changed meanwhile. The time is another one in any case: the driver that has just
 * left, and whose row is to show a later look still, finds that it was changed.
 */
async function hasten({ runs, now }: EngineServices, { id, dueAt }: Run): Promise<boolean> {
  if (dueAt === undefined) return true;
  const soon = Math.min(now().getTime() + START_GRACE_MS, Date.parse(dueAt) - 1);
  return runs.takeDue(id, dueAt, new Date(soon).toISOString());
}

/** What is said and, when nobody drives the run, what follows from it by itself. */
function withConsequences(
  services: EngineServices,
  run: Run,
  state: RunState,
  said: Entry[],
): { entries: Entry[]; starts: boolean } {
  const entries: Entry[] = [];
  const add = (all: Entry[]) => {
    for (const given of all) {
      if (!isTimely(state, given)) continue;
      const entry = withAttempt(given, failuresAt(state, given));
      state.apply(entry);
      entries.push(entry);
    }
  };
  const left = state.left;
  add(said);
  if (said.some(({ type }) => type === 'execution_started')) return { entries, starts: true };
  if (!left || state.ended) return { entries, starts: false };
  let decision = decideUndriven(services, run, state);
  for (; decision.entries.length > 0; decision = decideUndriven(services, run, state)) add(decision.entries);
  if (state.ended || state.pause || state.queued) return { entries, starts: false };
  const deadline = deadlineOf(run, state).toISOString();
  const wakes = decision.wakeAt !== undefined && decision.wakeAt !== deadline && decision.wakeAt !== left.until;
  const starts = decision.begin.length > 0 || decision.passed || wakes;
  if (starts) add([nextExecution(state, services.now())]);
  return { entries, starts };
}

/** Asks for the next execution. */
export const nextExecution = (state: RunState, now: Date): Entry => ({
  type: 'execution_started',
  at: now.toISOString(),
  execution: state.execution + 1,
});

const NOBODY: ReadonlySet<string> = new Set();

export const decideUndriven = ({ now, random }: EngineServices, run: Run, state: RunState) =>
  decide(state.plan, state, {
    now: now(),
    random,
    deadline: deadlineOf(run, state),
    held: NOBODY,
    room: 1,
    until: new Date(8.64e15),
  });

/**
 * Makes the row reflect the journal, after whom it concerns has heard: the run that waits for this one, the runs that this one waits for. In this order,
 * so that a run whose row lives is looked at again; may be done any number of times.
 */
export async function settle(services: EngineServices, run: Run, state: RunState): Promise<Run> {
  const told = { ...run, ...projectionOf(run, state) };
  if (state.ended) await stopChildren(services, told, state);
  if (state.ended || state.pause?.paused) await tellParent(services, told);
  if (state.ended) await makeRoom(services, told, state);
  const until = state.ended
    ? keptAnewAtEnd(run, state.ended.at, services.retentionDays)
    : keptAnewInLife(run, deadlineOf(run, state), services.retentionDays);
  if (until !== undefined) await services.runs.keep(run.id, until);
  return show(services, run, state);
}

/** Makes the row reflect the journal. `noLater`: when the sweeper looks at the latest. */
async function show(services: EngineServices, run: Run, state: RunState, noLater?: string): Promise<Run> {
  await showTasks(services, run, state);
  const next = projectionOf(run, state);
  const due = dueAtOf(run, state, services.now());
  const dueAt = due !== undefined && noLater !== undefined && noLater < due ? noLater : due;
  const kept = { keptUntil: keptAfterEnd({ ...next, retention: run.retention }, services.retentionDays) };
  if (await services.runs.project(run, next, { dueAt, dueWas: run.dueAt, ...kept }))
    return { ...run, ...next, dueAt: dueAt ?? run.dueAt };
  // Whoever wants to have it looked at sooner has a reason.
  await services.runs.project(run, next, kept);
  return { ...run, ...next };
}

/** A run that has ended makes room for the next. */
async function makeRoom(services: EngineServices, { id, workspace, concurrency }: Run, { queued }: RunState): Promise<void> {
  if (!concurrency) return;
  await services.places.leave(concurrency.place, id, { waited: queued !== undefined });
  await letWaitingIn(services, workspace, concurrency.place);
}

/** Lets runs go on that wait for room, as far as there is some, and nothing but room is missing. */
export async function letWaitingIn(services: EngineServices, workspace: string, place: string, full?: number): Promise<void> {
  if (!(await isClosed(services, workspace))) await letIn(services, place, (id) => admit(services, id), full);
}

/** Lets a run go on that waits for nothing but the end of a maintenance window. */
export async function admitWhenOpen(services: EngineServices, { id, workspace }: Run): Promise<void> {
  if (!(await isClosed(services, workspace))) await admit(services, id);
}

const isClosed = async ({ workflows, now }: EngineServices, workspace: string) =>
  closedUntil(await workflows.maintenance(workspace), now()) !== undefined;

async function admit(services: EngineServices, id: string): Promise<void> {
  await append(services, id, ({ queued }) => (queued ? [{ type: 'run_admitted', at: services.now().toISOString() }] : []));
}

async function stopChildren(services: EngineServices, run: Run, state: RunState): Promise<void> {
  for (const { child, status } of state.steps.values())
    if (child !== undefined && status === 'cancelled') await stopChild(services, run, child);
}

/** Nobody waits any more for a run that a cancelled step has started. */
export async function stopChild(services: EngineServices, run: Run, child: string): Promise<void> {
  await append(services, child, (childState, { parent }) =>
    childState.ended || parent !== run.id ? [] : stopped(childState.plan, childState, endWith(run, childState), services.now()),
  );
}

/** An older run makes way for one that shares its limit. */
export async function stopFor(services: EngineServices, run: Run, older: string): Promise<void> {
  const reason = `Run ${run.id} has taken its place: ${limitOf(run)}.`;
  await append(services, older, (state) =>
    state.ended ? [] : stopped(state.plan, state, { kind: 'cancelled', stop: { actor: runActor(run), reason } }, services.now()),
  );
}

/** How a child ends whose parent has ended: as drained when the time of both is over. */
function endWith(parent: Run, { stop }: RunState): Parameters<typeof stopped>[2] {
  if (stop?.until !== undefined && parent.error?.name === CANCELLED_BY.drained.name)
    return { kind: 'drained', stop: { ...stop, until: stop.until } };
  const reason = `Run ${parent.id}, which waited for it, has ended.`;
  return { kind: 'cancelled', stop: { actor: parent.stop?.actor ?? runActor(parent), reason } };
}

async function tellParent(services: EngineServices, run: Run): Promise<void> {
  const { parent, parentStep: key } = run;
  if (parent === undefined || key === undefined) return;
  await append(services, parent, (state): Entry[] => {
    const step = state.step(key);
    if (step?.child !== run.id || step.childEnded !== undefined || step.status !== 'waiting') return [];
    if (run.endedAt !== undefined) return [childEnd(run, key, services.now())];
    if (step.childHalted) return [];
    return [{ type: 'child_halted', at: services.now().toISOString(), key, child: run.id }];
  });
}
