import { ProtocolError, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError, stepErrorBeneath } from '../../kernel/step-error.ts';

/** What a call fails with: the names of errors are those of docs/errors.md. */
export async function failureOf(error: unknown, connection: OpenConnection, tool: string): Promise<unknown> {
  const own = stepErrorBeneath(error);
  if (own) return own;
  const status = error instanceof SdkHttpError ? error.status : undefined;
  if (error instanceof UnauthorizedError || status === 401 || status === 403) {
    const reason = `its server answered ${status ?? 401}`;
    await connection.report({ ok: false, reason });
    return new StepError('CredentialRejected', `The credential of connection "${connection.name}" was refused: ${reason}`);
  }
  if (error instanceof ProtocolError) return new StepError('McpToolFailed', `Tool "${tool}" failed: ${error.message}`);
  const said = error instanceof Error ? error.message : String(error);
  const name = status === 429 ? 'TooManyRequests' : status !== undefined && status < 500 ? 'HttpClientError' : 'HttpServerError';
  return new StepError(
    name,
    `The server of connection "${connection.name}" did not take the call: ${said}`,
    status && { status },
  );
}
