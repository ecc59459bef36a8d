import { Readable } from 'node:stream';
import { StepError } from '../../kernel/step-error.ts';
import type { Network } from './agents.ts';
import type { HttpRequest } from './request.ts';
import { send } from './send.ts';

/** What one answer may weigh. */
const LIMIT_BYTES = 20 * 1024 * 1024;
/** By the fetch standard, answers that have no body. */
const EMPTY = new Set([204, 205, 304]);

/** Fetch for clients of others, under the rule about where steps may lead: one request, whose redirects are not followed. */
export function fetchOver(network: Network, signal: AbortSignal): typeof fetch {
  return async (target, init = {}) => {
    const { method = 'GET', body } = init;
    const content = body === undefined || body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer());
    const request: HttpRequest = {
      method: method.toUpperCase() as HttpRequest['method'],
      url: new URL(target instanceof Request ? target.url : target),
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        'user-agent': 'millrun',
        ...(content && { 'content-length': String(content.length) }),
      },
      body: content,
    };
    const answer = await send(request, network, init.signal ? AbortSignal.any([signal, init.signal]) : signal);
    const status = answer.statusCode ?? 500;
    const headers = new Headers(
      Object.entries(answer.headers).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one])),
    );
    if (!EMPTY.has(status))
      return new Response(Readable.toWeb(Readable.from(bounded(answer))) as ReadableStream, { status, headers });
    answer.resume();
    return new Response(null, { status, headers });
  };
}

async function* bounded(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) throw new StepError('OutputTooLarge', `The answer has more than ${LIMIT_BYTES / 1024 / 1024} MiB.`);
    yield chunk;
  }
}
