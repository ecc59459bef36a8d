import type { EmailSpec } from '../../step/email.ts';
import type { Executor } from '../../step/kind.ts';
import type { Network } from '../http/agents.ts';
import type { OwnMail } from './own-mail.ts';

/** Sends mails; what composes them and speaks SMTP is loaded with the first one. */
export const emailExecutor = (network: Network, own: OwnMail): Executor<EmailSpec> => ({
  execute: async (spec, context) => (await import('./send-mail.ts')).sendMail(spec, context, { network, own }),
});
