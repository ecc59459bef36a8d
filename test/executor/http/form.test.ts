import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formOf } from '../../../shared/executor/http/form.ts';
import type { StepFile } from '../../../shared/step/kind.ts';

const aFile = (name: string, text: string): StepFile => ({
  name,
  type: 'text/csv',
  size: Buffer.byteLength(text),
  open: async () =>
    (async function* () {
      yield Buffer.from(text);
    })(),
});

test('a form is read as it was meant by those who read forms, whatever names and fields hold', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
  const odd = fc.oneof(text, fc.constantFrom('a"b', 'a\nb', 'a\r\nb', 'チ', 'a; filename="x"'));
  await fc.assert(
    fc.asyncProperty(odd, odd, odd, odd, async (field, value, fileName, content) => {
      const files = { read: async () => aFile(fileName, content), save: () => Promise.reject(new Error('not here')) };
      const { body, type } = await formOf({ [`f${field}`]: value, [`g${field}`]: { file: 'id' }, gone: null, count: 2 }, files);
      const sent = await buffer(await body.open());
      expect(sent.length).toBe(body.length);
      const expected = new FormData();
      expected.append(`f${field}`, value);
      expected.append(`g${field}`, new File([content], fileName, { type: 'text/csv' }));
      expected.append('count', '2');
      const encoded = new Response(expected);
      const theirs = Buffer.from(await encoded.arrayBuffer()).toString();
      const boundaryOf = (header: string | null) => /boundary=(.*)/.exec(header ?? '')?.[1] ?? '';
      const ours = sent.toString().replaceAll(boundaryOf(type), 'BOUNDARY');
      expect(ours).toBe(theirs.replaceAll(boundaryOf(encoded.headers.get('content-type')), 'BOUNDARY'));
      expect((await buffer(await body.open())).equals(sent)).toBe(true);
    }),
  );
});
