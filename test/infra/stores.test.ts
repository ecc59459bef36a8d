import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { installed } from './installed.ts';

const kept = installed({ retentionDays: 90 });
const destroyed = installed({ removal: 'destroy' });
const tables = [
  'StoresRuns',
  'StoresWorkflows',
  'StoresAccess',
  'StoresTriggers',
  'StoresFiles',
  'StoresJobs',
  'StoresAudit',
  'StoresPlaces',
];

const indexes = z.array(
  z.object({
    IndexName: z.string(),
    KeySchema: z.array(z.object({ AttributeName: z.string() })),
    Projection: z.strictObject({ ProjectionType: z.string(), NonKeyAttributes: z.array(z.string()).default([]) }),
  }),
);

function indexesOf(table: string) {
  const { GlobalSecondaryIndexes, LocalSecondaryIndexes } = kept.named(table).Properties;
  expect(LocalSecondaryIndexes).toBeUndefined();
  return Object.fromEntries(
    indexes
      .parse(GlobalSecondaryIndexes)
      .map(({ IndexName, KeySchema, Projection }) => [
        IndexName,
        [...KeySchema.map((key) => key.AttributeName), Projection.ProjectionType, ...Projection.NonKeyAttributes],
      ]),
  );
}

describe.each(tables)('%s', (table) => {
  test('is paid by use, restorable, streamed, and forgets what has expired', () => {
    expect(kept.named(table).Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });

  test('is encrypted with the key DynamoDB owns, which is what no specification means', () => {
    expect(kept.named(table).Properties).not.toHaveProperty('SSESpecification');
  });

  test('outlives the stack and cannot be deleted by hand, unless the owner says so', () => {
    expect(kept.named(table)).toMatchObject({ DeletionPolicy: 'Retain', Properties: { DeletionProtectionEnabled: true } });
    expect(destroyed.named(table)).toMatchObject({ DeletionPolicy: 'Delete', Properties: { DeletionProtectionEnabled: false } });
  });
});

test('the indexes of runs hold keys only', () => {
  expect(indexesOf('StoresRuns')).toEqual({
    'by-workspace': ['workspaceKey', 'pk', 'KEYS_ONLY'],
    'by-project': ['projectKey', 'pk', 'KEYS_ONLY'],
    'by-workflow': ['workflowKey', 'pk', 'KEYS_ONLY'],
    'by-state': ['stateKey', 'pk', 'KEYS_ONLY'],
    'by-parent': ['parentKey', 'pk', 'KEYS_ONLY'],
    'by-root': ['rootKey', 'pk', 'KEYS_ONLY'],
    'by-reference-text': ['workspaceKey', 'ref', 'KEYS_ONLY'],
    'by-label': ['labelKey', 'pk', 'KEYS_ONLY'],
    'by-trigger': ['triggerKey', 'pk', 'KEYS_ONLY'],
    'by-trigger-id': ['triggerIdKey', 'pk', 'KEYS_ONLY'],
    'by-error': ['errorKey', 'pk', 'KEYS_ONLY'],
    live: ['liveKey', 'dueAt', 'KEYS_ONLY'],
  });
});

test('the indexes of workflows, access and audit hold whole rows', () => {
  expect(indexesOf('StoresWorkflows')).toEqual({
    'by-workspace': ['workspaceKey', 'id', 'ALL'],
    'by-project': ['projectKey', 'id', 'ALL'],
  });
  expect(indexesOf('StoresAccess')).toEqual({ 'by-workspace': ['workspaceKey', 'id', 'ALL'] });
  expect(indexesOf('StoresAudit')).toEqual({
    'by-project': ['projectKey', 'sk', 'ALL'],
    'by-object': ['objectKey', 'sk', 'ALL'],
  });
});

test('the indexes of triggers, files and jobs hold keys and what lists are filtered by: a fire writes none of it', () => {
  expect(indexesOf('StoresTriggers')).toEqual({
    'by-workspace': ['workspaceKey', 'id', 'INCLUDE', 'workspace', 'project', 'trigger', 'outcome'],
    'by-workflow': ['workflowKey', 'id', 'INCLUDE', 'workspace', 'project', 'trigger', 'outcome'],
    'by-due': ['dueKey', 'dueAt', 'KEYS_ONLY'],
  });
  expect(indexesOf('StoresJobs')).toEqual({
    'by-workspace': ['workspaceKey', 'id', 'INCLUDE', 'workspace', 'project'],
    live: ['liveKey', 'dueAt', 'KEYS_ONLY'],
  });
  expect(indexesOf('StoresFiles')).toEqual({
    'by-workspace': ['workspaceKey', 'id', 'INCLUDE', 'workspace', 'project'],
    'by-run': ['madeBy', 'pk', 'KEYS_ONLY'],
  });
});

test('what holds data keeps its logical id: another one would be another, empty resource', () => {
  const lasting = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'];
  expect(
    lasting
      .flatMap(kept.ofType)
      .map(({ id }) => id)
      .sort(),
  ).toMatchInlineSnapshot(`
    [
      "BootstrapApiKeySecretACD7574B",
      "StoresAccess1E797B01",
      "StoresAnalyticsADBBE3DF",
      "StoresAudit7CEFB6B3",
      "StoresConnectionsB2B560FC",
      "StoresFiles6A2E3899",
      "StoresJobs56BD6111",
      "StoresLive98226AEF",
      "StoresPlaces9CB8AE93",
      "StoresRuns8FB67B8F",
      "StoresSecretsKeyC6CD8286",
      "StoresSubscriptions53C41CEF",
      "StoresTasksE4BB2F2B",
      "StoresTests87D70F0C",
      "StoresTriggers2B7F595F",
      "StoresValues63632494",
      "StoresWorkflows1EEFBE94",
    ]
  `);
});

test('secrets of webhooks lie under a key that turns over, and outlives the stack like the rows that need it', () => {
  expect(kept.named('StoresSecretsKey')).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
  expect(destroyed.named('StoresSecretsKey').DeletionPolicy).toBe('Delete');
});

test('pages upload and download only when the owner has named their origin', () => {
  expect(kept.named('StoresValues').Properties).not.toHaveProperty('CorsConfiguration');
  const opened = installed({ corsOrigins: ['https://console.example.com'] });
  expect(opened.named('StoresValues').Properties['CorsConfiguration']).toMatchObject({
    CorsRules: [{ AllowedOrigins: ['https://console.example.com'], AllowedMethods: ['GET', 'HEAD', 'POST'] }],
  });
});

describe('the bucket of values', () => {
  test('is private, encrypted, and reached over TLS only', () => {
    expect(kept.named('StoresValues').Properties).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const policy = JSON.stringify(kept.named('StoresValuesPolicy').Properties);
    expect(policy).toContain('{"Bool":{"aws:SecureTransport":"false"}}');
    expect(policy).toContain('{"NumericLessThan":{"s3:TlsVersion":1.2}}');
  });

  test('keeps a value longer than any row that points to it, that of a run which lives as long as the retention too', () => {
    expect(kept.named('StoresValues').Properties['LifecycleConfiguration']).toEqual({
      Rules: [
        { Id: 'uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        // They go with the row of their run.
        { Id: 'values', Status: 'Enabled', Prefix: 'runs/', ExpirationInDays: 3650 },
        ...['files', 'deliveries', 'mail-metadata'].map((id) => ({
          Id: id,
          Status: 'Enabled',
          Prefix: `${id}/`,
          ExpirationInDays: 2 * 90 + 30,
        })),
        { Id: 'views', Status: 'Enabled', Prefix: 'views/', ExpirationInDays: 1 },
      ],
    });
  });

  test('outlives the stack, unless the owner says so', () => {
    expect(kept.named('StoresValues').DeletionPolicy).toBe('Retain');
    expect(destroyed.named('StoresValues').DeletionPolicy).toBe('Delete');
  });
});

test('logs and the first key outlive the stack like the data', () => {
  for (const [found, policy] of [
    [kept, 'Retain'],
    [destroyed, 'Delete'],
  ] as const) {
    for (const group of found.ofType('AWS::Logs::LogGroup')) expect(group.DeletionPolicy).toBe(policy);
    expect(found.named('BootstrapApiKeySecret').DeletionPolicy).toBe(policy);
  }
});
