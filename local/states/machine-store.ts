import type { DatabaseSync, StatementSync } from 'node:sqlite';
import * as z from 'zod';

const machineRow = z.object({
  arn: z.string(),
  name: z.string(),
  definition: z.string(),
  roleArn: z.string(),
  revisionId: z.string(),
  createdMs: z.number(),
  updatedMs: z.number(),
  lastVersion: z.number(),
  deleting: z.number(),
});

const versionRow = z.object({
  arn: z.string(),
  machineArn: z.string(),
  number: z.number(),
  definition: z.string(),
  roleArn: z.string(),
  revisionId: z.string(),
  description: z.string().nullable(),
  createdMs: z.number(),
});

export type Machine = z.infer<typeof machineRow>;
export type MachineVersion = z.infer<typeof versionRow>;

/** State machines and their published versions. Each start asks for both, so they are remembered once read. */
export class MachineStore {
  readonly #machines = new Map<string, Machine>();
  readonly #versions = new Map<string, MachineVersion>();
  readonly #statements: Record<
    'put' | 'get' | 'list' | 'remove' | 'putVersion' | 'getVersion' | 'versions' | 'removeVersions' | 'emptied',
    StatementSync
  >;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#statements = {
      put: prepare('INSERT OR REPLACE INTO machines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      get: prepare('SELECT * FROM machines WHERE arn = ?'),
      list: prepare('SELECT * FROM machines WHERE deleting = 0 ORDER BY name LIMIT ? OFFSET ?'),
      remove: prepare('DELETE FROM machines WHERE arn = ?'),
      putVersion: prepare('INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
      getVersion: prepare('SELECT * FROM versions WHERE arn = ?'),
      versions: prepare('SELECT * FROM versions WHERE machineArn = ? ORDER BY number DESC LIMIT ? OFFSET ?'),
      removeVersions: prepare('DELETE FROM versions WHERE machineArn = ?'),
      emptied: prepare(
        `SELECT * FROM machines WHERE deleting = 1
         AND NOT EXISTS (SELECT 1 FROM executions WHERE machineArn = machines.arn AND status = 'RUNNING')`,
      ),
    };
  }

  put(machine: Machine): void {
    this.#machines.set(machine.arn, machine);
    const { arn, name, definition, roleArn, revisionId, createdMs, updatedMs, lastVersion, deleting } = machine;
    this.#statements.put.run(arn, name, definition, roleArn, revisionId, createdMs, updatedMs, lastVersion, deleting);
  }

  get(arn: string): Machine | undefined {
    return remembered(this.#machines, arn, () => machineRow.optional().parse(this.#statements.get.get(arn)));
  }

  list(limit: number, offset: number): Machine[] {
    return z.array(machineRow).parse(this.#statements.list.all(limit, offset));
  }

  putVersion({ arn, machineArn, number, definition, roleArn, revisionId, description, createdMs }: MachineVersion): void {
    this.#statements.putVersion.run(arn, machineArn, number, definition, roleArn, revisionId, description, createdMs);
  }

  getVersion(arn: string): MachineVersion | undefined {
    return remembered(this.#versions, arn, () => versionRow.optional().parse(this.#statements.getVersion.get(arn)));
  }

  /** Newest first. */
  versions(machineArn: string, limit: number, offset: number): MachineVersion[] {
    return z.array(versionRow).parse(this.#statements.versions.all(machineArn, limit, offset));
  }

  /** Removes the machines that were deleted while they ran, once they run no more. */
  removeEmptied(): void {
    for (const { arn } of z.array(machineRow).parse(this.#statements.emptied.all())) {
      this.#statements.removeVersions.run(arn);
      this.#statements.remove.run(arn);
      this.#machines.delete(arn);
      for (const [version, { machineArn }] of this.#versions) if (machineArn === arn) this.#versions.delete(version);
    }
  }
}

function remembered<T>(known: Map<string, T>, key: string, read: () => T | undefined): T | undefined {
  const value = known.get(key) ?? read();
  if (value !== undefined) known.set(key, value);
  return value;
}
