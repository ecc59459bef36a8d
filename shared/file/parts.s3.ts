import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Slots } from '../kernel/slots.ts';

const MIB = 1024 * 1024;
/** S3 takes 10,000 parts of 5 MiB at least, the last one aside. One is held at a time, and sent again by the SDK when it fails. */
const PART_BYTES = 5 * MIB;
/** A worker has a hundred steps in flight: those that hold more than this wait for one of a few places. */
const SMALL_BYTES = MIB;
const LARGE_AT_ONCE = 12;
const places = new Slots(LARGE_AT_ONCE);

interface Target {
  Bucket: string;
  Key: string;
  ContentType: string;
}

/**
 * Writes bytes whose number nobody knows before: in one piece when they are few, else in parts. What a writer leaves behind that dies, or whose source
 * does, the bucket forgets after a day.
 */
export async function writeInParts(
  client: S3Client,
  target: Target,
  content: AsyncIterable<Uint8Array>,
): Promise<{ etag: string }> {
  const parts = partsOf(content, PART_BYTES);
  try {
    return await writeAll(client, target, parts);
  } finally {
    await parts.return(undefined);
  }
}

async function writeAll(client: S3Client, target: Target, parts: AsyncGenerator<Buffer>): Promise<{ etag: string }> {
  const { value: first = Buffer.alloc(0) } = await parts.next();
  if (first.length < PART_BYTES) {
    const { ETag: etag = '' } = await client.send(new PutObjectCommand({ ...target, Body: first }));
    return { etag };
  }
  const { Bucket, Key } = target;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'CRC32' }));
  const upload = { Bucket, Key, UploadId };
  const written = [await writePart(client, upload, 1, first)];
  for await (const part of parts) written.push(await writePart(client, upload, written.length + 1, part));
  const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: written } });
  const { ETag: etag = '' } = await client.send(complete);
  return { etag };
}

async function writePart(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
  PartNumber: number,
  Body: Uint8Array,
): Promise<CompletedPart> {
  const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  return { PartNumber, ETag, ChecksumCRC32 };
}

/** The same bytes in pieces of that size, the last one aside. */
async function* partsOf(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let leave: (() => void) | undefined;
  try {
    for await (const chunk of content) {
      for (let rest = chunk; rest.length > 0; ) {
        const some = rest.subarray(0, size - bytes);
        rest = rest.subarray(some.length);
        chunks.push(some);
        bytes += some.length;
        if (bytes > SMALL_BYTES) leave ??= await places.take();
        if (bytes < size) continue;
        const part = Buffer.concat(chunks);
        chunks = [];
        bytes = 0;
        yield part;
      }
    }
    if (bytes > 0) yield Buffer.concat(chunks);
  } finally {
    leave?.();
  }
}
