import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate as others } from 'node:timers/promises';
import * as z from 'zod';
import { DATABASE } from '../../local/dynamodb/child.ts';
import type { Item } from '../../shared/aws/items.ts';
import { parseJson } from '../../shared/kernel/json.ts';

const ITEMS_AT_ONCE = 10_000;

const index = z.object({
  IndexName: z.string(),
  KeySchema: z.array(z.object({ AttributeName: z.string() })),
  Projection: z.object({ ProjectionType: z.literal('KEYS_ONLY') }),
});
const indexes = z.object({ gsi_definitions: z.string().transform(parseJson).pipe(z.array(index)) });

const OWN_KEY = ['pk', 'sk'];
const text = z.object({ S: z.string() }).transform(({ S }) => `S:${S}`);

/**
 * Puts items into the file of a running emulator, as it would, for a twentieth of the time: what it does besides (conditions, streams, one commit a
 * transaction) is not what is measured. Nobody is told of them. For tables with the keys `pk` and `sk`, and indexes that hold keys only.
 */
export async function writePast(dataDir: string, table: string, items: Iterable<Item>): Promise<void> {
  const file = join(dataDir, DATABASE);
  const database = new DatabaseSync(file, { timeout: 10_000 });
  try {
    database.exec('PRAGMA synchronous = OFF');
    const put = putterOf(database, table);
    let count = 0;
    for (const item of items) {
      if (count % ITEMS_AT_ONCE === 0) {
        if (count > 0) database.exec('COMMIT');
        // Connections that are closed meanwhile are noticed.
        await others();
        database.exec('BEGIN');
      }
      put(item);
      count += 1;
    }
    if (count > 0) database.exec('COMMIT');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
  await settled(file);
}

/** Otherwise the disk is busy with it while others are measured. */
async function settled(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
}

function putterOf(database: DatabaseSync, table: string): (item: Item) => void {
  const row = database.prepare(`INSERT INTO "${table}" (pk, sk, item_json, item_size) VALUES (?, ?, ?, ?)`);
  const found = database.prepare('SELECT gsi_definitions FROM _tables WHERE table_name = ?').get(table);
  const entries = indexes.parse(found).gsi_definitions.map(({ IndexName, KeySchema }) => {
    const [hash = '', range = ''] = KeySchema.map(({ AttributeName }) => AttributeName);
    return { hash, range, insert: intoIndex(database, `${table}::gsi::${IndexName}`) };
  });
  return (item) => {
    const [pk, sk] = OWN_KEY.map((name) => text.parse(item[name]));
    const json = jsonOf(item);
    row.run(pk ?? '', sk ?? '', json, json.length);
    for (const { hash, range, insert } of entries) {
      if (item[hash] === undefined || item[range] === undefined) continue;
      const keys = Object.fromEntries([...OWN_KEY, hash, range].map((name) => [name, item[name]]));
      insert.run(text.parse(item[hash]), text.parse(item[range]), pk ?? '', sk ?? '', JSON.stringify(keys));
    }
  };
}

const intoIndex = (database: DatabaseSync, index: string): StatementSync =>
  database.prepare(`INSERT INTO "${index}" (gsi_pk, gsi_sk, table_pk, table_sk, item_json) VALUES (?, ?, ?, ?, ?)`);

/** As DynamoDB's JSON has it: bytes in base64. */
const jsonOf = (item: Item): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(item).map(([name, value]) => [name, value.B ? { B: Buffer.from(value.B).toString('base64') } : value]),
    ),
  );
