import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Payloads } from './payloads.ts';

/** Raw payloads as objects of the bucket. */
export class BucketPayloads implements Payloads {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(Key: string, Body: Uint8Array, ContentType: string): Promise<void> {
    await this.#client().send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body, ContentType }));
  }

  async get(Key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#client().send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      return Body && Buffer.from(await Body.transformToByteArray());
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
}
