import { expect, test } from 'vitest';
import { toResult } from '../../shared/http/payload.ts';
import { readBody, readPart } from '../../shared/http/request.ts';
import { createRunV2, startDefaults } from '../../shared/http/resources.ts';
import { outputsV2View } from '../../shared/http/views.ts';
import { parseJson } from '../../shared/json.ts';

const ID = '8202522731445525542';
const event = (body: string) => ({ body, headers: {}, isBase64Encoded: false }) as Parameters<typeof readBody>[0];
const answered = (body: unknown) => toResult({ status: 200, body }).body;

test('an id of 19 digits goes through the API as it is: in by a body, out by an answer', () => {
  const text = `{"inputs":{"id":${ID},"deep":[{"id":-${ID}}]}}`;
  expect(answered(readPart('body', startDefaults, readBody(event(text))))).toBe(text);
});

test('v2 takes it as an input and gives it as an output, as a number', () => {
  const inputs = `[{"name":"id","value":${ID}}]`;
  const of = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const text = `{"name":"x","process_id":"${of}","agent_id":"ops","stage":"Draft","inputs":${inputs}}`;
  expect(readPart('body', createRunV2, readBody(event(text)))).toHaveProperty('inputs', parseJson(inputs));
  expect(answered(outputsV2View({ id: parseJson(ID), order: parseJson(`{"id":${ID}}`) }, '/whole'))).toBe(
    `[{"name":"id","value":${ID}},{"name":"order","value":"{\\"id\\":${ID}}"}]`,
  );
});
