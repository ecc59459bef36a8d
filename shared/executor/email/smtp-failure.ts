import * as z from 'zod';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';

/** What the client throws: `responseCode` is the answer of the server, if it gave one. */
const thrown = z.object({
  message: z.string(),
  code: z.string().optional(),
  responseCode: z.number().optional(),
});

interface Circumstances {
  server: string;
  /** The server had begun to take the mail. */
  isHandedOver: boolean;
}

/** What a mail fails with that a server did not take, or that it may have taken. The names of errors are those of docs/errors.md. */
export async function smtpFailure(
  error: unknown,
  connection: OpenConnection,
  { server, isHandedOver }: Circumstances,
): Promise<unknown> {
  const { data } = thrown.safeParse(error);
  const { message = String(error), code, responseCode: status } = data ?? {};
  const of = `The mail server ${server} of connection "${connection.name}"`;
  if (isHandedOver && status === undefined)
    return new StepError(
      'StepInterrupted',
      `${of} did not say whether it has taken the mail, so nobody knows whether it goes out.`,
    );
  if (error instanceof StepError || !data) return error;
  if (code === 'EAUTH') {
    const reason = `its server answered ${message}`;
    await connection.report({ ok: false, reason });
    return new StepError('CredentialRejected', `The credential of connection "${connection.name}" was refused: ${reason}`);
  }
  if (status === 552 || (status === undefined && code === 'EMESSAGE'))
    return new StepError('InputInvalid', `The mail is too large: ${of} says ${message}`);
  // RFC 5321, 4.2.1: what begins with a 4 may be asked again.
  if (status !== undefined && status < 500)
    return new StepError('TooManyRequests', `${of} asks to come again later: ${message}`, { status });
  if (status !== undefined) return new StepError('MailRefused', `${of} did not take the mail: ${message}`, { status });
  return new StepError('ConnectionFailed', `${of} cannot be spoken to: ${message}`, { ...(code && { code }) });
}
