import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const projection = z.object({ ProjectionType: z.string().default('ALL'), NonKeyAttributes: z.array(z.string()).optional() });
const index = z.object({ IndexName: z.string(), KeySchema: keySchema, Projection: projection });

const properties = z.object({
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  GlobalSecondaryIndexes: z.array(index).default([]),
  LocalSecondaryIndexes: z.array(index).default([]),
  TimeToLiveSpecification: z.object({ Enabled: z.boolean(), AttributeName: z.string() }).optional(),
});

const STREAM = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' };
const streamProperties = z.object({ StreamSpecification: z.object({ StreamViewType: z.literal('NEW_AND_OLD_IMAGES') }) });

const described = z.object({
  Table: properties
    .omit({ TimeToLiveSpecification: true })
    .extend({ StreamSpecification: z.object({ StreamEnabled: z.boolean() }).optional() }),
});

type Table = z.infer<typeof properties>;
type Shape = Omit<Table, 'TimeToLiveSpecification'>;

/** Calls one DynamoDB operation; answers null when the table is not there. */
type Call = (operation: string, input: unknown) => Promise<unknown>;

/** Creates the tables of the stack. One that exists is kept; if it has another shape, that is refused. */
export async function createTables(stack: Stack, endpoint: string, followed = streamsOf(stack)): Promise<void> {
  const call = caller(endpoint);
  // Where nothing reads it a stream is left off: each write costs the emulator one more, and longer the more records there are that nobody has read.
  await Promise.all(
    stack.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(async (resource) => {
      await createTable(resource, call);
      if (followed.some((arn) => tableOfStream(arn) === resource.name)) await stream(resource, call);
    }),
  );
}

/** The ARNs of the streams that functions read. */
const streamsOf = (stack: Stack) =>
  stack.ofType('AWS::Lambda::EventSourceMapping').map(({ properties }) => String(properties['EventSourceArn']));

/** `arn:aws:dynamodb:<region>:<account>:table/<name>/stream/<label>` */
export const tableOfStream = (streamArn: string) => /:table\/([^/]+)\/stream\//.exec(streamArn)?.[1];

async function stream(resource: Resource, call: Call): Promise<void> {
  propertiesOf(resource, streamProperties);
  const TableName = resource.name;
  const { Table } = described.parse(await call('DescribeTable', { TableName }));
  if (!Table.StreamSpecification?.StreamEnabled) await call('UpdateTable', { TableName, StreamSpecification: STREAM });
}

async function createTable(resource: Resource, call: Call): Promise<void> {
  const table = properties.parse(resource.properties);
  const existing = await call('DescribeTable', { TableName: resource.name });
  if (existing) {
    const grown = await updateIndexes(resource.name, described.parse(existing).Table, table, call);
    if (isDeepStrictEqual(shapeOf(grown), shapeOf(table))) return;
    throw new TemplateRefused(
      `The table ${resource.name} in the data folder has other keys or indexes than the stack. ` +
        'Start with another DATA_DIR, or remove this one to begin afresh.',
    );
  }
  const { TimeToLiveSpecification, GlobalSecondaryIndexes, LocalSecondaryIndexes, ...keys } = table;
  await call('CreateTable', {
    TableName: resource.name,
    BillingMode: 'PAY_PER_REQUEST',
    ...keys,
    ...(GlobalSecondaryIndexes.length > 0 && { GlobalSecondaryIndexes }),
    ...(LocalSecondaryIndexes.length > 0 && { LocalSecondaryIndexes }),
  });
  if (TimeToLiveSpecification?.Enabled) await call('UpdateTimeToLive', { TableName: resource.name, TimeToLiveSpecification });
}

/** Takes the indexes away that the stack has no more, and adds those that it has got since, one at a time as an update of the stack would; answers the new shape. */
async function updateIndexes(TableName: string, found: Shape, wanted: Table, call: Call): Promise<Shape> {
  const missing = notIn(found, wanted);
  const surplus = notIn(wanted, found);
  const updates = [...surplus.map(({ IndexName }) => ({ Delete: { IndexName } })), ...missing.map((Create) => ({ Create }))];
  for (const update of updates) {
    const { AttributeDefinitions } = wanted;
    await call('UpdateTable', { TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [update] });
  }
  return updates.length === 0 ? found : described.parse(await call('DescribeTable', { TableName })).Table;
}

/** Indexes of the one table whose names the other has not. */
function notIn(table: Shape, other: Shape) {
  const known = new Set(table.GlobalSecondaryIndexes.map(({ IndexName }) => IndexName));
  return other.GlobalSecondaryIndexes.filter(({ IndexName }) => !known.has(IndexName));
}

/** What two descriptions of one table must agree on, in one order. */
function shapeOf(table: Shape) {
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  const indexes = [...table.GlobalSecondaryIndexes, ...table.LocalSecondaryIndexes].map(
    ({ IndexName, KeySchema, Projection }) => ({
      name: IndexName,
      keys: KeySchema,
      projection: [Projection.ProjectionType, ...(Projection.NonKeyAttributes ?? []).toSorted()],
    }),
  );
  const attributes = table.AttributeDefinitions.map(({ AttributeName, AttributeType }) => ({
    name: AttributeName,
    type: AttributeType,
  }));
  // The emulator goes on declaring those of an index that is gone.
  const used = new Set([table.KeySchema, ...indexes.map(({ keys }) => keys)].flat().map(({ AttributeName }) => AttributeName));
  const declared = attributes.filter(({ name }) => used.has(name));
  return { keys: table.KeySchema, attributes: declared.toSorted(byName), indexes: indexes.toSorted(byName) };
}

function caller(endpoint: string): Call {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    // Emulators check that a request is signed, not by whom.
    'x-amz-date': '20260101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00',
  };
  return async (operation, input) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'x-amz-target': `DynamoDB_20120810.${operation}` },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    if (text.includes('ResourceNotFoundException')) return null;
    throw new Error(`DynamoDB at ${endpoint} refused ${operation}: ${text}`);
  };
}
