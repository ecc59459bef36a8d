import { expect, test } from 'vitest';
import { resolvedSpec } from '../../../shared/run/drive/resolved-spec.ts';
import { callKind, leafKind, timerKind } from '../../../shared/step/registry.ts';

const call = { method: 'GET', url: 'https://erp.example/' };

test('a step takes what its expressions gave', () => {
  expect(resolvedSpec(timerKind('wait'), 'pause', 5)).toEqual({ seconds: 5 });
});

test.each([
  [leafKind('http'), { ...call, url: 5 }, 'a.http.url: must be a text such as "5", not 5'],
  [leafKind('http'), { ...call, query: { q: {} } }, /^a\.http\.query\.q: .*, not an empty map$/],
  [leafKind('http'), { ...call, headers: { h: [] } }, /^a\.http\.headers\.h: .*, not an empty list$/],
  [timerKind('wait'), 'soon', /^a\.wait: must be seconds such as 30, .*, not "soon"$/],
  [timerKind('wait'), { until: 'noon' }, /^a\.wait\.until: must be an instant such as 2030-01-31T12:00:00Z, .*, not "noon"$/],
  [callKind('run'), { workflow: 'x', input: 5 }, 'a.run.input: must be a map such as {name: value}, not 5'],
])('what the kind cannot take is told with its field, what it is and what would be right: %j %j', (kind, evaluated, message) => {
  expect(() => resolvedSpec(kind, 'a', evaluated)).toThrow(message);
});
