import { startVitest } from 'vitest/node';

/** The tests that find more the longer they run: ROUNDS of them, 60 unless told otherwise. */
process.env['ROUNDS'] ??= '60';
process.env['FLOOD'] ??= '1000';
const vitest = await startVitest(
  'test',
  ['test/crash', 'test/run/random', 'test/trigger/webhook/flood', 'test/trigger/webhook/crash'],
  { watch: false },
);
await vitest.close();
