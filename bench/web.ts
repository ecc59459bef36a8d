import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { MAX_CONCURRENCY } from '../shared/kernel/limits.ts';
import { API_KEY } from '../test/harness/millrun-process.ts';
import { built, launch, Visitor } from '../test/web/browser.ts';
import { type Bench, withBench } from './harness/bench.ts';
import { storeHistory } from './lists/history.ts';

const HELP = `Usage: npm run bench:web [-- stored [seconds]]

Measures the console in Chromium, with so many runs stored (200000): how soon a list, a run of 10,000 steps, a definition of 500 steps and a value of 5 MiB are
painted, and frames and tasks of the page above 100 ms while 200 events a second come into an open page of a run for so many seconds (60).
`;

if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
  console.log(HELP);
  process.exit(0);
}
const [stored = 200_000, seconds = 60] = process.argv.slice(2).map(Number);
if (![stored, seconds].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(HELP);
  process.exit(2);
}

const ITEMS = 9_999;
const STEPS = 500;
const EVENTS_A_SECOND = 200;
const VALUE_BYTES = 5 * 1024 * 1024 - 1024;
const VISITS = 3;

/** A script of the page that notes when there are so many of something, once they are painted. */
const painted = (selector: string, count: number) => `new Promise((resolve) => {
  const look = () => {
    if (document.querySelectorAll(${JSON.stringify(selector)}).length < ${count}) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  };
  look();
})`;

const FRAMES = `(() => {
  const seen = { longest: 0, over100: 0, frames: 0, missed: 0, longTasks: 0 };
  new PerformanceObserver((list) => {
    seen.longTasks += list.getEntries().filter(({ duration }) => duration > 100).length;
  }).observe({ type: 'longtask' });
  let before = performance.now();
  const look = (now) => {
    const took = now - before;
    before = now;
    seen.frames += 1;
    seen.longest = Math.max(seen.longest, took);
    if (took > 100) seen.over100 += 1;
    seen.missed += Math.max(0, Math.round(took / (1000 / 60)) - 1);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.__frames = seen;
})()`;

interface Line {
  what: string;
  took: string;
  goal: string;
}

const median = (samples: number[]) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
const ms = (samples: number[]) => `${Math.round(median(samples))} ms (${samples.map((one) => Math.round(one)).join(', ')})`;

const NEVER_MS = 90_000;

/** What never comes is said, instead of waited for. */
const within = <T>(promise: Promise<T>, what: string): Promise<T> =>
  Promise.race([
    promise,
    new Promise<T>((_, reject) => setTimeout(() => reject(new Error(`${what} was not painted`)), NEVER_MS).unref()),
  ]);

/** From the navigation to the paint, each time in a page that has been loaded anew. */
async function visits(visitor: Visitor, path: string, selector: string, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < VISITS; n += 1) {
    await visitor.goTo(path);
    samples.push(await within(visitor.page.evaluate<number>(painted(selector, count)), path));
  }
  return samples;
}

/** From the answer of the list to its rows. */
const sinceAnswer = (page: Page, at: number) =>
  page.evaluate<number>(
    `${at} - performance.getEntriesByType('resource').find(({ name }) => /\\/v1\\/runs\\?/.test(name)).responseEnd`,
  );

async function list(bench: Bench, visitor: Visitor): Promise<Line[]> {
  await storeHistory(bench, stored);
  const shown: number[] = [];
  const rows: number[] = [];
  for (let n = 0; n < VISITS; n += 1) {
    await visitor.goTo('/runs');
    const at = await visitor.page.evaluate<number>(painted('tr[data-run]', 50));
    shown.push(at);
    rows.push(await sinceAnswer(visitor.page, at));
  }
  const found = await visits(visitor, `/runs?q=PO-${Math.floor(stored / 2)}`, 'tr[data-run]', 1);
  return [
    { what: `list of 50, ${stored} runs behind it: from the address to the rows`, took: ms(shown), goal: '1,000 ms' },
    { what: 'the same: from its data to the rows', took: ms(rows), goal: '150 ms' },
    { what: 'one of them found by its reference', took: ms(found), goal: '1,000 ms' },
  ];
}

