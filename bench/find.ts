import * as z from 'zod';
import { withBench } from './harness/bench.ts';
import { type History, storeHistory } from './lists/history.ts';
import { timed } from './lists/lists.ts';

const HELP = `Usage: npm run bench:find [-- stored [times]]

Measures how long a page of each of 30 filters and combinations takes, and how many pages tell all, with so many runs stored (200000).
`;

const [stored = 200_000, times = 50] = process.argv.slice(2).map(Number);
if (![stored, times].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(HELP);
  process.exit(2);
}

const PAGE = 25;
const GOAL_MS = 50;
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

const page = z.object({ continuation_token: z.string().nullable() });

await withBench({ connections: 1 }, async ({ client, ...bench }) => {
  const history = await storeHistory({ client, ...bench }, stored);
  console.log(`${stored} runs stored; median and p95 of ${times} first pages, in milliseconds; pages to the end`);
  let slow = 0;
  for (const query of queriesOf(history)) {
    const path = `/v1/runs?limit=${PAGE}${query && `&${query}`}`;
    const { p50, p95, items } = await timed({ client }, path, times);
    if (p50 > GOAL_MS) slow += 1;
    const pages = await pagesOf((token) => client.get(path + token));
    console.log(
      `${p50.toFixed(1).padStart(6)} ${p95.toFixed(1).padStart(6)} ${String(items).padStart(4)} shown ${pages.padStart(4)}  ${query}`,
    );
  }
  console.log(slow === 0 ? `all under ${GOAL_MS} ms` : `${slow} take longer than ${GOAL_MS} ms`);
});

async function pagesOf(get: (token: string) => Promise<unknown>): Promise<string> {
  let token = '';
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const { continuation_token: next } = page.parse(await get(token));
    if (next === null) return String(pages);
    token = `&continuation_token=${next}`;
  }
  return `${MOST_PAGES}+`;
}
