import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { Position } from '../dynamodb/streams.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS positions (mapping TEXT PRIMARY KEY, shardId TEXT NOT NULL, sequence TEXT NOT NULL);
`;
const row = z.object({ shardId: z.string(), sequence: z.string() });

/** How far each event source mapping has come, from start to start. */
export class Positions {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
  }

  get(mapping: string): Position | undefined {
    const found = this.#database.prepare('SELECT shardId, sequence FROM positions WHERE mapping = ?').get(mapping);
    return found && row.parse(found);
  }

  set(mapping: string, { shardId, sequence }: Required<Position>): void {
    this.#database.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?)').run(mapping, shardId, sequence ?? '');
  }

  close(): void {
    this.#database.close();
  }
}
