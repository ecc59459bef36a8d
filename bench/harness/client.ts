import { Pool } from 'undici';
import * as z from 'zod';
import { API_KEY } from '../../test/harness/millrun-process.ts';

/** Of the key. */
export const PROJECT = 'examples';
const WAIT_SECONDS = 25;

const made = z.object({ id: z.string() });
const run = z.object({
  id: z.string(),
  status: z.string(),
  ended_at: z.iso.datetime().nullable(),
  error: z.unknown(),
  children: z.array(z.object({ id: z.string() })),
});
const usage = z.object({
  api: z.object({ requests: z.number() }),
  lambda: z.object({ invocations: z.number(), gbSeconds: z.number() }),
  stepFunctions: z.object({
    executions: z.number(),
    transitions: z.number(),
    expressExecutions: z.number(),
    expressGbSeconds: z.number(),
  }),
  dynamodb: z.object({ requests: z.number(), readUnits: z.number(), writeUnits: z.number(), itemWrites: z.number() }),
  s3: z.object({ puts: z.number(), gets: z.number() }),
  events: z.object({ scheduled: z.number() }),
  secrets: z.object({ requests: z.number() }),
});
const usageReport = z.object({ operations: usage });

export type Run = z.infer<typeof run>;
export type Usage = z.infer<typeof usage>;

/** The public API as a caller with kept connections uses it. */
export class Client {
  readonly #pool: Pool;
  readonly #published = new Map<string, Promise<string>>();

  constructor(url: string, connections: number) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** The id of a workflow, made and published when it is asked for first. */
  publish(definition: { name: string } & Record<string, unknown>): Promise<string> {
    const known = this.#published.get(definition.name) ?? this.#publish(definition);
    this.#published.set(definition.name, known);
    return known;
  }

  async #publish(definition: object): Promise<string> {
    const { id } = made.parse(await this.post('/v1/workflows', { project_id: PROJECT, definition: JSON.stringify(definition) }));
    await this.post(`/v1/workflows/${id}/publish`, {});
    return id;
  }

  /** The id of a run that was started. */
  async start(workflowId: string, inputs: object): Promise<string> {
    return (await this.#start(workflowId, { inputs })).id;
  }

  /** A run that was started, when it has succeeded. Throws when it has ended otherwise. */
  async startAndSee(workflowId: string, inputs: object): Promise<Run> {
    return succeeded(await this.#start(workflowId, { inputs, wait: WAIT_SECONDS }));
  }

  async run(id: string): Promise<Run> {
    return run.parse(await this.get(`/v1/runs/${id}`));
  }

  /** The run when it has succeeded. Throws when it has ended otherwise. */
  async success(id: string): Promise<Run> {
    return succeeded(await this.end(id));
  }

  /** The run when it has ended. */
  async end(id: string): Promise<Run> {
    return run.parse(await this.get(`/v1/runs/${id}?wait=${WAIT_SECONDS}`));
  }

  async usage(): Promise<Usage> {
    return usageReport.parse(await this.get('/_local/usage')).operations;
  }

  get(path: string): Promise<unknown> {
    return this.#send('GET', path);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.#send('POST', path, JSON.stringify(body));
  }

  put(path: string, body: object): Promise<unknown> {
    return this.#send('PUT', path, JSON.stringify(body));
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #start(workflowId: string, params: object): Promise<Run> {
    return run.parse(await this.post(`/v1/workflows/${workflowId}/command`, { command: 'start', params }));
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body?: string): Promise<unknown> {
    const headers = { 'x-api-key': API_KEY, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const answer = await this.#pool.request({ method, path, headers, ...(body !== undefined && { body }) });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  }
}

function succeeded(run: Run): Run {
  if (run.status !== 'succeeded') throw new Error(`Run ${run.id} has not succeeded: ${JSON.stringify(run)}`);
  return run;
}
