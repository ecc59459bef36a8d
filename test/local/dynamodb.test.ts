import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test, vi } from 'vitest';
import { Stack } from '../../local/cloudformation/stack.ts';
import { type Emulator, startDynoxide } from '../../local/dynamodb/child.ts';
import { Connections } from '../../local/dynamodb/connection.ts';
import { askingForCapacity } from '../../local/dynamodb/meter.ts';
import { createTables } from '../../local/dynamodb/tables.ts';
import { freePort } from '../../local/free-port.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { smallTemplate } from './small-stack.ts';

let emulator: Emulator | undefined;
const folders: { remove(): void }[] = [];
afterEach(async () => {
  await emulator?.close();
  emulator = undefined;
  for (const folder of folders.splice(0)) folder.remove();
});

function inFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder.path;
}

test('tables are kept from start to start, and another shape is refused', async () => {
  const path = inFolder();
  emulator = await startDynoxide(path);
  await createTables(new Stack(smallTemplate()), emulator.endpoint);
  await emulator.close();

  emulator = await startDynoxide(path);
  await createTables(new Stack(smallTemplate()), emulator.endpoint);
  const changed = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'things',
      KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'other', AttributeType: 'S' }],
    },
  };
  await expect(createTables(new Stack(smallTemplate({ Things: changed })), emulator.endpoint)).rejects.toThrow(
    'The table things in the data folder has other keys or indexes than the stack',
  );
});

test('a table gets the indexes that the stack has got since, and loses those that it has no more', async () => {
  const path = inFolder();
  emulator = await startDynoxide(path);
  const table = (indexes: object) => ({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'things',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: ['pk', ...Object.keys(indexes)].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      ...(Object.keys(indexes).length > 0 && { GlobalSecondaryIndexes: Object.values(indexes) }),
    },
  });
  const byColour = {
    IndexName: 'by-colour',
    KeySchema: [{ AttributeName: 'colour', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  };
  await createTables(new Stack(smallTemplate({ Things: table({}) })), emulator.endpoint);
  const grown = new Stack(smallTemplate({ Things: table({ colour: byColour }) }));
  await createTables(grown, emulator.endpoint);
  await createTables(grown, emulator.endpoint);
  const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
  const client = new DynamoDBClient({ endpoint: emulator.endpoint, region: 'us-east-1', credentials });
  const indexes = async () =>
    (await client.send(new DescribeTableCommand({ TableName: 'things' }))).Table?.GlobalSecondaryIndexes?.map(
      ({ IndexName }) => IndexName,
    );
  expect(await indexes()).toEqual(['by-colour']);
  const bySize = { ...byColour, IndexName: 'by-size', KeySchema: [{ AttributeName: 'size', KeyType: 'HASH' }] };
  for (let times = 0; times < 2; times += 1)
    await createTables(new Stack(smallTemplate({ Things: table({ size: bySize }) })), emulator.endpoint);
  expect(await indexes()).toEqual(['by-size']);
  client.destroy();
});

test('an emulator that a crash left behind is ended before the next one starts', async () => {
  const path = inFolder();
  const orphan = await leftBehind(path);
  emulator = await startDynoxide(path);
  expect(orphan.signalCode ?? orphan.exitCode).not.toBeNull();
  expect(readFileSync(join(path, 'dynamodb.pid'), 'utf8')).not.toBe(String(orphan.pid));
  await emulator.close();
  expect(existsSync(join(path, 'dynamodb.pid'))).toBe(false);
});

test('an emulator does not outlive its process, even one that is killed', async () => {
  const path = inFolder();
  const script = `const { startDynoxide } = await import(process.argv[1]); await startDynoxide(process.argv[2]); console.log('up');`;
  const child = join(import.meta.dirname, '../../local/dynamodb/child.ts');
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script, child, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  const pid = Number(readFileSync(join(path, 'dynamodb.pid'), 'utf8'));
  process.kill(pid, 0);
  owner.kill('SIGKILL');
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
});

async function leftBehind(path: string): Promise<ChildProcess> {
  const manifest = createRequire(import.meta.url).resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`);
  const database = join(path, 'dynamodb.sqlite');
  const child = spawn(join(manifest, '../dynoxide'), ['-p', String(await freePort()), '--db-path', database], {
    stdio: 'ignore',
  });
  writeFileSync(join(path, 'dynamodb.pid'), String(child.pid));
  await vi.waitFor(() => expect(existsSync(database)).toBe(true));
  return child;
}

test('where there is no emulator for the platform, the way out is named', async () => {
  const arch = Object.getOwnPropertyDescriptor(process, 'arch') ?? {};
  Object.defineProperty(process, 'arch', { ...arch, value: 'mips' });
  await expect(startDynoxide(inFolder())).rejects.toThrow(/no DynamoDB emulator for \w+-mips.*set DYNAMODB_ENDPOINT=/);
  Object.defineProperty(process, 'arch', arch);
});

test.each([
  ['{"TableName":"a"}', '{"ReturnConsumedCapacity":"INDEXES","TableName":"a"}'],
  ['{"ReturnConsumedCapacity":"NONE"}', '{"ReturnConsumedCapacity":"NONE"}'],
  ['{}', '{}'],
  ['', ''],
  [' {"TableName":"a"}', ' {"TableName":"a"}'],
])('%j is passed on as %j', (request, passedOn) => {
  expect(askingForCapacity(Buffer.from(request)).toString()).toBe(passedOn);
});

test('answers are put together however they arrive, and a broken connection is told', async () => {
  const bodies = ['short', 'x'.repeat(300_000), ''];
  const server = createServer((request, response) => {
    const body = bodies[Number(request.headers['x-which'])];
    if (body === undefined) return void request.socket.destroy();
    response.writeHead(200, { 'content-length': body.length });
    for (let at = 0; at < body.length; at += 100_000) response.write(body.slice(at, at + 100_000));
    response.end();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const connections = new Connections(`http://127.0.0.1:${port}`);
  const call = (which: number) => connections.call(`GET / HTTP/1.1\r\nhost: x\r\nx-which: ${which}\r\n\r\n`, Buffer.alloc(0));
  const answers = await Promise.all([0, 1, 2, 1, 0].map(call));
  expect(answers.map(({ body }) => body.length)).toEqual([5, 300_000, 0, 300_000, 5]);
  await expect(call(9)).rejects.toThrow('closed the connection');
  await expect(call(0)).resolves.toMatchObject({ status: 200 });
  connections.close();
  server.close();
});
