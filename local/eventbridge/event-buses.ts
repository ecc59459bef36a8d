import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import * as z from 'zod';
import { parseJson } from '../../shared/kernel/json.ts';
import { ACCOUNT, arn, REGION } from '../aws/account.ts';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import type { Queues } from '../sqs/queues.ts';
import { type DeclaredRule, declaredRules, nameOfBus } from './rules.ts';

const properties = z.strictObject({ Name: z.string(), Description: z.string().optional(), Tags: z.unknown().optional() });

const entry = z.strictObject({
  EventBusName: z.string().default('default'),
  Source: z.string(),
  DetailType: z.string(),
  Detail: z.string(),
  // Seconds since 1970, with fractions.
  Time: z.number().optional(),
  Resources: z.array(z.string()).default([]),
});
const putEvents = z.object({ Entries: z.array(entry).min(1).max(10) });
type Entry = z.infer<typeof entry>;

const MOST_BYTES = 256 * 1024;
const TIME_BYTES = 14;
const MOST_SHOWN = 1_000;

/** EventBridge for the buses of the stack, and those beside it that its rules name: each event is a line of a file, and goes to the queues of the rules that it matches. */
export class EventBuses {
  readonly #buses: ReadonlySet<string>;
  readonly #path: string;
  readonly #rules: readonly DeclaredRule[];
  readonly #queues: Queues;

  constructor(stack: Stack, path: string, queues: Queues) {
    const names = stack.ofType('AWS::Events::EventBus').map((resource) => propertiesOf(resource, properties).Name);
    this.#rules = declaredRules(stack, (target) => queues.has(target));
    this.#queues = queues;
    const buses = [...names, ...this.#rules.map(({ bus }) => bus)];
    this.#buses = new Set(buses.flatMap((name) => [name, arn('events', `event-bus/${name}`)]));
    this.#path = path;
  }

  get operations(): JsonOperations {
    return {
      PutEvents: async (input) => {
        const { Entries } = putEvents.parse(input);
        if (Entries.reduce((sum, one) => sum + bytesOf(one), 0) > MOST_BYTES)
          throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
        const results = Entries.map((one) => ({ one, id: randomUUID(), fault: this.#faultOf(one) }));
        const taken = results
          .filter(({ fault }) => !fault)
          .map(({ one, id }) => ({ bus: one.EventBusName, event: eventOf(one, id) }));
        await appendFile(this.#path, taken.map(({ bus, event }) => `${lineOf(bus, event)}\n`).join(''));
        for (const { bus, event } of taken) this.#tell(nameOfBus(bus), event);
        return {
          FailedEntryCount: results.filter(({ fault }) => fault).length,
          Entries: results.map(({ id, fault }) => fault ?? { EventId: id }),
        };
      },
    };
  }

  /** The last events that were put, oldest first, as JSON. */
  get events(): string {
    const lines = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n').filter(Boolean) : [];
    return `{"items":[${lines.slice(-MOST_SHOWN).join(',')}]}`;
  }

  /** Written down in the queues of all rules when this returns. */
  #tell(bus: string, event: string): void {
    const parsed = parseJson(event);
    for (const rule of this.#rules)
      if (rule.bus === bus && rule.matches(parsed))
        for (const { queueArn, message } of rule.targets) this.#queues.send(queueArn, message(event), {});
  }

  #faultOf({ EventBusName, Source, Detail }: Entry) {
    if (!this.#buses.has(EventBusName))
      throw new AwsError('ResourceNotFoundException', `Event bus ${EventBusName} does not exist.`);
    if (Source.startsWith('aws.'))
      return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
    if (!isObject(Detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    return undefined;
  }
}

const bytesOf = ({ Source, DetailType, Detail, Time, Resources }: Entry) =>
  [Source, DetailType, Detail, ...Resources].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    Time === undefined ? 0 : TIME_BYTES,
  );

/** What a rule would hear, as JSON in a line. The detail stands in it as it came, digit by digit. */
function eventOf({ Source, DetailType, Detail, Time, Resources }: Entry, id: string): string {
  const around = JSON.stringify({
    version: '0',
    id,
    source: Source,
    'detail-type': DetailType,
    account: ACCOUNT,
    time: new Date(Time === undefined ? Date.now() : Time * 1000).toISOString(),
    region: REGION,
    resources: Resources,
  });
  return `${around.slice(0, -1)},"detail":${Detail.replace(/[\r\n]+/g, ' ')}}`;
}

/** As the file keeps it: with the bus that it was put on. */
const lineOf = (bus: string, event: string) => `{"event-bus":${JSON.stringify(bus)},${event.slice(1)}`;

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
