import { isCallable } from '../../kernel/safe-url.ts';
import { StepError } from '../../kernel/step-error.ts';
import { describe } from './failure.ts';
import type { HttpRequest } from './request.ts';

export const MAX_REDIRECTS = 10;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What another origin may see of the author's headers: any other may be a credential, whatever its name. */
const ACROSS_ORIGINS = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);

/** The request that an answer asks for instead; nothing when the answer is one to keep. */
export function redirected(request: HttpRequest, status: number, location: string | undefined): HttpRequest | undefined {
  if (!REDIRECTS.has(status) || !location) return undefined;

  const url = targetOf(location, request.url);
  const next = becomesGet(request.method, status) ? asGet(request, url) : { ...request, url };
  return url.origin === request.url.origin ? next : acrossOrigins(request, next);
}

/** The same request at another URL; another origin gets nothing that was meant for this one. */
export function requestAt(request: HttpRequest, url: URL): HttpRequest {
  const next = { ...request, url };
  return url.origin === request.url.origin ? next : acrossOrigins(request, next);
}

const asGet = ({ headers }: HttpRequest, url: URL): HttpRequest => ({
  method: 'GET',
  url,
  headers: only(headers, (name) => !name.startsWith('content-') && name !== 'idempotency-key'),
});

/** Without what was meant for the first origin alone. A request without its body would be another request, so one that has a body is not made. */
function acrossOrigins(from: HttpRequest, { method, url, headers, body }: HttpRequest): HttpRequest {
  if (!body?.length) return { method, url, headers: only(headers, (name) => ACROSS_ORIGINS.has(name)) };
  throw new StepError(
    'HttpClientError',
    `${describe(from)} redirected to ${url.origin}, another origin, which is not sent the body. Call that URL in the step if it may have it.`,
  );
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

function only(headers: Record<string, string>, keep: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)));
}
