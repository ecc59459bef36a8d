import { createServer } from 'node:http';
import { listen } from '../../local/listen.ts';

const ANSWER = JSON.stringify({ customer: 'C-1001', total: 125_000, items: ['BOLT-8', 'NUT-8', 'WASHER-8'] });

/** Steps of these names are answered otherwise than at once and well. */
const SLOW = 'slow';
const MISSING = 'missing';
/** Longer than a driver waits before it writes down that a step is in flight. */
const SLOW_MS = 700;

/** The service that the measured workflows call at `/<step>/<number of the run>`: it knows how far each run has come. */
export interface Stub {
  url: string;
  /** Resolves when the run with this number has had so many answers; it has then all but ended. */
  called(n: number, times: number): Promise<void>;
  close(): void;
}

export async function startStub(): Promise<Stub> {
  const counts = new Map<number, number>();
  const waiting = new Map<number, { times: number; resolve: () => void }>();

  const count = (n: number) => {
    const times = (counts.get(n) ?? 0) + 1;
    counts.set(n, times);
    const waiter = waiting.get(n);
    if (waiter && times >= waiter.times) waiter.resolve();
  };
  const server = createServer((request, response) => {
    const [step, n] = request.url?.split('/').slice(1) ?? [];
    const answer = () => {
      response.writeHead(step === MISSING ? 404 : 200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
      response.end(ANSWER);
      count(Number(n));
    };
    request.resume().on('end', () => (step === SLOW ? setTimeout(answer, SLOW_MS) : answer()));
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
