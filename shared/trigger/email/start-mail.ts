import { keepFile } from '../../file/keep-file.ts';
import type { Actor } from '../../kernel/actor.ts';
import { idOf } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { StartRequest } from '../../run/start/start-request.ts';
import { type Started, startedBefore, startRun } from '../../run/start/start-run.ts';
import type { Incoming } from '../delivery/receive.ts';
import type { Arrival } from './arrival.ts';
import { loopRefusal } from './loop-guard.ts';
import { inputOf, narrowed, type StoredAttachment } from './mail-input.ts';
import type { Mailbox } from './mailbox.ts';
import type { Mail } from './parse-mail.ts';
import type { EmailServices } from './ports.ts';
import { awaitResult } from './reply.ts';
import { isProven, permissionRefusal, verdictRefusal } from './sender.ts';

/** A mail with what was read of it. One that cannot be read is refused by every mailbox. */
export interface ReadMail {
  arrival: Arrival;
  bytes: number;
  /** What makes it the same mail again. */
  key: string;
  mail: Mail | Problem;
}

/** The run that a mail starts at a mailbox has its id before it starts. */
export const runId = ({ messageId, at }: Arrival, { id }: Mailbox, redelivery: number) =>
  idOf(`run ${messageId} ${id} ${redelivery}`, Date.parse(at));

/** Starts the run of a mail, when its mailbox lets it in. Throws a `Problem` for what is turned away. */
export async function startMail(
  services: EmailServices,
  mailbox: Mailbox,
  readMail: ReadMail,
  incoming: Incoming & { id: string },
  redelivery = 0,
): Promise<Started> {
  const { arrival } = readMail;
  const mail = admitted(mailbox, readMail, services.domain);
  const proven = isProven(mail.from.address, arrival);
  const { permission, workspace, project } = mailbox;
  const collaborators = permission === 'collaborators' ? await services.collaborators.of(workspace, project) : [];
  refuse(permissionRefusal(mailbox, { address: mail.from.address, proven }, collaborators));

  const key = { trigger: 'email', value: `${mailbox.id} ${incoming.key}`, asked: 'mail' };
  const id = runId(arrival, mailbox, redelivery);
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
    inputs: narrowed(inputOf(mail, attachments), await inputSchema(services, mailbox)),
    fileIds: attachments.map(({ fileId }) => fileId),
    trigger: 'email',
    triggerId: mailbox.id,
    actor: senderOf(mailbox, mail),
    key,
  };
  const before = attachments.length > 0 ? await startedBefore(services, request) : undefined;
  if (!before) await keepAttachments(services, mailbox, mail, attachments);
  const started = before ? { run: before, isRepeat: true } : await startRun(services, request);
  // Delivered again after a crash: the run that stands is of this very mail.
  const own = started.run.id === id;
  if (own)
    await awaitResult(services, mailbox, mail, arrival, { deliveryId: incoming.id, run: started.run }).catch(services.replyLost);
  return { run: started.run, isRepeat: started.isRepeat && !own };
}

const senderOf = ({ id }: Mailbox, { from: { address } }: Mail): Actor => ({
  kind: 'trigger',
  id,
  name: address,
  email: address,
});

/** Files come before the run that has them. */
async function keepAttachments(services: EmailServices, mailbox: Mailbox, mail: Mail, all: StoredAttachment[]): Promise<void> {
  for (const { fileId: id, file } of all) {
    const { workspace, project } = mailbox;
    const owner = { id, workspace, project, createdBy: senderOf(mailbox, mail) };
    await keepFile(services.files, owner, { name: file.name, type: file.contentType, content: file.bytes }, services.now());
  }
}

/** The mail, when nothing but its sender's permission is in its way. */
function admitted(mailbox: Mailbox, { arrival, bytes, mail }: ReadMail, domain: string): Mail {
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
async function inputSchema({ workflows, definitions }: EmailServices, { workflowId, stage }: Mailbox): Promise<unknown> {
  const workflow = await workflows.get(workflowId);
  const hash = stage === 'Draft' ? workflow?.draft.definition : workflow?.published?.definition;
  return hash === undefined ? undefined : (await definitions.planOf(workflowId, hash)).document.input;
}
