import { readFileSync } from 'node:fs';

/** Prints the outcome of the tests as one plain line. */
const { numPassedTests, numFailedTests } = JSON.parse(readFileSync('.millrun/test-results.json', 'utf8'));
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
