import { expect, test } from 'vitest';
import { sesFailure } from '../../../shared/executor/email/ses-failure.ts';

const thrown = (name: string, status: number | undefined, more: object = {}) =>
  Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode: status }, ...more });

test.each<[string, number | undefined, object, string]>([
  // As the API reference of SES and its SDK name them.
  ['Throttling', 400, {}, 'TooManyRequests'],
  ['ThrottlingException', 400, {}, 'TooManyRequests'],
  ['TooManyRequestsException', 429, {}, 'TooManyRequests'],
  ['LimitExceededException', 400, {}, 'TooManyRequests'],
  ['MessageRejected', 400, {}, 'MailRefused'],
  ['MailFromDomainNotVerifiedException', 400, {}, 'MailRefused'],
  ['ConfigurationSetDoesNotExistException', 400, {}, 'MailRefused'],
  ['AccountSendingPausedException', 400, {}, 'MailRefused'],
  ['AccessDenied', 403, {}, 'MailRefused'],
  ['AccessDeniedException', 403, {}, 'MailRefused'],
  // Nobody knows whether it was taken.
  ['InternalFailure', 500, {}, 'StepInterrupted'],
  ['ServiceUnavailable', 503, {}, 'StepInterrupted'],
  ['TimeoutError', undefined, {}, 'StepInterrupted'],
  ['Error', undefined, { code: 'ECONNRESET' }, 'StepInterrupted'],
  // Nothing was sent.
  ['Error', undefined, { code: 'ECONNREFUSED' }, 'ConnectionFailed'],
  ['Error', undefined, { code: 'ENOTFOUND' }, 'ConnectionFailed'],
])('SES saying %s (%s) with %j is %s', (name, status, more, expected) => {
  expect(sesFailure(thrown(name, status, more), 'noreply@mail.example.com')).toMatchObject({ name: expected });
});

test('the rate and the day of an account are throttled under other words, which SES gives with Throttling', () => {
  for (const words of ['Maximum sending rate exceeded.', 'Daily message quota exceeded.']) {
    const failure = sesFailure(Object.assign(thrown('Throttling', 400), { message: words }), 'noreply@mail.example.com');
    expect(failure).toMatchObject({ name: 'TooManyRequests', message: expect.stringContaining(words) });
  }
});

test('an account in the sandbox is told so', () => {
  const error = Object.assign(thrown('MessageRejected', 400), { message: 'Email address is not verified: ada@example.com' });
  expect(sesFailure(error, 'a@b.c')).toMatchObject({ message: expect.stringContaining('sandbox of SES') });
});

test('a fault of ours stays one', () => {
  expect(sesFailure('a fault', 'a@b.c')).toBe('a fault');
});
