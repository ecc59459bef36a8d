import { expect, test } from 'vitest';
import { eventPattern, PatternRefused } from '../../shared/kernel/event-pattern.ts';
import { parseJson } from '../../shared/kernel/json.ts';

const event = parseJson(`{
  "source": "shop.orders", "detail-type": "order.booked",
  "detail": {
    "id": 8202522731445525542, "total": 12.5, "paid": true, "note": null, "tags": ["new", "vip"], "none": [],
    "customer": { "country": "DE" }, "lines": [{ "sku": "a", "n": 1 }, { "sku": "b", "n": 7 }]
  }
}`);

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
test.each([
  [{ source: ['shop.orders'] }, true],
  [{ source: ['shop.stock', 'shop.orders'] }, true],
  [{ source: ['shop'] }, false],
  [{ source: [{ prefix: '' }] }, true],
  [{ source: [{ prefix: 'shop.' }], 'detail-type': [{ suffix: '.booked' }] }, true],
  [{ source: [{ prefix: 'shop.' }], 'detail-type': [{ suffix: '.paid' }] }, false],
  [{ source: [{ 'equals-ignore-case': 'SHOP.Orders' }] }, true],
  [{ source: [{ 'anything-but': 'shop.orders' }] }, false],
  [{ source: [{ 'anything-but': ['a', 'b'] }] }, true],
  [{ source: [{ 'anything-but': { prefix: 'shop' } }] }, false],
  [{ source: [{ 'anything-but': { suffix: 'stock' } }] }, true],
  [{ absent: [{ 'anything-but': 'a' }] }, false],
  [{ detail: { total: [12.5] } }, true],
  [{ detail: { total: ['12.5'] } }, false],
  [{ detail: { total: [{ numeric: ['>', 10, '<=', 12.5] }] } }, true],
  [{ detail: { total: [{ numeric: ['=', 12] }] } }, false],
  [{ detail: { paid: [true], note: [null] } }, true],
  [{ detail: { tags: ['vip'] } }, true],
  [{ detail: { tags: ['old'] } }, false],
  [{ detail: { tags: [{ exists: true }], gone: [{ exists: false }], none: [{ exists: false }] } }, true],
  [{ detail: { tags: [{ exists: false }] } }, false],
  [{ detail: { gone: { deep: [{ exists: false }] } } }, true],
  [{ detail: { customer: [{ exists: true }] } }, false],
  [{ detail: { customer: { country: ['DE', 'AT'] } } }, true],
  [{ detail: { lines: { sku: ['b'], n: [7] } } }, true],
  [{ detail: { lines: { sku: ['a'], n: [7] } } }, false],
  [{ detail: { toString: [{ exists: true }] } }, false],
])('%j: %j', (pattern, expected) => {
  expect(eventPattern(pattern)(event)).toBe(expected);
});

test('an id that a double cannot hold is that id and no other', () => {
  expect(eventPattern(parseJson('{"detail": {"id": [8202522731445525542]}}'))(event)).toBe(true);
  expect(eventPattern(parseJson('{"detail": {"id": [8202522731445525543]}}'))(event)).toBe(false);
});

test.each([
  [[], 'the pattern must be an object'],
  [{}, 'the pattern must be an object with a field'],
  [{ source: 'shop' }, 'source must be an object'],
  [{ source: [] }, 'source lists nothing'],
  [{ detail: { a: [{}] } }, 'detail.a lists values, and objects with one operator'],
  [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'source lists values, and objects with one operator'],
  [{ source: [{ wildcard: 'a*' }] }, 'source has the operator "wildcard"; served are prefix'],
  [{ source: [{ constructor: 'a' }] }, 'source has the operator "constructor"'],
  [{ $or: [{ source: ['a'] }] }, '$or is not served'],
  [{ source: [{ prefix: 1 }] }, 'source.prefix must be a text'],
  [{ a: [{ exists: 'yes' }] }, 'a.exists must be true or false'],
  [{ a: [{ numeric: ['>', '5'] }] }, 'a.numeric must be a list such as'],
  [{ a: [{ numeric: ['~', 5] }] }, 'a.numeric must be a list such as'],
  [{ a: [{ 'anything-but': { exists: true } }] }, 'a.anything-but may be a value'],
  [{ a: [{ 'anything-but': [] }] }, 'a.anything-but must be a text'],
  [{ a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: { l: [1] } } } } } } } } } } } }, 'deeper than 10 levels'],
])('%j is refused with its place', (pattern, message) => {
  expect(() => eventPattern(pattern)).toThrow(PatternRefused);
  expect(() => eventPattern(pattern)).toThrow(message);
});
