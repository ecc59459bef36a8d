import { randomUUID } from 'node:crypto';
import { ACCOUNT, arn, REGION } from '../aws/account.ts';
import { shownError } from '../disk.ts';
import type { EventQueue } from '../lambda/event-queue.ts';
import type { Functions } from '../lambda/functions.ts';
import { type AfterFailure, afterFailure, schedulerRetries } from '../lambda/retry-policy.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Usage } from '../usage/usage.ts';
import { nextTime } from './next-time.ts';
import type { ScheduleStore, StoredSchedule } from './store.ts';

const MOST_AT_ONCE = 50;
const LONGEST_SLEEP_MS = 3_600_000;
const AFTER_FAULT_MS = 60_000;

export const scheduleArn = ({ groupName, name }: Pick<StoredSchedule, 'groupName' | 'name'>) =>
  arn('scheduler', `schedule/${groupName}/${name}`);

export interface DispatcherParts {
  store: ScheduleStore;
  functions: Functions;
  /** Takes the events to their functions, again if need be. */
  events: EventQueue;
  queues: Queues;
  usage: Usage['events'];
}

interface Tries {
  failures: number;
  begunMs: number;
}

/**
 * Hands the events of schedules over to Lambda at their times. A time stays with its schedule until Lambda has taken it, or a dead-letter queue: what was
 * due while nobody kept time, or when everything crashed, is dispatched afterwards.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** Times being dispatched, or waiting for another try. */
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.look();
  }

  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Dispatches what is due and sleeps until the next time. */
  look(): void {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    const now = Date.now();
    const idle = this.#parts.store.earliest(MOST_AT_ONCE + this.#busy.size).filter((one) => !this.#busy.has(timeOf(one)));
    const due = idle.filter(({ nextMs }) => nextMs !== null && nextMs <= now);
    for (const one of due.slice(0, MOST_AT_ONCE - this.#busy.size)) this.#begin(one, { failures: 0, begunMs: now });
    const waiting = idle.find(({ nextMs }) => nextMs !== null && nextMs > now)?.nextMs;
    this.#timer = setTimeout(() => this.look(), Math.min(LONGEST_SLEEP_MS, waiting ? waiting - now : LONGEST_SLEEP_MS)).unref();
  }

  #begin(one: StoredSchedule, tries: Tries): void {
    this.#busy.add(timeOf(one));
    this.#dispatch(one, tries).catch((error: unknown) => {
      // What happened to it could not be written down: it is still due.
      console.error(`Schedule ${one.name}:`, shownError(error));
      setTimeout(() => this.#running && this.#begin(one, tries), AFTER_FAULT_MS).unref();
    });
  }

  async #dispatch(one: StoredSchedule, tries: Tries): Promise<void> {
    const after = await this.#handOver(one, tries);
    if (!this.#running) return;
    const now = this.#parts.store.get(one.groupName, one.name);
    // Somebody may have set another time meanwhile.
    const isCurrent = now?.revision === one.revision;
    if (after?.kind === 'retry' && isCurrent) {
      const again = { ...tries, failures: tries.failures + 1 };
      setTimeout(() => this.#running && this.#begin(one, again), after.delayMs).unref();
      return;
    }
    this.#busy.delete(timeOf(one));
    if (isCurrent) this.#moveOn(now);
    this.look();
  }

  #moveOn(one: StoredSchedule): void {
    const { store } = this.#parts;
    const once = one.input.ScheduleExpression.startsWith('at(');
    const next = once ? undefined : nextTime(one.input, one.createdMs, Math.max(Date.now(), one.nextMs ?? 0));
    if (next === undefined && one.input.ActionAfterCompletion === 'DELETE') store.remove(one.groupName, one.name);
    else store.put({ ...one, nextMs: next ?? null });
  }

  /** Answers nothing when Lambda has taken the event: then it is Lambda's to try again, since Scheduler invokes functions asynchronously. */
  async #handOver(one: StoredSchedule, { failures, begunMs }: Tries): Promise<AfterFailure | undefined> {
    const { functions, events, usage } = this.#parts;
    const { Arn, RetryPolicy } = one.input.Target;
    usage.scheduled += 1;
    if (!functions.find(Arn)) {
      // A target that does not exist is not asked again.
      this.#bury(one, failures, { ERROR_CODE: 'ResourceNotFoundException', ERROR_MESSAGE: `Function not found: ${Arn}` });
      return undefined;
    }
    try {
      await events.add(randomUUID(), Arn, eventOf(one, failures + 1));
      return undefined;
    } catch (error) {
      console.error(`Schedule ${one.name}, attempt ${failures + 1}:`, shownError(error));
      const after = afterFailure(schedulerRetries(RetryPolicy), { failures: failures + 1, ageMs: Date.now() - begunMs });
      const fault = { ERROR_CODE: 'InternalServerException', ERROR_MESSAGE: String(error) };
      if (after.kind === 'give-up') this.#bury(one, failures, { ...fault, EXHAUSTED_RETRY_CONDITION: after.condition });
      return after;
    }
  }

  /** The attributes that Scheduler writes: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html */
  #bury(one: StoredSchedule, retries: number, fault: Record<string, string>): void {
    const { Arn, Input, DeadLetterConfig } = one.input.Target;
    console.error(`Schedule ${one.name} of ${secondOf(one.nextMs)} was not delivered: ${fault['ERROR_MESSAGE']}`);
    if (DeadLetterConfig?.Arn === undefined) return;
    this.#parts.queues.send(DeadLetterConfig.Arn, Input ?? JSON.stringify(scheduledEvent(one)), {
      ...fault,
      EXECUTION_ID: randomUUID(),
      IS_PAYLOAD_TRUNCATED: 'false',
      RETRY_ATTEMPTS: String(retries),
      SCHEDULED_TIME: secondOf(one.nextMs),
      SCHEDULE_ARN: scheduleArn(one),
      TARGET_ARN: Arn,
    });
  }
}

const timeOf = ({ groupName, name, revision, nextMs }: StoredSchedule) => `${groupName}/${name}/${revision}/${nextMs}`;

const secondOf = (ms: number | null) => new Date(ms ?? Date.now()).toISOString().replace(/\.\d+Z$/, 'Z');

/** The input with the placeholders of EventBridge Scheduler filled in, or what it sends without an input. */
function eventOf(one: StoredSchedule, attempt: number): unknown {
  const { Input } = one.input.Target;
  if (Input === undefined) return scheduledEvent(one);
  const values: Record<string, string> = {
    'schedule-arn': scheduleArn(one),
    'scheduled-time': secondOf(one.nextMs),
    'execution-id': randomUUID(),
    'attempt-number': String(attempt),
  };
  return JSON.parse(Input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => values[name] ?? whole));
}

const scheduledEvent = (one: StoredSchedule) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: ACCOUNT,
  time: secondOf(one.nextMs),
  region: REGION,
  resources: [scheduleArn(one)],
  detail: '{}',
});
