import { expect, test } from 'vitest';
import { toItem } from '../../shared/aws/items.ts';
import { parseRun, runItem } from '../../shared/run/store/run-items.dynamo.ts';
import { projected } from '../../shared/run/store/run-updates.dynamo.ts';
import { aRun } from '../harness/builders.ts';

const small = aRun({
  id: '01M8HG3X59B2GBJ6193YMDV8ZR',
  workspace: 'local',
  project: 'examples',
  workflowId: '01M8HG3PBD1MN89HQATTD9EZB1',
  createdAt: '2026-11-28T16:34:20.457Z',
  definition: 'e4f81b4385d048683ec9e248743d7174521aec1d4d21498b3844420e8ce65574',
  actor: { kind: 'key', id: '01M8HG3NVNZ3EDVV06PTWZXFDV', name: 'first key' },
});
const large = aRun({
  ...small,
  name: 'Größe 東京 🚚 '.repeat(500),
  fileIds: ['01M8HG3PBD1MN89HQATTD9EZB2'],
  depth: 3,
  attempt: 2,
});

test.each([
  ['a small run', small, 200],
  ['one with a long name', large, 400],
])('%s comes back from its row, whose text is short', (_, run, most) => {
  const item = runItem(run);
  expect(parseRun(item)).toEqual(run);
  const length = item['text']?.B?.length;
  expect(length).toBeGreaterThan(50);
  expect(length).toBeLessThan(most);
});

test('a deadline that follows from the start costs nothing, and one that was put off comes back', () => {
  const first = { ...small, deadline: '2027-02-26T16:34:20.457Z' };
  expect(parseRun(runItem(first))).toEqual(first);
  const late = { ...small, deadline: '2027-03-01T16:34:20.457Z' };
  expect(parseRun(runItem(late))).toEqual(late);
  expect(runItem(first)['text']?.B?.length).toBeLessThan(Number(runItem(late)['text']?.B?.length));
});

test('so it does from a stream, where bytes are text', () => {
  const { text, ...item } = runItem(small);
  const B = Buffer.from(text?.B ?? []).toString('base64');
  // What Lambda hands on is JSON.
  expect(parseRun(JSON.parse(JSON.stringify({ ...item, text: { B } })))).toEqual(small);
});

test('what was changed since stands beside the text, and is not taken back by what follows from the journal', () => {
  const { ':text': text } = projected(small, { ...small, seen: 4, execution: 2 }, {}, new Date()).ExpressionAttributeValues ?? {};
  expect(text).toBeDefined();
  const row = { ...runItem(small), ...toItem({ name: 'renamed' }), ...(text && { text }) };
  expect(parseRun(row)).toEqual({ ...small, name: 'renamed', execution: 2 });
});

test('what was written once is read for ever: the dictionary is the one that it was written with', () => {
  const written =
    'ldOxDoIwEAbgVzHumF57bQ82CSiLBJOmmm4CJXEVV99dIUaMgMbxhsv9yf/dLyDP52gnhFC2FUWcwC6nMNuvjUnC1MUwhtPLbYdWXvO/iL7X3uXJbe5EmljLVGEO7rhJ7HC3OV/a66Jbuk2BhICTARUJjDhbodTuE6jHhqBEQbJmSIqEr0LPkTSKWoNGyeHkK6ix5oAhlYIQkTNPlVdSapwHPYt0pIoHHAyjiLGI9YLcciwF3qg8Sr4D';
  expect(parseRun({ ...runItem(large), text: { B: Buffer.from(written, 'base64') } })).toEqual(small);
});

test('a row without its text is refused', () => {
  const { text: _, ...item } = runItem(small);
  expect(() => parseRun(item)).toThrow();
});
