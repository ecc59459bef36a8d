import * as z from 'zod';
import type { Actor } from '../../kernel/actor.ts';
import { kindOf } from '../../step/registry.ts';
import { addUsage, type Usage } from '../../usage/usage.ts';
import { type Place, type Plan, type PlannedStep, placeName, plannedIn } from '../../workflow/plan.ts';
import type { Queued } from './concurrency.ts';
import type { Entry, EntryOf, Failure, TaskKind } from './entry.ts';
import { indexIn, itemScope, parseKey, scopeOf, sharedScope, tryScope } from './scope.ts';
import type { RunStatus } from './status.ts';
import { isOver, type QueuedStep, type StepState, type StepStatus } from './step-state.ts';

import { usedBy } from './used.ts';

/** A loop under way: which of its items are entered and not yet passed, and where it goes on. */
export interface Loop {
  open: Set<number>;
  passed: number;
  next: number;
}

/** Something that a person was asked. */
export interface Asked {
  key: string;
  kind: TaskKind;
  /** Number of the entry that opened it, which names it. */
  opened: number;
  until?: string | undefined;
  /** Number of the entry that has settled it. */
  closed?: number | undefined;
}

export interface Halt {
  actor: Actor;
  at: string;
  reason?: string | undefined;
}

/**
 * The state of a run: the fold of its journal. Changed in place by `apply`, since a run may have a hundred thousand entries; what it holds of each
 * step is small, values stay in their entries.
 */
export class RunState {
  readonly plan: Plan;
  /** Number of the last entry folded. */
  seen = 0;
  startedAt: string | undefined;
  /** Of a rerun: what it takes over is in the journal. */
  hasTakenOver = false;
  ended: EntryOf<'run_ended'> | undefined;
  endedNumber = 0;
  pause: (Halt & { paused: boolean }) | undefined;
  /** `until`: of a graceful stop, for how long what is in flight may take. */
  stop: (Halt & { until?: string | undefined }) | undefined;
  /** For how long it has been paused, up to the last resumption. */
  pausedMs = 0;
  /** It waits to be let in, and nobody drives it. */
  queued: Queued | undefined;
  /** For how long it has waited for that. */
  queuedMs = 0;
  /** Number of the newest execution. */
  execution = 1;
  driver: EntryOf<'driver_started'> | undefined;
  /** The driver has left; with `until` its execution comes back then. */
  left: { until?: string | undefined } | undefined;
  /** How many drivers it has had, and for how long they have held it. */
  drivers = 0;
  drivenMs = 0;
  /** What its steps have used, by their ids. */
  readonly usage: Record<string, Usage> = {};
  readonly steps = new Map<string, StepState>();
  /** Keys of the steps that have begun and are not over. */
  readonly active = new Set<string>();
  /** By the key of the loop in its try. */
  readonly loops = new Map<string, Loop>();
  /** Everything that people were asked, by the number of the entry that opened it. */
  readonly tasks = new Map<number, Asked>();
  readonly counts: Record<StepStatus, number> = {
    pending: 0,
    running: 0,
    waiting: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
  };
  /** Lists that have been entered, and how many steps they have. */
  readonly #lists = new Set<string>();
  #entered: number;

  constructor(plan: Plan) {
    this.plan = plan;
    this.#entered = plan.top.length;
  }

