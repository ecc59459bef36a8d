import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Arrival, arrival } from './arrival.ts';
import type { RawMails } from './ports.ts';

/** Where SES puts raw mails: the receipt rule of infra/inbound-mail.ts says the same. */
const PREFIX = 'mail/';

/** Raw mails as SES has stored them. */
export class BucketMails implements RawMails {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  keyOf(messageId: string): string {
    return PREFIX + messageId;
  }

  async read(messageId: string, limitBytes: number): Promise<{ bytes: number; raw?: Buffer }> {
    const { Body, ContentLength = 0 } = await this.#get(this.keyOf(messageId));
    if (ContentLength <= limitBytes) {
      const { buffer, byteOffset, byteLength } = (await Body?.transformToByteArray()) ?? new Uint8Array();
      return { bytes: byteLength, raw: Buffer.from(buffer, byteOffset, byteLength) };
    }
    if (Body && 'destroy' in Body && typeof Body.destroy === 'function') Body.destroy();
    return { bytes: ContentLength };
  }

  async note(arrival: Arrival): Promise<void> {
    const Body = JSON.stringify(arrival);
    await this.#client().send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: noteOf(arrival.messageId), Body, ContentType: 'application/json' }),
    );
  }

  async noted(messageId: string): Promise<Arrival | undefined> {
    try {
      const { Body } = await this.#get(noteOf(messageId));
      return arrival.parse(JSON.parse((await Body?.transformToString()) ?? ''));
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  #get(Key: string) {
    return this.#client().send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
  }
}

const noteOf = (messageId: string) => `mail-metadata/${messageId}.json`;
