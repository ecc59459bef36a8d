import { LRUCache } from 'lru-cache';
import type { StepRow } from '../step-row.ts';
import { hasEnded } from '../step-row.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const ROW_OVERHEAD_BYTES = 500;

/** Rows that this worker has seen to their end. They never change again, so reading them once is enough. */
export class RecentRows {
  readonly #rows = new LRUCache<string, StepRow>({ maxSize: MAX_BYTES, sizeCalculation: weight });

  remember(runId: string, row: StepRow): void {
    if (hasEnded(row) && row.status !== 'failed') this.#rows.set(`${runId}/${row.key}`, row);
  }

  get(runId: string, key: string): StepRow | undefined {
    return this.#rows.get(`${runId}/${key}`);
  }
}

const weight = ({ output, input }: StepRow) => ROW_OVERHEAD_BYTES + textLength(output) + textLength(input);
const textLength = (value: StepRow['output']) => (value && 'json' in value ? value.json.length * 2 : 0);
