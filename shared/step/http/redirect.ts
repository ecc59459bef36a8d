import { StepError } from '../step-error.ts';
import type { HttpRequest } from './request.ts';
import { isCallable } from './spec.ts';

export const MAX_REDIRECTS = 10;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CREDENTIAL = /authorization|cookie|api-?key|token|secret|password|signature/;

/** The request that an answer asks for instead; nothing when the answer is one to keep. */
export function redirected(request: HttpRequest, status: number, location: string | undefined): HttpRequest | undefined {
  if (!REDIRECTS.has(status) || !location) return undefined;

  const url = targetOf(location, request.url);
  const headers = url.origin === request.url.origin ? request.headers : without(request.headers, (name) => CREDENTIAL.test(name));
  if (!becomesGet(request.method, status)) return { ...request, url, headers };
  return { method: 'GET', url, headers: without(headers, (name) => name.startsWith('content-') || name === 'idempotency-key') };
}

/** The rules of fetch: 303 turns everything but HEAD into GET, 301 and 302 only POST. */
function becomesGet(method: HttpRequest['method'], status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

function targetOf(location: string, from: URL): URL {
  // Node reads headers as latin1; servers write UTF-8.
  const url = URL.parse(Buffer.from(location, 'latin1').toString(), from.href);
  if (url && isCallable(url)) return url;
  throw new StepError(
    'HttpClientError',
    `${from.origin}${from.pathname} redirected to something other than an http or https URL`,
  );
}

function without(headers: Record<string, string>, drop: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name)));
}
