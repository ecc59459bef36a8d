import type { Run } from '../run/model/run.ts';
import { isTerminal } from '../run/model/status.ts';
import type { StreamedChange } from '../run/stream/streamed-change.ts';

/** The runs that have come to their end with one of these changes. What is said of a run afterwards, such as a label, is no end. */
export const endedOf = (changes: readonly (StreamedChange | undefined)[]): Run[] =>
  changes.flatMap((change) => {
    if (change?.kind !== 'row_changed' || !isTerminal(change.after.status)) return [];
    return change.before && isTerminal(change.before.status) ? [] : [change.after];
  });
