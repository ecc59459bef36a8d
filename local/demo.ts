import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const EXAMPLES = join(import.meta.dirname, '../examples');
const SHOWN = 'order-intake';
const POLL_EVERY_MS = 100;
const MAX_WAIT_MS = 120_000;

/** As the examples write it: where the sample services are unless AWS_PORT says otherwise. */
const SERVICES = 'http://127.0.0.1:4566/_sample';
const anyServices = /http:\/\/127\.0\.0\.1:\d+\/_sample/g;

const workflow = z.object({ id: z.string(), name: z.string() });
const detail = z.object({ draft: z.object({ source: z.string() }) });
const run = z.object({
  id: z.string(),
  status: z.string(),
  ended_at: z.string().nullable(),
  outputs: z.unknown(),
  error: z.unknown(),
});
const event = z.object({
  id: z.int(),
  time: z.string(),
  type: z.string(),
  step: z.string().nullable(),
  scope: z.string(),
  message: z.string(),
});
const events = z.object({ items: z.array(event) });
const page = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item), continuation_token: z.string().nullable() });

interface Demo {
  /** Where the API answers. */
  url: string;
  /** Where the sample services that the examples call are. */
  services: string;
  apiKey: string;
  /** Run the example although the examples were published before. */
  always: boolean;
}

/** Publishes the examples that are not there yet and runs one, through the public API. True when that run succeeded, or none was due. */
export async function runDemo({ url, services, apiKey, always }: Demo): Promise<boolean> {
  const api = caller(url, apiKey);
  const known = new Map((await everyWorkflow(api)).map(({ id, name }) => [name, id]));
  let published = 0;
  for (const { file, name, definition } of examplesFor(services)) {
    const id = known.get(name);
    if (id !== undefined) {
      await moveServices(api, id, definition);
      continue;
    }
    const saved = workflow.parse(await api('POST', '/v1/workflows', { project_id: 'examples', definition }));
    await api('POST', `/v1/workflows/${saved.id}/publish`, {});
    known.set(name, saved.id);
    published += 1;
    console.log(`published examples/${file} as ${saved.id}`);
  }
  const id = known.get(SHOWN);
  return (published > 0 || always) && id ? follow(api, id, services) : true;
}

/** The examples, with the sample services where they are now. */
function examplesFor(services: string) {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((file) => {
    const text = readFileSync(join(EXAMPLES, file), 'utf8');
    const { name } = z.object({ name: z.string() }).parse(parse(text));
    return { file, name, definition: text.replaceAll(SERVICES, services) };
  });
}

/** Publishes an example again whose sample services have moved to another port, unless somebody has made something else of it. */
async function moveServices(api: Api, id: string, definition: string): Promise<void> {
  const { source } = detail.parse(await api('GET', `/v1/workflows/${id}`)).draft;
  if (source === definition || source.replaceAll(anyServices, '') !== definition.replaceAll(anyServices, '')) return;
  await api('PUT', `/v1/workflows/${id}/draft`, { definition });
  await api('POST', `/v1/workflows/${id}/publish`, { note: 'The sample services have moved' });
}

async function follow(api: Api, workflowId: string, services: string): Promise<boolean> {
  const lines = ['BOLT-8', 'NUT-8', 'WASHER-8'].map((sku, index) => ({ sku, quantity: index === 2 ? 80 : 40 }));
  const inputs = { services, orderId: 'PO-1001', lines };
  const { id } = run.parse(await api('POST', `/v1/workflows/${workflowId}/command`, { command: 'start', params: { inputs } }));
  console.log(`run ${id} of ${SHOWN}`);

  const until = Date.now() + MAX_WAIT_MS;
  for (let after: number | undefined; Date.now() < until; ) {
    // Looked at first: an end seen before the log was read means that the log is whole.
    const now = run.parse(await api('GET', `/v1/runs/${id}`));
    after = await printEvents(api, id, after);
    if (now.ended_at !== null) {
      console.log(`run ${id} ${now.status} ${JSON.stringify(now.outputs ?? now.error)}`);
      return now.status === 'succeeded';
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  console.error(`run ${id} has not ended within ${MAX_WAIT_MS / 1000} s`);
  return false;
}

/** Prints what happened since; answers the id of the last event seen. */
async function printEvents(api: Api, id: string, after: number | undefined): Promise<number | undefined> {
  const query = after === undefined ? '' : `?after=${after}`;
  const { items } = events.parse(await api('GET', `/v1/runs/${id}/events${query}`));
  for (const { time, type, step, scope, message } of items)
    console.log(`  ${time.slice(11, 23)} ${type.padEnd(14)} ${`${scope}${step ?? ''}`.padEnd(14)} ${message}`);
  return items.at(-1)?.id ?? after;
}

async function everyWorkflow(api: Api): Promise<z.infer<typeof workflow>[]> {
  const all: z.infer<typeof workflow>[] = [];
  let token: string | null = null;
  do {
    const query = token === null ? '' : `&continuation_token=${encodeURIComponent(token)}`;
    const found: z.infer<ReturnType<typeof page<z.infer<typeof workflow>>>> = page(workflow).parse(
      await api('GET', `/v1/workflows?project_id=examples&limit=100${query}`),
    );
    all.push(...found.items);
    token = found.continuation_token;
  } while (token !== null);
  return all;
}

type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

function caller(url: string, apiKey: string): Api {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
}
