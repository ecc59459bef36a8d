import type { StoredObject } from './object-files.ts';
import { S3Error } from './s3-error.ts';
import { xmlDocument } from './xml.ts';

/** The answer to ListObjectsV2. */
export function listing(bucket: string, objects: StoredObject[], query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  if (!Number.isInteger(limit) || limit < 0) throw new S3Error('InvalidArgument', 'max-keys is not a number', 400);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const encode = query.get('encoding-type') === 'url' ? urlEncoded : (key: string) => key;

  const entries = grouped(
    objects.filter(({ key }) => key.startsWith(prefix)),
    prefix,
    delimiter,
  ).filter(({ name }) => name > after);
  const page = entries.slice(0, limit);
  const truncated = entries.length > limit && limit > 0;
  const last = page.at(-1);

  return xmlDocument('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    KeyCount: page.length,
    MaxKeys: limit,
    ...(delimiter && { Delimiter: encode(delimiter) }),
    ...(query.get('encoding-type') && { EncodingType: 'url' }),
    IsTruncated: truncated,
    ...(truncated && last && { NextContinuationToken: Buffer.from(last.name).toString('base64url') }),
    Contents: page.flatMap(({ object }) => (object ? [contents(object, encode)] : [])),
    CommonPrefixes: page.flatMap(({ name, object }) => (object ? [] : [{ Prefix: encode(name) }])),
  });
}

interface Entry {
  name: string;
  /** Absent for a common prefix. */
  object?: StoredObject;
}

/** Keys that go on after the delimiter are shown as one prefix. */
function grouped(objects: StoredObject[], prefix: string, delimiter: string): Entry[] {
  if (!delimiter) return objects.map((object) => ({ name: object.key, object }));
  const entries = new Map<string, Entry>();
  for (const object of objects) {
    const end = object.key.indexOf(delimiter, prefix.length);
    const name = end < 0 ? object.key : object.key.slice(0, end + delimiter.length);
    if (!entries.has(name)) entries.set(name, end < 0 ? { name, object } : { name });
  }
  return [...entries.values()];
}

function contents({ key, modifiedMs, etag, size }: StoredObject, encode: (key: string) => string) {
  return { Key: encode(key), LastModified: new Date(modifiedMs).toISOString(), ETag: etag, Size: size, StorageClass: 'STANDARD' };
}

function urlEncoded(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
}
