import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { arn } from '../aws/account.ts';
import { AwsError, asAwsError } from '../aws/aws-error.ts';
import { readBody } from '../aws/body.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { shownError } from '../disk.ts';
import { EventQueue } from '../lambda/event-queue.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Usage } from '../usage/usage.ts';
import { type DeclaredSchedule, declaredSchedules } from './declared.ts';
import { Dispatcher, scheduleArn } from './dispatcher.ts';
import { type ScheduleInput, scheduleInput } from './input.ts';
import { nextTime } from './next-time.ts';
import { ScheduleStore, type StoredSchedule } from './store.ts';

const MAX_BODY_BYTES = 512 * 1024;
const MOST_LISTED = 100;
/** Lambda would run hundreds. */
const EVENTS_AT_ONCE = 50;

export interface SchedulerParts {
  functions: Functions;
  queues: Queues;
  usage: Usage['events'];
}

/** EventBridge Scheduler: the schedules of the template, and its REST protocol for those that are made while the stack is up, in the groups of the stack. */
export class Scheduler {
  readonly #store: ScheduleStore;
  readonly #dispatcher: Dispatcher;
  readonly #events: EventQueue;
  readonly #functions: Functions;
  readonly #queues: Queues;
  readonly #groups: string[];
  readonly #since = Date.now();

  constructor(stack: Stack, { functions, queues, usage }: SchedulerParts, dataDir: string) {
    const declared = declaredSchedules(stack, (target) => functions.find(target) !== undefined);
    this.#groups = ['default', ...stack.ofType('AWS::Scheduler::ScheduleGroup').map(({ name }) => name)];
    this.#functions = functions;
    this.#queues = queues;
    this.#store = new ScheduleStore(join(dataDir, 'scheduler.sqlite'));
    this.#events = new EventQueue(join(dataDir, 'scheduled'), { functions, queues, atOnce: EVENTS_AT_ONCE });
    this.#dispatcher = new Dispatcher({ store: this.#store, functions, events: this.#events, queues, usage });
    this.#deploy(declared);
  }

  /** Begins to keep time: what was due meanwhile is dispatched at once. */
  start(): void {
    this.#events.start();
    this.#dispatcher.start();
  }

  close(): void {
    this.#dispatcher.close();
    this.#events.close();
    this.#store.close();
  }

  /** What a deployment does: new ones are made, changed ones changed, those that are gone deleted; the others keep their times. */
  #deploy(declared: DeclaredSchedule[]): void {
    const keys = declared.map(({ name, input }) => ({ groupName: input.GroupName, name }));
    for (const { groupName, name } of this.#store.declared())
      if (!keys.some((key) => key.groupName === groupName && key.name === name)) this.#store.remove(groupName, name);
    for (const { name, input } of declared) {
      const seen = this.#store.get(input.GroupName, name);
      // As it comes back from the store: without members that are undefined.
      if (!isDeepStrictEqual(seen?.input, JSON.parse(JSON.stringify(input)))) this.#store.put(storedAs(name, input, seen));
    }
    this.#store.setDeclared(keys);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, 200, await this.#route(request));
    } catch (error) {
      const known = asAwsError(error, 'InternalServerException');
      if (known.status >= 500) console.error(shownError(error));
      send(response, known.status, { Message: known.message }, known.name);
    }
  }

  async #route(request: IncomingMessage): Promise<unknown> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://scheduler');
    const [resource, encoded, ...more] = pathname.split('/').slice(1);
    const name = encoded === undefined ? undefined : decodeURIComponent(encoded);
    const call = `${request.method} ${resource}${name === undefined ? '' : '/name'}${more.length > 0 ? '/more' : ''}`;
    switch (call) {
      case 'POST schedules/name':
        return this.#create(name ?? '', await inputOf(request));
      case 'PUT schedules/name':
        return this.#update(name ?? '', await inputOf(request));
      case 'GET schedules/name':
        return detailOf(this.#find(query.get('groupName'), name ?? ''));
      case 'DELETE schedules/name': {
        const { groupName } = this.#find(query.get('groupName'), name ?? '');
        this.#store.remove(groupName, name ?? '');
        return {};
      }
      case 'GET schedules':
        return this.#list(query);
      case 'GET schedule-groups':
        return { ScheduleGroups: this.#groups.map((group) => this.#groupOf(group)) };
      case 'GET schedule-groups/name':
        return this.#groupOf(name ?? '');
      default:
        throw new AwsError('UnknownOperationException', `${request.method} ${pathname} is not served by the embedded cloud`, 501);
    }
  }

  #create(name: string, input: ScheduleInput): unknown {
    if (!/^[0-9a-zA-Z_.-]{1,64}$/.test(name)) throw new AwsError('ValidationException', `Invalid schedule name ${name}.`);
    this.#groupOf(input.GroupName);
    if (this.#store.get(input.GroupName, name)) throw new AwsError('ConflictException', `Schedule ${name} already exists.`, 409);
    return this.#put(name, input, undefined);
  }

  #update(name: string, input: ScheduleInput): unknown {
    return this.#put(name, input, this.#find(input.GroupName, name));
  }

  #put(name: string, input: ScheduleInput, seen: StoredSchedule | undefined): unknown {
    if (!this.#functions.find(input.Target.Arn))
      throw new AwsError('ValidationException', `Provided Arn ${input.Target.Arn} is no function of this stack.`);
    const deadLetterArn = input.Target.DeadLetterConfig?.Arn;
    if (deadLetterArn !== undefined && !this.#queues.has(deadLetterArn))
      throw new AwsError('ValidationException', `DeadLetterConfig.Arn ${deadLetterArn} is no queue of this stack.`);
    const stored = storedAs(name, input, seen);
    this.#store.put(stored);
    this.#dispatcher.look();
    return { ScheduleArn: scheduleArn(stored) };
  }

  #find(group: string | null, name: string): StoredSchedule {
    const found = this.#store.get(group ?? 'default', name);
    if (!found) throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return found;
  }

  #list(query: URLSearchParams): unknown {
    const limit = Math.min(MOST_LISTED, Math.max(1, Number(query.get('MaxResults') ?? MOST_LISTED) || MOST_LISTED));
    const group = query.get('ScheduleGroup') ?? undefined;
    if (group !== undefined) this.#groupOf(group);
    const filter = { group, prefix: query.get('NamePrefix') ?? '', state: query.get('State') ?? undefined, limit: limit + 1 };
    const found = this.#store.list({ ...filter, after: placeOf(query.get('NextToken')) });
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return { Schedules: shown.map(summaryOf), ...(last && { NextToken: tokenOf(last) }) };
  }

  #groupOf(name: string): object {
    if (!this.#groups.includes(name))
      throw new AwsError('ResourceNotFoundException', `Schedule group ${name} does not exist.`, 404);
    const at = this.#since / 1000;
    return {
      Arn: arn('scheduler', `schedule-group/${name}`),
      Name: name,
      State: 'ACTIVE',
      CreationDate: at,
      LastModificationDate: at,
    };
  }
}