  /** The fold so far, as JSON: `restore` goes on from it. */
  snapshot(): object {
    const { plan: _, steps, active, loops, tasks, ...rest } = this;
    return {
      ...rest,
      entered: this.#entered,
      lists: [...this.#lists],
      steps: [...steps.values()],
      active: [...active],
      tasks: [...tasks.values()],
      loops: [...loops].map(([key, { open, passed, next }]) => [key, { open: [...open], passed, next }]),
    };
  }

  static restore(plan: Plan, snapshot: unknown): RunState {
    const { entered, lists, steps, active, loops, tasks, counts, ...rest } = snapshotSchema.parse(snapshot);
    const state = new RunState(plan);
    Object.assign(state, rest);
    Object.assign(state.counts, counts);
    state.#entered = entered;
    for (const list of lists) state.#lists.add(list);
    for (const step of steps) state.steps.set(step.key, step);
    for (const key of active) state.active.add(key);
    for (const task of tasks) state.tasks.set(task.opened, task);
    for (const [key, { open, passed, next }] of loops) state.loops.set(key, { open: new Set(open), passed, next });
    return state;
  }

  get status(): RunStatus {
    if (this.ended) return this.ended.status;
    if (this.stop) return 'draining';
    if (this.pause?.paused) return 'paused';
    if (this.startedAt === undefined) return 'pending';
    return this.left && !this.pause ? 'waiting' : 'running';
  }

  /** Steps of entered lists in each state; what has not begun is pending, or skipped once the run has ended. */
  countSteps() {
    const begun = this.steps.size;
    const rest = Math.max(0, this.#entered - begun);
    const { pending, skipped, ...others } = this.counts;
    return {
      total: begun + rest,
      ...others,
      pending: pending + (this.ended ? 0 : rest),
      skipped: skipped + (this.ended ? rest : 0),
    };
  }

  /** Steps that there will be at least: those of items that are not entered yet are counted too. */
  countAhead(): number {
    let ahead = this.countSteps().total;
    for (const key of this.active) {
      const step = this.steps.get(key);
      if (step?.itemCount === undefined) continue;
      const planned = plannedIn(this.plan, step.id);
      const [ids = []] = planned.branches.values();
      ahead += (step.itemCount - this.loopOf(planned, step.scope).next) * ids.length;
    }
    return ahead;
  }

  step(key: string): StepState | undefined {
    return this.steps.get(key);
  }

  /** Where the lists inside a group stand: in its current try, when it has tries. */
  innerScope(planned: PlannedStep, scope: string): string {
    if (!planned.step.retry || planned.branches.size === 0) return scope;
    return tryScope(scope, planned.id, this.steps.get(scope + planned.id)?.tries ?? 1);
  }

  /** The scope in which one step reads another: what stands in tries that the reader is outside of is read in the last of them. */
  scopeRead(planned: PlannedStep, from: string): string {
    const shared = sharedScope(planned, from);
    const around = shared.map((segment) => `${segment}/`).join('');
    return planned.scopes
      .slice(shared.length)
      .reduce((scope, { id }) => tryScope(scope, id, this.steps.get(scope + id)?.tries ?? 1), around);
  }

  /** Whether what comes after the step may start: it has passed, or the handler that took its failure has. */
  hasPassed(id: string, scope: string): boolean {
    const step = this.steps.get(scope + id);
    if (step?.status === 'succeeded' || (step?.status === 'skipped' && step.reason === 'condition')) return true;
    if (step?.status !== 'failed' || step.handler === undefined) return false;
    return this.listPassed(plannedIn(this.plan, id).handlers[step.handler] ?? [], scope);
  }

  listPassed(ids: string[], scope: string): boolean {
    return ids.every((id) => this.hasPassed(id, scope));
  }

  /** Folds the next entry in. Behind `run_ended` nothing is folded: terminal is terminal. */
  apply(entry: Entry): void {
    if (this.ended) return;
    this.seen += 1;
    switch (entry.type) {
      case 'driver_started':
        this.#countDriver(entry.at);
        this.drivers += 1;
        this.driver = entry;
        this.execution = Math.max(this.execution, entry.execution);
        this.left = undefined;
        return;
      case 'driver_left':
        this.#countDriver(entry.at);
        this.left = { until: entry.until };
        return;
      case 'execution_started':
        this.#countDriver(entry.at);
        this.execution = Math.max(this.execution, entry.execution);
        this.driver = undefined;
        this.left = undefined;
        return;
      case 'steps_taken_over':
        this.hasTakenOver = true;
        this.#countRounds();
        return;
      case 'run_queued':
        this.queued = { at: entry.at, until: entry.until };
        this.left = {};
        return;
      case 'run_admitted':
        if (this.queued) this.queuedMs += Math.max(0, Date.parse(entry.at) - Date.parse(this.queued.at));
        this.queued = undefined;
        return;
      case 'run_started':
        this.startedAt ??= entry.at;
        return;
      case 'run_pausing':
        this.pause = { actor: entry.actor, at: entry.at, reason: entry.reason, paused: false };
        return;
      case 'run_paused':
        if (this.pause) this.pause.paused = true;
        return;
      case 'run_resumed':
        if (this.pause) this.pausedMs += Math.max(0, Date.parse(entry.at) - Date.parse(this.pause.at));
        this.pause = undefined;
        this.#forgetHalts();
        return;
      case 'run_draining':
        this.stop = { actor: entry.actor, at: entry.at, until: entry.until, reason: entry.reason };
        this.#forgetHalts();
        return;
      case 'run_stopping':
        this.stop = { actor: entry.actor, at: entry.at, reason: entry.reason };
        return;
      case 'run_ended':
        this.#countDriver(entry.at);
        this.ended = entry;
        this.endedNumber = this.seen;
        this.driver = undefined;
        return;
      default:
        this.#applyStep(entry);
    }
  }

  /** Until now somebody has held it. */
  #countDriver(at: string): void {
    if (this.driver && !this.left) this.drivenMs += Math.max(0, Date.parse(at) - Date.parse(this.driver.at));
  }

  /** A child that stood still for a pause has to say so again for the next one. */
  #forgetHalts(): void {
    for (const key of this.active) {
      const step = this.steps.get(key);
      if (step?.childHalted) step.childHalted = false;
    }
  }

