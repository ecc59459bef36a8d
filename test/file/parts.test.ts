import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { dynamo, s3 } from '../../shared/aws/clients.ts';
import { DynamoFiles } from '../../shared/file/file.dynamo.ts';
import { BucketFiles } from '../../shared/file/file.s3.ts';
import { FileChanged } from '../../shared/file/file.ts';
import { holdFiles } from '../../shared/file/given-files.ts';
import { keepFile } from '../../shared/file/keep-file.ts';
import * as env from '../../shared/kernel/env.ts';
import { newId } from '../../shared/kernel/id.ts';
import { cloudInProcess } from '../harness/cloud.ts';

const PART = 5 * 1024 * 1024;
const DAY_MS = 86_400_000;

let cloud: Cloud;
let files: { rows: DynamoFiles; bytes: BucketFiles };
beforeAll(async () => {
  cloud = await cloudInProcess();
  files = {
    rows: new DynamoFiles(dynamo, { table: env.filesTable(), retentionDays: 90 }),
    bytes: new BucketFiles(s3, env.valuesBucket()),
  };
});
afterAll(() => cloud?.close());

/** In chunks that fit no part. */
async function* content(bytes: number, chunk = 1_000_003): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += chunk) yield Buffer.alloc(Math.min(chunk, bytes - at), at % 251);
}

const kept = async (bytes: number, now = new Date()) => {
  const of = { id: newId(), workspace: 'w', project: 'p' };
  return keepFile(files, of, { name: 'a.bin', type: 'application/zip', content: content(bytes) }, now);
};

test.each([0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 5])(
  '%i bytes are kept as they come and read as they were',
  async (size) => {
    const file = await kept(size);
    const expected = await buffer(content(size));
    expect(file).toMatchObject({ size, sha256: createHash('sha256').update(expected).digest('hex') });
    expect(await files.bytes.look(file.id)).toMatchObject({ size, type: 'application/zip', etag: file.etag });
    expect((await buffer(await files.bytes.read(file, file.etag))).equals(expected)).toBe(true);
  },
);

test('more large files at once than there are places for are all kept, and a broken one gives its place back', async () => {
  const of = () => ({ id: newId(), workspace: 'w', project: 'p' });
  const broken = async function* () {
    yield* content(2_000_000);
    throw new Error('gone');
  };
  const breaking = Array.from({ length: 14 }, () =>
    keepFile(files, of(), { name: 'a.bin', type: 'application/zip', content: broken() }, new Date()),
  );
  expect((await Promise.allSettled(breaking)).map(({ status }) => status)).toEqual(Array(14).fill('rejected'));
  const sizes = (await Promise.all(Array.from({ length: 14 }, () => kept(2_000_000)))).map(({ size }) => size);
  expect(sizes).toEqual(Array(14).fill(2_000_000));
});

test('bytes that break off leave no file', async () => {
  const breaking = async function* () {
    yield* content(PART + 1);
    throw new Error('gone');
  };
  const of = { id: newId(), workspace: 'w', project: 'p' };
  const keeping = keepFile(files, of, { name: 'a.bin', type: 'application/zip', content: breaking() }, new Date());
  await expect(keeping).rejects.toThrow('gone');
  expect(await files.bytes.look(of.id)).toBeUndefined();
  expect(await files.rows.get(of.id)).toBeUndefined();
});

test('what was kept in parts is known again when it was made young for a run', async () => {
  const { id, etag } = await kept(PART + 1, new Date(Date.now() - 40 * DAY_MS));
  await holdFiles(files, [id], newId(), new Date());
  const row = await files.rows.get(id);
  expect(row?.etag).not.toBe(etag);
  expect((await buffer(await files.bytes.read({ id }, row?.etag))).length).toBe(PART + 1);
  await expect(files.bytes.read({ id }, etag)).rejects.toThrow(FileChanged);
});
