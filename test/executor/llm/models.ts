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

type Say = string | { status: number; body?: unknown; headers?: Record<string, string> } | 'hang' | 'half';

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
    questions.push({ path, headers: request.headers, body: await json(request) });
    answer(response, path, (says.length > 1 ? says.shift() : says[0]) ?? '');
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
