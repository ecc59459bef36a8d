import { appendFileSync } from 'node:fs';

interface Asked {
  fail?: { name: string; message: string };
  hang?: boolean;
  sleepMs?: number;
  reject?: boolean;
  answer?: unknown;
}

export const calls: unknown[] = [];

/**
 * The function of test/local/small-stack.ts that does what its event asks for.
 * @public called by name
 */
export async function handler(
  event: Asked & { rawPath?: string; body?: string },
  context: { awsRequestId: string },
): Promise<unknown> {
  calls.push(event);
  if (event.hang) return new Promise(() => {});
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  if (event.fail) throw Object.assign(new Error(event.fail.message), { name: event.fail.name });
  if (event.reject) void Promise.reject(new Error('left alone'));
  if (event.rawPath !== undefined) return answerHttp(event.rawPath, event, context);
  return event.answer ?? event;
}

function answerHttp(path: string, event: unknown, context: { awsRequestId: string }): unknown {
  switch (path) {
    case '/bare':
      return { hello: 'world' };
    case '/full':
      return {
        statusCode: 201,
        headers: { 'X-Own': 'yes', 'access-control-allow-origin': 'own' },
        cookies: ['a=1', 'b=2'],
        body: 'made',
      };
    case '/binary':
      return {
        statusCode: 200,
        headers: { 'content-type': 'image/png' },
        isBase64Encoded: true,
        body: Buffer.from([0, 255, 1]).toString('base64'),
      };
    case '/throws':
      throw new Error('as asked');
    case '/malformed':
      return { statusCode: 'ok' };
    case '/bad-header':
      return { statusCode: 200, headers: { 'x-own': 'one\ntwo' } };
    default:
      return {
        statusCode: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ event, requestId: context.awsRequestId }),
      };
  }
}

interface Turn {
  next: string;
  until?: string;
  error?: string;
  cause?: string;
  /** How often the call fails before it is answered. */
  fails?: number;
  /** It fails by answering never. */
  hang?: boolean;
  sleepMs?: number;
  padding?: number;
}

interface Message {
  run: { turns: Turn[]; log?: string };
  execution: number;
  turn: number;
  id: string;
  startedAt: string;
  express: boolean;
}

const failures = new Map<string, number>();

/**
 * A worker that answers what its run says for each turn.
 * @public called by name
 */
export async function drive(message: Message): Promise<unknown> {
  calls.push(message);
  const { run, execution, turn, id } = message;
  if (run.log) appendFileSync(run.log, `${JSON.stringify({ id, turn, at: Date.now() })}\n`);
  const { fails = 0, sleepMs, hang, padding = 0, ...answer } = run.turns[turn] ?? { next: 'done' };
  const failed = failures.get(`${id}/${turn}`) ?? 0;
  failures.set(`${id}/${turn}`, failed + 1);
  if (failed < fails && hang) return new Promise(() => {});
  if (failed < fails) throw Object.assign(new Error('not now'), { name: 'NotNow' });
  if (sleepMs) await new Promise((resolve) => setTimeout(resolve, sleepMs));
  return { ...answer, run, execution, turn: turn + 1, ...(padding > 0 && { padding: 'x'.repeat(padding) }) };
}

/**
 * Allows who has the password, and tells the function whom it let in.
 * @public called by name
 */
export async function authorize(event: { headers: Record<string, string>; type: string }): Promise<unknown> {
  calls.push(event);
  if (event.headers['authorization'] === 'break') throw new Error('as asked');
  return { isAuthorized: event.headers['authorization'] === 'password', context: { who: 'tester' } };
}

/**
 * Tells CloudFormation that it has been created.
 * @public called by name
 */
export async function create(event: {
  ResponseURL: string;
  RequestType: string;
  ResourceProperties: Record<string, unknown>;
}): Promise<void> {
  calls.push(event);
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS' }) });
}
