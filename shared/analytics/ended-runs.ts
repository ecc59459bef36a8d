import type { Run } from '../run/model/run.ts';
import { hasEnded, type StreamedChange } from '../run/stream/streamed-change.ts';

/** The runs that have come to their end with one of these changes. */
export const endedOf = (changes: readonly (StreamedChange | undefined)[]): Run[] =>
  changes.flatMap((change) => (change?.kind === 'row_changed' && hasEnded(change) ? [change.after] : []));
