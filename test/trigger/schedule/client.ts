import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Client } from '../../run/client.ts';

const next = z.looseObject({
  at: z.string(),
  local: z.string(),
  offset: z.string(),
  mark: z.string().nullable(),
  meant: z.string().nullable(),
  clock_change: z.object({ from: z.string(), to: z.string() }).nullable(),
});
const scheduleResult = z.looseObject({
  id: z.string(),
  workflow_id: z.string(),
  crons: z.array(z.string()),
  enabled: z.boolean(),
  reason: z.string().nullable(),
  failures: z.number(),
  next_fire: z.string().nullable(),
  queued: z.number(),
  next: z.array(next).optional(),
});
export type ScheduleResult = z.infer<typeof scheduleResult>;

const fireResult = z.looseObject({
  nominal: z.string(),
  local: z.string(),
  kind: z.string(),
  outcome: z.string(),
  reason: z.string().nullable(),
  run_id: z.string().nullable(),
  delivery_id: z.string().nullable(),
  late_by: z.number(),
  attempt: z.number(),
});
export type FireResult = z.infer<typeof fireResult>;

/** The schedules of the API as a program uses them. */
export class Schedules {
  readonly #api: () => Client;

  constructor(api: () => Client) {
    this.#api = api;
  }

  async create(workflow: string, wishes: Record<string, unknown>): Promise<ScheduleResult> {
    const body = { name: 'nightly', ...wishes };
    return scheduleResult.parse(await this.#api().expect(201, 'POST', `/v1/workflows/${workflow}/schedules`, body));
  }

  async call(schedule: ScheduleResult, method: string, path = '', body?: unknown, status = 200): Promise<unknown> {
    return this.#api().expect(status, method, `/v1/workflows/${schedule.workflow_id}/schedules/${schedule.id}${path}`, body);
  }

  async get(schedule: ScheduleResult): Promise<ScheduleResult> {
    return scheduleResult.parse(await this.call(schedule, 'GET'));
  }

  async fires(schedule: ScheduleResult, query = ''): Promise<FireResult[]> {
    return z.object({ items: z.array(fireResult) }).parse(await this.call(schedule, 'GET', `/fires?limit=100${query}`)).items;
  }

  /** The ledger once it holds. */
  async until(schedule: ScheduleResult, holds: (fires: FireResult[]) => boolean): Promise<FireResult[]> {
    for (;;) {
      const fires = await this.fires(schedule);
      if (holds(fires)) return fires;
      await sleep(50);
    }
  }
}

/** `at(...)` so many milliseconds from now, on the wall clock of UTC. */
export const atIn = (ms: number) => `at(${new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toISOString().slice(0, 19)})`;
