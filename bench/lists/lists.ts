import * as z from 'zod';
import type { Bench } from '../harness/bench.ts';
import { PROJECT } from '../harness/client.ts';
import { type Spread, spreadOf } from '../harness/statistics.ts';
import { type History, storeHistory } from './history.ts';

export interface Listed extends Spread {
  list: string;
  /** Entries of the page. */
  items: number;
  /** Next to none fit: the page looks at many runs, and says how far it has come. */
  isRare?: boolean;
}

export interface Lists {
  stored: number;
  lists: Listed[];
}

const PAGE = 50;
const WARM_UP = 10;
const DAY_MS = 86_400_000;

/** How long pages take when so many runs are stored, each asked for again and again. */
export async function listed(bench: Bench, stored: number, times: number): Promise<Lists> {
  const lists: Listed[] = [];
  const history = await storeHistory(bench, stored);
  for (const [list, path] of Object.entries(pathsOf(history))) lists.push({ list, ...(await timed(bench, path, times)) });
  for (const [list, path] of Object.entries(rarePathsOf(history)))
    lists.push({ list, isRare: true, ...(await timed(bench, path, times)) });
  return { stored, lists };
}

const v1 = (query: string) => `/v1/runs?limit=${PAGE}${query}`;

function rarePathsOf({ workflowId }: History): Record<string, string> {
  return {
    'trigger=email (one in 2,000)': v1('&trigger=email'),
    'trigger=schedule (none)': v1('&trigger=schedule'),
    'stage=Draft (one in 50)': v1('&stage=Draft'),
    'a workflow, trigger=email': `/v1/workflows/${workflowId}/runs?limit=${PAGE}&trigger=email`,
  };
}

function pathsOf({ workflowId, parentId }: History): Record<string, string> {
  const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString();
  const ofWorkflow = (query: string) => `/v1/workflows/${workflowId}/runs?limit=${PAGE}${query}`;
  const v2 = (query: string) => `/v2/runs?process_id=${workflowId}&agent_id=${PROJECT}&limit=${PAGE}${query}`;
  return {
    'of the project': v1(''),
    'project_id=examples': v1(`&project_id=${PROJECT}`),
    'status=succeeded': v1('&status=succeeded'),
    'status=failed': v1('&status=failed'),
    'status=stopped': v1('&status=stopped'),
    'status=running (none is)': v1('&status=running'),
    'status=paused (none is)': v1('&status=paused'),
    'a day two weeks ago': v1(`&from=${day(15)}&to=${day(14)}`),
    'a workflow': ofWorkflow(''),
    'a workflow, status=failed (none has)': ofWorkflow('&status=failed'),
    'v2, a process': v2(''),
    'v2, a process, stage=Draft': v2('&stage=Draft'),
    'one run with its children': `/v1/runs/${parentId}`,
  };
}

/** Asked for again and again. */
export async function timed({ client }: Pick<Bench, 'client'>, path: string, times: number): Promise<Spread & { items: number }> {
  const samples: number[] = [];
  let items = 0;
  for (let n = -Math.min(WARM_UP, times); n < times; n++) {
    const sentAt = performance.now();
    const answer = await client.get(path);
    if (n >= 0) samples.push(performance.now() - sentAt);
    items = page.parse(answer);
  }
  return { ...spreadOf(samples), items };
}

const page = z.union([
  z.object({ items: z.array(z.unknown()) }).transform(({ items }) => items.length),
  z.object({ children: z.array(z.unknown()) }).transform(({ children }) => children.length),
]);
