import { startVitest } from 'vitest/node';

/** The tests that find more the longer they run: ROUNDS of them, 60 unless told otherwise. */
process.env['ROUNDS'] ??= '60';
const vitest = await startVitest('test', ['test/crash', 'test/run/random', 'test/control/random'], { watch: false });
await vitest.close();
