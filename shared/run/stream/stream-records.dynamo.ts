import * as z from 'zod';
import type { Item } from '../../aws/items.ts';
import { once } from '../../kernel/once.ts';
import { isJournal, isMarkedNotable, numberOf, parseJournal } from '../store/journal-items.dynamo.ts';
import { isHeld, isRow, parseRun, runIdOf, statusOf, workspaceOf } from '../store/run-items.dynamo.ts';
import type { Appended, RowChanged, Streamed, StreamedChange } from './streamed-change.ts';

const image = z.custom<Item>((value) => typeof value === 'object' && value !== null);
const key = z.object({ S: z.string() });

/** A record of the stream of the Runs table, as Lambda hands it on. */
const record = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
  userIdentity: z.object({ principalId: z.string().nullish() }).nullish(),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    ApproximateCreationDateTime: z.number(),
    Keys: z.object({ pk: key, sk: key }),
    NewImage: image.optional(),
    OldImage: image.optional(),
  }),
});
export type StreamRecord = z.infer<typeof record>;

export const streamEvent = z.object({ Records: z.array(record) });

/** Who deletes what has expired. */
const EXPIRY = 'dynamodb.amazonaws.com';

/**
 * What a record says of a run; undefined for items that no follower hears of. Whole rows and entries are parsed when a follower asks for them: most do not,
 * and records are many.
 */
export function changeOf({ eventName, userIdentity, dynamodb }: StreamRecord): StreamedChange | undefined {
  const { SequenceNumber: id, ApproximateCreationDateTime, Keys, NewImage, OldImage } = dynamodb;
  const streamed = { id, runId: runIdOf(Keys.pk.S), at: new Date(ApproximateCreationDateTime * 1000) };
  if (isJournal(Keys)) return eventName === 'INSERT' && NewImage ? appended(streamed, NewImage) : undefined;
  if (!isRow(Keys)) return undefined;
  if (NewImage) return rowChanged(streamed, NewImage, OldImage);
  const isExpired = userIdentity?.principalId === EXPIRY;
  return OldImage && { kind: 'deleted', ...streamed, isExpired, before: parseRun(OldImage) };
}

function appended(streamed: Streamed, item: Item): Appended {
  const entries = once(() => parseJournal(item).entries);
  return {
    kind: 'appended',
    ...streamed,
    number: numberOf(item),
    isNotable: isMarkedNotable(item),
    get entries() {
      return entries();
    },
  };
}

function rowChanged(streamed: Streamed, NewImage: Item, OldImage: Item | undefined): RowChanged {
  const before = once(() => OldImage && parseRun(OldImage));
  const after = once(() => parseRun(NewImage));
  return {
    kind: 'row_changed',
    ...streamed,
    workspace: workspaceOf(NewImage),
    ...(OldImage && { statusBefore: statusOf(OldImage) }),
    status: statusOf(NewImage),
    isHeld: isHeld(NewImage),
    get before() {
      return before();
    },
    get after() {
      return after();
    },
  };
}
