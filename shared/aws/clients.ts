import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';

/** Made on first use, once a process. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export const dynamo = once(() => new DynamoDBClient({}));
export const s3 = once(() => new S3Client({}));
export const sfn = once(() => new SFNClient({}));