function storedAs(name: string, input: ScheduleInput, seen: StoredSchedule | undefined): StoredSchedule {
  const now = Date.now();
  const createdMs = seen?.createdMs ?? now;
  const next = nextTime(input, createdMs, now);
  return {
    groupName: input.GroupName,
    name,
    input,
    createdMs,
    changedMs: now,
    nextMs: input.State === 'ENABLED' ? (next ?? null) : null,
    revision: (seen?.revision ?? 0) + 1,
  };
}

/** `ClientToken` makes a request that is sent twice one request; here that is not needed. */
const requestBody = scheduleInput.extend({ ClientToken: z.string().optional(), Name: z.string().optional() });

async function inputOf(request: IncomingMessage): Promise<ScheduleInput> {
  const body = await readBody(request, MAX_BODY_BYTES);
  try {
    const { ClientToken: _, Name: __, ...input } = requestBody.parse(JSON.parse(body.toString()));
    return input;
  } catch (error) {
    if (error instanceof SyntaxError) throw new AwsError('SerializationException', 'The request is not JSON');
    throw error;
  }
}

const place = z.object({ group: z.string(), name: z.string() });

const tokenOf = ({ groupName, name }: StoredSchedule) =>
  Buffer.from(JSON.stringify({ group: groupName, name })).toString('base64url');

function placeOf(token: string | null): z.infer<typeof place> {
  if (token === null) return { group: '', name: '' };
  try {
    return place.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw new AwsError('ValidationException', 'Invalid NextToken.');
  }
}

const datesOf = ({ createdMs, changedMs }: StoredSchedule) => ({
  CreationDate: createdMs / 1000,
  LastModificationDate: changedMs / 1000,
});

const summaryOf = (schedule: StoredSchedule) => ({
  Arn: scheduleArn(schedule),
  GroupName: schedule.groupName,
  Name: schedule.name,
  State: schedule.input.State,
  Target: { Arn: schedule.input.Target.Arn },
  ...datesOf(schedule),
});

const detailOf = (schedule: StoredSchedule) => ({
  ...schedule.input,
  Arn: scheduleArn(schedule),
  Name: schedule.name,
  ...datesOf(schedule),
});

function send(response: ServerResponse, status: number, body: unknown, error?: string): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...(error !== undefined && { 'x-amzn-errortype': error }),
  });
  response.end(text);
}
