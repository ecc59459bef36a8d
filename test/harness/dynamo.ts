import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { loadTemplate } from '../../local/cloudformation/load.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { startDynoxide } from '../../local/dynamodb/child.ts';
import { createTables } from '../../local/dynamodb/tables.ts';

/** The tables of the stack on a real emulator, whose streams nobody reads, and their names by the environment variable that functions know them by. */
export async function startTables() {
  const folder = mkdtempSync(join(tmpdir(), 'millrun-tables-'));
  const stack = new Stack(await loadTemplate(join(import.meta.dirname, '../..')));
  const emulator = await startDynoxide(folder);
  await createTables(stack, emulator.endpoint, []);
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  });
  const variables = Object.assign({}, ...stack.ofType('AWS::Lambda::Function').map(environmentOf)) as Record<string, string>;
  return {
    client,
    table: (variable: string) => variables[variable] ?? '',
    async close() {
      client.destroy();
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const environmentOf = ({ properties }: Stack['resources'][number]) =>
  (properties['Environment'] as { Variables?: object } | undefined)?.Variables ?? {};
