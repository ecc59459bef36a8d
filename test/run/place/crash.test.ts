import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { drive } from '../../../shared/run/drive/drive.ts';
import type { Run } from '../../../shared/run/model/run.ts';
import { RunState } from '../../../shared/run/model/state.ts';
import { isTerminal } from '../../../shared/run/model/status.ts';
import type { StartServices } from '../../../shared/run/start/start-request.ts';
import { writeRun } from '../../../shared/run/start/start-run.ts';
import { sweep } from '../../../shared/run/sweep/sweep.ts';
import type { WhenFull } from '../../../shared/workflow/document.ts';
import { aPlan, aRun } from '../../harness/builders.ts';
import { howMany } from '../../harness/how-many.ts';
import { type MemoryEngine, memoryEngine } from '../memory-engine.ts';
import type { StartedExecution } from '../memory-runs.ts';
import { Dead, mortal } from '../mortal.ts';

const STORIES = howMany('PLACE_STORIES', 15);
const RUNS = 12;
const LIMIT = 2;
const PLACE = 'orders#Published#all';
const MOST_CALLS = 25;
/** By then the sweeper looks at whatever waits. */
const LATER_MS = 20 * 60_000;

const plan = aPlan("  - id: call\n    http: { method: GET, url: 'http://erp.example/orders' }");
const draw = (below: number) => Math.floor(Math.random() * below);

/** Runs that share a limit, in the hands of processes that die. */
class Story {
  readonly #engine = memoryEngine();
  readonly #whenFull: WhenFull;
  readonly #runs: Run[] = [];
  readonly #delivered = new Set<string>();
  #aheadMs = 0;
  deaths = 0;
  most = 0;

  constructor(whenFull: WhenFull) {
    this.#whenFull = whenFull;
    this.#engine.publish('orders', plan);
    Object.assign(this.#engine, { now: () => new Date(Date.now() + this.#aheadMs) });
  }

  async through(): Promise<void> {
    while (this.#runs.length < RUNS) await this.#something(true);
    for (let n = 0; n < 30; n += 1) await this.#something(true);
    for (let n = 0; !(await this.#allEnded()); n += 1) {
      expect(n, 'goes on for ever').toBeLessThan(500);
      await this.#something(false);
    }
  }

  async ends() {
    const runs = await Promise.all(this.#runs.map(({ id }) => this.#engine.runs.get(id)));
    return runs.flatMap((run) => (run ? [run] : []));
  }

  look = () => this.#engine.places.look(PLACE);

  async #something(mayDie: boolean): Promise<void> {
    const [services, end] = mayDie && draw(2) === 0 ? this.#dying() : [this.#engine, undefined];
    const next = this.#undelivered();
    const kind = draw(3);
    await (kind === 0 && this.#runs.length < RUNS
      ? this.#start(services)
      : next && kind < 2
        ? this.#deliver(next, services)
        : this.#sweep(services)
    ).catch((error: unknown) => {
      if (!(error instanceof Dead)) throw error;
    });
    if (end?.()) this.deaths += 1;
    await this.#check();
  }

  #dying(): [MemoryEngine, () => boolean] {
    const at = 1 + draw(MOST_CALLS);
    const moment = draw(2) === 0 ? 'before' : 'after';
    let isDead = false;
    const dies = (when: string, _: string, n: number) => {
      if (when === moment && n >= at) isDead = true;
      return isDead;
    };
    const services = Object.assign(Object.create(this.#engine), mortal(this.#engine, dies), { now: this.#engine.now });
    return [services, () => isDead];
  }

  #undelivered(): StartedExecution | undefined {
    const open = this.#engine.executions.started.filter(({ name }) => !this.#delivered.has(name));
    // Whatever is older is mostly out of date.
    return draw(3) === 0 ? open[0] : open.at(-1);
  }

  async #start(services: StartServices): Promise<void> {
    const now = this.#engine.now();
    const run = aRun({
      id: ulid(now.getTime()),
      workflowId: 'orders',
      definition: 'orders',
      createdAt: now.toISOString(),
      dueAt: new Date(now.getTime() + 30_000).toISOString(),
      steps: new RunState(plan).countSteps(),
      concurrency: { place: PLACE, limit: LIMIT, whenFull: this.#whenFull },
    });
    this.#runs.push(run);
    await writeRun(services, { run, plan, key: undefined, waitMs: undefined });
  }

  async #deliver(execution: StartedExecution, services: MemoryEngine): Promise<void> {
    this.#delivered.add(execution.name);
    const message = {
      ...execution.input,
      turn: 0,
      id: `arn:${execution.name}`,
      startedAt: services.now().toISOString(),
      express: true,
    };
    await drive(services, message, { id: ulid(), until: new Date(services.now().getTime() + 900_000) });
  }

  async #sweep(services: MemoryEngine): Promise<void> {
    this.#aheadMs += LATER_MS;
    const { failed } = await sweep(services, new Date(services.now().getTime() + 60_000));
    for (const { error } of failed) if (!(error instanceof Dead)) throw error;
  }

  /** However it is counted, no more go on than the limit. */
  async #check(): Promise<void> {
    const { running } = await this.look();
    const journals = await Promise.all(this.#runs.map(({ id }) => this.#engine.journal(id)));
    const begun = journals.filter((entries) => {
      const types = entries.map(({ type }) => type);
      return types.includes('run_started') && !types.includes('run_ended');
    });
    this.most = Math.max(this.most, running.length, begun.length);
    expect(this.most).toBeLessThanOrEqual(LIMIT);
  }

  async #allEnded(): Promise<boolean> {
    const rows = await this.ends();
    return rows.every(({ status }) => isTerminal(status));
  }
}

test.each(['queue', 'cancelRunning', 'skip'] as const)(
  `${STORIES} stories of processes that die: with %s no more than the limit go on, and every run comes to its end`,
  { timeout: 60_000 + STORIES * 1_000 },
  async (whenFull) => {
    let [deaths, most] = [0, 0];
    for (let n = 0; n < STORIES; n += 1) {
      const story = new Story(whenFull);
      await story.through();
      deaths += story.deaths;
      most = Math.max(most, story.most);
      const ends = await story.ends();
      const wrong = ends.filter(
        ({ status }) => status !== 'succeeded' && (whenFull === 'queue' || !/cancelled|skipped/.test(status)),
      );
      expect(wrong).toEqual([]);
      expect(await story.look()).toEqual({ running: [], called: [] });
    }
    expect(deaths).toBeGreaterThan(STORIES);
    expect(most).toBe(LIMIT);
  },
);
