import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.ts';
import { tables } from './report/tables.ts';
import { FULL, QUICK } from './sizes.ts';

const HELP = `Usage: npm run bench [-- --quick] [-- --markdown]

Measures Millrun on this machine, prints a table and writes bench/results.json.

  --quick      less of everything: no bundles, no cold starts; writes nothing
  --markdown   print the table in Markdown
`;

const given = process.argv.slice(2);
const unknown = given.find((argument) => !['--quick', '--markdown'].includes(argument));
if (unknown) {
  console.error(HELP);
  process.exit(2);
}

const quick = given.includes('--quick');
const results = await measure(quick ? QUICK : FULL, (what) => console.error(`measuring: ${what}`));
if (!quick) writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
console.log(tables(results, { markdown: given.includes('--markdown') }));
