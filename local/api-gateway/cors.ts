import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer.ts';
import type { Cors } from './gateway.ts';

/** The answer to a browser that asks before it sends; undefined when the request is no such question. */
export function preflight(request: IncomingMessage, cors: Cors | undefined): Answer | undefined {
  const method = request.headers['access-control-request-method'];
  if (!cors || request.method !== 'OPTIONS' || !request.headers.origin || !method) return undefined;
  const origin = allowedOrigin(request, cors);
  if (!origin || !allows(cors.AllowMethods, method)) return { status: 204, headers: {}, body: '' };
  return {
    status: 204,
    headers: {
      ...originHeaders(origin, cors),
      'access-control-allow-methods': cors.AllowMethods.join(','),
      ...(cors.AllowHeaders.length > 0 && { 'access-control-allow-headers': cors.AllowHeaders.join(',') }),
      ...(cors.MaxAge !== undefined && { 'access-control-max-age': String(cors.MaxAge) }),
    },
    body: '',
  };
}

/** With CORS configured, its headers are the API's business and those of the function are dropped. */
export function withCors(answer: Answer, request: IncomingMessage, cors: Cors | undefined): Answer {
  if (!cors) return answer;
  const own = Object.entries(answer.headers).filter(([name]) => !name.startsWith('access-control-'));
  const origin = allowedOrigin(request, cors);
  return {
    ...answer,
    headers: {
      ...Object.fromEntries(own),
      ...(origin && originHeaders(origin, cors)),
      ...(origin && cors.ExposeHeaders.length > 0 && { 'access-control-expose-headers': cors.ExposeHeaders.join(',') }),
    },
  };
}

function originHeaders(origin: string, { AllowCredentials }: Cors): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    ...(origin !== '*' && { vary: 'Origin' }),
    ...(AllowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

function allowedOrigin(request: IncomingMessage, { AllowOrigins }: Cors): string | undefined {
  const { origin } = request.headers;
  if (!origin) return undefined;
  if (AllowOrigins.includes('*')) return '*';
  return AllowOrigins.find((pattern) => matches(pattern, origin)) && origin;
}

function matches(pattern: string, origin: string): boolean {
  if (!pattern.endsWith('://*')) return pattern.toLowerCase() === origin.toLowerCase();
  return origin.startsWith(pattern.slice(0, -1));
}

function allows(methods: string[], method: string): boolean {
  return methods.includes('*') || methods.includes(method);
}
