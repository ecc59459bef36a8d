import type { IncomingMessage } from 'node:http';

/** The sender gave more bytes than are taken. */
export class BodyTooLarge extends Error {}

/** The sender went away in the middle; nobody is left to hear of it. */
export class SenderGone extends Error {}

/** What was read before its turn, to check the signature that covers it. */
const ahead = new WeakMap<IncomingMessage, Buffer>();

/** The whole body; throws `BodyTooLarge` at the first byte above the limit, `SenderGone` when it never ends. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const body = ahead.get(request) ?? (await receive(request, limitBytes));
  if (body.length > limitBytes) throw new BodyTooLarge();
  return body;
}

/** The same, for somebody who is not the last to read it. */
export async function readBodyAhead(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const body = await receive(request, limitBytes);
  ahead.set(request, body);
  return body;
}

function receive(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(new BodyTooLarge());
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    // Also comes after every end, and an error costs more than reading the rest.
    request.on('close', () => request.complete || reject(new SenderGone()));
  });
}
