import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { startCloud } from '../local/cloud.ts';
import { temporaryFolder } from '../test/harness/temporary-folder.ts';
import { smallStack } from '../test/local/small-stack.ts';

/** `npm run bench:fast-path`: processor time of this process for one call of a service of this process, with the fast path and without it. */
const CALLS = 4000;
const AT_ONCE = 16;
const ROUNDS = 3;
const TableName = 'things';

const dynamodb = new DynamoDBClient({});
const stepFunctions = new SFNClient({});
const item = (n: number) => ({
  pk: { S: `RUN#${n}` },
  ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`field${at}`, { S: `some text of a run, number ${n}` }])),
});
const n1 = { ':n': { N: '1' } };

const calls: Record<string, (n: number) => Promise<unknown>> = {
  PutItem: (n) => dynamodb.send(new PutItemCommand({ TableName, Item: item(n), ConditionExpression: 'attribute_not_exists(x)' })),
  UpdateItem: (n) =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: `RUN#${n}` } },
        UpdateExpression: 'SET seen = :n',
        ExpressionAttributeValues: n1,
      }),
    ),
  GetItem: (n) => dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: `RUN#${n}` } } })),
  Query: (n) =>
    dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `RUN#${n}` } },
      }),
    ),
  TransactWriteItems: (n) =>
    dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [item(n), item(n + CALLS)].map((Item) => ({ Put: { TableName, Item } })),
      }),
    ),
  StartExecution: () =>
    stepFunctions.send(
      new StartExecutionCommand({
        stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:runs',
        input: '{"run":{"turns":[{"next":"done"}]},"execution":1,"turn":0}',
      }),
    ),
};

async function cpuMicros(call: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < CALLS) await call(next++);
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const none = (): Record<'on' | 'off', number[]> => ({ on: [], off: [] });
const found = Object.fromEntries(Object.keys(calls).map((name) => [name, none()]));
for (let round = 0; round < ROUNDS; round++) {
  for (const way of ['on', 'off'] as const) {
    const folder = temporaryFolder();
    const cloud = await startCloud(
      { port: 0, awsPort: 0, dataDir: folder.path, apiKey: 'any', fastPath: way === 'on' },
      smallStack,
    );
    for (const [name, call] of Object.entries(calls)) found[name]?.[way].push(await cpuMicros(call));
    await cloud.close();
    folder.remove();
  }
}
console.log(
  `processor time of this process in microseconds a call, least of ${ROUNDS} rounds of ${CALLS} calls, ${AT_ONCE} at once`,
);
console.table(
  Object.fromEntries(
    Object.entries(found).map(([name, { on, off }]) => [
      name,
      { on: Math.round(Math.min(...on)), off: Math.round(Math.min(...off)) },
    ]),
  ),
);
