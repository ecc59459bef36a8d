import * as z from 'zod';
import { idOf } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type Incoming, receive } from '../delivery/receive.ts';
import type { Arrival } from './arrival.ts';
import { dedupeKey } from './dedupe.ts';
import { isKnown, localIn, MAX_MAIL_BYTES, type Mailbox } from './mailbox.ts';
import { parseMail } from './parse-mail.ts';
import type { EmailServices } from './ports.ts';
import { answerAtOnce } from './reply.ts';
import { type ReadMail, runId, startMail } from './start-mail.ts';

/** Lets a mail in: one run and one delivery for each mailbox of ours among its recipients. Any number of times, with one effect. */
export async function receiveMail(
  services: EmailServices,
  arrival: Arrival,
): Promise<{ deliveries: Delivery[]; unknown: string[] }> {
  const { known, unknown } = await mailboxesOf(services, arrival.recipients);
  if (known.length === 0) return { deliveries: [], unknown };
  const readMail = await read(services, arrival);
  const deliveries: Delivery[] = [];
  for (const mailbox of known) deliveries.push(await receiveAt(services, mailbox, readMail));
  return { deliveries, unknown };
}

/** Whether mail to that address would find a mailbox, be it one that turns it away. */
export async function knows(services: Pick<EmailServices, 'mailboxes' | 'domain' | 'now'>, address: string): Promise<boolean> {
  return (await mailboxesOf(services, [address])).known.length > 0;
}

/** A mail that a mail server has refused before it was stored. */
export const refusedMail = z.object({
  messageId: z.string(),
  at: z.string(),
  source: z.string(),
  recipients: z.array(z.string()),
  bytes: z.int(),
  reason: z.string(),
});

/** Writes a delivery for each mailbox of a mail that nobody tries to handle any more. It can be redelivered. */
export async function noteUndelivered(services: EmailServices, arrival: Arrival, reason: string): Promise<void> {
  const { known } = await mailboxesOf(services, arrival.recipients);
  const { bytes } = await services.mails.read(arrival.messageId, 0);
  await services.mails.note(arrival);
  for (const mailbox of known) {
    const incoming = incomingOf(services, mailbox, {
      arrival,
      bytes,
      key: arrival.messageId,
      mail: new Problem('conflict', reason),
    });
    if (await services.deliveries.get(incoming.id)) continue;
    const run = await services.runs.get(runId(arrival, mailbox, 0));
    const starting = run ? Promise.resolve({ run, isRepeat: false }) : Promise.reject(new Problem('conflict', reason));
    await receive(services, incoming, starting);
  }
}

/** Writes a delivery for each mailbox that a refused mail was meant for. */
export async function noteRefused(
  services: EmailServices,
  { messageId, at, recipients, reason, ...mail }: z.infer<typeof refusedMail>,
): Promise<void> {
  const { known } = await mailboxesOf(services, recipients);
  for (const mailbox of known) {
    const incoming = {
      ...atMailbox(mailbox),
      id: deliveryId(messageId, mailbox, at),
      source: mail.source.slice(0, 320),
      key: messageId,
      bytes: mail.bytes,
    };
    await receive(services, incoming, Promise.reject(new Problem('too-large', reason)));
  }
}

async function mailboxesOf(
  { mailboxes, domain, now }: Pick<EmailServices, 'mailboxes' | 'domain' | 'now'>,
  recipients: string[],
) {
  const known = new Map<string, Mailbox>();
  const unknown: string[] = [];
  for (const recipient of recipients) {
    const local = localIn(recipient, domain);
    const found = local === undefined ? undefined : await mailboxes.byLocal(local);
    if (found && isKnown(found, now())) known.set(found.local, found);
    else unknown.push(recipient);
  }
  return { known: [...known.values()], unknown };
}

/** The raw mail is forgotten when this returns: it can be large, and what was read of it holds its files once more. */
async function read({ mails }: EmailServices, arrival: Arrival): Promise<ReadMail> {
  const { bytes, raw } = await mails.read(arrival.messageId, MAX_MAIL_BYTES);
  const unread = { arrival, bytes, key: arrival.messageId };
  if (!raw) {
    const reason = `The mail has ${bytes} bytes; ${MAX_MAIL_BYTES} are the most that are taken.`;
    return { ...unread, mail: new Problem('too-large', reason) };
  }
  try {
    const mail = await parseMail(raw);
    return { arrival, bytes, key: dedupeKey(mail, raw), mail };
  } catch (error) {
    if (error instanceof Problem) return { ...unread, mail: error };
    throw error;
  }
}

async function receiveAt(services: EmailServices, mailbox: Mailbox, readMail: ReadMail): Promise<Delivery> {
  const incoming = incomingOf(services, mailbox, readMail);
  const seen = await services.deliveries.get(incoming.id);
  // The mail service delivers at least once; what is written down has been done.
  if (seen) return seen;
  const { delivery } = await receive(services, incoming, startMail(services, mailbox, readMail, incoming));
  if (delivery.outcome === 'rejected') await services.mails.note(readMail.arrival);
  if (readMail.mail instanceof Problem) return delivery;
  await answerAtOnce(services, mailbox, readMail.mail, readMail.arrival, delivery).catch(services.replyLost);
  return delivery;
}

/** Starts again what was turned away, under what is right by now. The raw mail lies where the mail service has put it. */
export async function startMailAgain(services: EmailServices, delivery: Delivery): Promise<Started> {
  const messageId = delivery.payload?.split('/').at(-1);
  const arrival = messageId === undefined ? undefined : await services.mails.noted(messageId);
  const mailbox = delivery.workflowId === undefined ? undefined : await services.mailboxes.ofWorkflow(delivery.workflowId);
  if (!arrival || !mailbox) throw new Problem('not-found', 'The mail is not kept any more, or its workflow has no mailbox.');
  const readMail = await read(services, arrival);
  const incoming = { ...incomingOf(services, mailbox, readMail), id: delivery.id };
  return startMail(services, mailbox, readMail, incoming, delivery.redeliveries + 1);
}

function incomingOf(
  { mails }: EmailServices,
  mailbox: Mailbox,
  { arrival, bytes, key, mail }: ReadMail,
): Incoming & { id: string } {
  return {
    ...atMailbox(mailbox),
    id: deliveryId(arrival.messageId, mailbox, arrival.at),
    source: (mail instanceof Problem ? arrival.source : mail.from.address).slice(0, 320),
    key,
    bytes,
    payload: mails.keyOf(arrival.messageId),
  };
}

const deliveryId = (messageId: string, { id }: Mailbox, at: string) => idOf(`delivery ${messageId} ${id}`, Date.parse(at));

const atMailbox = ({ id: triggerId, workspace, project, workflowId }: Mailbox) => ({
  workspace,
  project,
  workflowId,
  trigger: 'email' as const,
  triggerId,
});
