import type { RequestListener } from 'node:http';
import { priced, type Usage } from './usage.ts';

/** Answers `GET /_local/usage` and hands on everything else. */
export function usageListener(usage: Usage, next: RequestListener): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' || request.url !== '/_local/usage') return next(request, response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(priced(usage)));
  };
}
