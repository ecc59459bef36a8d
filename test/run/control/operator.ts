import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Client, Reply, Run } from '../client.ts';
import { runDetailResult } from '../shapes.ts';

const controlled = runDetailResult.extend({
  pausing: z.boolean(),
  deadline: z.string(),
  stop: z
    .looseObject({ mode: z.string(), by: z.string(), reason: z.string().nullable(), until: z.string().nullable() })
    .nullable(),
  pause: z.looseObject({ by: z.string(), reason: z.string().nullable() }).nullable(),
  parent: z.string().nullable(),
  parent_step: z.string().nullable(),
  attempt: z.number(),
  root: z.string().nullable(),
  chain: z.array(z.string()),
  children: z.array(z.object({ id: z.string(), status: z.string(), trigger: z.string() })),
  actions: z.array(z.object({ action: z.string(), allowed: z.boolean(), reason: z.string().nullable() })),
});
export type Controlled = z.infer<typeof controlled>;

const POLL_MS = 60;

/** What an operator does to runs. */
export const operatorOf = (api: () => Client) => {
  const command = (run: Pick<Run, 'id' | 'workflow_id'>, verb: string, params: object = {}): Promise<Reply> =>
    api().call('POST', `/v1/workflows/${run.workflow_id}/command`, { command: verb, run_id: run.id, params });

  const look = async (id: string): Promise<Controlled> => controlled.parse(await api().expect(200, 'GET', `/v1/runs/${id}`));

  const until = async (id: string, holds: (run: Controlled) => boolean): Promise<Controlled> => {
    for (;;) {
      const run = await look(id);
      if (holds(run)) return run;
      await sleep(POLL_MS);
    }
  };

  return {
    command,
    look,
    until,
    pause: (run: Run, reason?: string) => command(run, 'pause', reason === undefined ? {} : { reason }),
    resume: (run: Run) => command(run, 'resume'),
    stop: (run: Run, params: object = {}) => command(run, 'stop', params),
    isPaused: (id: string) => until(id, ({ status }) => status === 'paused'),
    ended: async (id: string) => {
      await api().ended(id);
      return look(id);
    },
    /** The newest run that a step of it has started. */
    child: async (id: string): Promise<Controlled> => {
      const { children } = await until(id, (run) => run.children.length > 0);
      return look(children[0]?.id ?? '');
    },
    rerun: (id: string, body: object, headers: Record<string, string> = {}): Promise<Reply> =>
      api().call('POST', `/v1/runs/${id}/rerun`, body, headers),
    async again(id: string, body: object): Promise<Controlled> {
      return controlled.parse(await api().expect(201, 'POST', `/v1/runs/${id}/rerun`, body));
    },
  };
};

export const settled = (run: Pick<Run, 'status'>) =>
  ['succeeded', 'failed', 'stopped', 'timed_out', 'skipped'].includes(run.status);
