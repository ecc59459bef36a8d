import type { Run } from '../../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../../run/model/status.ts';
import { ShownValues } from '../../run/shown/shown-values.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Arrival } from './arrival.ts';
import { compose } from './compose.ts';
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

/** Sends the results that are due. Looks at a run that still goes on less and less often. One reply that fails is no reason to keep the others. */
export async function sendResults(services: ReplyServices): Promise<number> {
  const due = await services.replies.due(services.now().toISOString(), DUE_AT_ONCE);
  let sent = 0;
  for (const { reply, dueAt } of due) {
    try {
      if (await sendResult(services, reply, dueAt)) sent += 1;
    } catch (error) {
      services.replyLost(error);
      await later(services, reply, dueAt);
    }
  }
  return sent;
}

/** Puts a reply off, or gives it up for good. One that is taken already is left alone. */
async function later({ replies, now }: ReplyServices, { deliveryId, since }: PendingReply, dueAt: string): Promise<void> {
  const waited = now().getTime() - Date.parse(since);
  if (waited >= GIVE_UP_MS) {
    await replies.take(deliveryId, dueAt);
    return;
  }
  const next = now().getTime() + Math.min(LONGEST_WAIT_MS, Math.max(FIRST_LOOK_MS, waited / 4));
  await replies.defer(deliveryId, dueAt, new Date(next).toISOString());
}

async function sendResult(services: ReplyServices, reply: PendingReply, dueAt: string): Promise<boolean> {
  const run = await services.runs.get(reply.runId);
  if (run && !isTerminal(run.status)) {
    await later(services, reply, dueAt);
    return false;
  }
  if (!(await services.replies.take(reply.deliveryId, dueAt))) return false;
  if (!run || !isTerminal(run.status)) return false;
  await send(services, { ...reply, text: await resultText(services, run) });
  return true;
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
  await services.outgoing.send({ from, to, raw });
}
