import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { GOALS } from '../../bench/report/goals.ts';
import { bundling } from '../../infra/bundling.ts';
import { installed } from './installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const { functions } = installed({ mailDomain: 'mail.example.com', mailActive: true });
const entries = functions.map((fn) => String(fn.Metadata['millrun:entry']));

/** Bundles that miss the goal: docs/performance.md says what is in them. */
const ABOVE = [
  'functions/api/answer-by-link.ts',
  'functions/api/deliveries.ts',
  'functions/api/jobs.ts',
  'functions/api/mail-canary.ts',
  'functions/api/publish-workflow.ts',
  'functions/timer/send-canary.ts',
  'functions/api/receive-webhook.ts',
  'functions/api/schedules.ts',
  'functions/api/start-runs.ts',
  'functions/api/tasks.ts',
  'functions/api/tests.ts',
  'functions/mail/receive-mail.ts',
  'functions/event/receive-events.ts',
  'functions/queue/receive-messages.ts',
  'functions/timer/fire-schedule.ts',
  'functions/timer/reconcile-fires.ts',
  'functions/timer/send-canary.ts',
  'functions/worker/drive-run.ts',
  'functions/worker/work-job.ts',
];
const ABOVE_BYTES = 1_325_000;
/** Speaks to those who listen; has the clients of models, tools, mail servers and STS, which are loaded with the first step that needs them. */
const WORKER = 'functions/worker/drive-run.ts';
const WORKER_BYTES = 3_160_000;

/** Starts again what any trigger has turned away, and does all that people do with runs. */
const JOBS = 'functions/worker/work-job.ts';
const JOBS_BYTES = 1_375_000;

const mostOf = (entry: string) => {
  if (entry === JOBS) return JOBS_BYTES;
  if (entry === WORKER) return WORKER_BYTES;
  return ABOVE.includes(entry) ? ABOVE_BYTES : GOALS.bundleBytes;
};

/** The bytes that `cdk deploy` uploads for each entry, without its source map. Built at once: what they share is read once. */
async function bundleBytes(): Promise<Map<string, number>> {
  const { outputFiles } = await build({
    ...bundling,
    entryPoints: entries.map((entry) => join(ROOT, entry)),
    sourcemap: false,
    write: false,
    outbase: ROOT,
    outdir: ROOT,
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, contents }) => [relative(ROOT, path).replace(/\.js$/, '.ts'), contents.length]));
}

let sizes: Map<string, number>;
beforeAll(async () => {
  sizes = await bundleBytes();
}, 120_000);

describe('a bundle is no larger than its budget', () => {
  test('and every function has one', () => {
    expect(entries.length).toBeGreaterThanOrEqual(23);
    expect(new Set(entries).size).toBe(entries.length);
    expect(ABOVE.filter((entry) => !entries.includes(entry))).toEqual([]);
  });

  test.each(entries)('%s', (entry) => {
    const bytes = sizes.get(entry) ?? Number.NaN;
    expect(bytes).toBeLessThanOrEqual(mostOf(entry));
    // One that has come below the goal is not named above any more.
    if (ABOVE.includes(entry)) expect(bytes).toBeGreaterThan(GOALS.bundleBytes);
  });
});
