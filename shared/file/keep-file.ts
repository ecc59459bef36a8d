import { createHash } from 'node:crypto';
import type { Actor } from '../kernel/actor.ts';
import type { Files, UploadedFile } from './file.ts';

/** Stores bytes that came by another way than an upload, under an id of the caller's choice: again is the same. */
export async function keepFile(
  { rows, bytes }: Files,
  owner: { id: string; workspace: string; project: string; createdBy?: Actor; runId?: string },
  { name, type, content }: { name: string; type: string; content: Uint8Array },
  now: Date,
): Promise<UploadedFile> {
  const { etag } = await bytes.write(owner.id, content, type);
  const at = now.toISOString();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = { ...owner, name, type, size: content.length, sha256, etag, createdAt: at, uploadedAt: at };
  await rows.put(file);
  return file;
}
