import { expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { checkRetention } from '../../shared/workflow/check-retention.ts';

function said(timeout: string | undefined, retentionDays: number) {
  const text = `format: 1\nname: x\n${timeout === undefined ? '' : `timeout: ${timeout}\n`}steps: [{ id: a, set: {} }]\n`;
  const checked = checkDocument(text);
  if (!checked.ok) throw new Error('the document is not right');
  return checkRetention(text, checked.document, retentionDays);
}

test('a run may last as long as it is kept', () => {
  expect([said('30d', 30), said(undefined, 90), said('1h', 1), said('365d', 400)]).toEqual([[], [], [], []]);
});

test('a run that may outlive its own rows is told with both times, what to do, and the line', () => {
  expect(said('31d', 30)).toEqual([
    {
      path: 'timeout',
      line: 3,
      column: 1,
      message:
        'timeout: a run may take 31d but is kept for 30d; write timeout: 30d or less, or have the setting retentionDays raised',
      severity: 'warning',
    },
  ]);
  expect(said(undefined, 30)).toMatchObject([
    { line: 1, message: expect.stringContaining('may take 90d, as nothing else is said, but is kept for 30d') },
  ]);
});

test('of an expression only a start can tell', () => {
  expect(said('${ $input.seconds }', 1)).toEqual([]);
});
