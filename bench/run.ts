import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, PART_NAMES, type Part, type Results } from './measure.ts';
import { tables } from './report/tables.ts';
import { FULL, QUICK } from './sizes.ts';

const FILE = join(import.meta.dirname, 'results.json');
const HELP = `Usage: npm run bench [-- --quick] [-- --markdown] [-- --only <parts>]

Measures Millrun on this machine, prints a table and writes bench/results.json.

  --quick         less of everything: no bundles, no cold starts; writes nothing
  --markdown      print the table in Markdown
  --only <parts>  measure these alone, with commas between them: ${PART_NAMES.join(', ')};
                  the rest is shown as it was measured before
`;

const { quick, markdown, only } = given();
const say = (what: string) => console.error(`measuring: ${what}`);
// Each part is written as soon as it is measured: whatever breaks off takes no other along.
let results: Partial<Results> = only && !quick ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
for (const name of only ?? PART_NAMES) {
  const measured = await measure(name, quick ? QUICK : FULL, say);
  results = { ...results, ...measured, parts: { ...results.parts, ...measured.parts } };
  if (!quick) writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
}
console.log(isWhole(results) ? tables(results, { markdown }) : JSON.stringify(results, null, 2));

function isWhole(measured: Partial<Results>): measured is Results {
  return PART_NAMES.every((name) => name in measured);
}

function given() {
  try {
    const { values } = parseArgs({
      options: { quick: { type: 'boolean' }, markdown: { type: 'boolean' }, only: { type: 'string' } },
    });
    const { quick = false, markdown = false } = values;
    return { quick, markdown, only: values.only?.split(',').map(partOf) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    process.exit(2);
  }
}

function partOf(name: string): Part {
  const part = PART_NAMES.find((one) => one === name);
  if (!part) throw new Error(`There is no part "${name}". Parts are ${PART_NAMES.join(', ')}.`);
  return part;
}
