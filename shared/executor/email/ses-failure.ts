import * as z from 'zod';
import { StepError } from '../../kernel/step-error.ts';

/** What the SDK throws, whether SES has answered or not. */
const thrown = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

/** Nothing had been sent yet. */
const NOT_REACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const THROTTLED = /^(Throttling|ThrottlingException|TooManyRequestsException|LimitExceededException|Daily|MaxSendRate)/;

/** What a mail fails with that SES did not take, or that it may have taken. */
export function sesFailure(error: unknown, from: string): unknown {
  const { data } = thrown.safeParse(error);
  if (!data) return error;
  const { name, message, code = '', $metadata: { httpStatusCode: status } = {} } = data;
  if (status === undefined && NOT_REACHED.test(code))
    return new StepError('ConnectionFailed', `SES could not be reached (${code})`, { code });
  if (status === undefined || status >= 500)
    return new StepError(
      'StepInterrupted',
      'SES did not say whether it has taken the mail, so nobody knows whether it goes out.',
    );
  if (THROTTLED.test(name)) return new StepError('TooManyRequests', `SES takes no more mails at the moment: ${message}`);
  if (name === 'AccessDenied' || name === 'AccessDeniedException')
    return new StepError('MailRefused', `This installation may not send mail from ${from}.`);
  return new StepError('MailRefused', `SES did not take the mail: ${message}${sandbox(message)}`);
}

const sandbox = (message: string) =>
  /not verified/i.test(message) ? ' An account in the sandbox of SES sends to verified addresses only.' : '';
