import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { LRUCache } from 'lru-cache';
import { parseJson } from '../json.ts';
import type { Stored } from '../run/model/stored.ts';
import { INLINE_LIMIT_BYTES, textOf } from '../run/model/value.ts';
import type { Values } from '../run/ports.ts';

const CACHE_BYTES = 32 * 1024 * 1024;

/** Values in their rows while they are small, in the bucket when they are not. Objects never change, so one read of each is enough. */
export class BucketValues implements Values {
  readonly #client: () => S3Client;
  readonly #bucket: string;
  readonly #texts = new LRUCache<string, string>({ maxSize: CACHE_BYTES, sizeCalculation: (text) => text.length * 2 });

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async store(runId: string, name: string, value: unknown): Promise<Stored> {
    const { json, bytes } = textOf(name, value);
    if (bytes <= INLINE_LIMIT_BYTES) return { json };
    const ref = `runs/${runId}/${name}.json`;
    await this.#client().send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: ref, Body: json, ContentType: 'application/json' }),
    );
    this.#texts.delete(ref);
    return { ref, bytes };
  }

  async read(value: Stored): Promise<unknown> {
    return parseJson('json' in value ? value.json : await this.#text(value.ref));
  }

  async #text(ref: string): Promise<string> {
    const known = this.#texts.get(ref);
    if (known !== undefined) return known;
    const { Body } = await this.#client().send(new GetObjectCommand({ Bucket: this.#bucket, Key: ref }));
    const text = (await Body?.transformToString()) ?? 'null';
    this.#texts.set(ref, text);
    return text;
  }
}
