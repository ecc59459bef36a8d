import { APICallError } from 'ai';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError, stepErrorBeneath } from '../../kernel/step-error.ts';
import { secondsUntil } from '../http/failure.ts';

const QUOTED_CHARACTERS = 500;

/** What a question fails with: the names of errors are those of docs/errors.md. */
export async function failureOf(error: unknown, connection: OpenConnection, now: Date): Promise<unknown> {
  const own = stepErrorBeneath(error);
  if (own) return own;
  if (!APICallError.isInstance(error)) return failed(connection, error instanceof Error ? error.message : String(error));
  const { statusCode: status, responseBody = '', responseHeaders = {} } = error;
  if (status === undefined) return failed(connection, error.message);
  const answer = `answered ${status}: ${(responseBody || error.message).trim().slice(0, QUOTED_CHARACTERS)}`;
  if (status === 401 || status === 403) {
    await connection.report({ ok: false, reason: `its model ${answer}` });
    return new StepError('CredentialRejected', `The credential of connection "${connection.name}" was refused: it ${answer}`, {
      status,
    });
  }
  const retryAfterSeconds = secondsUntil(responseHeaders['retry-after'], now);
  const data = { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  if (status === 429) return new StepError('TooManyRequests', `The model of connection "${connection.name}" ${answer}`, data);
  return failed(connection, answer, data);
}

const failed = ({ name }: OpenConnection, why: string, data?: object) =>
  new StepError('LlmRequestFailed', `The model of connection "${name}" could not be asked: it ${why}`, data);
