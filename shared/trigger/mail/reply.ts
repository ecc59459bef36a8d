import type { Run } from '../../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../../run/model/status.ts';
import { ShownValues } from '../../run/shown/shown-values.ts';
import type { Receipt } from '../receipt.ts';
import type { Arrival } from './arrival.ts';
import { compose } from './compose.ts';
import { loopRefusal } from './loop-guard.ts';
import { addressOf, type Mailbox } from './mailbox.ts';
import type { Mail } from './parse-mail.ts';
import type { MailDoor, PendingReply } from './ports.ts';
import { isProven } from './sender.ts';

const FIRST_LOOK_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Runs that take longer than this are not reported by mail. */
const GIVE_UP_MS = 30 * 86_400_000;
const OUTPUT_SHOWN = 20_000;
const DUE_AT_ONCE = 50;

/** Whether the sender may be written to: it is who it says, and no machine of its own answers. What a mailbox turned away for its sender is never answered. */
function mayAnswer({ domain }: MailDoor, mailbox: Mailbox, mail: Mail, arrival: Arrival): boolean {
  const from = mail.from.address;
  if (mailbox.reply === 'none' || mailbox.canary || !/^[\x21-\x7e]+$/.test(from)) return false;
  return isProven(from, arrival) && loopRefusal({ source: arrival.source, from, header: mail.header }, domain) === undefined;
}

/** Tells the sender what has become of the mail, when the mailbox does so. */
export async function answerAtOnce(
  door: MailDoor,
  mailbox: Mailbox,
  mail: Mail,
  arrival: Arrival,
  receipt: Receipt,
): Promise<void> {
  if (mailbox.reply !== 'receipt' || !mayAnswer(door, mailbox, mail, arrival)) return;
  const text = {
    accepted: `Your mail was received and has started run ${receipt.runId}.`,
    skipped: `Your mail was received. Nothing was to be done: ${receipt.reason ?? ''}`,
    duplicate: undefined,
    rejected: undefined,
  }[receipt.outcome];
  if (text === undefined) return;
  await send(door, { ...threadOf(door, mailbox, mail), text });
}

/** Notes that the sender is to hear how the run ends, when the mailbox does so. */
export async function awaitResult(
  door: MailDoor,
  mailbox: Mailbox,
  mail: Mail,
  arrival: Arrival,
  { receiptId, run }: { receiptId: string; run: Run },
): Promise<void> {
  if (mailbox.reply !== 'result' || run.status === 'skipped' || !mayAnswer(door, mailbox, mail, arrival)) return;
  const now = door.now();
  const since = now.toISOString();
  const reply = { receiptId, runId: run.id, workflowName: run.workflowName, since, ...threadOf(door, mailbox, mail) };
  await door.replies.put(reply, new Date(now.getTime() + FIRST_LOOK_MS).toISOString());
}

type Thread = Pick<PendingReply, 'from' | 'to' | 'subject' | 'messageId' | 'references'>;

const threadOf = ({ domain }: MailDoor, mailbox: Mailbox, { from, subject, messageId, references }: Mail): Thread => ({
  from: addressOf(mailbox, domain),
  to: from.address,
  subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
  messageId,
  references: references.slice(-20),
});

export type ReplyDoor = Pick<MailDoor, 'replies' | 'runs' | 'values' | 'definitions' | 'outgoing' | 'now' | 'replyLost'>;

/** Sends the results that are due. Looks at a run that still goes on less and less often. One reply that fails is no reason to keep the others. */
export async function sendResults(door: ReplyDoor): Promise<number> {
  const due = await door.replies.due(door.now().toISOString(), DUE_AT_ONCE);
  let sent = 0;
  for (const { reply, dueAt } of due) {
    try {
      if (await sendResult(door, reply, dueAt)) sent += 1;
    } catch (error) {
      door.replyLost(error);
      await later(door, reply, dueAt);
    }
  }
  return sent;
}

/** Puts a reply off, or gives it up for good. One that is taken already is left alone. */
async function later({ replies, now }: ReplyDoor, { receiptId, since }: PendingReply, dueAt: string): Promise<void> {
  const waited = now().getTime() - Date.parse(since);
  if (waited >= GIVE_UP_MS) {
    await replies.take(receiptId, dueAt);
    return;
  }
  const next = now().getTime() + Math.min(LONGEST_WAIT_MS, Math.max(FIRST_LOOK_MS, waited / 4));
  await replies.defer(receiptId, dueAt, new Date(next).toISOString());
}

async function sendResult(door: ReplyDoor, reply: PendingReply, dueAt: string): Promise<boolean> {
  const run = await door.runs.get(reply.runId);
  if (run && !isTerminal(run.status)) {
    await later(door, reply, dueAt);
    return false;
  }
  if (!(await door.replies.take(reply.receiptId, dueAt))) return false;
  if (!run || !isTerminal(run.status)) return false;
  await send(door, { ...reply, text: await resultText(door, run) });
  return true;
}

async function resultText(door: ReplyDoor, run: Run): Promise<string> {
  const head = `Run ${run.id} of ${run.workflowName} has ended: ${RUN_STATUS[run.status].label}.`;
  if (run.error) return `${head}\n\n${run.error.name}: ${run.error.message}`;
  const outputs = run.outputs ? JSON.stringify(await (await ShownValues.of(door, run)).outputs(), null, 2) : '';
  return outputs === '' || outputs === '{}' ? head : `${head}\n\n${outputs.slice(0, OUTPUT_SHOWN)}`;
}

async function send(
  door: Pick<MailDoor, 'outgoing' | 'now'>,
  { from, to, subject, messageId, references, text }: Thread & { text: string },
): Promise<void> {
  const headers = { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' };
  const raw = compose({ from, to, subject, text, date: door.now(), inReplyTo: messageId, references, headers });
  await door.outgoing.send({ from, to, raw });
}
