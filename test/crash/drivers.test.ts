import '../harness/quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { DriveAnswer, DriveMessage } from '../../shared/run/drive/drive.ts';
import type { DriveServices } from '../../shared/run/drive/drive-services.ts';
import { isTerminal } from '../../shared/run/model/status.ts';
import { howMany } from '../harness/how-many.ts';
import { Dead, mortal } from '../run/mortal.ts';
import { setting } from '../run/setting.ts';
import { driven, engine, heldRun, later, swept } from '../run/setting-engine.ts';
import { type Finished, noteFinished, wrongLog } from './finished.ts';
import { orders, rightEnd, scriptOrders, wrongCalls } from './orders.ts';

/** More of them in `npm run soak`. */
const KILLS = howMany('DRIVER_KILLS', 100);
/** A driver makes some dozens of calls when nobody kills it. */
const MOST_CALLS = 30;
const KILLS_A_RUN = 4;
const AT_ONCE = 25;

const at = setting();
let own: ReturnType<typeof engine>;
let workflow: string;

beforeAll(async () => {
  own = engine();
  scriptOrders(at.stub);
  workflow = await at.api.publish(orders(at.stub));
});

/** Executions of one run, in the hands of the test: what is asked for of Step Functions is delivered by it. */
class Deliveries {
  readonly run: string;
  readonly finished: Finished = new Map();
  kills = 0;
  #next: Pick<DriveMessage, 'execution' | 'turn'> | undefined = { execution: 1, turn: 0 };

  constructor(run: string) {
    this.run = run;
  }

  /** Until the run has ended. Of the drivers, `kills` die at one of their calls. */
  async all(kills: number): Promise<void> {
    while (!isTerminal((await own.run(this.run)).status)) {
      const message = this.#next;
      if (message) await this.#deliver(message, this.kills < kills);
      else await swept(this.#alone(later(own, 10 * 60_000)));
    }
  }

  async #deliver(message: Pick<DriveMessage, 'execution' | 'turn'>, isKilled: boolean): Promise<void> {
    this.#next = undefined;
    const services = this.#alone(own);
    const deathAt = 1 + Math.floor(Math.random() * MOST_CALLS);
    const moment = Math.random() < 0.5 ? 'before' : 'after';
    const dying = isKilled ? mortal(services, (when, _, n) => when === moment && n >= deathAt) : services;
    try {
      await this.#goOn(await driven(dying, this.run, { ...message, id: `arn:${this.run}-${message.execution}` }));
    } catch (error) {
      if (!(error instanceof Dead)) throw error;
      this.kills += 1;
      await noteFinished(at.api, at.stub, { id: this.run }, this.finished);
      // Its state machine calls the next one; or nobody does, and the sweeper finds out.
      if (Math.random() < 0.5) this.#next = message;
    }
  }

  async #goOn({ next, execution, turn, until }: DriveAnswer): Promise<void> {
    if (next !== 'again' && next !== 'sleep') return;
    if (until !== undefined) await sleep(Math.max(0, Date.parse(until) - Date.now()));
    this.#next = { execution, turn };
  }

  /** The engine, for which there is this run alone. */
  #alone(services: DriveServices): DriveServices {
    const due = async (shard: number) => {
      const { id, dueAt } = await own.run(this.run);
      return shard === 0 && dueAt !== undefined ? [{ id, dueAt }] : [];
    };
    const get = (runs: DriveServices['runs'], name: PropertyKey) => (name === 'due' ? due : Reflect.get(runs, name).bind(runs));
    const start = async (_: string, __: string, { execution }: { execution: number }) => {
      this.#next = { execution, turn: 0 };
    };
    return { ...services, runs: new Proxy(services.runs, { get }), executions: { start } };
  }
}

async function throughKills(n: number): Promise<number> {
  const id = await heldRun(own, workflow, { n });
  const deliveries = new Deliveries(id);
  await deliveries.all(KILLS_A_RUN);
  const what = `run ${id}, ${deliveries.kills} kills`;
  expect(await at.api.run(id), what).toMatchObject(rightEnd(n));
  expect(wrongCalls(at.stub, { id }, n, deliveries.kills, deliveries.finished), what).toEqual([]);
  expect(wrongLog(await at.api.events(id)), what).toEqual([]);
  at.stub.forget(({ query }) => query['run'] === id);
  return deliveries.kills;
}

test(`${KILLS} drivers die at a random call of the tables: each run reaches its right end, no finished step is executed again`, {
  timeout: 60_000 + KILLS * 1_000,
}, async () => {
  let kills = 0;
  for (let n = 0; kills < KILLS; n += AT_ONCE) {
    const some = await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => throughKills(n + k)));
    kills += some.reduce((sum, one) => sum + one, 0);
  }
  expect(kills).toBeGreaterThanOrEqual(KILLS);
});