  /** What a rerun has taken over of a `repeat` counts for nothing: it may take as many rounds itself. */
  #countRounds(): void {
    for (const key of this.active) {
      const step = this.steps.get(key);
      if (!step) continue;
      const planned = plannedIn(this.plan, step.id);
      const kind = kindOf(planned.step.kind);
      if (kind.shape === 'group' && kind.rounds) step.roundsBefore = this.loopOf(planned, step.scope).passed;
    }
  }

  #applyStep(entry: Extract<Entry, { key: string }>): void {
    const known = this.steps.get(entry.key);
    if (known && !mayFollow(this.plan, known, entry)) return;
    const step = known ?? this.#begin(entry.key);
    const before = step.status;
    // What has only waited for its turn has used nothing.
    const isUntouched = entry.type === 'step_cancelled' && step.queued !== undefined && step.startedAt === undefined;
    if (entry.type !== 'step_queued' && entry.type !== 'step_admitted') step.queued = undefined;
    this.#change(step, entry);
    this.counts[before] -= 1;
    this.counts[step.status] += 1;
    if (!isUntouched) this.#meter(step, usedBy(entry, step, plannedIn(this.plan, step.id).step.kind, before));
    if (!isOver(step)) {
      this.active.add(step.key);
      return;
    }
    this.active.delete(step.key);
    step.endedAt = entry.at;
    step.endedNumber = this.seen;
    this.#settleItems(plannedIn(this.plan, step.id), step.scope);
  }

  #meter({ id }: StepState, used: Usage): void {
    if (Object.keys(used).length === 0) return;
    const sum = this.usage[id] ?? {};
    addUsage(sum, used);
    this.usage[id] = sum;
  }

  #begin(key: string): StepState {
    const { scope, id } = parseKey(key);
    const step: StepState = { key, id, scope, status: 'pending', failures: 0 };
    this.steps.set(key, step);
    this.counts.pending += 1;
    const planned = plannedIn(this.plan, id);
    this.#enterItem(planned, scope);
    // Of what a rerun takes over, the group around it may come later or not at all.
    if (planned.parent) this.#enter(scope, planned.parent, planned.place);
    return step;
  }

  #change(step: StepState, entry: Extract<Entry, { key: string }>): void {
    if ('reused' in entry && entry.reused !== undefined) step.reused = entry.reused;
    switch (entry.type) {
      case 'step_started':
        this.#start(step, entry);
        return;
      case 'step_queued':
        step.status = 'pending';
        step.queued = queuedBy(step, entry);
        step.dueAt = entry.until;
        return;
      case 'step_admitted':
        step.dueAt = undefined;
        return;
      case 'round_started':
        step.itemCount = entry.round + 1;
        return;
      case 'step_completed':
        step.status = 'succeeded';
        step.error = undefined;
        step.outputAt = this.seen;
        step.child ??= entry.child;
        return;
      case 'step_skipped':
        step.status = 'skipped';
        step.reason = entry.reason;
        return;
      case 'step_retrying':
        step.status = 'pending';
        step.failures += 1;
        step.error = entry.error;
        step.dueAt = entry.dueAt;
        forgetWait(step);
        if (plannedIn(this.plan, step.id).branches.size > 0) step.tries = (step.tries ?? 1) + 1;
        return;
      case 'step_failed':
        step.status = 'failed';
        step.failures += 1;
        step.error = entry.error;
        step.handler = handlerOf(plannedIn(this.plan, step.id), entry.error);
        if (step.handler !== undefined)
          this.#enter(step.scope, plannedIn(this.plan, step.id), { kind: 'catch', index: step.handler });
        return;
      case 'step_cancelled':
        step.status = 'cancelled';
        step.error = entry.error;
        this.#closeTask(step);
        return;
      case 'task_opened':
        this.#openTask(step, entry);
        return;
      case 'task_answered':
      case 'task_expired':
        this.#settleTask(step, entry);
        return;
      case 'child_resumable':
        step.resumes = entry.child;
        return;
      case 'child_halted':
        if (step.child === entry.child) step.childHalted = true;
        return;
      case 'child_ended':
        if (step.child === entry.child) step.childEnded = this.seen;
    }
  }

  #openTask(step: StepState, { kind, input, error, until, at }: EntryOf<'task_opened'>): void {
    forgetWait(step);
    step.status = 'waiting';
    step.startedAt ??= at;
    step.dueAt = undefined;
    step.task = this.seen;
    step.asks = kind;
    if (input) step.inputAt = this.seen;
    if (error) {
      step.error = error;
      step.failures += 1;
    }
    this.tasks.set(this.seen, { key: step.key, kind, opened: this.seen, ...(until !== undefined && { until }) });
  }

  #closeTask({ task }: StepState): void {
    const asked = task === undefined ? undefined : this.tasks.get(task);
    if (asked && asked.closed === undefined) asked.closed = this.seen;
  }

  /** An approval goes on with its answer; what becomes of a step that has failed is said by the answer itself. */
  #settleTask(step: StepState, entry: EntryOf<'task_answered' | 'task_expired'>): void {
    this.#closeTask(step);
    if (step.asks === 'approval') {
      step.answeredAt = this.seen;
      return;
    }
    forgetWait(step);
    const decision = entry.type === 'task_expired' ? 'fail' : entry.decision;
    step.status = decision === 'retry' ? 'pending' : decision === 'skip' ? 'succeeded' : 'failed';
    if (decision === 'fail') return;
    step.retriedAt = decision === 'retry' ? entry.at : undefined;
    if (decision === 'skip') {
      step.error = undefined;
      step.outputAt = this.seen;
    } else if (entry.type === 'task_answered' && entry.given) step.givenAt = this.seen;
  }

  #start(step: StepState, entry: EntryOf<'step_started'>): void {
    const planned = plannedIn(this.plan, step.id);
    step.status = entry.until !== undefined || entry.child !== undefined ? 'waiting' : 'running';
    step.startedAt ??= entry.at;
    step.dueAt = undefined;
    if (entry.input) step.inputAt = this.seen;
    if (entry.until !== undefined) step.until = entry.until;
    if (entry.child !== undefined) step.child = entry.child;
    if (entry.case !== undefined) step.case = entry.case;
    if (entry.items) step.itemsAt = this.seen;
    if (entry.itemCount !== undefined) step.itemCount = entry.itemCount;
    step.roundsBefore = undefined;
    const kind = kindOf(planned.step.kind);
    if (kind.shape !== 'group' || kind.loops) return;
    for (const name of planned.branches.keys())
      if (step.case === undefined || step.case === name)
        this.#enter(this.innerScope(planned, step.scope), planned, { kind: 'branch', name });
  }

  /** A list of `holder` is entered, once; its steps stand in `scope`. */
  #enter(scope: string, holder: PlannedStep, place: Place): void {
    const list = `${scope}${holder.id} ${placeName({ place })}`;
    if (this.#lists.has(list)) return;
    this.#lists.add(list);
    this.#entered += listAt(holder, place).length;
  }

  loopOf(planned: PlannedStep, scope: string): Loop {
    const key = this.innerScope(planned, scope) + planned.id;
    const known = this.loops.get(key);
    if (known) return known;
    const fresh: Loop = { open: new Set(), passed: 0, next: 0 };
    this.loops.set(key, fresh);
    return fresh;
  }

  /** A step has begun in an item of each loop around it. */
  #enterItem(planned: PlannedStep, scope: string): void {
    for (let child = planned, group = planned.parent; group; child = group, group = group.parent) {
      const index = child.place.kind === 'branch' ? indexIn(scope, group.id) : undefined;
      if (index === undefined || !isCurrent(this, group, scope)) continue;
      const loop = this.loopOf(group, scopeOf(group, scope));
      // Items are entered in their order, but journals of reruns may leave some out.
      const inner = this.innerScope(group, scopeOf(group, scope));
      for (; loop.next <= index; loop.next += 1) {
        loop.open.add(loop.next);
        this.#enter(itemScope(inner, group.id, loop.next), group, child.place);
      }
    }
  }

  /** A step is over: perhaps the item around it is, and what its handler was for. */
  #settleItems(planned: PlannedStep, scope: string): void {
    let child = planned;
    let at = scope;
    // The end of a handler may be the end of the step whose failure it took.
    while (child.parent && child.place.kind === 'catch') {
      child = child.parent;
      at = scopeOf(child, at);
    }
    const group = child.parent;
    const index = group ? indexIn(at, group.id) : undefined;
    if (!group || index === undefined || !isCurrent(this, group, at)) return;
    const loop = this.loopOf(group, scopeOf(group, at));
    if (!loop.open.has(index) || !this.listPassed(listAt(group, child.place), at)) return;
    loop.open.delete(index);
    loop.passed += 1;
  }
}

