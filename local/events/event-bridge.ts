import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT, arn, REGION } from '../aws/account.ts';
import type { Functions } from '../lambda/functions.ts';
import type { StatusChange } from '../states/status-event.ts';
import type { Resource, Stack } from '../template/stack.ts';
import { TemplateRefused } from '../template/template.ts';
import type { Usage } from '../usage/usage.ts';
import { compilePattern } from './pattern.ts';
import { onSchedule } from './schedule-expression.ts';

const target = z.object({
  Arn: z.string(),
  Input: z.string().optional(),
  InputPath: z.never().optional(),
  InputTransformer: z.never().optional(),
});

const rule = z.object({
  EventPattern: z.unknown(),
  ScheduleExpression: z.string().optional(),
  State: z.string().default('ENABLED'),
  Targets: z.array(target).default([]),
});

const schedule = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.string().default('ENABLED'),
  Target: z.object({ Arn: z.string(), Input: z.string().optional() }),
});

interface Rule {
  accepts: (event: unknown) => boolean;
  targets: z.infer<typeof target>[];
}

interface Timed {
  expression: string;
  timezone: string;
  functionArn: string;
  event(at: Date): unknown;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/** Rules and schedules of the stack. A rule's target has an event until it has handled it; schedules carry on with the next time. */
export class EventBridge {
  readonly #functions: Functions;
  readonly #usage: Usage['events'];
  readonly #rules: Rule[] = [];
  readonly #timed: Timed[] = [];
  readonly #running: { stop(): void }[] = [];
  #closed = false;

  constructor(stack: Stack, functions: Functions, usage: Usage['events']) {
    this.#functions = functions;
    this.#usage = usage;
    for (const resource of stack.ofType('AWS::Events::Rule')) this.#addRule(resource);
    for (const resource of stack.ofType('AWS::Scheduler::Schedule')) this.#addSchedule(resource);
  }

  /** Begins to keep time. */
  start(): void {
    for (const { expression, timezone, functionArn, event } of this.#timed) {
      const call = (at: Date) => {
        this.#usage.scheduled += 1;
        this.#functions
          .invoke(functionArn, event(at))
          .catch((error: unknown) => console.error(`${expression} ${functionArn}:`, error));
      };
      this.#running.push(onSchedule(expression, timezone, call));
    }
  }

  close(): void {
    this.#closed = true;
    for (const running of this.#running) running.stop();
  }

  wanted(event: StatusChange): boolean {
    this.#usage.statusChanges += 1;
    return this.#rules.some(({ accepts }) => accepts(event));
  }

  async deliver(event: StatusChange): Promise<void> {
    const targets = this.#rules.filter(({ accepts }) => accepts(event)).flatMap((one) => one.targets);
    await Promise.all(targets.map(({ Arn, Input }) => this.#deliverTo(Arn, Input === undefined ? event : JSON.parse(Input))));
  }

  async #deliverTo(functionArn: string, event: unknown): Promise<void> {
    for (let delay = FIRST_RETRY_MS; ; delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
      try {
        await this.#functions.invoke(functionArn, event);
        return;
      } catch (error) {
        if (this.#closed) return new Promise(() => {});
        console.error(`An event for ${functionArn} was not handled; it is sent again in ${delay / 1000} s:`, error);
        await new Promise((resolve) => setTimeout(resolve, delay).unref());
      }
    }
  }

  #addRule({ logicalId, name, properties }: Resource): void {
    const { EventPattern, ScheduleExpression, State, Targets } = rule.parse(properties);
    if (State === 'DISABLED') return;
    for (const { Arn } of Targets) this.#check(Arn, logicalId);
    if (EventPattern !== undefined) this.#rules.push({ accepts: compilePattern(EventPattern), targets: Targets });
    if (ScheduleExpression === undefined) return;
    for (const { Arn, Input } of Targets) {
      const event = (at: Date) =>
        Input === undefined ? timeEvent('aws.events', arn('events', `rule/${name}`), at, {}) : JSON.parse(Input);
      this.#timed.push({ expression: ScheduleExpression, timezone: 'UTC', functionArn: Arn, event });
    }
  }

  #addSchedule({ logicalId, name, properties }: Resource): void {
    const { ScheduleExpression, ScheduleExpressionTimezone, State, Target } = schedule.parse(properties);
    if (State === 'DISABLED') return;
    this.#check(Target.Arn, logicalId);
    const scheduleArn = arn('scheduler', `schedule/default/${name}`);
    const event = (at: Date) =>
      Target.Input === undefined ? timeEvent('aws.scheduler', scheduleArn, at, '{}') : filledIn(Target.Input, scheduleArn, at);
    this.#timed.push({ expression: ScheduleExpression, timezone: ScheduleExpressionTimezone, functionArn: Target.Arn, event });
  }

  #check(targetArn: string, logicalId: string): void {
    if (!this.#functions.find(targetArn))
      throw new TemplateRefused(`${logicalId} has the target ${targetArn}, which is no function of this stack`);
  }
}

function timeEvent(source: string, resource: string, at: Date, detail: unknown) {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source,
    account: ACCOUNT,
    time,
    region: REGION,
    resources: [resource],
    detail,
  };
}

/** EventBridge Scheduler's placeholders in an input. */
function filledIn(input: string, scheduleArn: string, at: Date): unknown {
  const values: Record<string, string> = {
    'schedule-arn': scheduleArn,
    'scheduled-time': at.toISOString().replace(/\.\d+Z$/, 'Z'),
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  return JSON.parse(input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => values[name] ?? whole));
}
