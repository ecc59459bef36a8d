import { randomUUID } from 'node:crypto';
import { arn } from '../aws/account.ts';
import { shownError } from '../disk.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { nextTime } from './next-time.ts';
import type { ScheduleStore, StoredSchedule } from './store.ts';

const MOST_AT_ONCE = 50;
const LONGEST_SLEEP_MS = 3_600_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export const scheduleArn = ({ groupName, name }: Pick<StoredSchedule, 'groupName' | 'name'>) =>
  arn('scheduler', `schedule/${groupName}/${name}`);

/**
 * Rings schedules at their times. A time stays with its schedule until its target has taken it: what was due while nobody kept time, or when everything
 * crashed, rings afterwards.
 */
export class Bell {
  readonly #store: ScheduleStore;
  readonly #functions: Functions;
  readonly #usage: Usage['events'];
  readonly #ringing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(store: ScheduleStore, functions: Functions, usage: Usage['events']) {
    this.#store = store;
    this.#functions = functions;
    this.#usage = usage;
  }

  start(): void {
    this.#running = true;
    this.look();
  }

  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Rings what is due and sleeps until the next time. */
  look(): void {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    const now = Date.now();
    const quiet = this.#store.earliest(MOST_AT_ONCE + this.#ringing.size).filter((one) => !this.#ringing.has(timeOf(one)));
    for (const one of quiet
      .filter(({ nextMs }) => nextMs !== null && nextMs <= now)
      .slice(0, MOST_AT_ONCE - this.#ringing.size)) {
      this.#ring(one).catch((error: unknown) => console.error(`Schedule ${one.name}:`, shownError(error)));
    }
    const waiting = quiet.find(({ nextMs }) => nextMs !== null && nextMs > now)?.nextMs;
    this.#timer = setTimeout(() => this.look(), Math.min(LONGEST_SLEEP_MS, waiting ? waiting - now : LONGEST_SLEEP_MS)).unref();
  }

  async #ring(one: StoredSchedule): Promise<void> {
    this.#ringing.add(timeOf(one));
    await this.#deliver(one);
    this.#ringing.delete(timeOf(one));
    if (!this.#running) return;
    const now = this.#store.get(one.groupName, one.name);
    // The target may have set another time meanwhile.
    if (now?.revision === one.revision) this.#rung(now);
    this.look();
  }

  #rung(one: StoredSchedule): void {
    const once = one.input.ScheduleExpression.startsWith('at(');
    const next = once ? undefined : nextTime(one.input, one.createdMs, Math.max(Date.now(), one.nextMs ?? 0));
    if (next === undefined && one.input.ActionAfterCompletion === 'DELETE') this.#store.remove(one.groupName, one.name);
    else this.#store.put({ ...one, nextMs: next ?? null });
  }

  async #deliver({ groupName, name, revision, nextMs, input: { Target } }: StoredSchedule): Promise<void> {
    const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = Target.RetryPolicy;
    const at = nextMs ?? Date.now();
    const begun = Date.now();
    let delay = FIRST_RETRY_MS;
    for (let attempt = 1; this.#running; attempt++, delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
      try {
        this.#usage.scheduled += 1;
        await this.#functions.invoke(Target.Arn, eventOf(Target.Input, scheduleArn({ groupName, name }), at, attempt));
        return;
      } catch (error) {
        console.error(`Schedule ${name}, attempt ${attempt}:`, error);
        const over = attempt > MaximumRetryAttempts || Date.now() - begun > MaximumEventAgeInSeconds * 1000;
        if (over || this.#store.get(groupName, name)?.revision !== revision) return;
        await new Promise((resolve) => setTimeout(resolve, delay).unref());
      }
    }
    // Not taken, and nobody keeps time any more: it rings when somebody does again.
    await new Promise(() => {});
  }
}

const timeOf = ({ groupName, name, revision, nextMs }: StoredSchedule) => `${groupName}/${name}/${revision}/${nextMs}`;

/** The input with the placeholders of EventBridge Scheduler filled in. */
function eventOf(input: string | undefined, schedule: string, at: number, attempt: number): unknown {
  const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const values: Record<string, string> = {
    'schedule-arn': schedule,
    'scheduled-time': time,
    'execution-id': randomUUID(),
    'attempt-number': String(attempt),
  };
  return JSON.parse((input ?? '{}').replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => values[name] ?? whole));
}
