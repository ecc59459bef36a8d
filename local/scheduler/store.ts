import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { type ScheduleInput, scheduleInput } from './input.ts';

const row = z.object({
  groupName: z.string(),
  name: z.string(),
  body: z.string(),
  createdMs: z.number(),
  changedMs: z.number(),
  nextMs: z.number().nullable(),
  revision: z.number(),
});

const key = z.object({ groupName: z.string(), name: z.string() });

export interface StoredSchedule extends Omit<z.infer<typeof row>, 'body'> {
  input: ScheduleInput;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS schedules (
    groupName TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, createdMs INTEGER NOT NULL, changedMs INTEGER NOT NULL,
    nextMs INTEGER, revision INTEGER NOT NULL, PRIMARY KEY (groupName, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS declared (groupName TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (groupName, name)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS byTime ON schedules (nextMs) WHERE nextMs IS NOT NULL;
`;

export interface ListFilter {
  group: string | undefined;
  prefix: string;
  state: string | undefined;
  after: { group: string; name: string };
  limit: number;
}

/** The schedules of the template and those that were made, in a file that survives the end of this process. */
export class ScheduleStore {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
  }

  close(): void {
    this.#database.close();
  }

  get(group: string, name: string): StoredSchedule | undefined {
    const found = this.#database.prepare('SELECT * FROM schedules WHERE groupName = ? AND name = ?').get(group, name);
    return found && parsed(found);
  }

  put({ groupName, name, input, createdMs, changedMs, nextMs, revision }: StoredSchedule): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(groupName, name, JSON.stringify(input), createdMs, changedMs, nextMs, revision);
  }

  /** False when there was none. */
  remove(group: string, name: string): boolean {
    return this.#database.prepare('DELETE FROM schedules WHERE groupName = ? AND name = ?').run(group, name).changes > 0;
  }

  /** Those that the template had when it was brought up last. */
  declared(): { groupName: string; name: string }[] {
    return this.#database
      .prepare('SELECT * FROM declared')
      .all()
      .map((one) => key.parse(one));
  }

  /** One change, whenever the process ends: what is forgotten here is never deleted. */
  setDeclared(keys: { groupName: string; name: string }[]): void {
    this.#database.exec('BEGIN; DELETE FROM declared');
    for (const { groupName, name } of keys) this.#database.prepare('INSERT INTO declared VALUES (?, ?)').run(groupName, name);
    this.#database.exec('COMMIT');
  }

  /** By group and name, behind `after`. */
  list({ group, prefix, state, after, limit }: ListFilter): StoredSchedule[] {
    return this.#database
      .prepare(
        `SELECT * FROM schedules WHERE (groupName, name) > (?1, ?2) AND (?3 IS NULL OR groupName = ?3) AND substr(name, 1, length(?4)) = ?4
         AND (?5 IS NULL OR json_extract(body, '$.State') = ?5) ORDER BY groupName, name LIMIT ?6`,
      )
      .all(after.group, after.name, group ?? null, prefix, state ?? null, limit)
      .map(parsed);
  }

  /** Those that are due first, from the earliest on. */
  earliest(limit: number): StoredSchedule[] {
    return this.#database
      .prepare('SELECT * FROM schedules WHERE nextMs IS NOT NULL ORDER BY nextMs LIMIT ?')
      .all(limit)
      .map(parsed);
  }
}

function parsed(found: unknown): StoredSchedule {
  const { body, ...rest } = row.parse(found);
  return { ...rest, input: scheduleInput.parse(JSON.parse(body)) };
}
