import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { BodyTooLarge, readBody, SenderGone } from '../aws/body.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { type Answer, answerOf, gatewayAnswer } from './answer.ts';
import { Authorizers } from './authorizer.ts';
import { preflight, withCors } from './cors.ts';
import { eventOf } from './event.ts';
import type { DeclaredRoute, Gateway } from './gateway.ts';
import { routeFinder } from './routes.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Each started piece of this size counts as a request on the bill. */
const METERED_BYTES = 512 * 1024;

/** The HTTP API of the stack: finds the route, asks the authorizer, calls the function, words the answer as API Gateway does. */
export function apiListener(
  gateway: Gateway,
  { functions, usage }: { functions: Functions; usage: Usage['api'] },
): RequestListener {
  const find = routeFinder(gateway.routes);
  const authorizers = new Authorizers(functions);

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const found = find(request.method ?? 'GET', request.url ?? '/');
    if (found === 'malformed') return gatewayAnswer(400, 'Bad Request');
    if (!found) return gatewayAnswer(404, 'Not Found');

    const body = await readBody(request, MAX_BODY_BYTES);
    usage.requests += Math.max(0, Math.ceil(body.length / METERED_BYTES) - 1);
    const event = eventOf(request, { ...found, body, apiId: gateway.apiId });
    const context = await contextOf(event, found.route);
    if ('status' in context) return context;
    const called = await call(functions, found.route, { ...event, requestContext: { ...event.requestContext, ...context } });
    return { ...called, headers: { 'apigw-requestid': event.requestContext.requestId, ...called.headers } };
  };

  const contextOf = async (
    event: ReturnType<typeof eventOf>,
    { authorizer }: DeclaredRoute,
  ): Promise<Answer | { authorizer?: { lambda: unknown } }> => {
    if (!authorizer) return {};
    const verdict = await authorizers.judge(authorizer, event);
    if (verdict.kind === 'anonymous') return gatewayAnswer(401, 'Unauthorized');
    if (verdict.kind === 'denied') return gatewayAnswer(403, 'Forbidden');
    return { authorizer: { lambda: verdict.context } };
  };

  return (request, response) => {
    usage.requests += 1;
    const asked = preflight(request, gateway.cors);
    if (asked) return send(request, response, asked);
    answer(request)
      .catch((error: unknown) => failed(error))
      .then((one) => send(request, response, withCors(one, request, gateway.cors)));
  };
}

async function call(functions: Functions, { functionArn, timeoutMs }: DeclaredRoute, event: unknown): Promise<Answer> {
  const { promise: late, resolve } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => resolve(gatewayAnswer(503, 'Service Unavailable')), timeoutMs);
  const answered = functions
    .invoke(functionArn, event)
    .then((result) => answerOf(result) ?? gatewayAnswer(500, 'Internal Server Error'));
  try {
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}

function failed(error: unknown): Answer {
  if (error instanceof SenderGone) return gatewayAnswer(400, 'Bad Request');
  if (error instanceof BodyTooLarge) return gatewayAnswer(413, 'Request Entity Too Large');
  if (error instanceof Error && error.name === 'Lambda.RequestTooLargeException')
    return gatewayAnswer(413, 'Request Entity Too Large');
  console.error(error);
  return gatewayAnswer(500, 'Internal Server Error');
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  // The rest of a body that nobody reads would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  try {
    response.writeHead(status, {
      ...headers,
      ...(status !== 204 && status !== 304 && { 'content-length': Buffer.byteLength(body) }),
    });
    response.end(status === 204 || status === 304 ? undefined : body);
  } catch (error) {
    // A header that HTTP cannot carry.
    console.error(error);
    const fault = gatewayAnswer(500, 'Internal Server Error');
    response.writeHead(fault.status, fault.headers).end(fault.body);
  }
}
