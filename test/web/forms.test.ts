import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../shared/kernel/json.ts';
import { csvOf } from '../../web/src/kit/csv.ts';
import { boundsOf, dayAfter, dayOf } from '../../web/src/kit/days.ts';
import { defaultsOf, fieldsOf, missingIn } from '../../web/src/kit/schema.ts';
import { isZone } from '../../web/src/kit/zone.ts';
import { callAsCurl } from '../../web/src/run/curl.ts';
import { hearing, type Speech, stillSpeaking } from '../../web/src/run/speech.ts';
import { attemptsIn } from '../../web/src/run/timeline.ts';

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
      lines: { type: 'array', items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
      days: { type: 'array', items: { enum: ['mon', 'tue'] } },
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
      ['lines', 'Lines', 'list'],
      ['days', 'Days', 'list'],
      ['either', 'Either', 'json'],
    ]);
  });

  test('begins with what the schema says, and knows what it still wants, inside as well', () => {
    expect(defaultsOf(schema)).toEqual({ kind: 'only', urgent: false });
    expect(missingIn(schema, defaultsOf(schema))).toEqual(['Cost centre', 'Dst']);
    expect(missingIn(schema, { costCentre: 'A1', kind: 'only', dst: {} })).toEqual(['Gap']);
    expect(missingIn(schema, { costCentre: 'A1', kind: 'only', dst: { gap: 'skip' } })).toEqual([]);
    const lines = { costCentre: 'A1', kind: 'only', dst: { gap: 'skip' }, lines: [{ sku: 'A' }, {}] };
    expect(missingIn(schema, lines)).toEqual(['Sku']);
  });

  test.each([{}, { type: 'string' }, { properties: null }, { properties: { a: null, b: true, c: { type: 7 } } }])(
    'makes something of any schema: %j',
    (odd) => {
      expect(fieldsOf(odd).every(({ ask }) => ask.kind === 'json')).toBe(true);
      expect(missingIn(odd, {})).toEqual([]);
    },
  );
});

describe('attempts of a step', () => {
  const line = (second: number, type: string, step = 'a', scope = '') => ({
    time: `2026-03-29T12:00:0${second}Z`,
    type,
    step,
    scope,
  });
  const ms = (second: number) => Date.parse(`2026-03-29T12:00:0${second}Z`);

  test('are seen one by one where there were several, the one that goes on without an end', () => {
    const lines = [
      line(0, 'step_started'),
      line(0, 'step_started', 'b'),
      line(1, 'step_retrying'),
      line(2, 'step_completed', 'b'),
      line(3, 'step_started'),
      line(4, 'step_retrying'),
      line(5, 'step_started'),
    ];
    expect([...attemptsIn(lines, new Set(['a', 'b']))]).toEqual([
      [
        'a',
        [
          { from: ms(0), to: ms(1), isFailed: true },
          { from: ms(3), to: ms(4), isFailed: true },
          { from: ms(5), to: undefined, isFailed: false },
        ],
      ],
    ]);
    expect(
      attemptsIn([...lines, line(6, 'step_completed')], new Set('a'))
        .get('a')
        ?.at(-1),
    ).toEqual({ from: ms(5), to: ms(6), isFailed: false });
    expect(
      attemptsIn(
        [line(0, 'step_started', 'a', 'each[0]/'), line(1, 'step_started', 'a', 'each[1]/')],
        new Set(['a', 'each[0]/a']),
      ).size,
    ).toBe(0);
  });
});

describe('a day where times are shown', () => {
  test.each([
    ['UTC is as long as any', 'utc', '2026-03-29', 24],
    ['has 23 hours when the clock is put forward', 'Europe/Berlin', '2026-03-29', 23],
    ['has 25 hours when it is put back', 'Europe/Berlin', '2026-10-25', 25],
    ['begins at one where the clock jumps over midnight', 'Africa/Cairo', '2026-04-24', 23],
  ])('%s', (_, zone, day, hours) => {
    const { start, end } = boundsOf(day, zone);
    expect((end - start) / 3_600_000).toBe(hours);
    expect([dayOf(start - 1, zone), dayOf(start, zone), dayOf(end - 1, zone)]).toEqual([dayAfter(day, -1, zone), day, day]);
    expect(dayAfter(day, 1, zone)).toBe(dayOf(end, zone));
  });

  test('no name of a zone is one that is none', () => {
    expect(['local', 'utc', 'Asia/Tokyo', '', '+01:00', 'Nowhere/At_All'].filter(isZone)).toEqual(['local', 'utc', 'Asia/Tokyo']);
  });
});

