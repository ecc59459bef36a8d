import { notFound, Problem } from '../kernel/problem.ts';
import { type Files, isUploaded, type UploadedFile } from './file.ts';
import { seeUpload } from './see-upload.ts';

const MOST_FILES = 100;
const DAY_MS = 86_400_000;
/** The bucket forgets bytes thirty days after the rows of their time: older ones must be made young for a run that starts now. */
const RENEW_AFTER_MS = 25 * DAY_MS;

interface Owner {
  workspace: string;
  project: string;
}

/** The files a start names. Each must exist, belong to workspace and project, and be there; throws the problem that names the one that is not. */
export async function givenFiles(files: Files, ids: string[], owner: Owner, now: Date): Promise<UploadedFile[]> {
  if (ids.length > MOST_FILES)
    throw new Problem('invalid', `A run takes ${MOST_FILES} files at most.`, [{ name: 'file_ids', value: ids.length }]);
  return Promise.all([...new Set(ids)].map((id) => uploadedFile(files, id, owner, now)));
}

async function uploadedFile(files: Files, id: string, owner: Owner, now: Date): Promise<UploadedFile> {
  const row = /^[0-9A-Za-z]{1,26}$/.test(id) ? await files.rows.get(id) : undefined;
  if (!row || !isOf(row, owner)) throw notFound('file', id);
  const file = await seeUpload(files, row, now);
  if (isUploaded(file)) return file;
  throw new Problem('invalid', `File "${id}" (${file.name}) has not been uploaded yet. Upload it to its upload_url first.`, [
    { name: 'file_ids', value: id },
  ]);
}

export const isOf = (file: { workspace: string; project?: string | undefined }, { workspace, project }: Owner) =>
  file.workspace === workspace && (file.project === undefined || file.project === project);

/** The run keeps them: they cannot be deleted, and stay as long as it does. */
export async function holdFiles(files: Files, ids: string[], runId: string, now: Date): Promise<void> {
  await Promise.all(ids.map((id) => hold(files, id, runId, now)));
}

async function hold({ rows, bytes }: Files, id: string, runId: string, now: Date): Promise<void> {
  const file = await rows.get(id);
  const isOld = file?.uploadedAt !== undefined && now.getTime() - Date.parse(file.uploadedAt) > RENEW_AFTER_MS;
  const renewed = isOld ? await bytes.renew(file) : undefined;
  await rows.hold(id, runId, now, renewed?.etag);
}

/** How expressions see a file: `$input.files[]`. */
export const fileInput = ({ id, name, size, type }: UploadedFile) => ({ id, name, size, type });
