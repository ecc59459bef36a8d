import * as z from 'zod';
import type { Bench } from '../harness/bench.ts';
import type { Spread } from '../harness/statistics.ts';
import type { History } from './history.ts';
import { timed } from './lists.ts';

/** First pages by one filter. */
export interface Found extends Spread {
  filter: string;
  /** Entries of the first page. */
  items: number;
  /** To the end; absent when there are more than anybody would ask for. */
  pages?: number;
  /** The one of them that took longest. */
  slowestMs: number;
}

const PAGE = 25;
const MOST_PAGES = 40;
const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

/** Queries of GET /v1/runs, over what history.ts stores. */
const queriesOf = ({ workflowId, parentId }: History): string[] => [
  '',
  'status=succeeded',
  'status=failed',
  'status=failed,timed_out,stopped',
  'status=running,pending',
  'status=succeeded,failed',
  'trigger=email',
  'trigger=schedule',
  'trigger_id=nobody',
  'stage=Draft',
  'reference=po-150',
  'reference=po-none',
  'reference=po-15*',
  'reference=none*',
  `id=${parentId}`,
  `id=${parentId.slice(0, 6)}`,
  'label=customer:c-7',
  'label=customer:c-9&label=area:north',
  'label=customer:nobody',
  'error=HttpClientError',
  'error=Nothing',
  'archived=true',
  'archived=any&status=failed',
  `parent=${parentId}`,
  `root=${parentId}`,
  'q=po-151',
  'q=nothing%20like%20it',
  `from=${ago(15)}&to=${ago(14)}`,
  `workflow_id=${workflowId}&status=failed`,
  `workflow_id=${workflowId}&label=area:north&from=${ago(20)}&stage=Published&archived=any`,
];

/** How long first pages by 30 filters and combinations take, each asked for again and again, and how many pages tell all. */
export async function found(bench: Pick<Bench, 'client'>, history: History, times: number): Promise<Found[]> {
  const filters: Found[] = [];
  for (const query of queriesOf(history)) {
    const path = `/v1/runs?limit=${PAGE}${query && `&${query}`}`;
    const { p50, p95, items } = await timed(bench, path, times);
    const pages = await pagesOf((token) => bench.client.get(path + token));
    filters.push({ filter: nameOf(query), p50, p95, items, ...pages });
  }
  return filters;
}

const page = z.object({ continuation_token: z.string().nullable() });

/** The query without what is another in every run of the bench. */
const nameOf = (query: string) =>
  decodeURIComponent(query)
    .replaceAll(/\b[0-9A-Z]{26}\b/g, '(id)')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)');

async function pagesOf(get: (token: string) => Promise<unknown>): Promise<Pick<Found, 'pages' | 'slowestMs'>> {
  let token = '';
  let slowestMs = 0;
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const begun = performance.now();
    const { continuation_token: next } = page.parse(await get(token));
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    if (next === null) return { pages, slowestMs };
    token = `&continuation_token=${next}`;
  }
  return { slowestMs };
}
