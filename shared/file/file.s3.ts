import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type FileBytes, FileChanged } from './file.ts';
import { writeInParts } from './parts.s3.ts';

export const objectOf = (id: string) => `files/${id}`;

const statusOf = (error: unknown) => (error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined);

/** Bytes of files as objects of the bucket. */
export class BucketFiles implements FileBytes {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async look(id: string) {
    try {
      const found = await this.#client().send(new HeadObjectCommand({ Bucket: this.#bucket, Key: objectOf(id) }));
      const { ContentLength: size = 0, ContentType: type = 'application/octet-stream', ETag: etag = '' } = found;
      return { size, type, etag };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async read(id: string, etag: string | undefined): Promise<AsyncIterable<Uint8Array>> {
    try {
      const { Body } = await this.#client().send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: objectOf(id), IfMatch: etag }),
      );
      if (!Body || !(Symbol.asyncIterator in Body)) throw new Error(`File ${id} has no stream of bytes.`);
      return Body;
    } catch (error) {
      throw statusOf(error) === 404 || statusOf(error) === 412 ? new FileChanged(id) : error;
    }
  }

  async write(id: string, content: AsyncIterable<Uint8Array>, ContentType: string) {
    const object = { Bucket: this.#bucket, Key: objectOf(id) };
    return writeInParts(this.#client(), { ...object, ContentType }, content);
  }

  async renew(id: string) {
    const found = await this.look(id);
    if (!found) throw new FileChanged(id);
    const { CopyObjectResult } = await this.#client().send(
      new CopyObjectCommand({
        Bucket: this.#bucket,
        Key: objectOf(id),
        CopySource: `${this.#bucket}/${objectOf(id)}`,
        // S3 copies an object onto itself only when something about it is said anew.
        MetadataDirective: 'REPLACE',
        ContentType: found.type,
      }),
    );
    return { etag: CopyObjectResult?.ETag ?? found.etag };
  }

  async remove(id: string): Promise<void> {
    await this.#client().send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: objectOf(id) }));
  }
}
