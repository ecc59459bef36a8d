import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../client/client.ts';
import { readBodyAhead } from '../../local/aws/body.ts';
import { examplesFor, sampleConnections } from '../../local/demo.ts';
import { SampleModel } from '../../local/sample-model.ts';
import { SampleServices } from '../../local/sample-services.ts';
import { SampleTools } from '../../local/sample-tools.ts';
import { API_KEY } from '../harness/millrun-process.ts';

const MAX_BODY_BYTES = 1024 * 1024;

interface Asked {
  path: string;
  body: string;
  /** The caller's idempotency key. */
  key: string | undefined;
}

/** The sample services in the process of a test: they outlive a cloud that is killed, and remember what they were asked. */
export async function startSamples({ afterMs = () => 0 }: { afterMs?: () => number } = {}) {
  const services = [new SampleModel(), new SampleTools(), new SampleServices()];
  const asked: Asked[] = [];
  const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    try {
      const body = (await readBodyAhead(request, MAX_BODY_BYTES)).toString();
      const key = request.headers['idempotency-key']?.toString();
      asked.push({ path: (request.url ?? '').replace('/_sample/', ''), body, key });
      await sleep(afterMs());
      await services.find((one) => one.owns(request))?.answer(request, response);
    } catch {
      response.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/_sample`,
    /** What went to a service, as far as it holds the text. */
    asked: (service: string, text = '') => asked.filter(({ path, body }) => path.startsWith(service) && body.includes(text)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Samples = Awaited<ReturnType<typeof startSamples>>;

/** Publishes an example that mails start, under a name of its own and with connections of its own to these services: those of `npm start` stay what they are. */
export async function publishByMail(url: string, name: string, samples: Samples): Promise<{ workflow: string; address: string }> {
  const api = new Client({ url, apiKey: API_KEY });
  const { items } = await api.call('listConnections', { query: { project_id: 'examples', limit: 100 } });
  for (const body of sampleConnections(samples.url).map((one) => ({ ...one, name: `my-${one.name}` })))
    if (!items.some((one) => one.name === body.name)) await api.call('createConnection', { body });
  const example = examplesFor(samples.url).find((one) => one.name === name);
  if (!example) throw new Error(`there is no example ${name}`);
  const definition = example.definition
    .replace(/^name: /m, 'name: my-')
    .replace('connections: [models, directory]', 'connections: [my-models, my-directory]')
    .replaceAll(/connection: (?=models|directory)/g, 'connection: my-');
  const { id } = await api.call('createWorkflow', { body: { project_id: 'examples', definition } });
  const params = { workflow_id: id };
  await api.call('publishWorkflow', { params, body: {} });
  const { address } = await api.call('putMailbox', { params, body: { permission: 'anyone' } });
  return { workflow: id, address };
}
