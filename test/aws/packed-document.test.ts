import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { packed, unpacked } from '../../shared/workflow/packed-document.ts';
import { planOf } from '../../shared/workflow/plan-of.ts';

const ROW_LIMIT_BYTES = 400 * 1024;

function checked(text: string) {
  const result = checkDocument(text);
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('; '));
  return result;
}

describe('a document that was packed', () => {
  test.each(['hello', 'order-intake', 'nightly-report'])('has the plan that %s was checked with', (name) => {
    const { document, plan } = checked(readFileSync(join(import.meta.dirname, `../../examples/${name}.yaml`), 'utf8'));
    expect(planOf(unpacked(packed(document)))).toEqual(plan);
  });

  test('fits into a row when its text is as long as it may be and has the shortest steps', () => {
    const steps = Array.from({ length: 500 }, (_, n) => `- { id: s${n}, set: { v: ${'x'.repeat(480)} } }`);
    const { document } = checked(`format: 1\nname: long\nsteps:\n${steps.join('\n')}\n`);
    expect(packed(document).byteLength).toBeLessThan(ROW_LIMIT_BYTES);
  });
});