describe('a step as it is typed', () => {
  const call = {
    method: 'POST',
    url: 'https://erp.example/orders?dry=1',
    query: { tag: ['a b', "it's"], none: null, n: parseJson('9007199254740993') },
  };

  test.each<[string, object, string[]]>([
    [
      'a body as JSON, with its digits',
      { body: parseJson('{"id":12345678901234567890,"word":"it\'s $HOME `id`"}') },
      [
        '-X',
        'POST',
        `${call.url}&tag=a%20b&tag=it's&n=9007199254740993`,
        '-H',
        'content-type: application/json',
        '--data-raw',
        '{"id":12345678901234567890,"word":"it\'s $HOME `id`"}',
      ],
    ],
    [
      'a text, as what it is said to be',
      { query: undefined, headers: { 'Content-Type': 'text/csv', 'x-one': 1, gone: null }, body: '@/etc/passwd\n1' },
      ['-X', 'POST', call.url, '-H', 'Content-Type: text/csv', '-H', 'x-one: 1', '--data-raw', '@/etc/passwd\n1'],
    ],
    ['nothing', { method: 'GET', query: {} }, ['-X', 'GET', call.url]],
  ])('says %s', (_, more, words) => {
    const shell = `curl() { printf '%s\\0' "$@"; }; ${callAsCurl({ ...call, ...more })}`;
    expect(execFileSync('bash', ['-c', shell], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(['-sS', ...words]);
  });

  test.each([null, {}, { url: 'https://a' }, { ...call, file: 'f' }, { ...call, body: { truncated: true, bytes: 9 } }])(
    'is not to be had of %j',
    (odd) => {
      expect(callAsCurl(odd)).toBeUndefined();
    },
  );
});

describe('what a model says', () => {
  const heard = (...chunks: unknown[]) => chunks.reduce<readonly Speech[]>(hearing, []);
  const chunk = (offset: number, text: string, more = {}) => ({ step: 'ask', attempt: 1, offset, text, ...more });

  test('is heard piece by piece, once each, with a gap where one was lost, anew with each attempt', () => {
    expect(heard(chunk(0, 'It was '), chunk(7, 'Acme.'))).toMatchObject([{ step: 'ask', text: 'It was Acme.', until: 12 }]);
    expect(heard(chunk(0, 'It was '), chunk(3, 'was Acme.'))).toMatchObject([{ text: 'It was Acme.' }]);
    expect(heard(chunk(7, 'Acme'), chunk(20, 'later', { cut: true }))).toMatchObject([{ text: '… Acme… later', isCut: true }]);
    const second = heard(chunk(0, 'It was '), chunk(0, 'No', { attempt: 2 }), chunk(7, 'Acme'));
    expect(second).toMatchObject([{ attempt: 2, text: 'No' }]);
    expect(heard(chunk(0, 'a'), chunk(0, 'b', { step: 'each[1]/ask' })).map(({ step }) => step)).toEqual(['ask', 'each[1]/ask']);
  });

  test.each([null, 'text', {}, chunk(0, 'a', { offset: 'x' }), chunk(0, 'a', { step: 7 })])('is nothing when it is %j', (odd) => {
    expect(heard(odd)).toEqual([]);
  });

  test('is over with its step, or with its run', () => {
    const both = heard(chunk(0, 'a'), chunk(0, 'b', { step: 'each[1]/ask' }));
    const line = (type: string, step: string | null, scope = '') => ({ type, step, scope });
    expect(stillSpeaking(both, [line('step_started', 'ask')])).toHaveLength(2);
    expect(stillSpeaking(both, [line('step_completed', 'ask', 'each[1]/')]).map(({ step }) => step)).toEqual(['ask']);
    expect(stillSpeaking(both, [line('run_cancelled', null)])).toEqual([]);
  });
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