/** Whether the scope lies in the current try of the group. */
function isCurrent(state: RunState, group: PlannedStep, scope: string): boolean {
  return scope.startsWith(state.innerScope(group, scopeOf(group, scope)));
}

function listAt({ branches, handlers }: PlannedStep, place: Place): string[] {
  if (place.kind === 'top') return [];
  return (place.kind === 'branch' ? branches.get(place.name) : handlers[place.index]) ?? [];
}

/** It has waited since it came, whatever it is told meanwhile. */
const queuedBy = ({ queued }: StepState, { at, reason, until, ticket, slot }: EntryOf<'step_queued'>): QueuedStep => ({
  reason,
  at: queued?.at ?? at,
  until,
  ...(ticket !== undefined && { ticket }),
  ...(slot !== undefined && { slot }),
});

/** What a step waited for, it waits for no longer. */
function forgetWait(step: StepState): void {
  step.child = undefined;
  step.childEnded = undefined;
  step.childHalted = false;
  if (step.task === undefined) return;
  step.task = undefined;
  step.asks = undefined;
  step.answeredAt = undefined;
}

/** The first of its handlers that takes the failure. */
export function handlerOf({ step }: PlannedStep, error: Failure): number | undefined {
  const index = (step.catch ?? []).findIndex(({ on }) => on === undefined || on.includes(error.name));
  return index < 0 ? undefined : index;
}

