import { expect, test } from 'vitest';
import { entityTag, readIfMatch } from '../../shared/edge/entity-tag.ts';

test('what was given as an ETag comes back as If-Match', () => {
  expect(readIfMatch(entityTag('5f2b').etag)).toEqual(['5f2b']);
  expect(readIfMatch('"a", "b"')).toEqual(['a', 'b']);
  expect(readIfMatch('5f2b')).toEqual(['5f2b']);
});

test('* and nothing ask for nothing', () => {
  expect([readIfMatch('*'), readIfMatch(undefined)]).toEqual([undefined, undefined]);
});

test.each(['', 'W/"5f2b"', '"a" "b"', '"a#b"', `"${'x'.repeat(101)}"`, Array(11).fill('"a"').join(',')])(
  '%j is refused',
  (header) => {
    expect(() => readIfMatch(header)).toThrow('If-Match');
  },
);
