import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ApiError, type Ask, Client, type Result } from '../client/client.ts';

const EXAMPLES = join(import.meta.dirname, '../examples');
const SHOWN = 'order-intake';
/** Mails start them. */
const BY_MAIL = ['invoice-intake', 'support-triage'];
const POLL_EVERY_MS = 100;
const MAX_WAIT_MS = 120_000;

/** As the examples write it: where the sample services are unless AWS_PORT says otherwise. */
const SERVICES = 'http://127.0.0.1:4566/_sample';
const anyServices = /http:\/\/127\.0\.0\.1:\d+\/_sample/g;

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
  const api = new Client({ url, apiKey });
  await connectSamples(api, services);
  const known = new Map((await everyWorkflow(api)).map(({ id, name }) => [name, id]));
  let published = 0;
  for (const { file, name, definition } of examplesFor(services)) {
    const id = known.get(name);
    if (id !== undefined) {
      await moveServices(api, id, definition);
      continue;
    }
    const saved = await api.call('createWorkflow', { body: { project_id: 'examples', definition } });
    await api.call('publishWorkflow', { params: { workflow_id: saved.id }, body: {} });
    known.set(name, saved.id);
    published += 1;
    console.log(`published examples/${file} as ${saved.id}`);
  }
  for (const name of BY_MAIL) {
    const id = known.get(name);
    if (id !== undefined) await openMailbox(api, id);
  }
  const id = known.get(SHOWN);
  return (published > 0 || always) && id ? follow(api, id, services) : true;
}

/** The connections that examples name: to the model and to the tools that the sample services bring along. Where those have moved, they follow. */
export async function connectSamples(api: Client, services: string): Promise<void> {
  const known = new Map((await everyConnection(api)).map((one) => [one.name, one]));
  for (const body of sampleConnections(services)) {
    const made = known.get(body.name);
    if (made) await moveConnection(api, made, services);
    else await api.call('createConnection', { body });
  }
}

/** What the examples name, where the sample services are. */
export const sampleConnections = (services: string): Ask<'createConnection'>['body'][] => [
  {
    project_id: 'examples',
    name: 'models',
    type: 'openai',
    settings: { base_url: `${services}/model/v1`, model: 'sample' },
    secret: {},
  },
  { project_id: 'examples', name: 'directory', type: 'mcp', settings: { url: `${services}/mcp` }, secret: {} },
];

/** Whatever else somebody has made of it stays. */
async function moveConnection(api: Client, { id, settings }: KnownConnection, services: string): Promise<void> {
  const before = JSON.stringify(settings);
  const now = before.replaceAll(anyServices, services);
  if (now === before) return;
  const body = { settings: z.record(z.string(), z.unknown()).parse(JSON.parse(now)) };
  await api.call('changeConnection', { params: { connection_id: id }, body });
}

/** Gives the workflow an address, unless it has one. */
async function openMailbox(api: Client, id: string): Promise<void> {
  const params = { workflow_id: id };
  try {
    await api.call('getMailbox', { params });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    await api.call('putMailbox', { params, body: { permission: 'anyone' } });
  }
}

/** The examples, with the sample services where they are now. */
export function examplesFor(services: string) {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((file) => {
    const text = readFileSync(join(EXAMPLES, file), 'utf8');
    const { name } = z.object({ name: z.string() }).parse(parse(text));
    return { file, name, definition: text.replaceAll(SERVICES, services) };
  });
}

/** Publishes an example again whose sample services have moved to another port, unless somebody has made something else of it. */
async function moveServices(api: Client, id: string, definition: string): Promise<void> {
  const params = { workflow_id: id };
  const { source } = (await api.call('getWorkflow', { params })).draft;
  if (source === definition || source.replaceAll(anyServices, '') !== definition.replaceAll(anyServices, '')) return;
  await api.call('saveDraft', { params, body: { definition } });
  await api.call('publishWorkflow', { params, body: { note: 'The sample services have moved' } });
}

async function follow(api: Client, workflowId: string, services: string): Promise<boolean> {
  const lines = ['BOLT-8', 'NUT-8', 'WASHER-8'].map((sku, index) => ({ sku, quantity: index === 2 ? 80 : 40 }));
  const inputs = { services, orderId: 'PO-1001', lines };
  const params = { workflow_id: workflowId };
  const started = await api.call('commandWorkflow', { params, body: { command: 'start', params: { inputs } } });
  if ('dry_run' in started) throw new Error('the demo run was not started');
  const { id } = started;
  console.log(`run ${id} of ${SHOWN}`);

  const until = Date.now() + MAX_WAIT_MS;
  for (let after: number | undefined; Date.now() < until; ) {
    // Looked at first: an end seen before the log was read means that the log is whole.
    const now = await api.call('getRun', { params: { run_id: id } });
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
async function printEvents(api: Client, id: string, after: number | undefined): Promise<number | undefined> {
  const query = after === undefined ? {} : { after: String(after) };
  const { items } = await api.call('getRunEvents', { params: { run_id: id }, query });
  for (const { time, type, step, scope, message } of items)
    console.log(`  ${time.slice(11, 23)} ${type.padEnd(14)} ${`${scope}${step ?? ''}`.padEnd(14)} ${message}`);
  return items.at(-1)?.id ?? after;
}

const everyWorkflow = (api: Client) =>
  everyPage<Result<'listWorkflows'>['items'][number]>((query) => api.call('listWorkflows', { query }));

type KnownConnection = Result<'listConnections'>['items'][number];

const everyConnection = (api: Client) => everyPage<KnownConnection>((query) => api.call('listConnections', { query }));

interface PageQuery {
  project_id: string;
  limit: number;
  continuation_token?: string;
}

async function everyPage<T>(
  page: (query: PageQuery) => Promise<{ items: T[]; continuation_token: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | null = null;
  do {
    const query: PageQuery = { project_id: 'examples', limit: 100, ...(token !== null && { continuation_token: token }) };
    const { items, continuation_token: next } = await page(query);
    all.push(...items);
    token = next;
  } while (token !== null);
  return all;
}
