import type { IncomingMessage } from 'node:http';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { infiniteIn } from '../../kernel/infinite-in.ts';
import { MASK } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import { withoutSecretParameters } from '../../step/http/secret-names.ts';
import { expects, type HttpSpec, wantsRedirect } from '../../step/http/spec.ts';
import type { FileRef, LeafContext } from '../../step/kind.ts';
import type { Network } from './agents.ts';
import { authorized, checkDestination } from './authorize.ts';
import { excerpt, inflated, LIMIT_BYTES, parseBody, type Received, readBody, TooLong } from './body.ts';
import { credentialsOf } from './credential.ts';
import { describe, noAnswer, unexpectedAnswer } from './failure.ts';
import { fileName } from './file-name.ts';
import { gatherPages } from './paginate.ts';
import { MAX_REDIRECTS, redirected } from './redirect.ts';
import { type HttpRequest, requestOf } from './request.ts';
import { send } from './send.ts';

/** What a saved answer may weigh: files are not values. */
const SAVE_LIMIT_BYTES = 100 * 1024 * 1024;
/** Enough of an answer that is only quoted or passed over. */
const GLIMPSE_BYTES = 16 * 1024;

/** The full result of an http step. */
export interface HttpResult {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** One request and what it redirected to, or all pages from it on. Throws `StepError`, or whatever reason the signal was aborted with. */
export async function callHttp(spec: HttpSpec, context: LeafContext, network: Network): Promise<HttpResult | unknown[]> {
  let calls = 0;
  try {
    context.signal.throwIfAborted();
    const first = await requestOf(spec, context);
    const send = await senderFor(spec, context, network);
    const call = (request: HttpRequest) => {
      calls += 1;
      return callOnce(request, spec, context, send);
    };
    return spec.paginate ? await gatherPages(first, spec.paginate, call, context) : (await call(first)).result;
  } catch (error) {
    throw context.signal.aborted ? reasonOf(context.signal, spec) : error;
  } finally {
    if (calls > 1) context.used({ http: calls });
  }
}

async function callOnce(first: HttpRequest, spec: HttpSpec, context: LeafContext, send: Send) {
  const { request, answer } = await send(first);
  const status = answer.statusCode ?? 0;
  if (!expects(spec, status)) throw unexpectedAnswer(request, await glimpse(answer, status), context.now());
  const { headers } = answer;
  const body = await (spec.save ? savedAs(request, answer, context) : bodyOf(request, answer));
  return { request, result: { status, headers, body } };
}

interface Exchange {
  request: HttpRequest;
  answer: IncomingMessage;
}

type Send = (first: HttpRequest) => Promise<Exchange>;

async function senderFor(spec: HttpSpec, context: LeafContext, network: Network): Promise<Send> {
  if (!spec.connection) return (first) => follow(first, spec, context.signal, network);
  const connection = await context.connection(spec.connection);
  return (first) => sendWith(connection, first, spec, { context, network });
}

/** With the credential of a connection; with the one before it, where the newest is refused and that one may still be used. */
async function sendWith(
  connection: OpenConnection,
  first: HttpRequest,
  spec: HttpSpec,
  { context, network }: { context: LeafContext; network: Network },
): Promise<Exchange> {
  checkDestination(connection, first);
  let refused: Exchange | undefined;
  for (const credential of credentialsOf(connection)) {
    if (refused) await readBody(refused.answer, GLIMPSE_BYTES).catch(() => undefined);
    const { signal, now } = context;
    const authorize = (request: HttpRequest) => authorized(request, connection, credential, { network, signal, now });
    const exchange = await follow(first, spec, signal, network, authorize);
    if (exchange.answer.statusCode !== 401 || expects(spec, 401)) {
      await connection.report({ ok: true });
      return exchange;
    }
    refused = exchange;
  }
  throw await refusal(connection, refused, context.now());
}

async function refusal(connection: OpenConnection, refused: Exchange | undefined, now: Date): Promise<StepError> {
  if (!refused) return new StepError('CredentialRejected', `Connection "${connection.name}" has no secret that may be used.`);
  const { message, data } = unexpectedAnswer(refused.request, await glimpse(refused.answer, 401), now);
  await connection.report({ ok: false, reason: `${describe(refused.request)} answered 401` });
  return new StepError('CredentialRejected', `The credential of connection "${connection.name}" was refused: ${message}`, data);
}

async function follow(
  first: HttpRequest,
  spec: HttpSpec,
  signal: AbortSignal,
  network: Network,
  authorize = async (request: HttpRequest) => request,
): Promise<Exchange> {
  let request = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const isMeant = request.url.origin === first.url.origin;
    const answer = await send(isMeant ? await authorize(request) : request, network, signal);
    const status = answer.statusCode ?? 0;
    const next = wantsRedirect(spec, status) ? undefined : redirected(request, status, answer.headers.location);
    if (!next) return { request, answer };
    // Read, so that the connection can serve again; a long or broken body costs it that.
    await readBody(answer, GLIMPSE_BYTES).catch(() => undefined);
    request = next;
  }
  throw new StepError('HttpClientError', `${describe(first)} redirected more than ${MAX_REDIRECTS} times`);
}

async function bodyOf(request: HttpRequest, answer: IncomingMessage): Promise<unknown> {
  const bytes = await wholeBody(request, answer, LIMIT_BYTES);
  const type = answer.headers['content-type'];
  const unusable = (what: string) =>
    new StepError('HttpServerError', `${describe(request)} answered ${answer.statusCode} with ${what}`);
  const body = parsedBody(bytes, type, unusable);
  const field = infiniteIn(body);
  if (field !== undefined) throw unusable(`a number that is too large for JSON: ${['body', field].filter(Boolean).join('.')}`);
  return body;
}

function parsedBody(bytes: Buffer, type: string | undefined, unusable: (what: string) => StepError): unknown {
  try {
    return parseBody(bytes, type);
  } catch {
    const start = withoutSecretParameters(excerpt(bytes.subarray(0, 500), type), MASK);
    throw unusable(`a body that is not JSON: ${start}`);
  }
}

/** The answer as a file of the project, whatever it holds. */
async function savedAs(request: HttpRequest, answer: IncomingMessage, { files }: LeafContext): Promise<FileRef> {
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
  const content = bytesOf(request, answer, SAVE_LIMIT_BYTES);
  return files.save({ name: fileName(request.url, answer.headers), type: type.trim() || 'application/octet-stream', content });
}

async function wholeBody(request: HttpRequest, answer: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(request, answer, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes of an answer as they come; throws what the step is to fail with. */
async function* bytesOf(request: HttpRequest, answer: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  try {
    yield* inflated(answer, limit);
  } catch (cause) {
    if (!(cause instanceof TooLong)) throw noAnswer(request, cause);
    throw new StepError('OutputTooLarge', `${describe(request)} answered with more than ${limit / 1024 / 1024} MiB`);
  }
}

async function glimpse(answer: IncomingMessage, status: number) {
  const nothing: Received = { bytes: Buffer.alloc(0), whole: false };
  const { bytes } = await readBody(answer, GLIMPSE_BYTES).catch(() => nothing);
  return { status, headers: answer.headers, body: excerpt(bytes, answer.headers['content-type']) };
}

/** Who aborted knows why; only a bare time limit has no words of its own. */
function reasonOf({ reason }: AbortSignal, { method, url }: HttpSpec): unknown {
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError';
  return timedOut ? new StepError('Timeout', `${describe({ method, url: new URL(url) })} did not answer in time`) : reason;
}
