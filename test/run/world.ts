import { ulid } from 'ulid';
import { StepError } from '../../shared/kernel/step-error.ts';
import { StoreBusy } from '../../shared/kernel/store-busy.ts';
import { type DriveAnswer, type DriveMessage, drive } from '../../shared/run/drive/drive.ts';
import type { DriveServices } from '../../shared/run/drive/drive-services.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { executionName, type Run } from '../../shared/run/model/run.ts';
import { isTerminal } from '../../shared/run/model/status.ts';
import type { ExecutionKind, Runs } from '../../shared/run/ports.ts';
import { executionKind } from '../../shared/run/start/execution-kind.ts';
import type { StartServices } from '../../shared/run/start/start-request.ts';
import { type Swept, sweep } from '../../shared/run/sweep/sweep.ts';
import type { HttpSpec } from '../../shared/step/http/spec.ts';
import type { Executor } from '../../shared/step/kind.ts';
import type { Plan } from '../../shared/workflow/plan.ts';
import { type MemoryEngine, memoryEngine } from './memory-engine.ts';
import { sleep, sleepUntil, virtualTime } from './virtual-time.ts';

/** What goes wrong, as chances between 0 and 1. */
export interface Chaos {
  seed: number;
  /** Whoever calls a store dies there: before the call, or before its answer. */
  dies: number;
  /** The answer of a store is lost after it has done what it was asked for. */
  losesAnswer: number;
  /** From when to when the stores refuse everything, in milliseconds after the beginning. */
  busy: { from: number; to: number }[];
  /** The start of an execution fails. */
  startLost: number;
  /** An execution is delivered twice. */
  startTwice: number;
  /** An execution dies with its driver, instead of calling another one. */
  executionLost: number;
  /** A driver is called again while the first one lives. */
  calledTwice: number;
  /** The longest time that a store takes for an answer, in milliseconds. */
  latencyMs: number;
  /** For how long an invocation may live. */
  lifetimeMs: number;
}

const CALM: Chaos = {
  seed: 1,
  dies: 0,
  losesAnswer: 0,
  busy: [],
  startLost: 0,
  startTwice: 0,
  executionLost: 0,
  calledTwice: 0,
  latencyMs: 0,
  lifetimeMs: 900_000,
};

/** A call of the outside service by a step. */
export interface Call {
  run: string;
  key: string;
  attempt: number;
  at: number;
  actor: string;
  outcome: 'open' | 'answered' | 'failed' | 'aborted';
}

/** An entry, and when it was written. */
export interface Write {
  run: string;
  number: number;
  entry: Entry;
  at: number;
}

export interface Asked {
  run: string;
  key: string;
  attempt: number;
  query: Record<string, string>;
}

/** How the outside service answers. */
export interface Service {
  ms(asked: Asked): number;
  /** Throws `StepError` for an attempt that fails. */
  answer(asked: Asked): unknown;
}

const QUICK: Service = { ms: () => 5, answer: ({ query }) => ({ status: 200, headers: {}, body: query }) };

/** One process: a driver, a call of the API, a sweeper. Dead, it does nothing any more. */
class Actor {
  readonly name: string;
  dead = false;
  readonly #atDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  die(): void {
    this.dead = true;
    for (const act of this.#atDeath.splice(0)) act();
  }

  atDeath(act: () => void): void {
    this.#atDeath.push(act);
  }

  check(): void {
    if (this.dead) throw new Died(this.name);
  }
}

class Died extends Error {}

const EXPRESS_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 60_000;

/** Everything around the engine, in virtual time: stores that fail, executions that are lost or come twice, a sweeper, people who interfere. */
export class World {
  readonly engine: MemoryEngine;
  readonly calls: Call[] = [];
  readonly writes: Write[] = [];
  readonly swept: Swept[] = [];
  readonly faults: unknown[] = [];
  /** Drivers and others that have died. */
  deaths = 0;
  /** Executions that live. */
  living = 0;
  readonly #chaos: Chaos;
  readonly #service: Service;
  readonly #begun = Date.now();
  readonly #noted = new Set<string>();
  #random: () => number;
  #actorCount = 0;
  /** Resolves when an execution ends. */
  #left = Promise.withResolvers<void>();

  constructor(chaos: Partial<Chaos> = {}, service: Service = QUICK) {
    this.#chaos = { ...CALM, ...chaos };
    this.#random = seeded(this.#chaos.seed);
    this.#service = service;
    this.engine = memoryEngine();
  }

