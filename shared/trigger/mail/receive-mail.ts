import * as z from 'zod';
import { keepFile } from '../../file/keep-file.ts';
import { idOf } from '../../id.ts';
import { Problem } from '../../problem.ts';
import { type Started, type StartRequest, startedBefore, startRun } from '../../run/start/start-run.ts';
import type { Receipt } from '../receipt.ts';
import { type Knock, receive } from '../receive.ts';
import type { Arrival } from './arrival.ts';
import { knockKey } from './dedupe.ts';
import { loopRefusal } from './loop-guard.ts';
import { inputOf, narrowed, type StoredAttachment } from './mail-input.ts';
import { isKnown, localIn, MAX_MAIL_BYTES, type Mailbox } from './mailbox.ts';
import { type Mail, parseMail } from './parse-mail.ts';
import type { MailDoor } from './ports.ts';
import { answerAtOnce, awaitResult } from './reply.ts';
import { isProven, permissionRefusal, verdictRefusal } from './sender.ts';

/** A mail with what was read of it. One that cannot be read is refused by every mailbox. */
interface Letter {
  arrival: Arrival;
  bytes: number;
  /** What makes it the same mail again. */
  key: string;
  mail: Mail | Problem;
}

/** Lets a mail in: one run and one receipt for each mailbox of ours among its recipients. Any number of times, with one effect. */
export async function receiveMail(door: MailDoor, arrival: Arrival): Promise<{ receipts: Receipt[]; unknown: string[] }> {
  const { known, unknown } = await mailboxesOf(door, arrival.recipients);
  if (known.length === 0) return { receipts: [], unknown };
  const letter = await read(door, arrival);
  const receipts: Receipt[] = [];
  for (const mailbox of known) receipts.push(await receiveAt(door, mailbox, letter));
  return { receipts, unknown };
}

