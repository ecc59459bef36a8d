import { createHash, randomUUID } from 'node:crypto';
import type { ObjectFiles, StoredObject } from './object-files.ts';
import { S3Error } from './s3-error.ts';

/** Uploads in parts: they lie beside the bucket until they are completed, and are put together then. */
export class MultipartUploads {
  readonly #parts: ObjectFiles;

  constructor(parts: ObjectFiles) {
    this.#parts = parts;
  }

  async create(headers: Record<string, string>): Promise<string> {
    const id = randomUUID();
    await this.#parts.put(id, Buffer.alloc(0), headers);
    return id;
  }

  async put(id: string, part: number, body: Buffer): Promise<string> {
    await this.#known(id);
    return (await this.#parts.put(partKey(id, part), body, {})).etag;
  }

  /** `request`: the list of parts as XML. */
  async complete(id: string, request: string, files: ObjectFiles, key: string): Promise<StoredObject> {
    const { headers } = await this.#known(id);
    const listed = [...request.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      key: partKey(id, Number(/<PartNumber>(\d+)</.exec(part)?.[1])),
      etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
    }));
    const hash = createHash('md5');
    for (const { key: partName, etag } of listed) {
      const part = await this.#parts.head(partName);
      if (!part || part.etag !== etag)
        throw new S3Error('InvalidPart', 'One or more of the specified parts could not be found.', 400);
      hash.update(Buffer.from(part.etag.slice(1, -1), 'hex'));
    }
    const parts = this.#parts;
    const content = async function* () {
      for (const { key: partName } of listed) yield await parts.get(partName);
    };
    const stored = await files.put(key, content(), headers, `"${hash.digest('hex')}-${listed.length}"`);
    await this.remove(id, listed.length);
    return stored;
  }

  async remove(id: string, parts: number): Promise<void> {
    for (let part = 1; part <= parts; part++) await this.#parts.remove(partKey(id, part));
    await this.#parts.remove(id);
  }

  async #known(id: string): Promise<StoredObject> {
    const found = await this.#parts.head(id);
    if (!found) throw new S3Error('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
    return found;
  }
}

const partKey = (id: string, part: number) => `${id}/${part}`;
