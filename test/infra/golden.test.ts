import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSettings } from '../../infra/settings.ts';
import { synthesize } from '../../infra/synth-template.ts';

const file = join(import.meta.dirname, 'millrun.golden.json');

/** What changes with every change of the code: the names of bundles and the version made of them. */
const masked = (template: object) =>
  `${JSON.stringify(template, null, 2)
    .replaceAll(/[0-9a-f]{64}\.zip/g, '<bundle>.zip')
    .replaceAll(/[0-9a-f]{64}\.json/g, '<nested>.json')
    .replaceAll(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<version>')}\n`;

test('the template is the one last looked at (UPDATE_GOLDEN=1 takes the new one)', () => {
  const template = masked(synthesize(parseSettings({})));
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, template);
  expect(template).toBe(readFileSync(file, 'utf8'));
});
