import { CONNECTION_TYPES } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { EmailSpec } from '../../step/email.ts';
import type { LeafContext } from '../../step/kind.ts';
import type { Network } from '../http/agents.ts';
import { composedMail, messageIdOf } from './compose-mail.ts';
import type { OwnMail } from './own-mail.ts';
import { sesFailure } from './ses-failure.ts';
import { sendBySmtp } from './smtp.ts';

/** The local part of the sender, where SES sends. */
const SENDER = 'noreply';

interface Means {
  network: Network;
  own: OwnMail;
}

/**
 * Sends the mail and answers the id under which it was taken, and who was refused. Throws `StepError`: `MailRefused`, `TooManyRequests`, `InputInvalid`,
 * `CredentialRejected`, `ConnectionFailed`, and `StepInterrupted` when nobody knows whether it was taken.
 */
export async function sendMail(spec: EmailSpec, context: LeafContext, { network, own }: Means) {
  const to = [...spec.to, ...spec.cc, ...spec.bcc];
  const connection = spec.connection ? await context.connection(spec.connection) : undefined;
  if (!connection) {
    const from = `${SENDER}@${domainOf(own)}`;
    return { messageId: await bySes(own, { from, to, raw: await composedMail(spec, from, context) }), refused: [] };
  }
  const { from } = settingsOf(connection);
  const mail = { from, to, raw: await composedMail(spec, from, context) };
  const refused = await sendBySmtp(mail, connection, { network, signal: context.signal });
  return { messageId: messageIdOf(context, from), refused };
}

function domainOf({ domain }: OwnMail): string {
  if (domain !== undefined) return domain;
  throw new StepError(
    'MailRefused',
    'This installation sends no mail by itself: name a connection of type smtp, or let its owner set mailDomain (docs/deploy.md).',
  );
}

async function bySes({ outgoing }: OwnMail, mail: Parameters<OwnMail['outgoing']['send']>[0]): Promise<string> {
  try {
    return await outgoing.send(mail);
  } catch (error) {
    throw sesFailure(error, mail.from);
  }
}

function settingsOf({ name, type, settings }: OpenConnection) {
  if (type === 'smtp') return CONNECTION_TYPES.smtp.settings.parse(settings);
  throw new StepError('InputInvalid', `Connection "${name}" is of type ${type}; an email step needs one of type smtp.`);
}
