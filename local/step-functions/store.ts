import { DatabaseSync, type StatementSync } from 'node:sqlite';
import * as z from 'zod';
import type { Ending, Position } from './interpreter.ts';

const position = z.object({ state: z.string(), data: z.json(), used: z.array(z.number()), wakeMs: z.number() });

const row = z.object({
  arn: z.string(),
  machine: z.string(),
  name: z.string(),
  input: z.string(),
  startedMs: z.number(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  stoppedMs: z.number().nullable(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
});

/** An execution as it is described. */
export type Execution = z.infer<typeof row>;
export type NewExecution = Pick<Execution, 'arn' | 'machine' | 'name' | 'input' | 'startedMs'>;

/** Step Functions forgets executions after 90 days; a single machine's disk is glad to forget sooner. */
const KEPT_MS = 14 * 24 * 3600 * 1000;

// NORMAL: what is committed survives the end of this process, and no commit waits for the disk; a power cut may take the last of them.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS executions (
    arn TEXT PRIMARY KEY, machine TEXT NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL, startedMs INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'RUNNING', stoppedMs INTEGER, output TEXT, error TEXT, cause TEXT, position TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS byMachine ON executions (machine, startedMs);
`;

/** The executions, in a file: those under way with the place where they stand, and the Standard ones that have ended. */
export class ExecutionStore {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #move: StatementSync;
  readonly #end: StatementSync;
  readonly #remove: StatementSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;

  constructor(path: string) {
    const database = new DatabaseSync(path);
    database.exec(SCHEMA);
    this.#database = database;
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO executions (arn, machine, name, input, startedMs) VALUES (?, ?, ?, ?, ?)',
    );
    this.#move = database.prepare('UPDATE executions SET position = ? WHERE arn = ?');
    this.#end = database.prepare(
      'UPDATE executions SET status = ?, stoppedMs = ?, output = ?, error = ?, cause = ?, position = NULL WHERE arn = ?',
    );
    this.#remove = database.prepare('DELETE FROM executions WHERE arn = ?');
    this.#get = database.prepare('SELECT * FROM executions WHERE arn = ?');
    this.#list = database.prepare(
      'SELECT * FROM executions WHERE machine = ? AND (?2 IS NULL OR status = ?2) ORDER BY startedMs DESC LIMIT ?3 OFFSET ?4',
    );
  }

  close(): void {
    this.#database.close();
  }

  /** False when there is one of that ARN. */
  insert({ arn, machine, name, input, startedMs }: NewExecution): boolean {
    return this.#insert.run(arn, machine, name, input, startedMs).changes === 1;
  }

  move(arn: string, to: Position): void {
    this.#move.run(JSON.stringify(to), arn);
  }

  end(arn: string, stoppedMs: number, ending: Ending): void {
    const { output, error, cause } = { output: undefined, error: undefined, cause: undefined, ...ending };
    this.#end.run(ending.status, stoppedMs, output ?? null, error ?? null, cause ?? null, arn);
  }

  remove(arn: string): void {
    this.#remove.run(arn);
  }

  get(arn: string): Execution | undefined {
    return row.optional().parse(this.#get.get(arn));
  }

  /** Newest first. */
  list(machine: string, status: string | undefined, { limit, offset }: { limit: number; offset: number }): Execution[] {
    return z.array(row).parse(this.#list.all(machine, status ?? null, limit, offset));
  }

  /** Those that have not ended; without a position they stand at their beginning. */
  running(): { execution: Execution; position: Position | undefined }[] {
    const found = this.#database.prepare(`SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY startedMs`).all();
    return found.map((one) => ({
      execution: row.parse(one),
      position: typeof one['position'] === 'string' ? position.parse(JSON.parse(one['position'])) : undefined,
    }));
  }

  /** Forgets what ended long ago. */
  prune(nowMs: number): void {
    this.#database.prepare(`DELETE FROM executions WHERE startedMs < ? AND status <> 'RUNNING'`).run(nowMs - KEPT_MS);
  }
}
