import { DatabaseSync, type StatementSync } from 'node:sqlite';
import * as z from 'zod';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

const executionRow = z.object({
  arn: z.string(),
  machineArn: z.string(),
  versionArn: z.string().nullable(),
  name: z.string(),
  input: z.string(),
  status: z.enum(STATUSES),
  startedMs: z.number(),
  stoppedMs: z.number().nullable(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
});

export type Execution = z.infer<typeof executionRow>;

/** How an execution ended. */
export interface Ending {
  status: Exclude<Execution['status'], 'RUNNING'>;
  output?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}

/** Step Functions forgets executions after 90 days; a single machine's disk is glad to forget sooner. */
const KEPT_MS = 14 * 24 * 3600 * 1000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS executions (
    arn TEXT PRIMARY KEY, machineArn TEXT NOT NULL, versionArn TEXT, name TEXT NOT NULL, input TEXT NOT NULL, status TEXT NOT NULL,
    startedMs INTEGER NOT NULL, stoppedMs INTEGER, output TEXT, error TEXT, cause TEXT, announced INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS byMachine ON executions (machineArn, startedMs);
  CREATE INDEX IF NOT EXISTS running ON executions (startedMs) WHERE status = 'RUNNING';
  CREATE INDEX IF NOT EXISTS unannounced ON executions (stoppedMs) WHERE announced = 0;
  CREATE TABLE IF NOT EXISTS machines (
    arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, roleArn TEXT NOT NULL, revisionId TEXT NOT NULL,
    createdMs INTEGER NOT NULL, updatedMs INTEGER NOT NULL, lastVersion INTEGER NOT NULL, deleting INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS versions (
    arn TEXT PRIMARY KEY, machineArn TEXT NOT NULL, number INTEGER NOT NULL, definition TEXT NOT NULL, roleArn TEXT NOT NULL,
    revisionId TEXT NOT NULL, description TEXT, createdMs INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS versionsByMachine ON versions (machineArn, number);
`;

/** Opens the file that remembers machines and executions. What is written survives the end of this process, however it ends. */
export function openStatesDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  return database;
}

/** The executions. A run costs two statements here: its start and its end. */
export class Executions {
  readonly #insert: StatementSync;
  readonly #end: StatementSync;
  readonly #get: StatementSync;
  readonly #running: StatementSync;
  readonly #unannounced: StatementSync;
  readonly #announce: StatementSync;
  readonly #list: StatementSync;
  readonly #prune: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT OR IGNORE INTO executions (arn, machineArn, versionArn, name, input, status, startedMs, announced)
       VALUES (?, ?, ?, ?, ?, 'RUNNING', ?, 1)`,
    );
    this.#end = database.prepare(
      `UPDATE executions SET status = ?, stoppedMs = ?, output = ?, error = ?, cause = ?, announced = ? WHERE arn = ? AND status = 'RUNNING'`,
    );
    this.#get = database.prepare('SELECT * FROM executions WHERE arn = ?');
    this.#running = database.prepare(`SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY startedMs`);
    this.#unannounced = database.prepare('SELECT * FROM executions WHERE announced = 0 ORDER BY stoppedMs');
    this.#announce = database.prepare('UPDATE executions SET announced = 1 WHERE arn = ?');
    this.#list = database.prepare(
      `SELECT * FROM executions WHERE machineArn = ? AND (? IS NULL OR status = ?) ORDER BY startedMs DESC LIMIT ? OFFSET ?`,
    );
    this.#prune = database.prepare(
      `DELETE FROM executions WHERE arn IN
       (SELECT arn FROM executions WHERE startedMs < ? AND status <> 'RUNNING' AND announced = 1 LIMIT 10000)`,
    );
  }

  /** False when the name is taken. */
  insert(row: Pick<Execution, 'arn' | 'machineArn' | 'versionArn' | 'name' | 'input' | 'startedMs'>): boolean {
    const { changes } = this.#insert.run(row.arn, row.machineArn, row.versionArn, row.name, row.input, row.startedMs);
    return changes === 1;
  }

  /** False when it had ended already. `announced` says that nobody waits for news of this end. */
  end(
    arn: string,
    { status, output, error, cause }: Ending,
    { stoppedMs, announced }: { stoppedMs: number; announced: boolean },
  ): boolean {
    const { changes } = this.#end.run(status, stoppedMs, output ?? null, error ?? null, cause ?? null, announced ? 1 : 0, arn);
    return changes === 1;
  }

  get(arn: string): Execution | undefined {
    return executionRow.optional().parse(this.#get.get(arn));
  }

  running(): Execution[] {
    return z.array(executionRow).parse(this.#running.all());
  }

  unannounced(): Execution[] {
    return z.array(executionRow).parse(this.#unannounced.all());
  }

  announced(arn: string): void {
    this.#announce.run(arn);
  }

  /** Newest first. */
  list(
    machineArn: string,
    { status, limit, offset }: { status?: string | undefined; limit: number; offset: number },
  ): Execution[] {
    return z.array(executionRow).parse(this.#list.all(machineArn, status ?? null, status ?? null, limit, offset));
  }

  /** Forgets what ended long ago. */
  prune(nowMs: number): void {
    this.#prune.run(nowMs - KEPT_MS);
  }
}
