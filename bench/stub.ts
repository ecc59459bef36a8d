import { createServer } from 'node:http';
import { listen } from '../local/listen.ts';

const ANSWER = JSON.stringify({ customer: 'C-1001', total: 125_000, items: ['BOLT-8', 'NUT-8', 'WASHER-8'] });

/** The service that the measured workflows call: answers at once and knows how far each run has come. */
export interface Stub {
  url: string;
  /** Resolves when the run with this number has made so many calls; it has then all but ended. */
  called(n: number, times: number): Promise<void>;
  close(): void;
}

export async function startStub(): Promise<Stub> {
  const counts = new Map<number, number>();
  const waiting = new Map<number, { times: number; resolve: () => void }>();

  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
      response.end(ANSWER);
      const n = Number(request.url?.split('/').at(-1));
      const count = (counts.get(n) ?? 0) + 1;
      counts.set(n, count);
      const waiter = waiting.get(n);
      if (waiter && count >= waiter.times) waiter.resolve();
    });
  });
  server.keepAliveTimeout = 60_000;
  const port = await listen(server, 0, 'PORT');

  return {
    url: `http://127.0.0.1:${port}`,
    async called(n, times) {
      if ((counts.get(n) ?? 0) < times) await new Promise<void>((resolve) => waiting.set(n, { times, resolve }));
      waiting.delete(n);
      counts.delete(n);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
