import { type Dispatcher, Pool } from 'undici';
import * as z from 'zod';
import { Client as ApiClient, ApiError, type Result, type Send } from '../../client/client.ts';
import { API_KEY } from '../../test/harness/millrun-process.ts';

/** Of the key. */
export const PROJECT = 'examples';
const WAIT_SECONDS = 25;

const usage = z.object({
  api: z.object({ requests: z.number() }),
  lambda: z.object({ invocations: z.number(), gbSeconds: z.number() }),
  streams: z.object({ invocations: z.number(), gbSeconds: z.number() }),
  stepFunctions: z.object({
    executions: z.number(),
    transitions: z.number(),
    expressExecutions: z.number(),
    expressGbSeconds: z.number(),
  }),
  dynamodb: z.object({
    requests: z.number(),
    readUnits: z.number(),
    writeUnits: z.number(),
    itemWrites: z.number(),
    writtenTo: z.record(z.string(), z.number()),
  }),
  s3: z.object({ puts: z.number(), gets: z.number() }),
  events: z.object({ scheduled: z.number() }),
  secrets: z.object({ requests: z.number() }),
});
const usageReport = z.object({ operations: usage });

export type Run = Result<'getRun'>;
export type Usage = z.infer<typeof usage>;

/** The public API as a caller with kept connections uses it. */
export class Client {
  readonly #pool: Pool;
  readonly #api: ApiClient;
  readonly #published = new Map<string, Promise<string>>();

  constructor(url: string, connections: number) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
    this.#api = new ApiClient({ url, apiKey: API_KEY, send: through(this.#pool) });
  }

  /** The id of a workflow, made and published when it is asked for first. */
  publish(definition: { name: string } & Record<string, unknown>): Promise<string> {
    const known = this.#published.get(definition.name) ?? this.#publish(definition);
    this.#published.set(definition.name, known);
    return known;
  }

  async #publish(definition: object): Promise<string> {
    const body = { project_id: PROJECT, definition: JSON.stringify(definition) };
    const { id } = await this.#api.call('createWorkflow', { body });
    await this.#api.call('publishWorkflow', { params: { workflow_id: id }, body: {} });
    return id;
  }

  /** The id of a run that was started. */
  async start(workflowId: string, inputs: Record<string, unknown>): Promise<string> {
    return (await this.#start(workflowId, { inputs })).id;
  }

  /** A run that was started, when it has succeeded. Throws when it has ended otherwise. */
  async startAndSee(workflowId: string, inputs: Record<string, unknown>): Promise<Run> {
    return succeeded(await this.#start(workflowId, { inputs, wait: WAIT_SECONDS }));
  }

  run(id: string): Promise<Run> {
    return this.#api.call('getRun', { params: { run_id: id } });
  }

  /** The run when it has succeeded. Throws when it has ended otherwise. */
  async success(id: string): Promise<Run> {
    return succeeded(await this.end(id));
  }

  /** The run when it has ended. */
  end(id: string): Promise<Run> {
    return this.#api.call('getRun', { params: { run_id: id }, query: { wait: WAIT_SECONDS } });
  }

  /** Says yes to what the run asks. Throws when it asks nothing. */
  async approve(runId: string): Promise<void> {
    const { items } = await this.#api.call('listTasks', { query: { run_id: runId } });
    const [task] = items;
    if (!task) throw new Error(`Run ${runId} asks nobody.`);
    await this.#api.call('answerTask', { params: { task_id: task.id }, body: { decision: 'approve' } });
  }

  async usage(): Promise<Usage> {
    return usageReport.parse(await this.get('/_local/usage')).operations;
  }

  get(path: string): Promise<unknown> {
    return this.#send('GET', path);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.#send('POST', path, body);
  }

  put(path: string, body: object): Promise<unknown> {
    return this.#send('PUT', path, body);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #start(workflowId: string, params: { inputs: Record<string, unknown>; wait?: number }): Promise<Run> {
    const started = await this.#api.call('commandWorkflow', {
      params: { workflow_id: workflowId },
      body: { command: 'start', params },
    });
    if ('dry_run' in started) throw new Error('nothing was started');
    return started;
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<unknown> {
    const answer = await this.#api.request(method, path, { ...(body && { body }) });
    if (answer.status >= 300) throw new ApiError(`${method} ${path}`, answer);
    return answer.body;
  }
}

/** Over kept connections: cheaper than `fetch`, since the caller shares the machine with what is measured. */
const through =
  (pool: Pool): Send =>
  async ({ method, url, headers, body }) => {
    const { pathname, search } = new URL(url);
    const answer = await pool.request({
      method: method as Dispatcher.HttpMethod,
      path: pathname + search,
      headers,
      ...(body !== undefined && { body }),
    });
    return { status: answer.statusCode, headers: new Headers(), text: await answer.body.text() };
  };

function succeeded(run: Run): Run {
  if (run.status !== 'succeeded') throw new Error(`Run ${run.id} has not succeeded: ${JSON.stringify(run)}`);
  return run;
}
