import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SESClient } from '@aws-sdk/client-ses';
import { SFNClient } from '@aws-sdk/client-sfn';

/** Work that the SDK does for every call and that nobody here looks at: together a fifth of a call's processor time. */
const UNUSED = ['loggerMiddleware', 'getUserAgentMiddleware'];

function lean<Client extends { middlewareStack: { remove(name: string): boolean } }>(client: Client): Client {
  for (const name of UNUSED) client.middlewareStack.remove(name);
  return client;
}

/** Made on first use, once a process. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

// Marked as pure, so that a function's bundle carries the clients it uses and no other.
export const dynamo = /* @__PURE__ */ once(() => lean(new DynamoDBClient({})));
export const s3 = /* @__PURE__ */ once(() => new S3Client({}));
export const sfn = /* @__PURE__ */ once(() => lean(new SFNClient({})));
export const ses = /* @__PURE__ */ once(() => new SESClient({}));
export const kms = /* @__PURE__ */ once(() => lean(new KMSClient({})));
export const scheduler = /* @__PURE__ */ once(() => new SchedulerClient({}));