  chance(of: number): boolean {
    return of > 0 && this.#random() < of;
  }

  /** The engine as a process of its own has it. */
  as(name: string): DriveServices & { actor: Actor } {
    this.#actorCount += 1;
    const actor = new Actor(`${name} ${this.#actorCount}`);
    const now = () => new Date();
    return {
      ...this.engine,
      actor,
      now,
      random: () => this.#random(),
      runs: this.#through(actor, this.engine.runs),
      values: this.#through(actor, this.engine.values, false),
      executions: { start: (kind, execution, input) => this.#start(actor, kind, execution, input) },
      executors: { http: this.#executor(actor) },
    };
  }

  #executor(actor: Actor): Executor<HttpSpec> {
    return {
      execute: (spec, { runId: run, stepKey: key, attempt, signal }) => {
        const query = Object.fromEntries(Object.entries(spec.query ?? {}).map(([name, value]) => [name, String(value)]));
        return this.#call(actor, { run, key, attempt, query }, signal);
      },
    };
  }

  /** A new run, and its first execution. */
  async start(plan: Plan, of: Partial<Run> = {}): Promise<Run> {
    const run = await this.engine.create(plan, of);
    const services = this.as('start');
    await services.executions
      .start(executionKind(plan), executionName(run), { run: run.id, execution: 1 })
      .catch(() => undefined);
    return run;
  }

  /** Does something as a process of its own, as often as it takes until it is not in the way of what fails. */
  async operate<T>(act: (services: StartServices) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act(this.as('operator'));
      } catch (error) {
        if (!(error instanceof StoreBusy || error instanceof Died)) throw error;
        await sleep(200);
      }
    }
  }

  /** Lets time pass until these runs have ended and nobody is at work any more. The sweeper looks each minute in which a run is due. */
  async settled<Ids extends string[]>(ids: [...Ids], mostMs = 400 * 86_400_000): Promise<{ [Place in keyof Ids]: Run }> {
    const watch = async () => {
      for (let swept = Date.now(); ; ) {
        const rows = (await Promise.all(ids.map((id) => this.#row(id)))) as { [Place in keyof Ids]: Run };
        const live = rows.filter(({ status }) => !isTerminal(status));
        if (live.length === 0 && this.living === 0) return rows;
        if (Date.now() > this.#begun + mostMs) throw new Error(`These live for ever: ${JSON.stringify(live, null, 1)}`);
        const next = Math.max(swept + SWEEP_EVERY_MS, this.engine.runs.nextDue());
        await Promise.race([this.#left.promise, sleepUntil(Math.min(next, Date.now() + 86_400_000))]);
        if (Date.now() < next) continue;
        swept = Date.now();
        await this.sweep();
      }
    };
    return virtualTime.through(watch());
  }

  async sweep(): Promise<void> {
    try {
      this.swept.push(await sweep(this.as('sweeper'), new Date(Date.now() + 50_000)));
    } catch (error) {
      if (!(error instanceof StoreBusy || error instanceof Died)) throw error;
    }
  }

  async #row(id: string): Promise<Run> {
    const run = await this.engine.runs.get(id);
    if (!run) throw new Error(`there is no run ${id}`);
    return run;
  }

  /** Values are small mostly, and kept in memory: that takes no time, and nobody dies of it. */
  #through<Port extends object>(actor: Actor, port: Port, isFar = true): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...parameters: unknown[]) => {
          await this.#cross(actor, isFar);
          const at = Date.now() - this.#begun;
          if (this.#chaos.busy.some(({ from, to }) => at >= from && at < to)) throw new StoreBusy(new Error('chaos'));
          const result: unknown = await Reflect.apply(method, target, parameters);
          if (name === 'append') this.#note(parameters as Parameters<Runs['append']>, result as number);
          await this.#cross(actor, isFar);
          if (isFar && this.chance(this.#chaos.losesAnswer)) throw new StoreBusy(new Error('the answer is lost'));
          return result;
        };
      },
    });
  }

  /** Half of the way to a store and back, on which somebody may die. */
  async #cross(actor: Actor, isFar: boolean): Promise<void> {
    actor.check();
    if (!isFar) return;
    const { latencyMs, dies } = this.#chaos;
    if (latencyMs > 0) await sleep(Math.ceil((this.#random() * latencyMs) / 2));
    if (!actor.dead && this.chance(dies)) {
      this.deaths += 1;
      actor.die();
    }
    actor.check();
  }

  /** Remembers when entries were written, the first time. */
  #note([run, after, entries]: Parameters<Runs['append']>, written: number): void {
    for (const [place, entry] of entries.slice(0, written).entries()) {
      const number = after + place + 1;
      if (this.#noted.has(`${run} ${number}`)) continue;
      this.#noted.add(`${run} ${number}`);
      this.writes.push({ run, number, entry, at: Date.now() });
    }
  }

  async #start(actor: Actor, kind: ExecutionKind, name: string, input: { run: string; execution: number }): Promise<void> {
    actor.check();
    if (this.chance(this.#chaos.startLost)) throw new StoreBusy(new Error('the start is lost'));
    const known = this.engine.executions.started.some((execution) => execution.name === name);
    // A Standard execution has one name; an Express one of the same name is another one.
    if (known && kind === 'standard') return;
    await this.engine.executions.start(kind, name, input);
    for (let copies = this.chance(this.#chaos.startTwice) ? 2 : 1; copies > 0; copies -= 1) {
      this.living += 1;
      this.#execute(kind, { ...input, id: `arn:${name}:${ulid()}`, startedAt: new Date().toISOString() })
        .catch((error: unknown) => this.faults.push(error))
        .finally(() => {
          this.living -= 1;
          this.#left.resolve();
          this.#left = Promise.withResolvers();
        });
    }
  }

  /** One execution of the state machine. */
  async #execute(kind: ExecutionKind, of: Pick<DriveMessage, 'run' | 'execution' | 'id' | 'startedAt'>): Promise<void> {
    const express = kind === 'express';
    const end = express ? Date.parse(of.startedAt) + EXPRESS_MS : Number.POSITIVE_INFINITY;
    for (let turn = 0; Date.now() < end; ) {
      const answer = await this.#task({ ...of, turn, express }, end);
      if (answer === 'lost') return;
      if (answer === 'retry') {
        await sleep(1_000);
        continue;
      }
      turn = answer.turn;
      if (answer.next === 'sleep') await sleepUntil(Math.min(Date.parse(answer.until ?? ''), end));
      else if (answer.next !== 'again') return;
    }
  }

  /** One call of the worker: perhaps with a second one beside it, since the answer of the first was not waited for. */
  async #task(message: DriveMessage, end: number): Promise<DriveAnswer | 'retry' | 'lost'> {
    const first = this.#invoke(message, end);
    if (!this.chance(this.#chaos.calledTwice)) return first;
    this.living += 1;
    first.finally(() => {
      this.living -= 1;
      this.#left.resolve();
      this.#left = Promise.withResolvers();
    });
    await sleep(this.#random() * 500);
    return this.#invoke(message, end);
  }

  async #invoke(message: DriveMessage, end: number): Promise<DriveAnswer | 'retry' | 'lost'> {
    const { actor, ...services } = this.as('driver');
    const until = Math.min(Date.now() + this.#chaos.lifetimeMs, end);
    const timeout = setTimeout(() => actor.die(), until - Date.now());
    try {
      return await drive(services, message, { id: actor.name, until: new Date(Date.now() + this.#chaos.lifetimeMs) });
    } catch (error) {
      if (!(error instanceof StoreBusy || error instanceof Died)) this.faults.push(error);
      return this.chance(this.#chaos.executionLost) ? 'lost' : 'retry';
    } finally {
      clearTimeout(timeout);
    }
  }

  async #call(actor: Actor, asked: Asked, signal: AbortSignal): Promise<unknown> {
    actor.check();
    const { run, key, attempt } = asked;
    const call: Call = { run, key, attempt, at: Date.now(), actor: actor.name, outcome: 'open' };
    this.calls.push(call);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, this.#service.ms(asked));
      const giveUp = (reason: unknown) => {
        clearTimeout(timer);
        if (call.outcome === 'open') call.outcome = 'aborted';
        reject(reason);
      };
      if (signal.aborted) giveUp(signal.reason);
      signal.addEventListener('abort', () => giveUp(signal.reason));
      actor.atDeath(() => giveUp(new Died(actor.name)));
    });
    try {
      const answer = this.#service.answer(asked);
      call.outcome = 'answered';
      return answer;
    } catch (error) {
      if (error instanceof StepError) call.outcome = 'failed';
      throw error;
    }
  }
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
