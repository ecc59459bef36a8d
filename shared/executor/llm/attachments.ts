import { buffer } from 'node:stream/consumers';
import type { FilePart, TextPart } from 'ai';
import { StepError } from '../../kernel/step-error.ts';
import type { StepFiles } from '../../step/kind.ts';

/** What models take at most, all files together. */
const LIMIT_BYTES = 20 * 1024 * 1024;

/** The files as the model is shown them. Throws `InputInvalid` for what is no PDF, image or text, or too much. */
export async function attachmentsOf(ids: string[], files: StepFiles): Promise<(FilePart | TextPart)[]> {
  const read = await Promise.all(ids.map((id) => files.read(id)));
  const bytes = read.reduce((sum, { size }) => sum + size, 0);
  if (bytes > LIMIT_BYTES)
    throw new StepError('InputInvalid', `The attachments have ${bytes} bytes; a model is shown ${LIMIT_BYTES} at most.`);
  return Promise.all(
    read.map(async ({ name, type, open }) => {
      const data = await buffer(await open());
      if (/^(text\/|application\/json\b)/.test(type)) return { type: 'text' as const, text: `${name}:\n${data.toString()}` };
      if (/^(image\/|application\/pdf\b)/.test(type)) return { type: 'file' as const, data, mediaType: type, filename: name };
      throw new StepError('InputInvalid', `${name} is ${type}; a model is shown PDFs, images and texts.`);
    }),
  );
}
