import { type CountServices, countRuns } from '../../shared/analytics/count-runs.ts';
import { endedOf } from '../../shared/analytics/ended-runs.ts';
import { background } from '../../shared/aws/observe.ts';
import { changeOf, type StreamRecord, streamEvent } from '../../shared/run/stream/stream-records.dynamo.ts';
import { counters, engineServices } from '../adapters.ts';

/** Counts runs that have ended. Records may come twice, in any pieces and in any order. */
export async function countEnded({ Records }: { Records: readonly StreamRecord[] }, services: CountServices): Promise<void> {
  await countRuns(services, endedOf(Records.map(changeOf)));
}

export const handler = background(streamEvent, countEnded, () => ({ ...engineServices(), counters: counters() }));