/** Written by `snapshot`; what is inside is ours, so only its outline is checked. */
const snapshotSchema = z.looseObject({
  seen: z.int(),
  entered: z.int(),
  lists: z.array(z.string()),
  steps: z.array(z.custom<StepState>((step) => typeof step === 'object' && step !== null && 'key' in step)),
  active: z.array(z.string()),
  tasks: z.array(z.custom<Asked>((task) => typeof task === 'object' && task !== null && 'opened' in task)).default([]),
  loops: z.array(z.tuple([z.string(), z.object({ open: z.array(z.int()), passed: z.int(), next: z.int() })])),
  counts: z.record(z.string(), z.int()),
});

/** The state of a run whose journal this is; behind a snapshot when there is one. */
export function stateOf(plan: Plan, entries: Iterable<Entry>, snapshot?: unknown): RunState {
  const state = snapshot === undefined ? new RunState(plan) : RunState.restore(plan, snapshot);
  for (const entry of entries) state.apply(entry);
  return state;
}

/** Nothing follows the end of a step, and no group, wait or child is begun a second time while it is under way. */
function mayFollow(plan: Plan, step: StepState, entry: Entry): boolean {
  if (isOver(step)) return false;
  if (entry.type === 'round_started') return step.status === 'running' && step.itemCount === entry.round;
  if (entry.type === 'task_answered' || entry.type === 'task_expired')
    return step.task === entry.task && step.answeredAt === undefined;
  if (entry.type === 'task_opened') return step.task === undefined;
  // One whose driver has died in the middle of it may have to wait for its next turn.
  if (entry.type === 'step_queued') return step.status === 'pending' || step.status === 'running';
  if (entry.type === 'step_admitted') return step.status === 'pending' && step.queued?.ticket === entry.ticket;
  if (entry.type !== 'step_started') return true;
  return step.status === 'pending' || (step.status === 'running' && plannedIn(plan, step.id).branches.size === 0);
}

/** Nothing is said behind the end of a run, nor what a step is past. A run that was told to stop ends as that and nothing else. */
export function isTimely(state: RunState, entry: Entry): boolean {
  if (state.ended) return false;
  if (entry.type === 'run_ended' && state.stop) return entry.status === 'cancelled';
  if (entry.type === 'run_admitted') return state.queued !== undefined;
  const step = 'key' in entry ? state.step(entry.key) : undefined;
  return step === undefined || mayFollow(state.plan, step, entry);
}

/** How often the step of an entry has failed so far. */
export const failuresAt = (state: RunState, entry: Entry): number =>
  'key' in entry ? (state.step(entry.key)?.failures ?? 0) : 0;
