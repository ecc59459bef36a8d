import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { LRUCache } from 'lru-cache';
import { type Patience, patiently } from '../../aws/patiently.ts';
import { parseJson } from '../../kernel/json.ts';
import type { Stored } from '../model/stored.ts';
import { INLINE_LIMIT_BYTES, jsonTextOf } from '../model/value.ts';
import type { Values } from '../ports.ts';

const CACHE_BYTES = 32 * 1024 * 1024;

const DELETES_AT_ONCE = 25;

const refOf = (runId: string, name: string) => `runs/${runId}/${name}.json`;

/** Two drivers of a run may make different values of one step: each has an object of its own, so that an entry never refers to the other's. */
const contentOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Values in their rows while they are small, in the bucket when they are not. Objects never change, so one read of each is enough. */
export class BucketValues implements Values {
  readonly #client: () => S3Client;
  readonly #bucket: string;
  readonly #patience: Patience | undefined;
  readonly #texts = new LRUCache<string, string>({ maxSize: CACHE_BYTES, sizeCalculation: (text) => text.length * 2 + 1 });

  constructor(client: () => S3Client, bucket: string, patience?: Patience) {
    this.#client = client;
    this.#bucket = bucket;
    this.#patience = patience;
  }

  async store(runId: string, name: string, value: unknown): Promise<Stored> {
    const { json, bytes } = jsonTextOf(name, value);
    if (bytes <= INLINE_LIMIT_BYTES) return { json };
    return { ref: await this.put(runId, `${name}.${contentOf(json)}`, json), bytes };
  }

  async read(value: Stored): Promise<unknown> {
    return parseJson('json' in value ? value.json : await this.text(value.ref));
  }

  async copy(runId: string, name: string, value: Stored): Promise<Stored> {
    if ('json' in value) return value;
    const ref = refOf(runId, `${name}.${contentOf(value.ref)}`);
    const CopySource = `${this.#bucket}/${encodeURIComponent(value.ref)}`;
    await patiently(
      () => this.#client().send(new CopyObjectCommand({ Bucket: this.#bucket, Key: ref, CopySource })),
      this.#patience,
    );
    return { ...value, ref };
  }

  async put(runId: string, name: string, text: string): Promise<string> {
    const ref = refOf(runId, name);
    const object = { Bucket: this.#bucket, Key: ref, Body: text, ContentType: 'application/json' };
    await patiently(() => this.#client().send(new PutObjectCommand(object)), this.#patience);
    this.#texts.set(ref, text);
    return ref;
  }

  async text(ref: string): Promise<string> {
    const known = this.#texts.get(ref);
    if (known !== undefined) return known;
    const text = await patiently(async () => {
      const { Body } = await this.#client().send(new GetObjectCommand({ Bucket: this.#bucket, Key: ref }));
      return (await Body?.transformToString()) ?? 'null';
    }, this.#patience);
    this.#texts.set(ref, text);
    return text;
  }

  async measure(runId: string): Promise<{ count: number; bytes: number }> {
    const sum = { count: 0, bytes: 0 };
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const list = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: `runs/${runId}/`, ContinuationToken: token });
      const { Contents = [], NextContinuationToken } = await patiently(() => this.#client().send(list), this.#patience);
      sum.count += Contents.length;
      for (const { Size = 0 } of Contents) sum.bytes += Size;
      token = NextContinuationToken;
    }
    return sum;
  }

  async remove(runId: string): Promise<void> {
    for (const Prefix of [`runs/${runId}/`, `views/${runId}/`]) {
      for (let keys = await this.#keysIn(Prefix); keys.length > 0; keys = await this.#keysIn(Prefix)) {
        for (let at = 0; at < keys.length; at += DELETES_AT_ONCE)
          await Promise.all(keys.slice(at, at + DELETES_AT_ONCE).map((key) => this.#delete(key)));
      }
    }
  }

  /** Keys of up to a thousand objects. */
  async #keysIn(Prefix: string): Promise<string[]> {
    const list = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix });
    const { Contents = [] } = await patiently(() => this.#client().send(list), this.#patience);
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  async #delete(Key: string): Promise<void> {
    await patiently(() => this.#client().send(new DeleteObjectCommand({ Bucket: this.#bucket, Key })), this.#patience);
    this.#texts.delete(Key);
  }
}
