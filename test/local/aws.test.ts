import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readCredential } from '../../local/aws/credential.ts';
import { OWN_SIGNATURE } from '../../local/aws/unsigned.ts';
import type { Cloud } from '../../local/cloud.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { calls } from './functions/echo.ts';
import { smallStack } from './small-stack.ts';

const folder = temporaryFolder();
let cloud: Cloud;
let s3: S3Client;
let dynamodb: DynamoDBClient;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  calls.length = 0;
  cloud = await cloudInProcess(smallStack, folder.path);
  s3 = new S3Client({ maxAttempts: 1 });
  dynamodb = new DynamoDBClient({ maxAttempts: 1 });
  secrets = new SecretsManagerClient({ maxAttempts: 1 });
});
afterAll(async () => {
  await cloud.close();
  folder.remove();
});

/** What functions of this process say in place of a signature. */
const ownSignature = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=${OWN_SIGNATURE}`;

const Bucket = 'files';
const put = (Key: string, Body: string | Uint8Array | Readable, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const bytesOf = async (Key: string, Range?: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

test('any bytes under any key come back as they were', async () => {
  const key = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((text) => text.isWellFormed() && !/^\/|[\r\n]/.test(text));
  await fc.assert(
    fc.asyncProperty(key, fc.uint8Array({ maxLength: 5000 }), async (name, bytes) => {
      await put(name, bytes);
      expect(await bytesOf(name)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 30 },
  );
});

test('keys that climb stay inside', async () => {
  await put('../../../outside', 'x');
  await put('a/../../../b', 'y');
  expect((await bytesOf('../../../outside')).toString()).toBe('x');
  expect((await bytesOf('a/../../../b')).toString()).toBe('y');
});

test('a stream is stored without the framing it is sent in', async () => {
  const chunks = Array.from({ length: 40 }, (_, index) => Buffer.alloc(10_000, index));
  const whole = Buffer.concat(chunks);
  await put('streamed', Readable.from(chunks), { ContentLength: whole.length });
  expect(await bytesOf('streamed')).toEqual(whole);
});

test('what is known of an object is kept with it', async () => {
  await put('known', 'hello', { ContentType: 'text/plain', Metadata: { colour: 'red' } });
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'known' }));
  expect(head).toMatchObject({
    ContentType: 'text/plain',
    ContentLength: 5,
    Metadata: { colour: 'red' },
    ETag: '"5d41402abc4b2a76b9719d911017c592"',
  });
  expect((await bytesOf('known', 'bytes=1-3')).toString()).toBe('ell');
  expect((await bytesOf('known', 'bytes=-2')).toString()).toBe('lo');
});

test('an object is deleted once and for all, and one that is not there has a name for it', async () => {
  await put('gone', 'x');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  await expect(bytesOf('gone')).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'gone' }))).rejects.toMatchObject({ name: 'NotFound' });
  await expect(s3.send(new GetObjectCommand({ Bucket: 'none', Key: 'x' }))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  await expect(put('known', 'again', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
});

test('lists are in the order of keys, by prefix, in pages, with common prefixes', async () => {
  for (const key of ['list/b/2', 'list/a', 'list/b/1', 'list/c d&<']) await put(key, 'x');
  const all = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/' }));
  expect(all.Contents?.map(({ Key }) => Key)).toEqual(['list/a', 'list/b/1', 'list/b/2', 'list/c d&<']);
  const grouped = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', Delimiter: '/' }));
  expect(grouped.CommonPrefixes).toEqual([{ Prefix: 'list/b/' }]);
  expect(grouped.Contents?.map(({ Key }) => Key)).toEqual(['list/a', 'list/c d&<']);
  const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 3 }));
  const rest = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: 'list/', ContinuationToken: first.NextContinuationToken }),
  );
  expect([first.IsTruncated, rest.Contents?.map(({ Key }) => Key)]).toEqual([true, ['list/c d&<']]);
  await s3.send(new HeadBucketCommand({ Bucket }));
  expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
});

test('an upload that is cut short is not stored', async () => {
  const { port } = new URL(cloud.cloudUrl);
  const status = await new Promise((resolve) => {
    const headers = {
      authorization: ownSignature('s3'),
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '10',
    };
    const sent = request({ port, host: '127.0.0.1', method: 'PUT', path: '/files/cut', headers }, (response) =>
      resolve(response.statusCode),
    );
    sent.end('4\r\nabcd\r\n0\r\n\r\n');
  });
  expect(status).toBe(400);
  await expect(bytesOf('cut')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

const thing = (pk: string) => ({
  TableName: 'things',
  Item: { pk: { S: pk }, group: { S: 'g' }, ConsumedCapacity: { S: 'a name like any other' } },
});

test('reads and writes are counted in units, indexes and transactions included', async () => {
  const counted = async (command: () => Promise<unknown>) => {
    const before = cloud.usage().operations.dynamodb;
    await command().catch(() => {});
    const after = cloud.usage().operations.dynamodb;
    return {
      read: after.readUnits - before.readUnits,
      write: after.writeUnits - before.writeUnits,
      items: after.itemWrites - before.itemWrites,
    };
  };
  expect(await counted(() => dynamodb.send(new PutItemCommand(thing('one'))))).toEqual({ read: 0, write: 2, items: 1 });
  expect(
    await counted(() =>
      dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: thing('two') }, { Put: thing('three') }] })),
    ),
  ).toEqual({
    read: 0,
    write: 6,
    items: 2,
  });
  const key = { TableName: 'things', Key: { pk: { S: 'one' } } };
  expect(await counted(() => dynamodb.send(new GetItemCommand(key)))).toEqual({ read: 0.5, write: 0, items: 0 });
  expect(await counted(() => dynamodb.send(new GetItemCommand({ ...key, ConsistentRead: true })))).toEqual({
    read: 1,
    write: 0,
    items: 0,
  });
  const refused = { ...thing('one'), ConditionExpression: 'attribute_not_exists(pk)' };
  expect(await counted(() => dynamodb.send(new PutItemCommand(refused)))).toEqual({ read: 0, write: 1, items: 0 });
});

test('who asks for the consumed capacity gets what they asked for', async () => {
  const get = new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'one' } }, ReturnConsumedCapacity: 'TOTAL' });
  const { ConsumedCapacity } = await dynamodb.send(get);
  expect(ConsumedCapacity).toEqual({ TableName: 'things', CapacityUnits: 0.5 });
});

test('the emulator is started again when it dies, and nobody sees more than a pause', async () => {
  const pid = Number(readFileSync(join(folder.path, 'dynamodb.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  const retrying = new DynamoDBClient({ maxAttempts: 3 });
  const query = { TableName: 'things', KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'one' } } };
  await expect(retrying.send(new QueryCommand(query))).resolves.toMatchObject({ Count: 1 });
});

test('the generated secret has the value that it is given here', async () => {
  await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'key' }))).resolves.toMatchObject({ SecretString: API_KEY });
  await secrets.send(new PutSecretValueCommand({ SecretId: 'key', SecretString: 'other' }));
  await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'key' }))).resolves.toMatchObject({ SecretString: 'other' });
  await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  expect((await secrets.send(new ListSecretsCommand({}))).SecretList).toHaveLength(1);
});

test('custom resources are created at the start', () => {
  expect(calls).toContainEqual(
    expect.objectContaining({ RequestType: 'Create', ResourceType: 'Custom::Thing', LogicalResourceId: 'Created' }),
  );
});

test('a service that is not served says so', async () => {
  const call = (headers: Record<string, string>) => fetch(cloud.cloudUrl, { method: 'POST', headers, body: '{}' });
  const unknown = await call({ 'x-amz-target': 'AWSStepFunctions.Redrive', authorization: ownSignature('states') });
  expect([unknown.status, JSON.parse(await unknown.text()).__type]).toEqual([400, 'UnknownOperationException']);
  expect((await call({ authorization: ownSignature('sqs') })).status).toBe(501);
});

test('a name that does not mean this machine is refused, whoever resolves it here', async () => {
  const { port } = new URL(cloud.cloudUrl);
  const status = await new Promise((resolve) => {
    request({ port, host: '127.0.0.1', path: '/', headers: { host: 'evil.example' } }, (response) =>
      resolve(response.statusCode),
    ).end();
  });
  expect(status).toBe(403);
});

const aws = async (...args: string[]) => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = process.env;
  const env = { ...rest, AWS_SHARED_CREDENTIALS_FILE: join(folder.path, 'credentials'), AWS_DEFAULT_REGION: 'us-east-1' };
  const { stdout } = await promisify(execFile)('aws', ['--endpoint-url', cloud.cloudUrl, '--output', 'json', ...args], { env });
  return stdout;
};
const cli = await promisify(execFile)('aws', ['--version']).then(
  () => true,
  () => false,
);

test.runIf(cli)('the AWS CLI finds its way around', async () => {
  expect(JSON.parse(await aws('dynamodb', 'list-tables'))).toEqual({ TableNames: ['things'] });
  const { stateMachines } = JSON.parse(await aws('stepfunctions', 'list-state-machines'));
  expect(stateMachines.map(({ name }: { name: string }) => name)).toEqual(['runs', 'long-runs']);
  expect(JSON.parse(await aws('sts', 'get-caller-identity'))).toMatchObject({ Account: '000000000000' });
  await aws('s3', 'cp', join(import.meta.dirname, 'small-stack.ts'), 's3://files/from-cli.ts');
  expect((await bytesOf('from-cli.ts')).toString()).toBe(readFileSync(join(import.meta.dirname, 'small-stack.ts'), 'utf8'));
  expect(await aws('s3', 'ls', 's3://files/from')).toContain('from-cli.ts');
});

test('requests to the embedded cloud are spared their signature, those to anywhere else are not', async () => {
  const signed = async (endpoint: string) => {
    let authorization = '';
    const client = new DynamoDBClient({ endpoint, maxAttempts: 1 });
    client.middlewareStack.add(
      () => async (args) => {
        authorization =
          z.object({ headers: z.record(z.string(), z.string()) }).parse(args.request).headers['authorization'] ?? '';
        throw new Error('far enough');
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'one' } } })).catch(() => {});
    return authorization;
  };
  expect(await signed(cloud.cloudUrl)).toMatch(new RegExp(`dynamodb/aws4_request, .*Signature=${OWN_SIGNATURE}$`));
  expect(await signed('http://127.0.0.1:1')).toMatch(/dynamodb\/aws4_request, .*Signature=[0-9a-f]{64}$/);
});

describe('the credential of the data folder', () => {
  // Under this name, requests of this process are signed as those of any other.
  const endpoint = () => cloud.cloudUrl.replace('127.0.0.1', 'localhost');
  const region = 'us-east-1';
  const held = () => readCredential(join(folder.path, 'credentials'));
  const settings = (credentials = held()) => ({ endpoint: endpoint(), region, credentials, maxAttempts: 1 });

  test('is a file that the AWS CLI and the SDKs read, and nobody else', () => {
    expect(statSync(join(folder.path, 'credentials')).mode & 0o777).toBe(0o600);
    expect(held()).toEqual({
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'],
      secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'],
    });
  });

  test('opens every service', async () => {
    await new DynamoDBClient(settings()).send(new PutItemCommand(thing('signed')));
    await new SecretsManagerClient(settings()).send(new ListSecretsCommand({}));
    await new SFNClient(settings()).send(new ListStateMachinesCommand({}));
    await new SchedulerClient(settings()).send(new ListSchedulesCommand({ NamePrefix: 'a b' }));
    const objects = new S3Client({ ...settings(), forcePathStyle: true });
    for (const Key of ['signed/a b+c', 'signed/ü&%'])
      await objects.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', ContentType: 'text/plain' }));
    const { Contents } = await objects.send(new ListObjectsV2Command({ Bucket, Prefix: 'signed/', Delimiter: '/' }));
    expect(Contents).toMatchObject([{ Key: 'signed/a b+c' }, { Key: 'signed/ü&%' }]);
  });

  test.each([
    ['another secret', () => ({ ...held(), secretAccessKey: 'local' }), 'InvalidSignatureException'],
    ['another key', () => ({ accessKeyId: 'local', secretAccessKey: 'local' }), 'UnrecognizedClientException'],
  ])('%s opens none', async (_, credentials, name) => {
    const refused = (call: Promise<unknown>) => expect(call).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    await expect(new DynamoDBClient(settings(credentials())).send(new PutItemCommand(thing('no')))).rejects.toMatchObject({
      name,
    });
    await refused(new S3Client({ ...settings(credentials()), forcePathStyle: true }).send(new ListBucketsCommand({})));
    await refused(new SecretsManagerClient(settings(credentials())).send(new ListSecretsCommand({})));
  });

  test('does not sign for another body', async () => {
    const client = new DynamoDBClient(settings());
    client.middlewareStack.add(
      (next) => (args) => {
        const request = Object.assign(Object(args.request), { body: JSON.stringify(thing('forged')) });
        return next({ ...args, request });
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(client.send(new PutItemCommand(thing('signed')))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  test.each([
    ['POST', '/', 'DynamoDB_20120810.PutItem'],
    ['POST', '/', 'secretsmanager.GetSecretValue'],
    ['POST', '/', 'AWSStepFunctions.ListStateMachines'],
    ['POST', '/', 'TrentService.Decrypt'],
    ['GET', '/files/known', 'DynamoDB_20120810.PutItem'],
    ['GET', '/', undefined],
    ['GET', '/files', undefined],
    ['GET', '/files?list-type=2', undefined],
    ['HEAD', '/files', undefined],
    ['GET', '/files/known', undefined],
    ['PUT', '/files/mine', undefined],
    ['POST', '/files/mine', undefined],
    ['DELETE', '/files/known', undefined],
    ['GET', '/schedules', undefined],
  ])('is asked for by %s %s %s', async (method, path, target) => {
    const response = await fetch(cloud.cloudUrl + path, {
      method,
      headers: target ? { 'x-amz-target': target } : {},
      ...(method === 'POST' && { body: JSON.stringify(thing('unsigned')) }),
    });
    expect(response.status).toBe(403);
  });

  test('is not asked for by the sample services, which nothing turns into another', async () => {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.PutItem', 'content-type': 'application/json' };
    const body = JSON.stringify(thing('sample'));
    const response = await fetch(`${cloud.cloudUrl}/_sample/messages`, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toEqual([202, { id: expect.stringMatching(/^msg-/) }]);
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'sample' } } }));
    expect(Item).toBeUndefined();
  });
});

test('what is written, by the emulator too, is for the owner of the process alone', () => {
  const modes = readdirSync(folder.path, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) => {
    const { mode } = statSync(join(parentPath, name));
    return [name, (mode & 0o777).toString(8), statSync(join(parentPath, name)).isDirectory()] as const;
  });
  expect(modes.map(([name]) => name)).toEqual(
    expect.arrayContaining(['dynamodb.sqlite', 'step-functions.sqlite', 'secrets.json', 'files']),
  );
  expect(modes.filter(([, mode, isFolder]) => mode !== (isFolder ? '700' : '600'))).toEqual([]);
});
