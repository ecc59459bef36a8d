import * as z from 'zod';
import { MAX_TIMEOUT_SECONDS } from '../../kernel/limits.ts';
import { type Begin, type Decision, decide, type Situation } from '../decide/decide.ts';
import { DriverReplaced, Journal } from '../journal/journal.ts';
import type { Entry } from '../model/entry.ts';
import { projectionOf } from '../model/project.ts';
import { deadlineOf } from '../model/run.ts';
import type { RunState } from '../model/state.ts';
import { hasToTakeOver, takeOver } from '../rerun/take-over.ts';
import { executionKind } from '../start/execution-kind.ts';
import { startExecution } from '../start/start-execution.ts';
import { showTasks } from '../tell/show-tasks.ts';
import { takePlace } from '../tell/take-place.ts';
import { settle, stopChild } from '../tell/tell.ts';
import { Beginner } from './begin.ts';
import { lookAfterChildren } from './children.ts';
import type { DriveServices } from './drive-services.ts';
import { endure } from './endure.ts';
import { finishRun } from './finish-run.ts';
import { Held } from './held.ts';
import { Names } from './names.ts';
import { snapshotWhenDue } from './snapshot.ts';

/** Of a random UUID so much as tells a few apart, 48 bits: journals are kept for long. */
export const shortOf = (uuid: string) => uuid.slice(0, 13);

/** What a state machine says to the worker. */
export const driveMessage = z.object({
  run: z.string(),
  execution: z.int(),
  /** How often this execution has called a driver. */
  turn: z.int().default(0),
  /** Of the end of the execution's ARN, which is all that differs between two deliveries of one. */
  id: z.string().transform((arn) => shortOf(arn.slice(arn.lastIndexOf(':') + 1))),
  startedAt: z.string(),
  express: z.boolean(),
});
export type DriveMessage = z.infer<typeof driveMessage>;

/** The next input of the state machine. */
export interface DriveAnswer {
  next: 'done' | 'failed' | 'again' | 'sleep';
  run: string;
  execution: number;
  turn: number;
  until?: string;
  error?: string;
  cause?: string;
}

/** The invocation of the worker that is the driver. */
export interface Invocation {
  id: string;
  /** When it must have answered. */
  until: Date;
}

/** Waits that are shorter are slept through in the driver. */
const SHORT_WAIT_MS = 2_000;
/** A deadline that is nearer is waited for, so that the run ends at it and not with the next look of the sweeper. */
const DEADLINE_WAIT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 1_000;
const MOST_AT_ONCE = 100;
/** A run this old shows that it runs. */
const MARK_RUNNING_AFTER_MS = 500;
/** How far the row of a long run may be behind. */
const SHOW_EVERY_MS = 5_000;
/** So long before the sweeper would look, a driver says how long it may take. */
const HOLD_BEFORE_MS = 15_000;
/** What the next driver of the same execution needs to say the same. */
const HOLD_GRACE_MS = 60_000;
/** An Express execution ends after five minutes, whatever it does. */
const EXPRESS_MS = 5 * 60_000;
/** So long after its start an invocation counts as having all of its time. */
const FRESH_MS = 5_000;
/** What a driver needs to write the last outcome and to answer. */
const MARGIN_MS = 8_000;
/** For what is given up to end. */
const PUT_AWAY_MS = 1_000;
/** For what is over before anybody could give it up. */
const NEVER = new AbortController().signal;
/** A history of Step Functions has 25,000 events; a call of a driver takes seven and more when it is repeated. */
const MOST_TURNS = 1_000;

/**
 * Holds a run and carries it forward until it has ended, stands still, or the time of the invocation is over. Whoever comes second, from an execution
 * delivered twice or from one that was thought dead, finds out at its first append and leaves.
 */
export async function drive(services: DriveServices, message: DriveMessage, invocation: Invocation): Promise<DriveAnswer> {
  const enduring = endure(services, invocation.until);
  const loaded = await enduring.runs.load(message.run);
  if (!loaded) return answer(message, { next: 'done' });
  const plan = await services.definitions.planOf(loaded.run.workflowId, loaded.run.definition);
  let predecessor: string | undefined;
  const isMine = ({ execution, driver }: RunState) =>
    execution === message.execution &&
    (driver === undefined || driver.invocation === invocation.id || driver.invocation === predecessor);
  const journal = new Journal(enduring, plan, loaded, isMine);
  const { run, state } = journal;
  if (state.ended) {
    await settle(enduring, run, state);
    return ending(message, state);
  }
  if (isForeign(state, message)) return answer(message, { next: 'done' });
  if (state.queued) {
    await takePlace(enduring, run);
    return answer(message, { next: 'done' });
  }
  predecessor = state.driver?.invocation;
  const driver = new Driver(enduring, journal, message, invocation);
  try {
    return await driver.drive();
  } catch (error) {
    await driver.giveUp(error);
    if (!(error instanceof DriverReplaced)) throw error;
    return answer(message, { next: 'done' });
  }
}

