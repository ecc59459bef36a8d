import { createHash } from 'node:crypto';
import { notFound } from '../kernel/problem.ts';
import { FileChanged, type FileRow, type Files, isUploaded } from './file.ts';

/** The file with size, type and hash once its bytes are there; as it was while they are not. What has been seen once is not read again. */
export async function seeUpload({ rows, bytes }: Files, file: FileRow, now: Date): Promise<FileRow> {
  if (isUploaded(file)) return file;
  const found = await bytes.look(file.id);
  if (!found) return file;
  const hash = createHash('sha256');
  try {
    for await (const chunk of await bytes.read(file, found.etag)) hash.update(chunk);
  } catch (error) {
    // Uploaded once more at this moment: the next look sees it.
    if (error instanceof FileChanged) return file;
    throw error;
  }
  const { size, type, etag } = found;
  const seen = { ...file, size, type, etag, sha256: hash.digest('hex'), uploadedAt: now.toISOString() };
  const row = await rows.see(seen);
  if (!row) throw notFound('file', file.id);
  return row;
}
