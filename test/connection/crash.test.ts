import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { Connection } from '../../shared/connection/connection.ts';
import { drive } from '../../shared/run/drive/drive.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { RunState } from '../../shared/run/model/state.ts';
import { writeRun } from '../../shared/run/start/start-run.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { anActor, aPlan, aRun } from '../harness/builders.ts';
import { howMany } from '../harness/how-many.ts';
import { type MemoryEngine, memoryEngine } from '../run/memory-engine.ts';
import type { StartedExecution } from '../run/memory-runs.ts';
import { Dead, mortal } from '../run/mortal.ts';
import { MemoryCalls } from './memory-calls.ts';

const STORIES = howMany('CALL_STORIES', 15);
const RUNS = 12;
const LIMIT = 2;
const MOST_CALLS = 25;
/** By then whoever waits looks again, and no place of a dead one is taken any more. */
const LATER_MS = 20 * 60_000;

const plan = aPlan(
  "  - id: call\n    http: { method: GET, url: 'http://erp.example/orders', connection: erp }\nconnections: [erp]\n",
);
const draw = (below: number) => Math.floor(Math.random() * below);

const erp: Connection = {
  id: 'erp-1',
  workspace: 'acme',
  project: 'ops',
  name: 'erp',
  type: 'bearer',
  settings: { hosts: ['erp.example'] },
  secrets: [{ sealed: 'x', createdAt: '' }],
  status: { state: 'untested', since: '' },
  limits: { concurrency: LIMIT },
  createdAt: '',
  createdBy: anActor(),
  updatedAt: '',
};

/** Runs that call through one connection, in the hands of processes that die. */
class Story {
  readonly #engine = memoryEngine();
  readonly #runs: Run[] = [];
  readonly #delivered = new Set<string>();
  #aheadMs = 0;
  #inFlight = 0;
  deaths = 0;
  waited = 0;
  most = 0;

  constructor() {
    const now = () => new Date(Date.now() + this.#aheadMs);
    this.#engine.publish('orders', plan);
    const execute = async () => {
      this.#inFlight += 1;
      this.most = Math.max(this.most, this.#inFlight);
      for (let turns = draw(8); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      this.#inFlight -= 1;
      return { status: 200, headers: {}, body: {} };
    };
    const connections = { byName: async () => erp };
    Object.assign(this.#engine, { now, connections, calls: new MemoryCalls(now), executors: { http: { execute } } });
  }

  async through(): Promise<void> {
    while (this.#runs.length < RUNS) await this.#something(true);
    for (let n = 0; n < 10; n += 1) await this.#something(true);
    for (let n = 0; !(await this.#allEnded()); n += 1) {
      expect(n, 'goes on for ever').toBeLessThan(500);
      await this.#something(false);
    }
    const journals = await Promise.all(this.#runs.map(({ id }) => this.#engine.journal(id)));
    this.waited = journals.flat().filter(({ type }) => type === 'step_queued').length;
  }

  statuses = async () => Promise.all(this.#runs.map(async ({ id }) => (await this.#engine.runs.get(id))?.status));
  look = () => this.#engine.calls.look(erp.id);

  /** Several at once, each in a process of its own. */
  async #something(mayDie: boolean): Promise<void> {
    if (this.#runs.length < RUNS) for (let n = 0; n < 3; n += 1) await this.#start();
    const open = this.#engine.executions.started.filter(({ name }) => !this.#delivered.has(name));
    await Promise.all(open.map((one) => this.#alone(mayDie, (services) => this.#deliver(one, services))));
    if (draw(2) === 0 || open.length === 0) await this.#alone(mayDie, (services) => this.#sweep(services));
  }

  async #alone(mayDie: boolean, act: (services: MemoryEngine) => Promise<void>): Promise<void> {
    const at = 1 + draw(MOST_CALLS);
    const moment = draw(2) === 0 ? 'before' : 'after';
    let isDead = false;
    const dies = (when: string, _: string, n: number) => {
      if (when === moment && n >= at) isDead = true;
      return isDead;
    };
    const dying = () => Object.assign(Object.create(this.#engine), mortal(this.#engine, dies), { now: this.#engine.now });
    await act(mayDie && draw(2) === 0 ? dying() : this.#engine).catch((error: unknown) => {
      if (!(error instanceof Dead)) throw error;
    });
    if (isDead) this.deaths += 1;
  }

  async #start(): Promise<void> {
    const now = this.#engine.now();
    const run = aRun({
      id: ulid(now.getTime()),
      workflowId: 'orders',
      definition: 'orders',
      createdAt: now.toISOString(),
      deadline: '2099-01-01T00:00:00.000Z',
      dueAt: new Date(now.getTime() + 30_000).toISOString(),
      steps: new RunState(plan).countSteps(),
    });
    this.#runs.push(run);
    await writeRun(this.#engine, { run, plan, key: undefined, waitMs: undefined });
  }

  async #deliver(execution: StartedExecution, services: MemoryEngine): Promise<void> {
    this.#delivered.add(execution.name);
    const startedAt = services.now().toISOString();
    const message = { ...execution.input, turn: 0, id: `arn:${execution.name}`, startedAt, express: false };
    await drive(services, message, { id: ulid(), until: new Date(services.now().getTime() + 900_000) });
  }

  async #sweep(services: MemoryEngine): Promise<void> {
    this.#aheadMs += LATER_MS;
    const { failed } = await sweep(services, new Date(services.now().getTime() + 60_000));
    for (const { error } of failed) if (!(error instanceof Dead)) throw error;
  }

  async #allEnded(): Promise<boolean> {
    return (await this.statuses()).every((status) => status === 'succeeded');
  }
}

test(`${STORIES} stories of processes that die: no more than the limit call at once, and every run comes to its end`, {
  timeout: 60_000 + STORIES * 1_000,
}, async () => {
  let [deaths, waited, most] = [0, 0, 0];
  for (let n = 0; n < STORIES; n += 1) {
    const story = new Story();
    await story.through();
    deaths += story.deaths;
    waited += story.waited;
    most = Math.max(most, story.most);
    expect(story.most).toBeLessThanOrEqual(LIMIT);
    expect(await story.statuses()).toEqual(Array(RUNS).fill('succeeded'));
  }
  expect(deaths).toBeGreaterThan(STORIES);
  expect(waited).toBeGreaterThan(STORIES);
  expect(most).toBe(LIMIT);
});
