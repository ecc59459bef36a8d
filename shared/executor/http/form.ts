import { randomUUID } from 'node:crypto';
import { isExactNumber } from '../../kernel/json.ts';
import type { HttpSpec } from '../../step/http/spec.ts';
import type { StepFile, StepFiles } from '../../step/kind.ts';

/** A body that is read while it is sent, from its start each time. */
export interface StreamedBody {
  length: number;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** Bytes as they are, or a file that is read when its turn comes. */
type Piece = Buffer | StepFile;

const LINE_END = '\r\n';

/** A multipart form of fields and files (RFC 7578), written as browsers do. Its files pass through one after another and are never held whole. */
export async function formOf(
  parts: NonNullable<HttpSpec['multipart']>,
  files: StepFiles,
): Promise<{ body: StreamedBody; type: string }> {
  const boundary = `----form-${randomUUID()}`;
  const pieces: Piece[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (part === null) continue;
    if (typeof part !== 'object' || isExactNumber(part)) {
      pieces.push(headOf(boundary, name), Buffer.from(withLineEnds(String(part)) + LINE_END));
      continue;
    }
    const file = await files.read(part.file);
    pieces.push(headOf(boundary, name, { name: part.name ?? file.name, type: file.type }), file, Buffer.from(LINE_END));
  }
  pieces.push(Buffer.from(`--${boundary}--${LINE_END}`));
  const length = pieces.reduce((sum, piece) => sum + (Buffer.isBuffer(piece) ? piece.length : piece.size), 0);
  return { body: { length, open: async () => inTurn(pieces) }, type: `multipart/form-data; boundary=${boundary}` };
}

function headOf(boundary: string, name: string, file?: { name: string; type: string }): Buffer {
  const lines = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${escaped(withLineEnds(name))}"${file ? `; filename="${escaped(file.name)}"` : ''}`,
    ...(file ? [`Content-Type: ${file.type || 'application/octet-stream'}`] : []),
    '',
    '',
  ];
  return Buffer.from(lines.join(LINE_END));
}

/** In quotes, as https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data says. */
const escaped = (text: string) => text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
const withLineEnds = (text: string) => text.replace(/\r?\n|\r/g, LINE_END);

async function* inTurn(pieces: Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece)) yield piece;
    else yield* await piece.open();
  }
}
