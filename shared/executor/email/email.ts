import type { Outgoing } from '../../mail/outgoing.ts';
import type { EmailSpec } from '../../step/email.ts';
import type { Executor } from '../../step/kind.ts';
import type { Network } from '../http/agents.ts';

/** How the installation itself sends mail. */
export interface OwnMail {
  outgoing: Outgoing;
  /** The domain that its mails come from; undefined where it sends none. */
  domain: string | undefined;
}

/** Sends mails; what composes them and speaks SMTP is loaded with the first one. */
export const emailExecutor = (network: Network, own: OwnMail): Executor<EmailSpec> => ({
  execute: async (spec, context) => (await import('./send-mail.ts')).sendMail(spec, context, { network, own }),
});
