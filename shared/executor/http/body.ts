import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { parseJson } from '../../kernel/json.ts';

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** What an answer may weigh, on the wire and inflated. */
export const LIMIT_BYTES = 5 * 1024 * 1024;

/** The start of a body; `whole` unless a limit cut it. */
export interface Received {
  bytes: Buffer;
  whole: boolean;
}

/** Reads at most `limit` bytes of a body, inflated, and closes the connection when there are more. */
export async function readBody(answer: IncomingMessage, limit: number): Promise<Received> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of inflated(answer, limit)) chunks.push(chunk);
  } catch (error) {
    if (error instanceof TooLong) return { bytes: Buffer.concat(chunks), whole: false };
    throw error;
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

/** The bytes of a body, inflated, as they come. Throws `TooLong` behind the first `limit` bytes and closes the connection. */
export async function* inflated(answer: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  const wire = { bytes: 0, limit: Math.max(limit, LIMIT_BYTES) };
  let room = limit;
  try {
    for await (const chunk of decoded(answer, wire)) {
      yield chunk.subarray(0, room);
      if (chunk.length > room) throw new TooLong();
      room -= chunk.length;
    }
  } catch (error) {
    // The answer to HEAD names the coding of a body that it does not have.
    if (answer.complete && wire.bytes === 0 && room === limit && !(error instanceof TooLong)) return;
    throw error;
  }
}

export class TooLong extends Error {}

function decoded(answer: IncomingMessage, wire: { bytes: number; limit: number }): AsyncIterable<Buffer> {
  const open = DECODERS[codingOf(answer)];
  if (!open) return answer;

  // An endless run of empty members inflates to nothing, so the wire has a limit as well.
  const decoder = open();
  answer.on('data', (chunk: Buffer) => {
    wire.bytes += chunk.length;
    if (wire.bytes > wire.limit) decoder.destroy(new TooLong());
  });
  return pipeline(answer, decoder, () => {});
}

function codingOf(answer: IncomingMessage): string {
  return answer.headers['content-encoding']?.trim().toLowerCase() ?? '';
}

/** A body as the workflow sees it, by its content type. Throws a `SyntaxError` on JSON that is none. */
export function parseBody(bytes: Buffer, type = ''): unknown {
  if (bytes.length === 0) return null;
  const [essence = '', ...parameters] = type.toLowerCase().split(';');
  const media = essence.trim();
  if (/^application\/(.*\+)?json$|^text\/json$|\+json$/.test(media)) return parseJson(decodedText(bytes, parameters));
  if (isText(media)) return decodedText(bytes, parameters);
  const text = media === '' ? strictUtf8(bytes) : undefined;
  return text ?? { base64: bytes.toString('base64'), contentType: media || 'application/octet-stream' };
}

/** The start of a body for people. */
export function excerpt(bytes: Buffer, type = ''): string {
  const [essence = '', ...parameters] = type.toLowerCase().split(';');
  const readable = essence.trim() === '' || /json$/.test(essence.trim()) || isText(essence.trim());
  return readable ? decodedText(bytes, parameters) : `${bytes.length} bytes of ${essence.trim()}`;
}

function isText(media: string): boolean {
  return (
    media.startsWith('text/') || /^application\/(.*\+)?(xml|yaml|x-yaml|javascript|graphql|x-www-form-urlencoded)$/.test(media)
  );
}

function decodedText(bytes: Buffer, parameters: string[]): string {
  const charset = parameters.map((text) => /^\s*charset\s*=\s*"?([^"\s]+)"?/.exec(text)?.[1]).find(Boolean) ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

function strictUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
