import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { DealtWith } from './stream-records.ts';

/** The last record stays: the emulator counts on from it. */
const READ = `DELETE FROM _stream_records WHERE table_name = ? AND CAST(sequence_number AS INTEGER) < ?`;

const database = new DatabaseSync(String(workerData), { timeout: 5000 });
const forget = database.prepare(READ);

parentPort?.on('message', ({ table, upTo }: DealtWith) => {
  try {
    forget.run(table, upTo);
  } catch {
    // It was busy for longer than that: they go the next time.
  }
});
