import { describe, expect, test } from 'vitest';
import { expressionProblem as problemOf } from '../../../shared/trigger/expression/trigger-expressions.ts';
import { REQUEST } from '../../../shared/trigger/webhook/mapping.ts';

const expressionProblem = (text: string) => problemOf(text, REQUEST);

describe('a mapping', () => {
  test.each([
    '{"order": body.order.id, "event": headers."x-github-event", "page": query.page}',
    'body',
    '$merge([body, {"kind": headers.`x-kind`}])',
    'body.lines.{"sku": sku, "left": (stock-sold)}',
    '($f := function($x) { $x.id }; {"ids": $map(body.lines, $f)})',
    '$$',
    '{"length": $length($string(body)), "sent": $parse(body.payload).sent}',
  ])('may read what a request has: %s', (mapping) => expect(expressionProblem(mapping)).toBeUndefined());

  test.each([
    ['{"order": order.id}', 'a request has body, headers, query and no "order", did you mean body.order.id? (at character 11)'],
    [
      '{"event": headers.x-github-event}',
      '"headers.x-github-event" subtracts one name from another; write headers.`x-github-event` (at character 19)',
    ],
    ['$body.id', '$body is not known; a mapping reads body, headers, query, without "$" (at character 1)'],
    ['{"n": count(body)}', 'the function count() is called without "$"; write $count() (at character 7)'],
  ])('that reads what no request has is refused with the right word: %s', (mapping, problem) => {
    expect(expressionProblem(mapping)).toBe(problem);
  });

  test('that does not parse is refused', () => expect(expressionProblem('{"a": ')).toMatch(/end of expression/i));
});
