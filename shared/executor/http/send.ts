import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { StepError } from '../../kernel/step-error.ts';
import type { Network } from './agents.ts';
import { describe, noAnswer } from './failure.ts';
import type { HttpRequest } from './request.ts';

const CONNECT_MS = 10_000;

/** RFC 9110, 9.2.2: a client may send these again by itself. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Sends one request and answers once the headers have arrived; whoever gets the answer reads or destroys its body. */
export async function send(request: HttpRequest, network: Network, signal: AbortSignal): Promise<IncomingMessage> {
  network.check(request.url);
  const first = await exchange(request, network, signal);
  if (!('failure' in first)) return first.answer;
  if (!first.stale || !IDEMPOTENT.has(request.method)) throw noAnswer(request, first.failure);

  const second = await exchange(request, network, signal);
  if ('failure' in second) throw noAnswer(request, second.failure);
  return second.answer;
}

/** `stale`: the connection was kept from an earlier call and the server closed it as we wrote. */
type Outcome = { answer: IncomingMessage } | { failure: Error; stale: boolean };

async function exchange(request: HttpRequest, network: Network, signal: AbortSignal): Promise<Outcome> {
  const giveBack = await network.take(signal);
  try {
    const body = Buffer.isBuffer(request.body) ? request.body : await request.body?.open();
    return await dial(request, body, { network, signal, giveBack });
  } catch (error) {
    giveBack();
    throw error;
  }
}

interface Line {
  network: Network;
  signal: AbortSignal;
  giveBack: () => void;
}

type OpenBody = Buffer | AsyncIterable<Uint8Array> | undefined;

function dial(request: HttpRequest, body: OpenBody, { network, signal, giveBack }: Line): Promise<Outcome> {
  const { url, method, headers } = request;
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const call = start(url, { method, headers, signal, agent: network.agentFor(url) });
    call.once('close', giveBack);
    call.on('response', (answer) => resolve({ answer }));
    call.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve({ failure: new Error('switched to a protocol that nobody asked for'), stale: false });
    });
    call.on('error', (failure) => resolve({ failure, stale: call.reusedSocket && isReset(failure) }));
    call.on('socket', (socket) => {
      if (call.reusedSocket) return;
      const tooLate = () =>
        call.destroy(new StepError('ConnectionFailed', `${describe(request)} found no connection within 10 s`));
      const timer = setTimeout(tooLate, CONNECT_MS);
      const stop = () => clearTimeout(timer);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
      call.once('close', stop);
    });
    write(body, call);
  });
}

/** No faster than the other side takes it. */
function write(body: OpenBody, call: ClientRequest): void {
  if (body === undefined || Buffer.isBuffer(body)) {
    call.end(body);
    return;
  }
  const source = Readable.from(body, { objectMode: false });
  source.once('error', (error) => call.destroy(error));
  call.once('close', () => source.destroy());
  source.pipe(call);
}

function isReset(failure: Error): boolean {
  return 'code' in failure && (failure.code === 'ECONNRESET' || failure.code === 'EPIPE');
}
