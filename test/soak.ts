import { startVitest } from 'vitest/node';

/** The tests that find more the longer they run, with the counts that they read, and those that take too long for every day; each can be told otherwise. */
const LONGER = {
  ROUNDS: '60',
  CRASHES: '1000',
  DRIVER_KILLS: '1000',
  OUTAGE_SECONDS: '60',
  KILLS: '20',
  MAILS: '1000',
  FLOOD: '1000',
  LARGE_MAILS: '8',
  CASES: '400',
  TENANT_ROLES: '4',
  FRESH_CLONES: 'yes',
};
for (const [variable, count] of Object.entries(LONGER)) process.env[variable] ??= count;

const vitest = await startVitest(
  'test',
  [
    'test/launch/fresh-clone',
    'test/crash',
    'test/run/random',
    'test/run/outage',
    'test/run/chaos',
    'test/run/driver',
    'test/run/child-runs',
    'test/run/reruns',
    'test/shared/run',
    'test/control/random',
    'test/schedule/crash',
    'test/mail/flood',
    'test/mail/smuggling',
    'test/security',
    'test/mail/memory',
    'test/shared/trigger/mail',
    'test/trigger/webhook/flood',
    'test/trigger/webhook/crash',
  ],
  { watch: false },
);
await vitest.close();
