import { describe, expect, test } from 'vitest';
import { csvOf } from '../../web/src/kit/csv.ts';
import { defaultsOf, fieldsOf, missingIn } from '../../web/src/kit/schema.ts';

describe('a form that follows a schema', () => {
  const schema = {
    type: 'object',
    required: ['costCentre', 'kind', 'dst'],
    properties: {
      costCentre: { type: 'string', description: 'As in the budget' },
      kind: { enum: ['only'] },
      client_id: { anyOf: [{ type: 'string', maxLength: 9000 }, { type: 'null' }] },
      amount: { type: ['number', 'null'] },
      urgent: { type: 'boolean', default: false },
      hosts: { type: 'array', items: { type: 'string' } },
      dst: { type: 'object', required: ['gap'], properties: { gap: { enum: ['shift', 'skip'] } } },
      anything: {},
      either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    },
  };

  test('asks for each field by its kind, and for what it does not follow as JSON', () => {
    const asked = fieldsOf(schema).map(({ name, label, ask }) => [name, label, ask.kind]);
    expect(asked).toEqual([
      ['costCentre', 'Cost centre', 'text'],
      ['kind', 'Kind', 'choice'],
      ['client_id', 'Client id', 'text'],
      ['amount', 'Amount', 'number'],
      ['urgent', 'Urgent', 'flag'],
      ['hosts', 'Hosts', 'lines'],
      ['dst', 'Dst', 'fields'],
      ['anything', 'Anything', 'json'],
      ['either', 'Either', 'json'],
    ]);
  });

  test('begins with what the schema says, and knows what it still wants, inside as well', () => {
    expect(defaultsOf(schema)).toEqual({ kind: 'only', urgent: false });
    expect(missingIn(schema, defaultsOf(schema))).toEqual(['Cost centre', 'Dst']);
    expect(missingIn(schema, { costCentre: 'A1', kind: 'only', dst: {} })).toEqual(['Gap']);
    expect(missingIn(schema, { costCentre: 'A1', kind: 'only', dst: { gap: 'skip' } })).toEqual([]);
  });

  test.each([{}, { type: 'string' }, { properties: null }, { properties: { a: null, b: true, c: { type: 7 } } }])(
    'makes something of any schema: %j',
    (odd) => {
      expect(fieldsOf(odd).every(({ ask }) => ask.kind === 'json')).toBe(true);
      expect(missingIn(odd, {})).toEqual([]);
    },
  );
});

test('a table as CSV keeps what it holds, and no cell is a formula', () => {
  const rows = [
    ['=HYPERLINK("http://evil")', 'a,b', 'say "hi"', 'two\nlines', null],
    ['+1', '-2', '@x', '\tx', undefined],
    ['plain', 'Müller', '山田', '', true],
  ];
  expect(csvOf(['a', 'b', 'c', 'd', 'e'], [...rows, [-5, 0.25, 1e6, 0, false]])).toBe(
    [
      'a,b,c,d,e',
      '"\'=HYPERLINK(""http://evil"")","a,b","say ""hi""","two\nlines",',
      "'+1,'-2,'@x,'\tx,",
      'plain,Müller,山田,,true',
      '-5,0.25,1000000,0,false',
      '',
    ].join('\r\n'),
  );
});
