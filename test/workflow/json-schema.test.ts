import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { workflowJsonSchema } from '../../shared/workflow/json-schema.ts';
import { aStep } from './documents.ts';

const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(workflowJsonSchema());
const fits = (...steps: unknown[]) => validate({ format: 1, name: 'x', steps });

test('editors get a valid JSON Schema 2020-12', () => {
  expect(workflowJsonSchema()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
});

test('it takes every kind of step, nested ones too', () => {
  expect(
    fits(
      aStep('a', { retry: { attempts: 2, delay: '5s' }, timeout: '5m', catch: [{ steps: [aStep('h')] }] }),
      { id: 'h', http: { method: 'GET', url: 'https://x.example' }, output: '${ body }' },
      { id: 'w', wait: { until: '${ $input.at }' } },
      {
        id: 's',
        switch: [{ when: '${ $input.x }', steps: [{ id: 'p', parallel: { one: [aStep('b')] } }] }, { otherwise: [aStep('c')] }],
      },
      { id: 'l', forEach: { in: [1], as: 'item', steps: [aStep('d')] } },
      { id: 'r', raise: { error: 'Bad', message: 'x' } },
    ),
  ).toBe(true);
});

test.each([
  [{ id: 'a', sett: {} }],
  [{ id: 'a' }],
  [aStep('a', { nedds: [] })],
  [{ id: 'a', wait: '5s', timeout: '5s' }],
  [{ id: 'A', set: {} }],
])('it refuses %j', (step) => {
  expect(fits(step)).toBe(false);
});
