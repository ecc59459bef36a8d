import { secondsOf } from '../../expression/duration.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../../kernel/limits.ts';
import { loopWidth } from '../../step/loop-width.ts';
import { kindOf } from '../../step/registry.ts';
import { type Plan, type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import type { Entry, Failure } from '../model/entry.ts';
import { itemScope, scopeOf } from '../model/scope.ts';
import type { RunState } from '../model/state.ts';
import type { StepState } from '../model/step-state.ts';
import { ended } from './end.ts';
import { CANCELLED_BY, failed, INTERRUPTED, isInside } from './failures.ts';

/** What the driver is to do with a step. */
export type Begin =
  /** Evaluate its condition, then execute it, open it, fix its instant or start its run. */
  | { kind: 'start'; planned: PlannedStep; scope: string }
  /** Its lists have passed: make its output. */
  | { kind: 'close'; planned: PlannedStep; scope: string }
  /** Its wait is over, or the run that it waits for has ended: make its output. */
  | { kind: 'finish'; planned: PlannedStep; scope: string };

/** Whether it reaches nothing outside the run. */
export function isPure({ kind, planned }: Begin): boolean {
  if (kind !== 'start') return true;
  const step = kindOf(planned.step.kind);
  return (
    step.shape === 'group' ||
    step.shape === 'timer' ||
    step.shape === 'ask' ||
    (step.shape === 'leaf' && step.evaluate !== undefined)
  );
}

export interface Situation {
  now: Date;
  /** In [0, 1), for the jitter of retries. */
  random: () => number;
  /** When the run is timed out. */
  deadline: Date;
  /** Keys of the steps that the driver is at. */
  held: ReadonlySet<string>;
  /** How many more steps may be begun. */
  room: number;
  /** Leaf steps must be over by then, since the driver is. */
  until: Date;
}

export interface Decision {
  /** What follows from the state alone. When there is anything, it is applied first, then decided again. */
  entries: Entry[];
  begin: Begin[];
  /** Every list has passed: the outputs can be made. */
  passed: boolean;
  /** The next instant at which there is something to do, when nothing is in flight. */
  wakeAt: string | undefined;
  /** A step would take longer than this driver has: the next one begins it. */
  outOfTime: boolean;
}

const NOTHING: Decision = { entries: [], begin: [], passed: false, wakeAt: undefined, outOfTime: false };

/** What a run should do next. Pure: the same plan, state and situation give the same decision. */
export function decide(plan: Plan, state: RunState, situation: Situation): Decision {
  if (state.ended) return NOTHING;
  const { now, deadline, held } = situation;
  if (state.stop) return drain(plan, state, situation, state.stop);
  if (clock(state, now) >= deadline.getTime())
    return { ...NOTHING, entries: ended(plan, state, { kind: 'timed_out', deadline }, now) };
  if (state.pause?.paused) return NOTHING;
  // A run whose last step was in flight ends as it would have.
  if (state.pause && !state.listPassed(plan.top, '')) {
    const quiet = held.size === 0 && childrenStandStill(state);
    return { ...NOTHING, entries: quiet ? [{ type: 'run_paused', at: now.toISOString() }] : [] };
  }
  const traversal = new Traversal(plan, state, situation);
  const top = traversal.list(plan.top, '');
  if (top.kind === 'failed')
    return {
      ...NOTHING,
      entries: [...traversal.entries, ...ended(plan, state, { kind: 'failed', error: runError(top.step) }, now)],
    };
  if (traversal.entries.length > 0) return { ...NOTHING, entries: traversal.entries };
  return {
    entries: [],
    begin: traversal.begin,
    passed: top.kind === 'passed',
    wakeAt: earliest(traversal.wakeAt, deadline.toISOString()),
    outOfTime: traversal.outOfTime,
  };
}

/** The time that counts against the deadline: it stands still while the run pauses, or waits to be let in. */
const clock = ({ pause, queued }: RunState, now: Date) =>
  Math.min(now.getTime(), ...[pause, queued].flatMap((halt) => (halt ? [Date.parse(halt.at)] : [])));

function drain(plan: Plan, state: RunState, { now, held }: Situation, stop: NonNullable<RunState['stop']>): Decision {
  const { actor, reason, until } = stop;
  const late = until !== undefined && until <= now.toISOString();
  // What a child has in flight is in flight for the step that waits for it: its time is over as well.
  const quiet = held.size === 0 && (late ? !waitsForChild(state) : childrenStandStill(state));
  if (until === undefined || quiet)
    return { ...NOTHING, entries: ended(plan, state, { kind: 'cancelled', stop: { actor, reason } }, now) };
  if (!late) return { ...NOTHING, wakeAt: until };
  return { ...NOTHING, entries: ended(plan, state, { kind: 'drained', stop: { actor, reason, until } }, now) };
}

const waitsForChild = (state: RunState) => [...state.active].some((key) => state.step(key)?.child !== undefined);

/** A run that pauses or drains waits until those that its steps wait for do not move either. */
function childrenStandStill(state: RunState): boolean {
  return [...state.active].every((key) => {
    const step = state.steps.get(key);
    return step?.child === undefined || step.childHalted === true || step.childEnded !== undefined;
  });
}

function runError({ id, error }: StepState): Failure {
  const { name, message, step } = error ?? { name: 'StepInterrupted', message: 'The step failed.' };
  return { name, message, step: step ?? id };
}

const earliest = (a: string | undefined, b: string) => (a === undefined || b < a ? b : a);

type Outcome = { kind: 'passed' } | { kind: 'open' } | { kind: 'failed'; step: StepState };

const PASSED: Outcome = { kind: 'passed' };
const OPEN: Outcome = { kind: 'open' };

/** What a driver would begin that holds nothing, whatever was asked of the run. */
export function startable(plan: Plan, state: RunState, situation: Situation): Begin[] {
  const traversal = new Traversal(plan, state, situation);
  traversal.list(plan.top, '');
  return traversal.begin;
}

/** One look at all that is open. */
class Traversal {
  readonly entries: Entry[] = [];
  readonly begin: Begin[] = [];
  wakeAt: string | undefined;
  outOfTime = false;
  readonly #plan: Plan;
  readonly #state: RunState;
  readonly #situation: Situation;
  #room: number;

  constructor(plan: Plan, state: RunState, situation: Situation) {
    this.#plan = plan;
    this.#state = state;
    this.#situation = situation;
    this.#room = situation.room;
  }

  /** Visits the steps of a list that are begun or may begin. Of several failures the first in time counts. */
  list(ids: string[], scope: string): Outcome {
    let passed = true;
    let first: StepState | undefined;
    for (const id of ids) {
      const outcome = this.#step(plannedIn(this.#plan, id), scope);
      if (outcome.kind !== 'passed') passed = false;
      if (outcome.kind === 'failed' && (first === undefined || (outcome.step.endedNumber ?? 0) < (first.endedNumber ?? 0)))
        first = outcome.step;
    }
    if (first) return { kind: 'failed', step: first };
    return passed ? PASSED : OPEN;
  }

  #step(planned: PlannedStep, scope: string): Outcome {
    const step = this.#state.step(scope + planned.id);
    if (this.#situation.held.has(scope + planned.id)) return OPEN;
    if (!step) {
      if (planned.needs.every((id) => this.#state.hasPassed(id, scope))) this.#start(planned, scope);
      return OPEN;
    }
    switch (step.status) {
      case 'succeeded':
        return PASSED;
      case 'skipped':
        return step.reason === 'condition' ? PASSED : OPEN;
      case 'failed':
        return step.handler === undefined ? { kind: 'failed', step } : this.list(planned.handlers[step.handler] ?? [], scope);
      case 'pending':
        if (this.#isDue(step.dueAt)) this.#start(planned, scope);
        return OPEN;
      case 'waiting':
        if (step.task !== undefined) this.#expire(step, step.task);
        if (this.#isReady(step)) this.#add({ kind: 'finish', planned, scope });
        return OPEN;
      case 'running':
        return this.#running(planned, scope, step);
      default:
        return OPEN;
    }
  }

  /** What a step waits for has come. */
  #isReady({ task, answeredAt, child, childEnded, until }: StepState): boolean {
    if (task !== undefined) return answeredAt !== undefined;
    return child === undefined ? this.#isDue(until) : childEnded !== undefined;
  }

  /** Nobody sits up for it: the sweeper comes when it is time. */
  #expire({ key, answeredAt }: StepState, task: number): void {
    const at = this.#situation.now.toISOString();
    const until = this.#state.tasks.get(task)?.until;
    if (answeredAt === undefined && until !== undefined && until <= at)
      this.entries.push({ type: 'task_expired', at, key, task });
  }

  #running(planned: PlannedStep, scope: string, step: StepState): Outcome {
    if (planned.branches.size > 0) return this.#group(planned, scope, step);
    // In flight when its driver stopped.
    if (planned.step.repeatable) this.#start(planned, scope);
    else this.entries.push(failed(planned, step, INTERRUPTED, this.#situation));
    return OPEN;
  }

  #group(planned: PlannedStep, scope: string, step: StepState): Outcome {
    const inner = this.#state.innerScope(planned, scope);
    const inside = kindOf(planned.step.kind);
    const outcome =
      inside.shape === 'group' && inside.loops ? this.#loop(planned, scope, inner, step) : this.#branches(planned, inner, step);
    if (outcome.kind === 'passed') this.#add({ kind: 'close', planned, scope });
    if (outcome.kind === 'failed') this.#fail(planned, scope, step, outcome.step);
    return OPEN;
  }

  #branches(planned: PlannedStep, inner: string, step: StepState): Outcome {
    const taken = [...planned.branches].filter(([name]) => step.case === undefined || step.case === name);
    return merged(taken.map(([, ids]) => this.list(ids, inner)));
  }

  #loop(planned: PlannedStep, scope: string, inner: string, step: StepState): Outcome {
    const loop = this.#state.loopOf(planned, scope);
    const [ids = []] = planned.branches.values();
    const count = step.itemCount ?? 0;
    const width = loopWidth(planned.step);
    let open = loop.open.size;
    // A rerun may have more of them open than may be visited at once.
    const visited = open > width ? [...loop.open].sort((a, b) => a - b).slice(0, width) : [...loop.open];
    const outcomes = visited.map((index) => this.list(ids, itemScope(inner, planned.id, index)));
    for (let index = loop.next; index < count && open < width && this.#room > 0; index += 1, open += 1)
      outcomes.push(this.list(ids, itemScope(inner, planned.id, index)));
    const outcome = merged(outcomes);
    return outcome.kind === 'passed' && loop.passed < count ? OPEN : outcome;
  }

  /** A group fails with a step in it: what else is in flight there is cancelled, then another try begins or the failure goes up. */
  #fail(planned: PlannedStep, scope: string, step: StepState, cause: StepState): void {
    const { now } = this.#situation;
    const at = now.toISOString();
    for (const key of this.#state.active) {
      const inside = this.#state.step(key);
      if (!inside || !isInside(this.#plan, inside.id, planned) || scopeOf(planned, inside.scope) !== scope) continue;
      this.entries.push({ type: 'step_cancelled', at, key, error: CANCELLED_BY.group });
    }
    const { name, message, step: from, data } = cause.error ?? INTERRUPTED;
    const error = { name, message, step: from ?? cause.id, ...(data !== undefined && { data }) };
    this.entries.push(failed(planned, step, error, this.#situation));
  }

  #start(planned: PlannedStep, scope: string): void {
    if (kindOf(planned.step.kind).shape === 'leaf' && !this.#fits(planned)) this.outOfTime = true;
    else this.#add({ kind: 'start', planned, scope });
  }

  #fits({ step }: PlannedStep): boolean {
    const seconds = step.timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : (secondsOf(step.timeout) ?? MAX_TIMEOUT_SECONDS);
    return this.#situation.now.getTime() + seconds * 1000 <= this.#situation.until.getTime();
  }

  #add(begin: Begin): void {
    if (this.#room <= 0) return;
    this.#room -= 1;
    this.begin.push(begin);
  }

  #isDue(instant: string | undefined): boolean {
    if (instant === undefined || instant <= this.#situation.now.toISOString()) return true;
    this.wakeAt = earliest(this.wakeAt, instant);
    return false;
  }
}

function merged(outcomes: Outcome[]): Outcome {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.step] : []));
  const [first] = failures.sort((a, b) => (a.endedNumber ?? 0) - (b.endedNumber ?? 0));
  if (first) return { kind: 'failed', step: first };
  return outcomes.every(({ kind }) => kind === 'passed') ? PASSED : OPEN;
}
