import { startVitest } from 'vitest/node';

/** The tests that find more the longer they run: ROUNDS of them, 60 unless told otherwise. */
process.env['ROUNDS'] ??= '60';
/** And a thousand mails at once. */
process.env['MAILS'] ??= '1000';
process.env['FLOOD'] ??= '1000';
const vitest = await startVitest(
  'test',
  [
    'test/crash',
    'test/run/random',
    'test/run/chaos',
    'test/run/driver',
    'test/run/child-runs',
    'test/run/reruns',
    'test/shared/run',
    'test/control/random',
    'test/mail/flood',
    'test/shared/trigger/mail',
    'test/trigger/webhook/flood',
    'test/trigger/webhook/crash',
  ],
  { watch: false },
);
await vitest.close();
