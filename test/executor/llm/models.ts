import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Question {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into questions of both dialects
  body: any;
}

/** An answer in pieces: what is behind the first one waits for `rest`. */
export interface Pieces {
  pieces: string[];
  rest: Promise<void>;
}

type Say = string | Pieces | { status: number; body?: unknown; headers?: Record<string, string> } | 'hang' | 'half';

/** A stand-in for models in the dialects of OpenAI (`/v1/chat/completions`) and Anthropic (`/v1/messages`). It says one thing after the other. */
export async function aModel() {
  const says: Say[] = [];
  const questions: Question[] = [];
  let hungUp = 0;
  const server = createServer(async (request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) hungUp += 1;
    });
    const path = request.url ?? '';
    const body = (await json(request)) as { stream?: boolean };
    questions.push({ path, headers: request.headers, body });
    const say = (says.length > 1 ? says.shift() : says[0]) ?? '';
    const isText = typeof say === 'string' && say !== 'hang' && say !== 'half';
    if (body.stream && (isText || (typeof say === 'object' && 'pieces' in say)))
      await stream(response, path, isText ? { pieces: [say], rest: Promise.resolve() } : (say as Pieces));
    else answer(response, path, say);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    questions,
    hungUp: () => hungUp,
    say: (...what: Say[]) => {
      says.splice(0, says.length, ...what);
      questions.length = 0;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(response: ServerResponse, path: string, say: Say): void {
  if (say === 'hang') return;
  if (typeof say === 'object' && 'pieces' in say) throw new Error('Nobody asked for a stream.');
  if (typeof say === 'object') {
    response.writeHead(say.status, { 'content-type': 'application/json', ...say.headers }).end(JSON.stringify(say.body ?? {}));
    return;
  }
  const body = JSON.stringify(path.endsWith('/messages') ? anthropic(say) : openai(say));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  if (say !== 'half') {
    response.end(body);
    return;
  }
  response.write(body.slice(0, 20), () => response.destroy());
}

const openai = (content: string) => ({
  id: 'chat-1',
  object: 'chat.completion',
  created: 1_800_000_000,
  model: 'stand-in',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
});

const anthropic = (text: string) => ({
  id: 'msg-1',
  type: 'message',
  role: 'assistant',
  model: 'stand-in',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5 },
});

/** Server-sent events, as each of the two has them. */
async function stream(response: ServerResponse, path: string, { pieces, rest }: Pieces): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event: Record<string, unknown>) =>
    response.write(`${typeof event['type'] !== 'string' ? '' : `event: ${event['type']}\n`}data: ${JSON.stringify(event)}\n\n`);
  const isAnthropic = path.endsWith('/messages');
  if (isAnthropic) {
    send({ type: 'message_start', message: { ...anthropic(''), content: [], stop_reason: null } });
    send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  }
  for (const [at, text] of pieces.entries()) {
    if (at === 1) await rest;
    if (isAnthropic) send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
    else send({ ...openaiChunk, choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] });
  }
  if (isAnthropic) {
    send({ type: 'content_block_stop', index: 0 });
    send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } });
    send({ type: 'message_stop' });
  } else {
    send({ ...openaiChunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    send({ ...openaiChunk, choices: [], usage: openai('').usage });
    response.write('data: [DONE]\n\n');
  }
  response.end();
}

const openaiChunk = { id: 'chat-1', object: 'chat.completion.chunk', created: 1_800_000_000, model: 'stand-in' };
