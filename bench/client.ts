import { Pool } from 'undici';
import * as z from 'zod';
import { API_KEY } from '../test/harness/millrun-process.ts';

const PROJECT = 'examples';

const made = z.object({ id: z.string() });
const run = z.object({ status: z.string(), ended_at: z.iso.datetime().nullable(), error: z.unknown() });
const runV2 = z.object({ status: z.enum(['Created', 'Running', 'Succeeded', 'Exception', 'Stopped']) });
const usage = z.object({
  operations: z.object({
    api: z.object({ requests: z.number() }),
    lambda: z.object({ invocations: z.number(), gbSeconds: z.number() }),
    stepFunctions: z.object({ transitions: z.number() }),
    dynamodb: z.object({ requests: z.number(), readUnits: z.number(), writeUnits: z.number() }),
    s3: z.object({ puts: z.number(), gets: z.number() }),
    events: z.object({ scheduled: z.number() }),
  }),
  dollars: z.object({ total: z.number() }),
});

export type Usage = z.infer<typeof usage>;

/** The public API as a caller with a kept connection uses it. */
export class Client {
  readonly #pool: Pool;

  constructor(url: string, connections: number) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** The id of a workflow made and published. */
  async publish(definition: object): Promise<string> {
    const { id } = made.parse(await this.#post('/v1/workflows', { project_id: PROJECT, definition: JSON.stringify(definition) }));
    await this.#post(`/v1/workflows/${id}/publish`, {});
    return id;
  }

  async start(workflowId: string, inputs: object): Promise<string> {
    const started = await this.#post(`/v1/workflows/${workflowId}/command`, { command: 'start', params: { inputs } });
    return made.parse(started).id;
  }

  async run(id: string) {
    return run.parse(await this.get(`/v1/runs/${id}`));
  }

  /** Whether the run has succeeded, by the lightest question that the API has. Throws when it has ended otherwise. */
  async hasSucceeded(id: string): Promise<boolean> {
    const { status } = runV2.parse(await this.get(`/v2/runs/${id}`));
    if (status === 'Exception' || status === 'Stopped') throw new Error(`Run ${id} is ${JSON.stringify(await this.run(id))}`);
    return status === 'Succeeded';
  }

  async usage(): Promise<Usage> {
    return usage.parse(await this.get('/_local/usage'));
  }

  get(path: string): Promise<unknown> {
    return this.#send('GET', path);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #post(path: string, body: object): Promise<unknown> {
    return this.#send('POST', path, JSON.stringify(body));
  }

  async #send(method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
    const headers = { 'x-api-key': API_KEY, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const answer = await this.#pool.request({ method, path, headers, ...(body !== undefined && { body }) });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  }
}
