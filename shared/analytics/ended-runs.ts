import { hasEnded, type StreamedChange } from '../run/stream/streamed-change.ts';

/** Ids of the runs that have come to their end with one of these changes. */
export const endedOf = (changes: readonly (StreamedChange | undefined)[]): string[] =>
  changes.flatMap((change) => (change?.kind === 'row_changed' && hasEnded(change) ? [change.runId] : []));
