import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SESClient } from '@aws-sdk/client-ses';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as env from '../kernel/env.ts';
import { once } from '../kernel/once.ts';

/** Work that the SDK does for every call and that nobody here looks at: together a fifth of a call's processor time. */
const UNUSED = ['loggerMiddleware', 'getUserAgentMiddleware'];

function lean<Client extends { middlewareStack: { remove(name: string): boolean } }>(client: Client): Client {
  for (const name of UNUSED) client.middlewareStack.remove(name);
  return client;
}

const CONNECTION_MS = 1_000;

/** Without limits a call waits for ever on a connection that has died. */
const limited = (requestTimeout: number) => ({
  retryMode: 'standard',
  maxAttempts: 3,
  requestHandler: { connectionTimeout: CONNECTION_MS, requestTimeout, throwOnRequestTimeout: true },
});

/** Services that answer within milliseconds. */
const QUICK = limited(3_000);
/** An object may be some megabytes. */
const LARGE = limited(30_000);
const OTHERS = limited(10_000);
/** A mail that is sent again because its answer was late comes twice. */
const MAIL = limited(60_000);

// Marked as pure, so that a function's bundle carries the clients it uses and no other.
export const dynamo = /* @__PURE__ */ once(() => lean(new DynamoDBClient(QUICK)));
export const s3 = /* @__PURE__ */ once(() => new S3Client(LARGE));
export const sfn = /* @__PURE__ */ once(() => lean(new SFNClient(OTHERS)));
export const ses = /* @__PURE__ */ once(() => new SESClient(MAIL));
/** Sends each mail at most once: whether one that was not answered goes out is for the run to say. */
export const sesOnce = /* @__PURE__ */ once(() => new SESClient({ ...MAIL, maxAttempts: 1 }));
export const eventBridge = /* @__PURE__ */ once(() => lean(new EventBridgeClient(OTHERS)));
export const kms = /* @__PURE__ */ once(() => lean(new KMSClient(OTHERS)));
export const scheduler = /* @__PURE__ */ once(() => new SchedulerClient(OTHERS));
export const connections = /* @__PURE__ */ once(() =>
  lean(new ApiGatewayManagementApiClient({ ...QUICK, endpoint: env.liveCallbackUrl() })),
);
