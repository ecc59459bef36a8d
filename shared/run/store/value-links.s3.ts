import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const GOOD_FOR_SECONDS = 5 * 60;

/** Links to values that no answer of the API could hold. They lead to copies, since what lies in the bucket holds the secrets of its run. */
export class ValueLinks {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async link(runId: string, name: string, value: unknown, now: Date): Promise<{ url: string; until: string }> {
    const at = { Bucket: this.#bucket, Key: `views/${runId}/${name}.json` };
    const Body = JSON.stringify(value ?? null);
    await this.#client().send(new PutObjectCommand({ ...at, Body, ContentType: 'application/json' }));
    const url = await getSignedUrl(this.#client(), new GetObjectCommand(at), { expiresIn: GOOD_FOR_SECONDS });
    return { url, until: new Date(now.getTime() + GOOD_FOR_SECONDS * 1000).toISOString() };
  }
}
