import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type FileBytes, FileChanged, type FilePlace, type FileRow } from './file.ts';
import { writeInParts } from './parts.s3.ts';

/** What a test keeps lies where nothing expires. */
export const objectOf = ({ id, keptBy }: FilePlace) => (keptBy === undefined ? `files/${id}` : `kept/${keptBy}/${id}`);

const statusOf = (error: unknown) => (error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined);

/** Bytes of files as objects of the bucket. */
export class BucketFiles implements FileBytes {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  look(id: string) {
    return this.#look({ id });
  }

  async #look(file: FilePlace) {
    try {
      const found = await this.#client().send(new HeadObjectCommand({ Bucket: this.#bucket, Key: objectOf(file) }));
      const { ContentLength: size = 0, ContentType: type = 'application/octet-stream', ETag: etag = '' } = found;
      return { size, type, etag };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async read(file: FilePlace, etag: string | undefined): Promise<AsyncIterable<Uint8Array>> {
    try {
      const { Body } = await this.#client().send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: objectOf(file), IfMatch: etag }),
      );
      if (!Body || !(Symbol.asyncIterator in Body)) throw new Error(`File ${file.id} has no stream of bytes.`);
      return Body;
    } catch (error) {
      throw statusOf(error) === 404 || statusOf(error) === 412 ? new FileChanged(file.id) : error;
    }
  }

  async write(id: string, content: AsyncIterable<Uint8Array>, ContentType: string) {
    const object = { Bucket: this.#bucket, Key: objectOf({ id }) };
    return writeInParts(this.#client(), { ...object, ContentType }, content);
  }

  async renew(file: FilePlace) {
    const found = await this.#look(file);
    if (!found) throw new FileChanged(file.id);
    const { CopyObjectResult } = await this.#client().send(
      new CopyObjectCommand({
        Bucket: this.#bucket,
        Key: objectOf(file),
        CopySource: `${this.#bucket}/${objectOf(file)}`,
        // S3 copies an object onto itself only when something about it is said anew.
        MetadataDirective: 'REPLACE',
        ContentType: found.type,
      }),
    );
    return { etag: CopyObjectResult?.ETag ?? found.etag };
  }

  async copy(file: FilePlace & Pick<FileRow, 'etag'>, copy: FilePlace) {
    const command = new CopyObjectCommand({
      Bucket: this.#bucket,
      Key: objectOf(copy),
      CopySource: `${this.#bucket}/${objectOf(file)}`,
      CopySourceIfMatch: file.etag,
    });
    try {
      const { CopyObjectResult } = await this.#client().send(command);
      return { etag: CopyObjectResult?.ETag ?? '' };
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 412) return undefined;
      throw error;
    }
  }

  async remove(file: FilePlace): Promise<void> {
    await this.#client().send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: objectOf(file) }));
  }
}
