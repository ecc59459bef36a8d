import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT, arn, REGION } from '../aws/account.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { onSchedule } from './schedule-expression.ts';

const schedule = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.string().default('ENABLED'),
  Target: z.object({ Arn: z.string(), Input: z.string().optional() }),
});

interface Timed {
  expression: string;
  timezone: string;
  functionArn: string;
  event(at: Date): unknown;
}

/** The schedules that the stack declares. A call that fails is not made again: the next time is. */
export class EventBridge {
  readonly #functions: Functions;
  readonly #usage: Usage['events'];
  readonly #timed: Timed[] = [];
  readonly #running: { stop(): void }[] = [];

  constructor(stack: Stack, functions: Functions, usage: Usage['events']) {
    this.#functions = functions;
    this.#usage = usage;
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
    for (const running of this.#running) running.stop();
  }

  #addSchedule({ logicalId, name, properties }: Resource): void {
    const { ScheduleExpression, ScheduleExpressionTimezone, State, Target } = schedule.parse(properties);
    if (State === 'DISABLED') return;
    this.#check(Target.Arn, logicalId);
    const scheduleArn = arn('scheduler', `schedule/default/${name}`);
    const event = (at: Date) =>
      Target.Input === undefined ? timeEvent(scheduleArn, at) : filledIn(Target.Input, scheduleArn, at);
    this.#timed.push({ expression: ScheduleExpression, timezone: ScheduleExpressionTimezone, functionArn: Target.Arn, event });
  }

  #check(targetArn: string, logicalId: string): void {
    if (!this.#functions.find(targetArn))
      throw new TemplateRefused(`${logicalId} has the target ${targetArn}, which is no function of this stack`);
  }
}

function timeEvent(resource: string, at: Date) {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: ACCOUNT,
    time,
    region: REGION,
    resources: [resource],
    detail: '{}',
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
