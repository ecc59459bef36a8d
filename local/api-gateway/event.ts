import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ACCOUNT } from '../aws/account.ts';
import type { DeclaredRoute } from './gateway.ts';

/** Bodies of these types reach the function as text; all others in base64. */
const TEXT = /^(text\/|application\/(json|xml|javascript)\b|application\/[^;]*\+(json|xml)\b)/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A request in the payload format 2.0 of HTTP APIs. */
export function eventOf(request: IncomingMessage, { route, parameters, body, apiId }: Matched) {
  const [encodedPath = '/', rawQueryString = ''] = split(request.url ?? '/');
  // HTTP APIs hand the path over decoded.
  const rawPath = decodeURIComponent(encodedPath);
  const headers = headersOf(request);
  const cookies = request.headers.cookie?.split('; ');
  const queryStringParameters = queryOf(rawQueryString);
  const now = new Date();
  const domainName = (request.headers.host ?? '127.0.0.1').replace(/:\d+$/, '');
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath,
    rawQueryString,
    ...(cookies && { cookies }),
    headers,
    ...(queryStringParameters && { queryStringParameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0] ?? domainName,
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    ...bodyOf(body, request.headers['content-type']),
  };
}

export type ApiEvent = ReturnType<typeof eventOf>;

export interface Matched {
  route: DeclaredRoute;
  parameters: Record<string, string>;
  body: Buffer;
  apiId: string;
}

function split(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function bodyOf(body: Buffer, contentType: string | undefined) {
  if (body.length === 0) return { isBase64Encoded: false };
  if (TEXT.test(contentType ?? '')) return { body: body.toString(), isBase64Encoded: false };
  return { body: body.toString('base64'), isBase64Encoded: true };
}

/** Lower case names, repeated headers in one value; cookies have a place of their own. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie' && values) headers[name] = values.join(',');
  }
  headers['x-forwarded-for'] = [headers['x-forwarded-for'], request.socket.remoteAddress].filter(Boolean).join(', ');
  headers['x-forwarded-port'] ??= String(request.socket.localPort ?? '');
  headers['x-forwarded-proto'] ??= 'http';
  return headers;
}

function queryOf(search: string): Record<string, string> | undefined {
  if (!search) return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    parameters[name] = Object.hasOwn(parameters, name) ? `${parameters[name]},${value}` : value;
  }
  return parameters;
}

/** `12/Mar/2026:19:03:58 +0000` */
function commonLogTime(at: Date): string {
  const [date = '', time = ''] = at.toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}
