import { newId } from '../kernel/id.ts';
import { StepError } from '../kernel/step-error.ts';
import type { StepFiles } from '../step/kind.ts';
import { FileChanged, type Files, isUploaded, type UploadedFile } from './file.ts';
import { fileInput, isOf } from './given-files.ts';
import { keepFile } from './keep-file.ts';
import { seeUpload } from './see-upload.ts';

interface Holder {
  id: string;
  workspace: string;
  project: string;
}

/** Files as the steps of a run may use them: those of its project, and those they make. */
export const stepFiles = (files: Files, run: Holder, now: () => Date): StepFiles => ({
  async read(id) {
    const file = await fileOf(files, run, id, now());
    return { name: file.name, type: file.type, bytes: await bytesOf(files, file) };
  },
  async save({ name, type, bytes }) {
    const at = now();
    const of = { id: newId(at.getTime()), workspace: run.workspace, project: run.project, runId: run.id };
    const file = await keepFile(files, of, { name, type, content: bytes }, at);
    return { ...fileInput(file), sha256: file.sha256 };
  },
});

async function fileOf(files: Files, run: Holder, id: string, now: Date): Promise<UploadedFile> {
  const row = /^[0-9A-Za-z]{1,26}$/.test(id) ? await files.rows.get(id) : undefined;
  if (!row || !isOf(row, run)) throw new StepError('FileUnavailable', `There is no file "${id}" in this project.`);
  const file = await seeUpload(files, row, now);
  if (!isUploaded(file)) throw new StepError('FileUnavailable', `File "${id}" (${file.name}) has not been uploaded.`);
  return file;
}

async function bytesOf({ bytes }: Files, { id, etag }: UploadedFile): Promise<Buffer> {
  try {
    const chunks = [];
    for await (const chunk of await bytes.read(id, etag)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof FileChanged) throw new StepError('FileUnavailable', error.message);
    throw error;
  }
}
