import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Without it the emulator looks at all records of all streams for each write and each read. */
const BY_SEQUENCE = `CREATE INDEX IF NOT EXISTS millrun_by_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))`;
const ENTRY = new URL('./forget-records.ts', import.meta.url);

/** Records of a table that everybody has dealt with. */
export interface DealtWith {
  table: string;
  /** The number of the last. */
  upTo: number;
}

/**
 * What dynoxide leaves undone in its database: records are found by their number, and go when they have been read. They go in a thread of their own, which
 * waits for the writes of the emulator where everything else would wait with it.
 */
export class StreamRecords {
  readonly #thread: Worker;

  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: 5000 });
    database.exec(BY_SEQUENCE);
    database.close();
    this.#thread = new Worker(ENTRY, { execArgv: [], workerData: path });
    this.#thread.on('error', (error) => console.error(`Records of streams stay where they are: ${error.message}`));
    this.#thread.unref();
  }

  /** AWS keeps them for a day; on this disk they are gone when everybody has dealt with them. */
  forget(records: DealtWith): void {
    this.#thread.postMessage(records);
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
