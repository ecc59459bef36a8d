import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskOf } from '../../shared/kernel/mask.ts';

test('a secret is masked in texts, lists, maps, keys, and as a number', () => {
  const { value } = maskOf(['s3cret', '4711']);
  expect(value({ a: 's3cret', b: ['my s3cret!', 4711, 47110, null, true], s3cret: { c: 'pin 4711' } })).toEqual({
    a: '***',
    b: ['my ***!', '***', 47110, null, true],
    '***': { c: 'pin ***' },
  });
});

test('it is found as JSON and URLs write it', () => {
  const { text } = maskOf(['a b"c/d']);
  expect(text(JSON.stringify({ k: 'a b"c/d' }))).toBe('{"k":"***"}');
  expect(text(`?k=${encodeURIComponent('a b"c/d')}`)).toBe('?k=***');
  expect(text(`?${new URLSearchParams({ k: 'a b"c/d' })}`)).toBe('?k=***');
});

test('of two secrets the longer one is masked first', () => {
  expect(maskOf(['pass', 'password1']).text('password1 pass')).toBe('*** ***');
});

test('what is too short to be told from other texts is left alone', () => {
  expect(maskOf(['1', 'ab', '']).value(['1', 1, 'tab'])).toEqual(['1', 1, 'tab']);
});

test('no text holds a secret afterwards, and none grows', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 5 }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(!'***'.includes(secret) && !secret.includes('*'));
      const given = before + secret + after;
      const masked = maskOf([secret]).text(given);
      expect(masked).not.toContain(secret);
      expect(masked.length).toBeLessThanOrEqual(given.length);
    }),
  );
});
