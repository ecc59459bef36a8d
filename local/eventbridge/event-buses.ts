import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import * as z from 'zod';
import { arn } from '../aws/account.ts';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';

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

/** EventBridge for the buses of the stack: no rule hears of an event, but each is a line of a file. */
export class EventBuses {
  readonly #buses: ReadonlySet<string>;
  readonly #path: string;

  constructor(stack: Stack, path: string) {
    const names = stack.ofType('AWS::Events::EventBus').map((resource) => propertiesOf(resource, properties).Name);
    this.#buses = new Set(names.flatMap((name) => [name, arn('events', `event-bus/${name}`)]));
    this.#path = path;
  }

  get operations(): JsonOperations {
    return {
      PutEvents: async (input) => {
        const { Entries } = putEvents.parse(input);
        if (Entries.reduce((sum, one) => sum + bytesOf(one), 0) > MOST_BYTES)
          throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
        const results = Entries.map((one) => ({ one, id: randomUUID(), fault: this.#faultOf(one) }));
        const lines = results.flatMap(({ one, id, fault }) => (fault ? [] : [`${eventOf(one, id)}\n`]));
        await appendFile(this.#path, lines.join(''));
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
function eventOf({ EventBusName, Source, DetailType, Detail, Time, Resources }: Entry, id: string): string {
  const around = JSON.stringify({
    version: '0',
    id,
    'event-bus': EventBusName,
    source: Source,
    'detail-type': DetailType,
    time: new Date(Time === undefined ? Date.now() : Time * 1000).toISOString(),
    resources: Resources,
  });
  return `${around.slice(0, -1)},"detail":${Detail.replace(/[\r\n]+/g, ' ')}}`;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