/** Whether mail to that address would find a mailbox, be it one that turns it away. */
export async function knows(door: Pick<MailDoor, 'mailboxes' | 'domain' | 'now'>, address: string): Promise<boolean> {
  return (await mailboxesOf(door, [address])).known.length > 0;
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

/** Writes a receipt for each mailbox of a mail that nobody tries to handle any more. It can be replayed. */
export async function noteUndelivered(door: MailDoor, arrival: Arrival, reason: string): Promise<void> {
  const { known } = await mailboxesOf(door, arrival.recipients);
  const { bytes } = await door.mails.read(arrival.messageId, 0);
  await door.mails.note(arrival);
  for (const mailbox of known) {
    const knock = knockOf(door, mailbox, { arrival, bytes, key: arrival.messageId, mail: new Problem('conflict', reason) });
    if (await door.receipts.get(knock.id)) continue;
    const run = await door.runs.get(runId(arrival, mailbox, 0));
    await receive(door, knock, () =>
      run ? Promise.resolve({ run, isRepeat: false }) : Promise.reject(new Problem('conflict', reason)),
    );
  }
}

/** Writes a receipt for each mailbox that a refused mail was meant for. */
export async function noteRefused(
  door: MailDoor,
  { messageId, at, recipients, reason, ...mail }: z.infer<typeof refusedMail>,
): Promise<void> {
  const { known } = await mailboxesOf(door, recipients);
  for (const mailbox of known) {
    const knock = {
      ...atMailbox(mailbox),
      id: receiptId(messageId, mailbox, at),
      source: mail.source.slice(0, 320),
      key: messageId,
      bytes: mail.bytes,
    };
    await receive(door, knock, () => Promise.reject(new Problem('too-large', reason)));
  }
}

async function mailboxesOf({ mailboxes, domain, now }: Pick<MailDoor, 'mailboxes' | 'domain' | 'now'>, recipients: string[]) {
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
async function read({ mails }: MailDoor, arrival: Arrival): Promise<Letter> {
  const { bytes, raw } = await mails.read(arrival.messageId, MAX_MAIL_BYTES);
  const unread = { arrival, bytes, key: arrival.messageId };
  if (!raw) {
    const reason = `The mail has ${bytes} bytes; ${MAX_MAIL_BYTES} are the most that are taken.`;
    return { ...unread, mail: new Problem('too-large', reason) };
  }
  try {
    const mail = await parseMail(raw);
    return { arrival, bytes, key: knockKey(mail, raw), mail };
  } catch (error) {
    if (error instanceof Problem) return { ...unread, mail: error };
    throw error;
  }
}

async function receiveAt(door: MailDoor, mailbox: Mailbox, letter: Letter): Promise<Receipt> {
  const knock = knockOf(door, mailbox, letter);
  const seen = await door.receipts.get(knock.id);
  // The mail service delivers at least once; what is written down has been done.
  if (seen) return seen;
  const receipt = await receive(door, knock, () => start(door, mailbox, letter, knock));
  if (receipt.outcome === 'rejected') await door.mails.note(letter.arrival);
  if (letter.mail instanceof Problem) return receipt;
  await answerAtOnce(door, mailbox, letter.mail, letter.arrival, receipt).catch(door.replyLost);
  return receipt;
}

/** Starts again what was turned away, under what is right by now. The raw mail lies where the mail service has put it. */
export async function startMailAgain(door: MailDoor, receipt: Receipt): Promise<Started> {
  const messageId = receipt.payload?.split('/').at(-1);
  const arrival = messageId === undefined ? undefined : await door.mails.noted(messageId);
  const mailbox = receipt.workflowId === undefined ? undefined : await door.mailboxes.ofWorkflow(receipt.workflowId);
  if (!arrival || !mailbox) throw new Problem('not-found', 'The mail is not kept any more, or its workflow has no mailbox.');
  const letter = await read(door, arrival);
  const knock = { ...knockOf(door, mailbox, letter), id: receipt.id };
  return start(door, mailbox, letter, knock, receipt.replays + 1);
}

function knockOf({ mails }: MailDoor, mailbox: Mailbox, { arrival, bytes, key, mail }: Letter): Knock & { id: string } {
  return {
    ...atMailbox(mailbox),
    id: receiptId(arrival.messageId, mailbox, arrival.at),
    source: (mail instanceof Problem ? arrival.source : mail.from.address).slice(0, 320),
    key,
    bytes,
    payload: mails.keyOf(arrival.messageId),
  };
}

const receiptId = (messageId: string, { id }: Mailbox, at: string) => idOf(`receipt ${messageId} ${id}`, Date.parse(at));

const runId = ({ messageId, at }: Arrival, { id }: Mailbox, replay: number) =>
  idOf(`run ${messageId} ${id} ${replay}`, Date.parse(at));

const atMailbox = ({ id: doorId, workspace, project, workflowId }: Mailbox) => ({
  workspace,
  project,
  workflowId,
  door: 'email' as const,
  doorId,
});

async function start(
  door: MailDoor,
  mailbox: Mailbox,
  letter: Letter,
  knock: Knock & { id: string },
  replay = 0,
): Promise<Started> {
  const { arrival } = letter;
  const mail = admitted(mailbox, letter, door.domain);
  const proven = isProven(mail.from.address, arrival);
  const members = mailbox.permission === 'collaborators' ? await door.members.of(mailbox.workspace, mailbox.project) : [];
  refuse(permissionRefusal(mailbox, { address: mail.from.address, proven }, members));

  const key = { trigger: 'email', value: `${mailbox.id} ${knock.key}`, asked: 'mail' };
  const id = runId(arrival, mailbox, replay);
  const attachments = mail.attachments.map((file, index) => ({
    fileId: idOf(`file ${arrival.messageId} ${mailbox.id} ${index}`, Date.parse(arrival.at)),
    file,
  }));
  const request: StartRequest = {
    workspace: mailbox.workspace,
    project: mailbox.project,
    id,
    workflowId: mailbox.workflowId,
    stage: mailbox.stage,
    inputs: narrowed(inputOf(mail, attachments), await inputSchema(door, mailbox)),
    fileIds: attachments.map(({ fileId }) => fileId),
    trigger: 'email',
    startedBy: mail.from.address,
    key,
  };
  const before = attachments.length > 0 ? await startedBefore(door, request) : undefined;
  if (!before) await keepAttachments(door, mailbox, mail, attachments);
  const started = before ? { run: before, isRepeat: true } : await startRun(door, request);
  // Delivered again after a crash: the run that stands is of this very mail.
  const own = started.run.id === id;
  if (own) await awaitResult(door, mailbox, mail, arrival, { receiptId: knock.id, run: started.run }).catch(door.replyLost);
  return { run: started.run, isRepeat: started.isRepeat && !own };
}

/** Files come before the run that has them. */
async function keepAttachments(
  door: MailDoor,
  { workspace, project }: Mailbox,
  { from }: Mail,
  all: StoredAttachment[],
): Promise<void> {
  for (const { fileId: id, file } of all) {
    const of = { id, workspace, project, createdBy: from.address };
    await keepFile(door.files, of, { name: file.name, type: file.contentType, content: file.bytes }, door.now());
  }
}

/** The mail, when nothing but its sender's permission is in its way. */
function admitted(mailbox: Mailbox, { arrival, bytes, mail }: Letter, domain: string): Mail {
  if (mailbox.retiredAt !== undefined)
    refuse(`The address was replaced by another one on ${mailbox.retiredAt.slice(0, 10)}. Ask the owner of the workflow for it.`);
  if (!mailbox.enabled) refuse('The mailbox is turned off.');
  refuse(verdictRefusal(arrival));
  if (mail instanceof Problem) throw mail;
  if (bytes > mailbox.maxBytes)
    throw new Problem('too-large', `The mail has ${bytes} bytes; the mailbox takes ${mailbox.maxBytes} at most.`);
  refuse(loopRefusal({ source: arrival.source, from: mail.from.address, header: mail.header }, domain, mailbox.canary));
  return mail;
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new Problem('forbidden', reason);
}

/** What the workflow asks for, if that can be said before it is started. */
async function inputSchema({ workflows, definitions }: MailDoor, { workflowId, stage }: Mailbox): Promise<unknown> {
  const workflow = await workflows.get(workflowId);
  const hash = stage === 'Draft' ? workflow?.draft.definition : workflow?.published?.definition;
  return hash === undefined ? undefined : (await definitions.planOf(workflowId, hash)).document.input;
}
