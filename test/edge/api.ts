import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, vi } from 'vitest';
import { Client } from '../../client/client.ts';
import type { SettingsInput } from '../../infra/settings.ts';
import { synthesize } from '../../infra/synth-template.ts';
import { DynamoKeys } from '../../shared/access/key.dynamo.ts';
import { newKey } from '../../shared/access/key.ts';
import type { Role } from '../../shared/kernel/role.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { expectDeclared } from './declared.ts';

export interface Ask {
  /** Another key than the first one, which is an admin's of the project `examples`; null for none. */
  key?: string | null;
  /** Sent as JSON; text and bytes go out as they are. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** What an answer never holds: traces, paths of files, names of tables, words of AWS; roles are what people name themselves. */
const INSIDES =
  /node_modules|file:\/\/|\.ts:\d+|\n\s+at |millrun-Stores|arn:aws(?!:iam::\d{12}:role\/)|DynamoDB|(Validation|Serialization|ResourceNotFound|ConditionalCheckFailed|Throttling|TransactionCanceled)Exception/;

const root = join(import.meta.dirname, '../..');

/**
 * The stack, up (with other settings than the embedded ones), and a client of its API that lets no fault of ours, no look inside and no status pass that the
 * document does not declare.
 */
export async function startApi(settings?: SettingsInput, dataDir?: string) {
  const cloud = await cloudInProcess(settings && { root, template: async () => synthesize(settings) }, dataDir);
  const client = new DynamoDBClient({ endpoint: cloud.cloudUrl });
  const keys = new DynamoKeys(() => client, process.env['ACCESS_TABLE'] ?? '');

  async function call(method: string, path: string, { key = API_KEY, body, headers = {} }: Ask = {}): Promise<Answered> {
    const client = new Client({ url: cloud.url, apiKey: key ?? undefined });
    const answer = await client.request<Answered['body']>(method, path, { ...(body !== undefined && { body }), headers });
    const { status, text } = answer;
    expect(status, `${method} ${path.slice(0, 200)} answered ${text.slice(0, 500)}`).toBeLessThan(500);
    expect(text).not.toMatch(INSIDES);
    expectDeclared(method, path, answer);
    return answer;
  }

  const get = (path: string, ask?: Ask) => call('GET', path, ask);
  const post = (path: string, body: unknown, ask?: Ask) => call('POST', path, { ...ask, body });

  /** A key as an admin of that workspace would have made it. */
  async function keyOf({ role = 'admin', workspace = 'local', project }: { role?: Role; workspace?: string; project?: string }) {
    const { key, record } = newKey({ role, workspace, name: `${workspace} ${role}`, ...(project && { project }) }, new Date());
    await keys.put(record);
    return key;
  }

  /** A published workflow of the steps; gives its id. */
  async function publish(steps: string, { project = 'examples', key = API_KEY, top = '' } = {}): Promise<string> {
    const definition = `format: 1\nname: ${uniqueName()}\n${top}\nsteps:\n${steps}`;
    const saved = await post('/v1/workflows', { project_id: project, definition }, { key });
    expect(saved.status, saved.text.slice(0, 500)).toBe(201);
    const published = await post(`/v1/workflows/${saved.body.id}/publish`, {}, { key });
    expect(published.status, published.text.slice(0, 500)).toBe(201);
    return saved.body.id;
  }

  const start = (workflow: string, inputs: object = {}, ask?: Ask) =>
    post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { inputs } }, ask);

  /** The run once it has ended. */
  async function ended(id: string, ask?: Ask): Promise<Answered['body']> {
    return vi.waitFor(
      async () => {
        const { body } = await get(`/v1/runs/${id}`, ask);
        expect(body.ended_at).toBeTruthy();
        return body;
      },
      { timeout: 20_000, interval: 20 },
    );
  }

  /** The open task of a run, once there is one. */
  async function asked(run: string, ask?: Ask): Promise<Answered['body']> {
    return vi.waitFor(
      async () => {
        const { body } = await get(`/v1/tasks?run_id=${run}&status=open`, ask);
        expect(body.items).toHaveLength(1);
        return body.items[0];
      },
      { timeout: 20_000, interval: 20 },
    );
  }

  return {
    url: cloud.url,
    cloud,
    call,
    get,
    post,
    keyOf,
    publish,
    start,
    ended,
    asked,
    async close() {
      client.destroy();
      await cloud.close();
    },
  };
}

export type Api = Awaited<ReturnType<typeof startApi>>;

let names = 0;
export function uniqueName(): string {
  names += 1;
  return `flow-${Date.now().toString(36)}-${names}`;
}

export const ONE_QUESTION = '  - id: ask\n    approval: { assignees: ada@example.com, title: Go? }\n';
export const ONE_STEP = '  - id: only\n    set: { done: true }\n';

/** Every refusal looks like this. */
export function expectRefusal(answered: Answered, status: number, field?: string | RegExp) {
  expect(answered.status, answered.text.slice(0, 500)).toBe(status);
  expect(answered.headers.get('content-type')).toBe('application/json');
  expect(Object.keys(answered.body).toSorted()).toEqual(['details', 'message', 'status_code']);
  expect(answered.body.status_code).toBe(status);
  expect(answered.body.message.length).toBeGreaterThan(5);
  const names = (answered.body.details ?? []).map(({ name }: { name: string }) => name);
  if (field !== undefined) expect(names.join(' ') || 'no details').toMatch(field);
}
