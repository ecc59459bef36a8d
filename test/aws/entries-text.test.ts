import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import { entriesText, textAttribute } from '../../shared/run/store/entries-text.dynamo.ts';

const at = '2026-11-28T09:39:33.710Z';
const small = JSON.stringify([{ type: 'run_started', at }]);
const body = { status: 200, headers: { 'content-type': 'application/json' }, body: { id: 'c-8123', name: 'Größe 東京 🚚' } };
const step = JSON.stringify([
  { type: 'step_started', input: { json: '{"method":"POST","url":"https://erp.example.com/orders"}' }, at, key: 'one' },
  { type: 'step_completed', output: { json: JSON.stringify(body) }, at, key: 'one' },
]);
const large = JSON.stringify([{ type: 'step_completed', at, key: 'two', output: { json: 'x\u0000"\\'.repeat(50_000) } }]);

test.each([
  ['a short one as it is', small, 1],
  ['one of a step in less than half', step, 0.5],
  ['a large one too', large, 0.1],
])('the text of entries comes back, %s', (_, text, share) => {
  const item = textAttribute(text);
  expect(entriesText.parse(item)).toBe(text);
  const bytes = item['packed']?.B?.length ?? Buffer.byteLength(item['entries']?.S ?? '');
  expect(bytes).toBeLessThanOrEqual(Buffer.byteLength(text) * share);
});

test('so it does from a stream, where bytes are text', () => {
  const { packed } = textAttribute(step);
  const streamed = { packed: { B: Buffer.from(packed?.B ?? []).toString('base64') } };
  expect(entriesText.parse(streamed)).toBe(step);
});

test('what was written once is read for ever: the dictionary is the one that it was written with', () => {
  const written =
    'iyYvNnFGXWpRgR5SlaoPzvnFMRjxY6hrZBFiYGllbGllbKxnbmiASGL5ean0jjHUMIGmqWRdC0MjY7Av4YWbe9HhbYfnpyo8m7vxya41Ch/mz5oVo1RLqudiAQ==';
  expect(entriesText.parse({ packed: { B: Buffer.from(written, 'base64') } })).toBe(step);
});

test('an item without a text is refused', () => {
  expect(entriesText.safeParse(marshall({ other: 'x' })).success).toBe(false);
});
