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
