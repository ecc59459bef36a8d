import { startVitest } from 'vitest/node';

/** The tests that find more the longer they run, with the counts that they read, and those that take too long for every day; each can be told otherwise. */
const LONGER = {
  ROUNDS: '60',
  CRASHES: '1000',
  EXAMPLE_CRASHES: '50',
  DRIVER_KILLS: '1000',
  OUTAGE_SECONDS: '60',
  KILLS: '20',
  MAILS: '1000',
  FLOOD: '1000',
  LARGE_MAILS: '8',
  CASES: '400',
  FILTER_RUNS: '1000',
  JOB_RUNS: '2000',
  QUEUED_RUNS: '10000',
  PLACE_STORIES: '300',
  TENANT_ROLES: '4',
  OPERATOR_RUNS: '5000',
  FRESH_CLONES: 'yes',
};
for (const [variable, count] of Object.entries(LONGER)) process.env[variable] ??= count;

const vitest = await startVitest(
  'test',
  [
    'test/launch/fresh-clone',
    'test/crash',
    'test/e2e',
    'test/run/random',
    'test/run/outage',
    'test/run/chaos',
    'test/aws/dynamo-runs',
    'test/run/driver',
    'test/run/child-runs',
    'test/run/reruns',
    'test/run/model',
    'test/run/control/random',
    'test/run/place',
    'test/trigger/schedule/crash',
    'test/trigger/email/flood',
    'test/trigger/email/smuggling',
    'test/security',
    'test/trigger/email/memory',
    'test/trigger/email/hostile-parsing',
    'test/trigger/webhook/flood',
    'test/trigger/webhook/crash',
    'test/job/crash',
  ],
  { watch: false },
);
await vitest.close();
