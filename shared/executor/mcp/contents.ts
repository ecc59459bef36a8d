import type { CallToolResult } from '@modelcontextprotocol/client';
import type { FileRef, StepFiles } from '../../step/kind.ts';

type Content = CallToolResult['content'][number];

/** What a tool has to say, as text. */
export const textOf = (content: CallToolResult['content']) =>
  content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join('\n');

/** The contents of a result; what has bytes becomes a file of the project. */
export const contentsOf = (content: CallToolResult['content'], files: StepFiles): Promise<unknown[]> =>
  Promise.all(content.map((one, index) => withFile(one, index, files)));

async function withFile(one: Content, index: number, files: StepFiles): Promise<unknown> {
  if (one.type === 'image' || one.type === 'audio') {
    const { data, mimeType, ...rest } = one;
    return { ...rest, file: await saved(files, `${one.type}-${index + 1}`, mimeType, data) };
  }
  if (one.type !== 'resource' || !('blob' in one.resource)) return one;
  const { blob, mimeType = 'application/octet-stream', ...resource } = one.resource;
  const name = resource.uri.split('/').at(-1) || `resource-${index + 1}`;
  return { ...one, resource, file: await saved(files, name, mimeType, blob) };
}

const saved = (files: StepFiles, name: string, type: string, base64: string): Promise<FileRef> =>
  files.save({ name: name.slice(0, 200), type, content: once(Buffer.from(base64, 'base64')) });

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
