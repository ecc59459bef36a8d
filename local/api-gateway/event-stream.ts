import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { gatewayAnswer } from './answer.ts';

const PATH = /^\/v1\/runs\/([0-9A-Za-z]{1,40})\/events\/stream$/;
const STATUS: Record<string, number> = { NotAuthorized: 401, NotFound: 404 };
/** So that nobody between takes a quiet run for a dead connection. */
const COMMENT_EVERY_MS = 15_000;

const message = z.object({
  authorized: z.unknown().optional(),
  subscribed: z.string().optional(),
  cursor: z.union([z.int(), z.string()]).optional(),
  event: z.looseObject({ type: z.string() }).optional(),
  chunk: z.unknown().optional(),
  lagging: z.boolean().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

/** `GET /v1/runs/{id}/events/stream`: what the WebSocket tells of a run as server-sent events, which API Gateway cannot send. For curl and small pages, here alone. */
export function withEventStreams(liveUrl: string, next: RequestListener): RequestListener {
  return (request, response) => {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1');
    const runId = PATH.exec(url?.pathname ?? '')?.[1];
    if (request.method !== 'GET' || runId === undefined) return next(request, response);
    relay(liveUrl, { runId, key: keyOf(request), after: afterOf(request, url) }, response);
  };
}

const keyOf = ({ headers }: IncomingMessage) =>
  headers['x-api-key']?.toString() ?? /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '-';

/** A browser that connects again says what it has seen last. */
function afterOf({ headers }: IncomingMessage, url: URL | null): number {
  const after = Number(headers['last-event-id'] ?? url?.searchParams.get('after') ?? -1);
  return Number.isSafeInteger(after) && after >= -1 ? after : -1;
}

interface Asked {
  runId: string;
  key: string;
  after: number;
}

function relay(liveUrl: string, { runId, key, after }: Asked, response: ServerResponse): void {
  const socket = new WebSocket(liveUrl);
  const comments = setInterval(() => response.headersSent && response.write(':\n\n'), COMMENT_EVERY_MS).unref();
  const refuse = (status: number, text: string) => {
    const { headers, body } = gatewayAnswer(status, text);
    if (!response.headersSent) response.writeHead(status, headers).end(body);
  };
  socket.on('open', () => socket.send(JSON.stringify({ authorize: key })));
  socket.on('message', (data) => {
    const { authorized, subscribed, cursor, event, chunk, lagging, error } = message.parse(JSON.parse(String(data)));
    if (error) refuse(STATUS[error.name] ?? 400, error.message);
    if (authorized) socket.send(JSON.stringify({ subscribe: `run:${runId}`, after }));
    if (subscribed) response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders();
    if (event) response.write(`id: ${cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (chunk) response.write(`event: chunk\ndata: ${JSON.stringify(chunk)}\n\n`);
    if (error || lagging) socket.close();
  });
  socket.on('error', () => refuse(503, 'Service Unavailable'));
  socket.on('close', () => response.end());
  response.on('close', () => {
    clearInterval(comments);
    socket.terminate();
  });
}
