import type { DynamoDBBatchResponse } from 'aws-lambda';
import { background, logger } from '../../shared/aws/observe.ts';
import { changeOf, type StreamRecord, streamEvent } from '../../shared/run/stream/stream-records.dynamo.ts';
import type { RunFollower, StreamedChange } from '../../shared/run/stream/streamed-change.ts';
import { tellFollowers } from '../../shared/run/stream/tell-followers.ts';
import { runFollowers } from '../adapters.ts';

interface Services {
  followers: readonly RunFollower[];
}

/** Tells followers what happened to runs. What one of them could not deal with comes again, from the first of it on. */
export async function followRuns(
  { Records }: { Records: readonly StreamRecord[] },
  { followers }: Services,
): Promise<DynamoDBBatchResponse> {
  const changes = Records.map(changeOf).filter((change): change is StreamedChange => change !== undefined);
  const missed = await tellFollowers(followers, changes, ({ changes, ...failure }) =>
    logger.error('a follower could not deal with changes', { ...failure, count: changes.length, first: changes[0] }),
  );
  return { batchItemFailures: missed.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = background(streamEvent, followRuns, () => ({ followers: runFollowers() }));
