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
    return { name: file.name, type: file.type, size: file.size, open: () => open(files, file) };
  },
  async save({ name, type, content }) {
    const at = now();
    const owner = { id: newId(at.getTime()), workspace: run.workspace, project: run.project, runId: run.id };
    const file = await keepFile(files, owner, { name, type, content }, at);
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

async function open({ bytes }: Files, file: UploadedFile): Promise<AsyncIterable<Uint8Array>> {
  try {
    return toItsEnd(file, await bytes.read(file, file.etag));
  } catch (error) {
    if (error instanceof FileChanged) throw new StepError('FileUnavailable', error.message);
    throw error;
  }
}

/** What breaks off is a fault of the file's, not of the one it is sent to. */
async function* toItsEnd({ id, name }: UploadedFile, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StepError('FileUnavailable', `File "${id}" (${name}) could not be read to its end: ${reason}`);
  }
}
