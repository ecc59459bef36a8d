import { Listener } from '../test/harness/listener.ts';
import { withBench } from './harness/bench.ts';
import { spreadOf } from './harness/statistics.ts';

const HELP = `Usage: npm run bench:live [-- clients [runs]]

Measures how long after the start of a run its first news is with each of so many clients (500) that listen to one feed, 50 runs (runs) one after another.
`;

const [clients = 500, runs = 50] = process.argv.slice(2).map(Number);
if (![clients, runs].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(HELP);
  process.exit(2);
}

const GOAL_MS = 200;
const WORKFLOW = { name: 'bench-live', format: 1, steps: [{ id: 'only', set: { a: 1 } }] };

await withBench({ connections: 1 }, async ({ client, cloud }) => {
  const workflow = await client.publish(WORKFLOW);
  for (const count of [1, clients]) {
    const listeners = await Promise.all(Array.from({ length: count }, () => Listener.authorized(cloud.url)));
    await Promise.all(listeners.map((one) => one.subscribe({ subscribe: 'feed', filter: { workflow_id: workflow } })));
    const samples: number[] = [];
    for (let n = 0; n < runs; n++) samples.push(...(await untilHeard(listeners, () => client.start(workflow, {}))));
    const { p50, p95 } = spreadOf(samples);
    const verdict = p95 <= GOAL_MS ? 'reached' : 'missed';
    console.log(
      `${count} on one feed: ${p50.toFixed(1)} ms p50, ${p95.toFixed(1)} ms p95 from its row to the client (${GOAL_MS} ms: ${verdict})`,
    );
    for (const one of listeners) one.close();
  }
});

/** From the creation that the run records to when each has heard of it. */
async function untilHeard(listeners: Listener[], start: () => Promise<string>): Promise<number[]> {
  const heard = listeners.map(
    (listener) =>
      new Promise<{ at: number; run: { id: string; created_at: string } }>((resolve) => {
        const hear = (data: unknown) => {
          const { run } = JSON.parse(String(data));
          if (run?.status !== 'pending') return;
          listener.socket.off('message', hear);
          resolve({ at: Date.now(), run });
        };
        listener.socket.on('message', hear);
      }),
  );
  await start();
  const samples = (await Promise.all(heard)).map(({ at, run }) => at - Date.parse(run.created_at));
  // So that what the end of this run brings is over when the next begins.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return samples;
}
