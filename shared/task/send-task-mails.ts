import type { Seals } from '../kernel/seals.ts';
import { Slots } from '../kernel/slots.ts';
import { compose } from '../mail/compose.ts';
import type { Outgoing } from '../mail/outgoing.ts';
import type { Values } from '../run/ports.ts';
import { linkTo } from './answer-link.ts';
import { questionOf } from './question.ts';
import { mailAbout } from './question-mail.ts';
import type { TaskRow } from './task.ts';
import { afterMails, type TakenTask, type Taker, type TaskMails } from './task-mail.ts';

const DUE_AT_ONCE = 50;
/** SES sends some fourteen mails a second for an account unless told otherwise. */
const SENT_AT_ONCE = 8;
/** Longer than the function lives: whoever has taken the mails of a task and is still alive has them for itself. */
const LEASE_MS = 120_000;
/** Hundreds of runs may fail of one cause at once. */
const GROUP_MS = 3_600_000;
const ERROR_CHARS = 300;

export interface TaskMailServices {
  mails: TaskMails;
  values: Pick<Values, 'read'>;
  seals: Pick<Seals, 'seal'>;
  outgoing: Outgoing;
  /** Where mails come from. */
  domain: string;
  /** Where the API answers. */
  apiUrl: string;
  now: () => Date;
  /** A mail could not be sent; it is tried again. */
  mailLost(error: unknown): void;
}

/** Sends the mails of these tasks, which have just been opened. */
export const sendMailsOf = (services: TaskMailServices, ids: readonly string[]) => sendAll(services, ids, 'opened');

/** As far as they are due. One that cannot be sent is no reason to keep the others. */
async function sendAll(services: TaskMailServices, ids: readonly string[], by: Taker): Promise<number> {
  const slots = new Slots(SENT_AT_ONCE);
  const sent = await Promise.all(ids.map((id) => slots.run(() => deal(services, id, by))));
  return sent.reduce((sum, mails) => sum + mails, 0);
}

/** Sends the mails that are due, for as long as there are some and there is time. */
export async function sendDueMails(services: TaskMailServices, hasTime: () => boolean = () => true): Promise<number> {
  let sent = 0;
  while (hasTime()) {
    const due = await services.mails.due(services.now().toISOString(), DUE_AT_ONCE);
    const mails = await sendAll(services, due, 'tick');
    sent += mails;
    // The index lags behind: what is taken by others, or dealt with already, is not asked for again and again.
    if (mails === 0) return sent;
  }
  return sent;
}

async function deal(services: TaskMailServices, id: string, by: Taker): Promise<number> {
  const { mails, now } = services;
  const at = now();
  const until = new Date(at.getTime() + LEASE_MS).toISOString();
  try {
    const taken = await mails.take(id, at.toISOString(), until, by);
    if (!taken) return 0;
    const { snoozedUntil } = taken.task;
    if (snoozedUntil !== undefined && snoozedUntil > at.toISOString()) {
      await mails.settle(id, until, { dueAt: snoozedUntil, mailing: taken.mailing });
      return 0;
    }
    if (!(await isForUs(services, taken.task))) {
      await mails.settle(id, until, afterMails(taken, undefined, now()));
      return 0;
    }
    const { sent, error } = await tellAll(services, taken);
    await mails.settle(id, until, afterMails(taken, error, now()));
    return sent;
  } catch (error) {
    // The time that it was taken for runs out, and somebody looks again.
    services.mailLost(error);
    return 0;
  }
}

/** Of failures with one cause, one asks by mail; the others stand beside it in the list. */
async function isForUs({ mails, now }: TaskMailServices, { id, workspace, group }: TaskRow): Promise<boolean> {
  if (group === undefined) return true;
  const at = now();
  return mails.takeGroup(`${workspace}#${group}`, id, at.toISOString(), new Date(at.getTime() + GROUP_MS).toISOString());
}

async function tellAll(services: TaskMailServices, { task, mailing }: TakenTask) {
  const left = task.assignees.filter((address) => !mailing.told.includes(address));
  const { body } = left.length > 0 ? await questionOf(services, task) : {};
  let sent = 0;
  let error: string | undefined;
  for (const address of left) {
    try {
      await tell(services, task, body, address);
      // Noted once it is sent: after a crash in between it is sent a second time, which is better than never.
      await services.mails.told(task.id, address, services.now().toISOString());
      mailing.told.push(address);
      sent += 1;
    } catch (lost) {
      services.mailLost(lost);
      error = `${address}: ${wordsOf(lost)}`.slice(0, ERROR_CHARS);
    }
  }
  return { sent, error };
}

async function tell(services: TaskMailServices, task: TaskRow, body: string | undefined, address: string): Promise<void> {
  const { domain, apiUrl, seals, outgoing, now } = services;
  const from = `noreply@${domain}`;
  const link = await linkTo(seals, apiUrl, { task: task.id, email: address });
  const raw = compose({ from, to: address, date: now(), headers: AUTOMATIC, ...mailAbout(task, body, { address, link }) });
  await outgoing.send({ from, to: [address], raw });
}

/** Machines that answer mail do not answer these. */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

/** What SES says of a mail is for people; what else there is names things of the account. */
const wordsOf = (error: unknown) =>
  error instanceof Error
    ? error.name === 'MessageRejected'
      ? `${error.name}: ${error.message}`
      : error.name
    : 'it could not be sent';
