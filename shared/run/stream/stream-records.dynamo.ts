import * as z from 'zod';
import type { Item } from '../../aws/items.ts';
import { isJournal, parseJournal } from '../store/journal-items.dynamo.ts';
import { isRow, parseRun, runIdOf } from '../store/run-items.dynamo.ts';
import type { StreamedChange } from './streamed-change.ts';

const image = z.custom<Item>((value) => typeof value === 'object' && value !== null);
const key = z.object({ S: z.string() });

/** A record of the stream of the Runs table, as Lambda hands it on. */
const record = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
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

/** What a record says of a run; undefined for items that no follower hears of. */
export function changeOf({ eventName, dynamodb }: StreamRecord): StreamedChange | undefined {
  const { SequenceNumber: id, ApproximateCreationDateTime, Keys, NewImage, OldImage } = dynamodb;
  const streamed = { id, runId: runIdOf(Keys.pk.S), at: new Date(ApproximateCreationDateTime * 1000) };
  if (isJournal(Keys)) {
    if (eventName !== 'INSERT' || !NewImage) return undefined;
    return { kind: 'appended', ...streamed, ...parseJournal(NewImage) };
  }
  if (!isRow(Keys)) return undefined;
  const before = OldImage && parseRun(OldImage);
  if (NewImage) return { kind: 'row_changed', ...streamed, ...(before && { before }), after: parseRun(NewImage) };
  return before && { kind: 'deleted', ...streamed, before };
}
