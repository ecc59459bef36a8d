import { createHash } from 'node:crypto';
import type { Actor } from '../kernel/actor.ts';
import type { Files, UploadedFile } from './file.ts';

/** Stores bytes that came by another way than an upload, as they come, under an id of the caller's choice: again is the same. */
export async function keepFile(
  { rows, bytes }: Files,
  owner: { id: string; workspace: string; project: string; createdBy?: Actor; runId?: string },
  { name, type, content }: { name: string; type: string; content: Uint8Array | AsyncIterable<Uint8Array> },
  now: Date,
): Promise<UploadedFile> {
  const hash = createHash('sha256');
  let size = 0;
  const measured = async function* () {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const { etag } = await bytes.write(owner.id, measured(), type);
  const at = now.toISOString();
  const file = { ...owner, name, type, size, sha256: hash.digest('hex'), etag, createdAt: at, uploadedAt: at };
  await rows.put(file);
  return file;
}
