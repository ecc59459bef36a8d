import type { RequestListener } from 'node:http';
import type { KeyUsage } from './key-usage.ts';
import { priced, type Usage } from './usage.ts';

interface Told {
  usage: Usage;
  keys: KeyUsage | undefined;
  /** Whose events are shown. */
  buses: { events: string };
}

/**
 * Answers `GET /_local/usage`, `GET /_local/usage/keys` where keys are counted, and `GET /_local/events`, the last events that were put on a bus; hands on
 * everything else.
 */
export function usageListener({ usage, keys, buses }: Told, next: RequestListener): RequestListener {
  const reports: Record<string, () => string> = {
    '/_local/usage': () => JSON.stringify(priced(usage)),
    '/_local/events': () => buses.events,
    ...(keys && { '/_local/usage/keys': () => JSON.stringify(keys.report()) }),
  };
  return (request, response) => {
    const report = request.method === 'GET' && request.url !== undefined ? reports[request.url] : undefined;
    if (!report) return next(request, response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(report());
  };
}
