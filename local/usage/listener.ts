import type { RequestListener } from 'node:http';
import type { KeyUsage } from './key-usage.ts';
import { priced, type Usage } from './usage.ts';

/** Answers `GET /_local/usage`, and `GET /_local/usage/keys` where keys are counted; hands on everything else. */
export function usageListener(usage: Usage, keys: KeyUsage | undefined, next: RequestListener): RequestListener {
  const reports: Record<string, () => object> = {
    '/_local/usage': () => priced(usage),
    ...(keys && { '/_local/usage/keys': () => keys.report() }),
  };
  return (request, response) => {
    const report = request.method === 'GET' && request.url !== undefined ? reports[request.url] : undefined;
    if (!report) return next(request, response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(report()));
  };
}
