import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { resolvedSpec } from '../../shared/run/drive/resolved-spec.ts';
import { approval } from '../../shared/step/approval.ts';
import { email } from '../../shared/step/email.ts';
import { emit } from '../../shared/step/emit.ts';
import { http } from '../../shared/step/http.ts';
import { llm } from '../../shared/step/llm.ts';
import { mcp } from '../../shared/step/mcp.ts';

/** What each kind takes, and what is wrong with it once something is put in its place. */
interface Given {
  kind: { name: string; resolved: z.ZodType };
  right: Record<string, unknown>;
  /** The name of what is wrong, and what stands there. */
  wrong: [field: string, value: unknown][];
}

const many = <T>(count: number, of: T) => Array.from({ length: count }, () => of);
const long = (count: number) => 'x'.repeat(count);
const LINES = ['a\r\nBcc: eve@example.com', 'a\nb', 'a\u0000b'];
const NO_TEXT = [{}, [], null];

const GIVEN: Given[] = [
  {
    kind: http,
    right: { method: 'GET', url: 'https://erp.example/orders' },
    wrong: [
      ...['', 'orders', 'ftp://erp.example', 'https://ada:pw@erp.example', 'javascript:alert(1)', 7, null].map(
        (url): [string, unknown] => ['url', url],
      ),
      ['method', 'FETCH'],
      ['headers', { 'x-a': 'a\r\nx-b: c' }],
      ['headers', { 'a b': 'c' }],
      ['headers', { host: 'elsewhere.example' }],
      ['headers', 'x'],
      ['query', 'a=1'],
    ],
  },
  {
    kind: llm,
    right: { connection: 'model', prompt: 'Who?' },
    wrong: [
      ...['', 7, ...NO_TEXT].map((prompt): [string, unknown] => ['prompt', prompt]),
      ...[0, -1, 1.5, 200_001, '10', Number.NaN].map((maxTokens): [string, unknown] => ['maxTokens', maxTokens]),
      ['attachments', many(21, 'id')],
      ['attachments', ['']],
      ['attachments', 7],
      ['model', ''],
      ['system', {}],
      ['schema', 'object'],
      ['connection', ''],
      ['temperature', 1],
    ],
  },
  {
    kind: mcp,
    right: { connection: 'tools', tool: 'echo' },
    wrong: [
      ...['', long(201), 7, ...NO_TEXT].map((tool): [string, unknown] => ['tool', tool]),
      ...['message', [1], 7].map((given): [string, unknown] => ['arguments', given]),
      ['connection', ''],
      ['connection', null],
      ['url', 'https://elsewhere.example'],
    ],
  },
  {
    kind: email,
    right: { to: 'ada@example.com', subject: 'Hello', text: 'Good morning.' },
    wrong: [
      ...['', 'ada', 'a@b@c', 'a@example.com, b@example.com', '<script>@example.com', [], [7], {}, long(400)].map(
        (to): [string, unknown] => ['to', to],
      ),
      ...LINES.map((subject): [string, unknown] => ['subject', subject]),
      ...LINES.map((line): [string, unknown] => ['reply_to', `${line}@example.com`]),
      ['subject', long(501)],
      ['subject', {}],
      ['to', many(51, 'ada@example.com')],
      ['cc', ['ada']],
      ['bcc', 'ada'],
      ['text', {}],
      ['text', ''],
      ['attachments', many(21, 'id')],
      ['attachments', [7]],
      ['from', 'eve@example.com'],
    ],
  },
  {
    kind: emit,
    right: { type: 'order.booked', data: {} },
    wrong: [
      ...['', 'order booked', 'ä', 'a\nb', long(129), 7, ...NO_TEXT].map((type): [string, unknown] => ['type', type]),
      ...['aws.s3', 'a b', long(257), 7].map((source): [string, unknown] => ['source', source]),
      ...['', 'a\r\nb', long(501), {}].map((subject): [string, unknown] => ['subject', subject]),
      ['time', 'now'],
    ],
  },
  {
    kind: approval,
    right: { assignees: ['ada@example.com'], title: 'Go?' },
    wrong: [
      ...[[], '', 'ada', ['ada@example.com', 'ben'], many(51, 'ada@example.com'), 7, null, LINES[0]].map(
        (assignees): [string, unknown] => ['assignees', assignees],
      ),
      ...['', ' \n ', ...NO_TEXT].map((title): [string, unknown] => ['title', title]),
      ...['object', [1], 7].map((form): [string, unknown] => ['form', form]),
      ...[0, -1, 'soon', 366 * 86_400, {}].map((expires): [string, unknown] => ['expires', expires]),
      ...[59, 'often'].map((remind): [string, unknown] => ['remind', remind]),
      ['body', {}],
      ['onReject', 'ask'],
    ],
  },
];

describe.each(GIVEN)('what expressions give to a step of kind $kind.name', ({ kind, right, wrong }) => {
  test('is taken when it fits', () => {
    expect(() => resolvedSpec(kind, 'step', right)).not.toThrow();
  });

  test.each(wrong)('with %s as %j fails as ExpressionError, which names the field', (field, value) => {
    const thrown = expect(() => resolvedSpec(kind, 'step', { ...right, [field]: value }));
    thrown.toThrow(expect.objectContaining({ name: 'ExpressionError', message: expect.stringContaining(`step.${kind.name}`) }));
    thrown.toThrow(expect.objectContaining({ message: expect.stringMatching(new RegExp(field === 'text' ? 'text' : field)) }));
  });

  test.each([undefined, null, 'text', 7, [right]])('being %j fails as ExpressionError', (given) => {
    expect(() => resolvedSpec(kind, 'step', given)).toThrow(expect.objectContaining({ name: 'ExpressionError' }));
  });
});

test('every kind that reaches the world and people has its bad input', () => {
  expect(GIVEN.map(({ kind }) => kind.name).toSorted()).toEqual(['approval', 'email', 'emit', 'http', 'llm', 'mcp']);
  for (const { kind, wrong } of GIVEN) expect(wrong.length, kind.name).toBeGreaterThanOrEqual(10);
});