/** A newer execution drives the run, or another delivery of this one. */
function isForeign({ execution, driver, left }: RunState, message: DriveMessage): boolean {
  if (execution !== message.execution) return execution > message.execution;
  return driver !== undefined && !left && driver.id !== message.id;
}

const answer = ({ run, execution, turn }: DriveMessage, more: Pick<DriveAnswer, 'next'> & Partial<DriveAnswer>): DriveAnswer => ({
  run,
  execution,
  turn: turn + 1,
  ...more,
});

/** How the execution shows the end of its run. No customer data: the row has the whole message. */
function ending(message: DriveMessage, { ended }: RunState): DriveAnswer {
  if (ended?.status === 'succeeded' || ended?.status === 'cancelled') return answer(message, { next: 'done' });
  const error = ended?.error?.name ?? 'RunFailed';
  return answer(message, {
    next: 'failed',
    error,
    cause: `Run ${message.run} has ended as ${ended?.status}; its row has the message.`,
  });
}

class Driver {
  readonly #services: DriveServices;
  readonly #journal: Journal;
  readonly #message: DriveMessage;
  readonly #held = new Held((error) => this.#fail(error));
  readonly #names: Names;
  readonly #beginner: Beginner;
  /** When leaf steps must be over. */
  readonly #until: Date;
  readonly #invocation: Invocation;
  readonly #startedMs: number;
  #fault: unknown;
  #isWatching = false;
  #shownMs = 0;
  /** Keys of what may begin although there is something unwritten: what it stands on is written. */
  #founded = new Set<string>();

  constructor(services: DriveServices, journal: Journal, message: DriveMessage, invocation: Invocation) {
    this.#services = services;
    this.#journal = journal;
    this.#message = message;
    this.#invocation = invocation;
    const executionEnd = message.express ? Date.parse(message.startedAt) + EXPRESS_MS : Number.POSITIVE_INFINITY;
    this.#until = new Date(Math.min(invocation.until.getTime(), executionEnd) - MARGIN_MS);
    this.#startedMs = services.now().getTime();
    this.#names = new Names(journal, services.values, journal.state.plan);
    this.#beginner = new Beginner(services, journal, this.#names);
  }

