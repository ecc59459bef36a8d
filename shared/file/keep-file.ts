import { createHash } from 'node:crypto';
import type { Files, UploadedFile } from './file.ts';

/** Stores bytes that came by another way than an upload, under an id of the caller's choice: again is the same. */
export async function keepFile(
  { rows, bytes }: Files,
  of: { id: string; workspace: string; project: string; createdBy?: string; runId?: string },
  { name, type, content }: { name: string; type: string; content: Uint8Array },
  now: Date,
): Promise<UploadedFile> {
  const { etag } = await bytes.write(of.id, content, type);
  const at = now.toISOString();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = { ...of, name, type, size: content.length, sha256, etag, createdAt: at, uploadedAt: at };
  await rows.put(file);
  return file;
}