async function large(bench: Bench, visitor: Visitor): Promise<Line[]> {
  const many = await bench.client.publish({
    name: 'bench-web-many',
    format: 1,
    timeout: '1h',
    steps: [
      {
        id: 'all',
        forEach: { in: '${ $input.items }', as: 'item', concurrency: 40, steps: [{ id: 'one', set: { n: '${ $item }' } }] },
      },
    ],
  });
  const wide = await bench.client.publish({
    name: 'bench-web-wide',
    format: 1,
    steps: Array.from({ length: STEPS }, (_, n) => ({ id: `step${n}`, set: { n } })),
  });
  const value = await bench.client.publish({
    name: 'bench-web-value',
    format: 1,
    steps: [{ id: 'give', set: { text: '${ $input.text }' } }],
  });
  const items = Array.from({ length: ITEMS }, (_, n) => n);
  const run = await bench.client.start(many, { items });
  await bench.client.end(run);
  const opened = await visits(visitor, `/runs/${run}`, '[data-headline]', 1);
  const edited = await visits(visitor, `/workflows/${wide}?tab=edit`, '.cm-line', 1);
  const drawn = await visits(visitor, `/workflows/${wide}?tab=edit`, '.react-flow__node', STEPS);
  const big = await bench.client.start(value, { text: 'x'.repeat(VALUE_BYTES) });
  await bench.client.end(big);
  const shown = await visits(visitor, `/runs/${big}?step=give`, '.json-cut', 1);
  return [
    { what: `run of ${ITEMS + 1} steps, to its first line`, took: ms(opened), goal: '1,000 ms' },
    { what: `text of ${STEPS} steps in the editor`, took: ms(edited), goal: '1,000 ms' },
    { what: 'its graph, every node', took: ms(drawn), goal: '' },
    { what: 'a step that gave 5 MiB', took: ms(shown), goal: '1,000 ms' },
  ];
}

/** Each item of the loop brings six lines of the log and takes a second and a bit. */
const LINES_A_STEP = 2;
const LINES_AN_ITEM = 3 * LINES_A_STEP;

/** As many items at a time as there may be: about as many lines come as are asked for. */
async function busy({ client }: Bench, visitor: Visitor): Promise<Line[]> {
  const definition = {
    name: 'bench-web-busy',
    format: 1,
    timeout: '1h',
    steps: [
      {
        id: 'all',
        forEach: {
          in: '${ $input.items }',
          as: 'item',
          concurrency: MAX_CONCURRENCY,
          steps: [
            { id: 'one', set: { n: '${ $item }' } },
            { id: 'two', set: { n: '${ $item }' } },
            { id: 'pause', wait: '1s' },
          ],
        },
      },
    ],
  };
  const workflow = await client.publish(definition);
  const { page } = visitor;
  const items = Math.min(Math.ceil((EVENTS_A_SECOND * seconds) / LINES_AN_ITEM), ITEMS);
  const run = await client.start(workflow, { items: Array.from({ length: items }, (_, n) => n) });
  await visitor.goTo(`/runs/${run}`);
  await page.locator('[data-headline]').waitFor();
  await page.evaluate(FRAMES);
  const began = performance.now();
  let shown = await client.run(run);
  for (; shown.ended_at === null && performance.now() < began + seconds * 1000; shown = await client.run(run)) await sleep(1000);
  const took = (performance.now() - began) / 1000;
  const lines = shown.steps.succeeded * LINES_A_STEP;
  const seen = await page.evaluate<Record<'longest' | 'over100' | 'frames' | 'missed' | 'longTasks', number>>('window.__frames');
  return [
    {
      what: `open page of a run, ${Math.round(lines / took)} lines a second for ${took.toFixed(0)} s: longest of ${seen.frames} frames`,
      took: `${Math.round(seen.longest)} ms; ${seen.over100} frames and ${seen.longTasks} tasks above 100 ms; ${seen.missed} frames of 60 a second missed`,
      goal: 'none above 100 ms',
    },
  ];
}

built();
const browser = await launch();
try {
  await withBench({ connections: 4 }, async (bench) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const visitor = await Visitor.signedIn(context, bench.cloud.url, API_KEY);
    visitor.page.setDefaultTimeout(60_000);
    console.log('| what | took: the median of three visits | goal |\n|---|---|---|');
    for (const part of [list, busy, large])
      for (const { what, took, goal } of await part(bench, visitor)) console.log(`| ${what} | ${took} | ${goal} |`);
    console.log(`\nload at the end: ${loadavg()[0]?.toFixed(1)}`);
  });
} finally {
  await browser.close();
}