  get #plan() {
    return this.#journal.state.plan;
  }

  /** Aborts what is in flight, and lets it put away what it has taken: once a driver has answered it may be put to sleep. */
  giveUp(reason: unknown): Promise<void> {
    this.#held.abortAll(reason);
    return this.#held.idle(PUT_AWAY_MS);
  }

  async drive(): Promise<DriveAnswer> {
    await this.#takeHold();
    const watch = setInterval(() => void this.#watch(), LOOK_EVERY_MS);
    // Courtesy only: what fails here fails nothing.
    const show = setTimeout(() => void this.#show().catch(() => undefined), this.#untilShown());
    try {
      return await this.#loop();
    } finally {
      clearInterval(watch);
      clearTimeout(show);
    }
  }

  /** Says that it is here; what it says is written with whatever comes first. */
  async #takeHold(): Promise<void> {
    const { state, run } = this.#journal;
    const at = this.#services.now().toISOString();
    const { execution, id } = this.#message;
    const fresh = state.seen === 0;
    this.#journal.record({ type: 'driver_started', at, execution, id, invocation: this.#invocation.id });
    if (state.startedAt === undefined) this.#journal.record({ type: 'run_started', at });
    if (hasToTakeOver(run, state)) await takeOver(this.#services, this.#journal);
    if (fresh) return;
    for (const key of await lookAfterChildren(this.#services, this.#journal)) {
      this.#held.hold(key, (signal) => this.#beginner.startLostChild(key, signal));
    }
  }

  async #loop(): Promise<DriveAnswer> {
    for (;;) {
      if (this.#fault !== undefined) throw this.#fault;
      const answer = await this.#follow(decide(this.#plan, this.#journal.state, this.#situation()));
      if (answer) return answer;
    }
  }

  /** Does what was decided, as far as it goes until there is something to decide anew. */
  async #follow({ entries, begin, passed, wakeAt, outOfTime }: Decision): Promise<DriveAnswer | undefined> {
    const { state } = this.#journal;
    const [pure, outside] = this.#beginner.sort(begin);
    if (entries.length > 0) this.#take(entries);
    else if (state.ended) return this.#end();
    else if (state.pause?.paused) return this.#leave(undefined);
    else if (passed && this.#held.size === 0) this.#journal.conclude(await finishRun(this.#services, this.#journal, this.#names));
    else if (pure.length > 0) await Promise.all(pure.map((one) => this.#beginner.act(one, NEVER)));
    else if (outside.length > 0 || this.#held.size > 0) await this.#carryOn(outside, wakeAt);
    else return outOfTime ? this.#handOver() : this.#wait(wakeAt);
    return undefined;
  }

  /** Begins what stands on nothing unwritten, then writes what there is, or waits for a change. */
  async #carryOn(outside: Begin[], wakeAt: string | undefined): Promise<void> {
    const { hasNews } = this.#journal;
    const [ready, others] = parted(outside, (begin) => !hasNews || this.#founded.has(keyOfBegin(begin)));
    for (const begin of ready) this.#hold(begin);
    if (!hasNews) return this.#nextChange(wakeAt);
    await this.#journal.flush();
    this.#founded = new Set(others.map(keyOfBegin));
  }

  #hold(begin: Begin): void {
    const key = keyOfBegin(begin);
    this.#founded.delete(key);
    this.#held.hold(key, (signal) => this.#beginner.act(begin, signal));
  }

  #situation(): Situation {
    const now = this.#services.now();
    return {
      now,
      random: this.#services.random,
      deadline: deadlineOf(this.#journal.run, this.#journal.state),
      held: this.#held.keys,
      room: MOST_AT_ONCE - this.#held.size,
      until: this.#stepsUntil(now),
    };
  }

  /** A step of the longest kind fits into a fresh invocation of a Standard execution, whatever was read before. */
  #stepsUntil(now: Date): Date {
    const isFresh = !this.#message.express && now.getTime() - this.#startedMs < FRESH_MS;
    return isFresh ? new Date(Math.max(this.#until.getTime(), now.getTime() + MAX_TIMEOUT_SECONDS * 1000)) : this.#until;
  }

  /** What follows from the state alone may end steps that are in flight. */
  #take(entries: Entry[]): void {
    this.#journal.conclude(...entries);
    for (const entry of entries) {
      if (entry.type !== 'step_cancelled') continue;
      this.#held.abort(entry.key, new Error(entry.error.name));
      this.#abandon(entry.key);
    }
  }

  /** The run that a cancelled step waited for is stopped, though this one goes on. */
  #abandon(key: string): void {
    const child = this.#journal.state.step(key)?.child;
    if (child === undefined || this.#journal.state.ended) return;
    this.#held.hold(`child of ${key}`, async () => {
      await this.#journal.flush();
      await stopChild(this.#services, this.#journal.run, child);
    });
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
  }

  async #nextChange(wakeAt: string | undefined): Promise<void> {
    const wait = wakeAt === undefined ? LOOK_EVERY_MS : Date.parse(wakeAt) - this.#services.now().getTime();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(Math.max(wait, 0), LOOK_EVERY_MS));
    });
    await Promise.race([this.#held.changed, over]);
    clearTimeout(timer);
  }

  /** Nothing is in flight. Sleeps through a short wait; a longer one is the execution's, and what nobody knows the end of is nobody's. */
  async #wait(wakeAt: string | undefined): Promise<DriveAnswer | undefined> {
    const { now, deadline } = this.#situation();
    const waitMs = wakeAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(wakeAt) - now.getTime();
    if (waitMs <= SHORT_WAIT_MS) {
      await this.#journal.flush();
      await this.#nextChange(wakeAt);
      return undefined;
    }
    // A far deadline is the sweeper's.
    const isFar = wakeAt === deadline.toISOString() && waitMs > DEADLINE_WAIT_MS;
    return this.#leave(isFar ? undefined : wakeAt);
  }

  /** Leaves the run; with `until`, an execution comes back at that instant. Stays when somebody has written meanwhile. */
  async #leave(until: string | undefined): Promise<DriveAnswer | undefined> {
    const fits = until === undefined || !this.#message.express || Date.parse(until) < this.#until.getTime();
    if (!fits || this.#message.turn >= MOST_TURNS) return this.#handOver(until);
    const at = this.#services.now().toISOString();
    this.#journal.conclude({ type: 'driver_left', at, until });
    await this.#journal.flush();
    if (!this.#journal.state.left) return undefined;
    await settle(this.#services, this.#journal.run, this.#journal.state);
    if (until === undefined) return answer(this.#message, { next: 'done' });
    return answer(this.#message, { next: 'sleep', until });
  }

  /** The next execution goes on: the time of this one is over, or too short for what is to be waited for. */
  async #handOver(until?: string): Promise<DriveAnswer | undefined> {
    const { run } = this.#journal;
    if (until === undefined && !this.#message.express && this.#message.turn < MOST_TURNS) {
      await this.#journal.flush();
      return answer(this.#message, { next: 'again' });
    }
    const execution = this.#message.execution + 1;
    this.#journal.conclude({ type: 'execution_started', at: this.#services.now().toISOString(), execution });
    await this.#journal.flush();
    if (this.#journal.state.execution !== execution) return undefined;
    const settled = await settle(this.#services, run, this.#journal.state);
    await startExecution(this.#services, settled, until === undefined ? executionKind(this.#plan) : 'standard');
    return answer(this.#message, { next: 'done' });
  }

  /** Goes on when somebody has said meanwhile how the run is to end. */
  async #end(): Promise<DriveAnswer | undefined> {
    await this.#journal.flush();
    const { state } = this.#journal;
    if (!state.ended) return undefined;
    await this.giveUp(new Error('The run has ended.'));
    await snapshotWhenDue(this.#services, this.#journal);
    await settle(this.#services, this.#journal.run, state);
    return ending(this.#message, state);
  }

  /** Sees within a second what others have written. A read that fails is no reason to give up an outside call. */
  async #watch(): Promise<void> {
    // One look at a time: while the tables refuse, each takes long.
    if (this.#isWatching) return;
    this.#isWatching = true;
    try {
      if (this.#held.size > 0) await this.#journal.look();
      if (!this.#journal.state.ended) await snapshotWhenDue(this.#services, this.#journal);
      await this.#stay();
      await this.#catchUp();
    } catch (error) {
      if (error instanceof DriverReplaced) {
        this.#fail(error);
        this.#held.abortAll(error);
      }
    }
    this.#isWatching = false;
    this.#held.notify();
  }

  #untilShown(): number {
    return Math.max(0, Date.parse(this.#journal.run.createdAt) + MARK_RUNNING_AFTER_MS - this.#services.now().getTime());
  }

  /** Lists show that the run runs, and the log what is in flight. */
  async #show(): Promise<void> {
    if (!this.#journal.state.ended) await this.#project(undefined);
  }

  /** What is shown of a long run follows what comes of it. */
  async #catchUp(): Promise<void> {
    const { run, state } = this.#journal;
    if (state.seen > run.seen && this.#services.now().getTime() >= this.#shownMs + SHOW_EVERY_MS) await this.#show();
  }

  /** The sweeper need not look before this driver can no longer be alive. */
  async #stay(): Promise<void> {
    const { dueAt } = this.#journal.run;
    const until = new Date(this.#until.getTime() + HOLD_GRACE_MS).toISOString();
    const now = this.#services.now().getTime();
    if (dueAt === undefined || dueAt >= until || now < Date.parse(dueAt) - HOLD_BEFORE_MS) return;
    await this.#project(until);
  }

  async #project(dueAt: string | undefined): Promise<void> {
    this.#shownMs = this.#services.now().getTime();
    while (!this.#journal.isClean) await this.#journal.flush();
    const { run, state } = this.#journal;
    if (state.ended) return;
    await showTasks(this.#services, run, state);
    const next = projectionOf(run, state);
    if (await this.#services.runs.project(run, next, { dueAt }))
      this.#journal.replaceRun({ ...run, ...next, dueAt: dueAt ?? run.dueAt });
  }
}

const keyOfBegin = ({ planned, scope }: Begin) => scope + planned.id;

const parted = <T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] => [
  all.filter(isFirst),
  all.filter((one) => !isFirst(one)),
];
