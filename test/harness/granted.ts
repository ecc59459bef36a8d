import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SESClient } from '@aws-sdk/client-ses';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { arn } from '../../local/aws/account.ts';
import { loadTemplate } from '../../local/cloudformation/load.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { Functions } from '../../local/lambda/functions.ts';

/** The entry of the function that is being called. */
const caller = new AsyncLocalStorage<string>();

export const asFunction = <T>(entry: string, act: () => T): T => caller.run(entry, act);

let refuses: Promise<void> | undefined;

/** From here on, what functions of this process ask of AWS is refused unless their role allows it, as on AWS. */
export function refuseWhatIsNotGranted(): Promise<void> {
  refuses ??= loadTemplate(join(import.meta.dirname, '../..')).then((template) => {
    const grants = new Grants(new Stack(template));
    knowCallers();
    for (const [client, callsOf] of CLIENTS) {
      wrap(client.prototype, 'send', (send, command: Command, ...rest) => {
        const entry = caller.getStore();
        const calls = callsOf(command.constructor.name.replace(/Command$/, ''), command.input);
        const refused = entry === undefined ? undefined : calls.find((call) => !grants.allows(entry, call));
        return refused ? Promise.reject(new AccessDenied(`${entry} may not ${refused.join(' ')}`)) : send(command, ...rest);
      });
    }
  });
  return refuses;
}

class AccessDenied extends Error {
  override name = 'AccessDeniedException';
}

/** An action on a resource, as IAM names them. */
type Call = [action: string, resource: string];

const oneOrMore = z.preprocess((value) => [value].flat(), z.array(z.string()));
const policy = z.object({
  Roles: z.array(z.string()),
  PolicyDocument: z.object({ Statement: z.array(z.object({ Action: oneOrMore, Resource: oneOrMore })) }),
});

const inline = z.object({ Policies: z.array(z.object({ PolicyDocument: z.unknown() })).default([]) });

/** What the roles of functions allow. */
class Grants {
  readonly #statements = new Map<unknown, { Action: string[]; Resource: string[] }[]>();

  constructor(stack: Stack) {
    const attached = stack.ofType('AWS::IAM::Policy').map(({ properties }) => policy.parse(properties));
    const within = stack
      .ofType('AWS::IAM::Role')
      .flatMap(({ name, properties }) =>
        inline.parse(properties).Policies.map(({ PolicyDocument }) => policy.parse({ Roles: [name], PolicyDocument })),
      );
    const policies = [...attached, ...within];
    for (const { metadata, properties } of stack.ofType('AWS::Lambda::Function')) {
      const own = policies.filter(({ Roles }) => Roles.some((role) => String(properties['Role']).endsWith(`:role/${role}`)));
      const statements = own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      this.#statements.set(metadata['millrun:entry'], statements);
    }
  }

  allows(entry: string, [action, resource]: Call): boolean {
    const statements = this.#statements.get(entry) ?? [];
    return statements.some(({ Action, Resource }) => Action.includes(action) && Resource.some((one) => matches(one, resource)));
  }
}

const matches = (pattern: string, resource: string) =>
  pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;

type Input = Record<string, unknown>;
type CallsOf = (operation: string, input: Input) => Call[];

interface Command {
  constructor: { name: string };
  input: Input;
}

const table = (name: unknown, index?: unknown) => arn('dynamodb', `table/${name}${index ? `/index/${index}` : ''}`);
const transaction = z.array(z.record(z.string(), z.object({ TableName: z.string() })));

const dynamodb: CallsOf = (operation, { TableName, IndexName, RequestItems, TransactItems }) => {
  if (operation === 'BatchGetItem')
    return Object.keys(Object(RequestItems)).map((name) => ['dynamodb:BatchGetItem', table(name)]);
  if (operation !== 'TransactWriteItems') return [[`dynamodb:${operation}`, table(TableName, IndexName)]];
  return transaction
    .parse(TransactItems)
    .flatMap(Object.entries<{ TableName: string }>)
    .map(([kind, { TableName: name }]) => [`dynamodb:${kind}Item`, table(name)]);
};

const s3: CallsOf = (operation, { Bucket, Key, CopySource }) => {
  const object = `arn:aws:s3:::${Bucket}/${Key}`;
  if (operation === 'ListObjectsV2') return [['s3:ListBucket', `arn:aws:s3:::${Bucket}`]];
  if (operation === 'HeadObject') return [['s3:GetObject', object]];
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
  if (/^(CreateMultipartUpload|UploadPart|CompleteMultipartUpload)$/.test(operation)) return [['s3:PutObject', object]];
  if (operation !== 'CopyObject') return [[`s3:${operation}`, object]];
  return [
    ['s3:GetObject', `arn:aws:s3:::${CopySource}`],
    ['s3:PutObject', object],
  ];
};

const events: CallsOf = (operation, { Entries }) =>
  z
    .array(z.object({ EventBusName: z.string() }))
    .parse(Entries)
    .map(({ EventBusName }) => [`events:${operation}`, EventBusName]);

const CLIENTS: [{ prototype: object }, CallsOf][] = [
  [DynamoDBClient, dynamodb],
  [S3Client, s3],
  [SFNClient, (operation, { stateMachineArn }) => [[`states:${operation}`, String(stateMachineArn)]]],
  [
    SchedulerClient,
    (operation, { GroupName, Name }) => [[`scheduler:${operation}`, arn('scheduler', `schedule/${GroupName}/${Name}`)]],
  ],
  [EventBridgeClient, events],
  [KMSClient, (operation, { KeyId }) => [[`kms:${operation}`, String(KeyId)]]],
  [SESClient, (operation, { Source }) => [[`ses:${operation}`, arn('ses', `identity/${String(Source).split('@').at(-1)}`)]]],
];

function knowCallers(): void {
  wrap(Functions.prototype, 'invoke', function (this: Functions, invoke, name: string, ...rest) {
    return asFunction(this.find(name)?.entry ?? name, () => invoke(name, ...rest));
  });
}

type Method = (...args: never[]) => unknown;

/** Puts a function around a method. */
export function wrap<First>(
  prototype: object,
  name: string,
  around: (method: (...args: unknown[]) => unknown, first: First, ...rest: unknown[]) => unknown,
): void {
  const method: Method = Reflect.get(prototype, name);
  Reflect.set(prototype, name, function (this: unknown, first: First, ...rest: unknown[]) {
    return around.call(this, (...args: unknown[]) => Reflect.apply(method, this, args), first, ...rest);
  });
}
