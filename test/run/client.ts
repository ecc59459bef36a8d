import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { Client as ApiClient } from '../../client/client.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { publishedResult, runDetailResult, stepStateResult, workflowResult } from './shapes.ts';

export type Run = z.infer<typeof runDetailResult>;
export type StepState = z.infer<typeof stepStateResult>;
export type Event = z.infer<typeof eventResult>;

const eventResult = z.looseObject({
  id: z.int(),
  type: z.string(),
  step: z.string().nullable(),
  scope: z.string(),
  attempt: z.number().nullable(),
  message: z.string(),
  skipped: z.boolean().optional(),
  reason: z.string().optional(),
  data: z.unknown().optional(),
});
const eventPage = z.object({ items: z.array(eventResult), continuation_token: z.string().nullable() });
const contextPage = z.object({
  status: z.string(),
  variables: z.record(z.string(), z.unknown()),
  steps: z.array(stepStateResult),
  continuation_token: z.string().nullable(),
});

/** A document without the keys that all of them have. */
export type Definition = Record<string, unknown> & { steps: unknown[] };

export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

let workflows = 0;

/** The public API as a program uses it. */
export class Client {
  readonly url: string;
  readonly #api: ApiClient;

  constructor(url: string) {
    this.url = url;
    this.#api = new ApiClient({ url, apiKey: API_KEY });
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const answer = await this.#api.request(method, path, { ...(body !== undefined && { body }), headers });
    return { ...answer, body: answer.body ?? null };
  }

  async expect(status: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.call(method, path, body);
    if (reply.status !== status) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** Creates a workflow with a draft under a name of its own and answers its id. */
  async draft(definition: Definition): Promise<string> {
    workflows += 1;
    const named = { format: 1, name: `w${process.pid}-${Date.now().toString(36)}-${workflows}`, ...definition };
    return workflowResult.parse(await this.expect(201, 'POST', '/v1/workflows', { project_id: 'examples', definition: named }))
      .id;
  }

  async publish(definition: Definition): Promise<string> {
    const id = await this.draft(definition);
    await this.publishDraft(id);
    return id;
  }

  async publishDraft(id: string): Promise<number> {
    return publishedResult.parse(await this.expect(201, 'POST', `/v1/workflows/${id}/publish`, {})).version;
  }

  async start(workflow: string, inputs: Record<string, unknown> = {}, params: Record<string, unknown> = {}): Promise<Run> {
    const command = { command: 'start', params: { inputs, ...params } };
    return runDetailResult.parse(await this.expect(201, 'POST', `/v1/workflows/${workflow}/command`, command));
  }

  stop(run: Run, reason?: string): Promise<Reply> {
    return this.call('POST', `/v1/workflows/${run.workflow_id}/command`, {
      command: 'stop',
      run_id: run.id,
      params: { ...(reason && { reason }) },
    });
  }

  async run(id: string): Promise<Run> {
    return runDetailResult.parse(await this.expect(200, 'GET', `/v1/runs/${id}`));
  }

  /** The run when it has ended. */
  async ended(id: string): Promise<Run> {
    for (;;) {
      const run = runDetailResult.parse(await this.expect(200, 'GET', `/v1/runs/${id}?wait=25`));
      if (run.ended_at !== null) return run;
    }
  }

  async until(id: string, holds: (run: Run) => boolean): Promise<Run> {
    for (;;) {
      const run = await this.run(id);
      if (holds(run)) return run;
      await sleep(20);
    }
  }

  /** Publishes, starts and waits for the end. */
  async through(definition: Definition, inputs: Record<string, unknown> = {}): Promise<Run> {
    const started = await this.start(await this.publish(definition), inputs);
    return this.ended(started.id);
  }

  async events(id: string, limit = 1000): Promise<Event[]> {
    const items: Event[] = [];
    let after = '';
    for (;;) {
      const page = eventPage.parse(await this.expect(200, 'GET', `/v1/runs/${id}/events?limit=${limit}${after}`));
      items.push(...page.items);
      if (page.continuation_token === null) return items;
      after = `&after=${page.continuation_token}`;
    }
  }

  /** The states of the steps by their keys. */
  async context(id: string, limit = 1000): Promise<Record<string, StepState>> {
    const all: StepState[] = [];
    let after = '';
    for (;;) {
      const page = contextPage.parse(await this.expect(200, 'GET', `/v1/runs/${id}/context?limit=${limit}${after}`));
      all.push(...page.steps);
      if (page.continuation_token === null) return Object.fromEntries(all.map((step) => [step.key, step]));
      after = `&continuation_token=${encodeURIComponent(page.continuation_token)}`;
    }
  }

  /** One step with its whole values. */
  async step(id: string, key: string): Promise<StepState | undefined> {
    const { steps } = contextPage.parse(await this.expect(200, 'GET', `/v1/runs/${id}/context?step=${encodeURIComponent(key)}`));
    return steps[0];
  }

  /** What became of each step, in a word: `succeeded`, `skipped/blocked`, ... */
  async fates(id: string): Promise<Record<string, string>> {
    const steps = Object.values(await this.context(id));
    return Object.fromEntries(steps.map(({ key, status, reason }) => [key, reason === null ? status : `${status}/${reason}`]));
  }

  /** What a `whole` of a view leads to. */
  async whole(path: unknown): Promise<unknown> {
    const { url } = z.object({ url: z.string() }).parse(await this.expect(200, 'GET', String(path)));
    return (await fetch(url)).json();
  }

  /** The log in short: `step_completed a`, ... */
  async story(id: string): Promise<string[]> {
    return (await this.events(id)).map(({ type, step, scope }) => (step === null ? type : `${type} ${scope}${step}`));
  }
}
