import { loadavg } from 'node:os';
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
  const load = () => loadavg()[0]?.toFixed(1);
  const before = load();
  console.log('| filter | p50, ms | p95, ms | shown | pages to the end |\n|---|---|---|---|---|');
  let slow = 0;
  for (const query of queriesOf(history)) {
    const path = `/v1/runs?limit=${PAGE}${query && `&${query}`}`;
    const { p50, p95, items } = await timed({ client }, path, times);
    if (p50 > GOAL_MS) slow += 1;
    const pages = await pagesOf((token) => client.get(path + token));
    console.log(`| \`${nameOf(query)}\` | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${items} | ${pages} |`);
  }
  console.log(`\n${stored} runs stored, ${times} first pages of ${PAGE} each; load before ${before}, after ${load()}`);
  console.log(slow === 0 ? `medians all under ${GOAL_MS} ms` : `medians of ${slow} over ${GOAL_MS} ms`);
});

/** The query without what is another in every run of the bench. */
const nameOf = (query: string) =>
  query === ''
    ? '(none)'
    : decodeURIComponent(query)
        .replaceAll(/\b[0-9A-Z]{26}\b/g, '(id)')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)');

async function pagesOf(get: (token: string) => Promise<unknown>): Promise<string> {
  let token = '';
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const { continuation_token: next } = page.parse(await get(token));
    if (next === null) return String(pages);
    token = `&continuation_token=${next}`;
  }
  return `${MOST_PAGES}+`;
}
