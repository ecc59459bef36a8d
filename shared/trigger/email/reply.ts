import { Slots } from '../../kernel/slots.ts';
import { compose } from '../../mail/compose.ts';
import type { Run } from '../../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../../run/model/status.ts';
import { ShownValues } from '../../run/shown/shown-values.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Arrival } from './arrival.ts';
import { loopRefusal } from './loop-guard.ts';
import { addressOf, type Mailbox } from './mailbox.ts';
import type { Mail } from './parse-mail.ts';
import type { EmailServices, PendingReply } from './ports.ts';
import { isProven } from './sender.ts';

const FIRST_LOOK_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Runs that take longer than this are not reported by mail. */
const GIVE_UP_MS = 30 * 86_400_000;
const OUTPUT_SHOWN = 20_000;
const DUE_AT_ONCE = 50;
/** SES sends some fourteen mails a second for an account unless told otherwise. */
const SENT_AT_ONCE = 8;
/** Longer than the function lives: whoever has taken a reply and is still alive has it for itself. */
const LEASE_MS = 120_000;

/** Whether the sender may be written to: it is who it says, and no machine of its own answers. What a mailbox turned away for its sender is never answered. */
function mayAnswer({ domain }: EmailServices, mailbox: Mailbox, mail: Mail, arrival: Arrival): boolean {
  const from = mail.from.address;
  if (mailbox.reply === 'none' || mailbox.canary || !/^[\x21-\x7e]+$/.test(from)) return false;
  return isProven(from, arrival) && loopRefusal({ source: arrival.source, from, header: mail.header }, domain) === undefined;
}

/** Tells the sender what has become of the mail, when the mailbox does so. */
export async function answerAtOnce(
  services: EmailServices,
  mailbox: Mailbox,
  mail: Mail,
  arrival: Arrival,
  delivery: Delivery,
): Promise<void> {
  if (mailbox.reply !== 'acknowledgement' || !mayAnswer(services, mailbox, mail, arrival)) return;
  const text = {
    accepted: `Your mail was received and has started run ${delivery.runId}.`,
    skipped: `Your mail was received. Nothing was to be done: ${delivery.reason ?? ''}`,
    duplicate: undefined,
    rejected: undefined,
  }[delivery.outcome];
  if (text === undefined) return;
  await send(services, { ...threadOf(services, mailbox, mail), text });
}

/** Notes that the sender is to hear how the run ends, when the mailbox does so. */
export async function awaitResult(
  services: EmailServices,
  mailbox: Mailbox,
  mail: Mail,
  arrival: Arrival,
  { deliveryId, run }: { deliveryId: string; run: Run },
): Promise<void> {
  if (mailbox.reply !== 'result' || run.status === 'skipped' || !mayAnswer(services, mailbox, mail, arrival)) return;
  const now = services.now();
  const since = now.toISOString();
  const reply = { deliveryId, runId: run.id, workflowName: run.workflowName, since, ...threadOf(services, mailbox, mail) };
  await services.replies.put(reply, new Date(now.getTime() + FIRST_LOOK_MS).toISOString());
}

type Thread = Pick<PendingReply, 'from' | 'to' | 'subject' | 'messageId' | 'references'>;

const threadOf = ({ domain }: EmailServices, mailbox: Mailbox, { from, subject, messageId, references }: Mail): Thread => ({
  from: addressOf(mailbox, domain),
  to: from.address,
  subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
  messageId,
  references: references.slice(-20),
});

export type ReplyServices = Pick<EmailServices, 'replies' | 'runs' | 'values' | 'definitions' | 'outgoing' | 'now' | 'replyLost'>;

/**
 * Sends the results that are due, for as long as there are some and there is time. Looks at a run that still goes on less and less often. One reply that
 * fails is no reason to keep the others.
 */
export async function sendResults(services: ReplyServices, hasTime: () => boolean = () => true): Promise<number> {
  const slots = new Slots(SENT_AT_ONCE);
  let sent = 0;
  while (hasTime()) {
    const due = await services.replies.due(services.now().toISOString(), DUE_AT_ONCE);
    const outcomes = await Promise.all(due.map((one) => slots.run(() => deal(services, one))));
    sent += outcomes.filter((outcome) => outcome === 'sent').length;
    // The index lags behind: what is only taken by others, or dealt with already, is not asked for again and again.
    if (outcomes.every((outcome) => outcome === 'taken')) break;
  }
  return sent;
}

type Due = Awaited<ReturnType<ReplyServices['replies']['due']>>[number];

/** What became of a reply that was due; `taken`: somebody else sees to it. */
type Outcome = 'sent' | 'put off' | 'given up' | 'taken';

async function deal(services: ReplyServices, { reply, dueAt }: Due): Promise<Outcome> {
  const leasedUntil = new Date(services.now().getTime() + LEASE_MS).toISOString();
  let seen = dueAt;
  try {
    const run = await services.runs.get(reply.runId);
    if (run && !isTerminal(run.status)) return await later(services, reply, seen);
    if (!(await services.replies.defer(reply.deliveryId, seen, leasedUntil))) return 'taken';
    seen = leasedUntil;
    if (run) await send(services, { ...reply, text: await resultText(services, run) });
    // Removed once it is sent: after a crash in between it is sent a second time, which is better than never.
    await services.replies.remove(reply.deliveryId, seen);
    return run ? 'sent' : 'given up';
  } catch (error) {
    services.replyLost(error);
    return later(services, reply, seen).catch((again: unknown): Outcome => {
      services.replyLost(again);
      return 'taken';
    });
  }
}

/** Puts a reply off, or gives it up for good. One that is taken already is left alone. */
async function later({ replies, now }: ReplyServices, { deliveryId, since }: PendingReply, seen: string): Promise<Outcome> {
  const waited = now().getTime() - Date.parse(since);
  if (waited >= GIVE_UP_MS) return (await replies.remove(deliveryId, seen)) ? 'given up' : 'taken';
  const next = now().getTime() + Math.min(LONGEST_WAIT_MS, Math.max(FIRST_LOOK_MS, waited / 4));
  return (await replies.defer(deliveryId, seen, new Date(next).toISOString())) ? 'put off' : 'taken';
}

async function resultText(services: ReplyServices, run: Run): Promise<string> {
  const head = `Run ${run.id} of ${run.workflowName} has ended: ${RUN_STATUS[run.status].label}.`;
  if (run.error) return `${head}\n\n${run.error.name}: ${run.error.message}`;
  const outputs = run.outputs ? JSON.stringify(await (await ShownValues.of(services, run)).outputs(), null, 2) : '';
  return outputs === '' || outputs === '{}' ? head : `${head}\n\n${outputs.slice(0, OUTPUT_SHOWN)}`;
}

async function send(
  services: Pick<EmailServices, 'outgoing' | 'now'>,
  { from, to, subject, messageId, references, text }: Thread & { text: string },
): Promise<void> {
  const headers = { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' };
  const raw = compose({ from, to, subject, text, date: services.now(), inReplyTo: messageId, references, headers });
  await services.outgoing.send({ from, to: [to], raw });
}
