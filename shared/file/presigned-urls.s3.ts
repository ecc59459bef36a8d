import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { objectOf } from './file.s3.ts';
import { FILE_LIMIT_BYTES, type FilePlace, type FileRow, type Upload } from './file.ts';

const GOOD_FOR_SECONDS = 5 * 60;

/** Permissions for callers to reach the bucket themselves, each for one file and five minutes. */
export class PresignedUrls {
  readonly #client: () => S3Client;
  readonly #bucket: string;

  constructor(client: () => S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  upload({ id, type }: Pick<FileRow, 'id' | 'type'>): Promise<Upload> {
    return createPresignedPost(this.#client(), {
      Bucket: this.#bucket,
      Key: objectOf({ id }),
      Fields: { 'Content-Type': type },
      Conditions: [['content-length-range', 1, FILE_LIMIT_BYTES]],
      Expires: GOOD_FOR_SECONDS,
    });
  }

  /** Always a download: what strangers have uploaded is not to be shown as a page of ours. */
  async download(file: FilePlace & Pick<FileRow, 'name' | 'type'>, now: Date): Promise<{ url: string; until: string }> {
    const { name, type } = file;
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: objectOf(file),
      ResponseContentType: type,
      ResponseContentDisposition: `attachment; filename*=UTF-8''${encoded(name)}`,
    });
    const url = await getSignedUrl(this.#client(), command, { expiresIn: GOOD_FOR_SECONDS });
    return { url, until: new Date(now.getTime() + GOOD_FOR_SECONDS * 1000).toISOString() };
  }
}

/** RFC 8187. */
const encoded = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
