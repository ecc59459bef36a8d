import { expect, test } from 'vitest';
import { maskOf } from '../../../../shared/kernel/mask.ts';
import { StepError } from '../../../../shared/kernel/step-error.ts';
import { maskedFailure, maskedStepInput } from '../../../../shared/run/shown/masked.ts';
import { http } from '../../../../shared/step/http.ts';
import { set } from '../../../../shared/step/set.ts';

test('the input of a step is stored without the secrets of its run', () => {
  const { shown, secrets } = maskedStepInput(set, { text: 'is s3cret' }, ['s3cret']);
  expect(shown).toEqual({ text: 'is ***' });
  expect(secrets).toEqual(['s3cret']);
});

test('and without what its kind knows for credentials; both are kept out of its failure', () => {
  const input = { method: 'GET', url: 'https://a.example/s3cret', headers: { authorization: 'Bearer abcdefgh' } };
  const { shown, secrets } = maskedStepInput(http, input, ['s3cret']);
  expect(shown).toEqual({ method: 'GET', url: 'https://a.example/***', headers: { authorization: '***' } });
  const failure = new StepError('HttpClientError', 'no abcdefgh at /s3cret', { body: 'Bearer abcdefgh' });
  expect(maskedFailure(failure, maskOf(secrets))).toMatchObject({
    name: 'HttpClientError',
    message: 'no *** at /***',
    data: { body: '***' },
  });
});
