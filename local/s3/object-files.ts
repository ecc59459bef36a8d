import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import * as z from 'zod';

const about = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(),
  modifiedMs: z.number(),
  headers: z.record(z.string(), z.string()),
});

export type StoredObject = z.infer<typeof about>;

const LENGTH_BYTES = 4;

/**
 * Objects as files. A file is named by the hash of its key, so that no key can lead anywhere else, and holds the bytes, then what is known
 * about them, then the length of that: one rename replaces all of it at once.
 */
export class ObjectFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `etag`: when it is not the hash of the bytes, as for what was uploaded in parts. */
  async put(
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    headers: Record<string, string>,
    etag?: string,
  ): Promise<StoredObject> {
    const path = this.#pathOf(key);
    const temporary = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    const hash = createHash('md5');
    let stored: StoredObject | undefined;
    const written = async function* () {
      let size = 0;
      for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
      stored = { key, size, etag: etag ?? `"${hash.digest('hex')}"`, modifiedMs: Date.now(), headers };
      yield trailerOf(stored);
    };
    await writeFile(temporary, written());
    await rename(temporary, path);
    return about.parse(stored);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    return readAbout(this.#pathOf(key));
  }

  /** The object and the bytes from `start` up to and with `end`. */
  async get(key: string, range?: { start: number; end: number }): Promise<Buffer> {
    const file = await open(this.#pathOf(key));
    try {
      const { start = 0, end = (await aboutOf(file)).size - 1 } = range ?? {};
      const bytes = Buffer.alloc(Math.max(0, end - start + 1));
      await file.read(bytes, 0, bytes.length, start);
      return bytes;
    } finally {
      await file.close();
    }
  }

  /** The same, as it is read. */
  async stream(key: string, range?: { start: number; end: number }): Promise<Readable> {
    const file = await open(this.#pathOf(key));
    const { start = 0, end = (await aboutOf(file)).size - 1 } = range ?? {};
    if (end >= start) return file.createReadStream({ start, end });
    await file.close();
    return Readable.from([]);
  }

  async remove(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  /** Every object in the order of its key. Reads every file: for people and tools, not for the hot path. */
  async list(): Promise<StoredObject[]> {
    const files = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const found = await Promise.all(
      files
        .filter((file) => file.isFile() && !file.name.includes('.'))
        .map((file) => readAbout(join(file.parentPath, file.name))),
    );
    return found.filter((one) => one !== undefined).sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  #pathOf(key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.#folder, name.slice(0, 2), name);
  }
}

function trailerOf(stored: StoredObject): Buffer {
  const text = Buffer.from(JSON.stringify(stored));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([text, length]);
}

async function readAbout(path: string): Promise<StoredObject | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    return await aboutOf(file);
  } finally {
    await file.close();
  }
}

async function aboutOf(file: Awaited<ReturnType<typeof open>>): Promise<StoredObject> {
  const { size } = await file.stat();
  const length = Buffer.alloc(LENGTH_BYTES);
  await file.read(length, 0, LENGTH_BYTES, size - LENGTH_BYTES);
  const trailer = Buffer.alloc(length.readUInt32BE());
  await file.read(trailer, 0, trailer.length, size - LENGTH_BYTES - trailer.length);
  return about.parse(JSON.parse(trailer.toString()));
}
