import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/harness/longest-first.ts';

const MEMORY = '/dev/shm';
/** More than all data folders that are there at the same time. */
const MOST_BYTES = 4 * 1024 ** 3;

// Every process loads the same thousand modules: compiled once, and by Node itself, that takes half of the time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/millrun/compiled');

// Every write to a table is on the disk before it counts. In memory that is at once, and a process that is killed loses as little.
if (existsSync(MEMORY) && freeBytes(MEMORY) > MOST_BYTES) process.env['TMPDIR'] ??= MEMORY;

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Files that have a process to themselves. */
const ALONE = [
  // They start processes and browsers, and are there to see what becomes of a process.
  'test/{bench,crash,docs,e2e,harness,launch,local,web}/**',
  // Their stack has settings of its own, and functions keep those that they read first.
  'test/access/sign-in.test.ts',
  'test/edge/{cors,retention}.test.ts',
  'test/job/subjects.test.ts',
  'test/security/{matrix,private-networks,redirects}.test.ts',
  'test/subscription/subscriptions.test.ts',
  'test/task/{exceptions,mails}.test.ts',
  'test/trigger/email/{mailbox,replies}.test.ts',
  'test/trigger/event/events.test.ts',
  'test/trigger/queue/own-queues.test.ts',
  // They move the clock, by which functions keep the rate of callers and timers that somebody has left behind would run.
  'test/edge/{authorize,busy}.test.ts',
  'test/run/{chaos,child-runs,driver,reruns,retention}.test.ts',
  'test/run/model/state.test.ts',
  // They look at the memory, the descriptors or the children of their process.
  'test/run/size.test.ts',
  'test/security/own-services.test.ts',
  'test/trigger/email/memory.test.ts',
];

/** Files that share processes: to load the modules anew for each would take a third of all the processor time. In parts, so that a process ends before it is large. */
const TOGETHER = {
  run: ['test/run/**'],
  events: ['test/{file,inbox,job,live,subscription,suite,task,trigger,view}/**'],
  edge: ['test/{access,analytics,audit,aws,client,connection,contract,edge}/**'],
};

const tests = (files: string[]) => files.map((path) => path.replace(/\*\*$/, '**/*.test.ts'));

const together = (name: string, include: string[], exclude: string[]) => ({
  extends: true as const,
  test: { name, include: tests(include), exclude, isolate: false },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Tests wait for a third of their time: three of them keep two processors busy, and those that look at time find one.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // So many processes have no processor to spare for threads that collect garbage; and most of what a file loads stays, which a small young generation copies again and again.
    execArgv: ['--single-threaded-gc', '--min-semi-space-size=16'],
    experimental: { viteModuleRunner: false },
    // A test whose loops have run zero times has shown nothing.
    expect: { requireAssertions: true },
    // Read when a file imports functions, which may be before its cloud is up.
    env: { POWERTOOLS_METRICS_DISABLED: 'true' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    projects: [
      { extends: true, test: { name: 'alone', include: tests(ALONE) } },
      ...Object.entries(TOGETHER).map(([name, files]) => together(name, files, ALONE)),
      together('rest', ['test/**'], [...ALONE, ...Object.values(TOGETHER).flat()]),
    ],
  },
});
