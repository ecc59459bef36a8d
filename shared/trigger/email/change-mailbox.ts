import { newId } from '../../kernel/id.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { MAX_MAIL_BYTES, type Mailbox, type Mailboxes, type MailboxSettings, newLocal } from './mailbox.ts';

interface Services {
  mailboxes: Mailboxes;
  now: () => Date;
}

const DEFAULTS: MailboxSettings = {
  enabled: true,
  permission: 'collaborators',
  allowed: [],
  stage: 'Published',
  reply: 'none',
  maxBytes: MAX_MAIL_BYTES,
};
const TRIES = 5;

/** Gives the workflow a mailbox, or its mailbox these settings; what is not said becomes the default. */
export async function putMailbox(
  { mailboxes, now }: Services,
  workflow: Workflow,
  settings: Partial<MailboxSettings>,
  marks: Pick<Mailbox, 'canary'> = {},
): Promise<Mailbox> {
  const chosen = { ...DEFAULTS, ...settings };
  checkAllowed(chosen);
  for (let tries = 0; tries < TRIES; tries++) {
    const seen = await mailboxes.ofWorkflow(workflow.id);
    const next: Mailbox = seen ? { ...seen, ...chosen } : { ...newMailbox(workflow, now()), ...chosen, ...marks };
    if (await (seen ? mailboxes.change(seen, next) : mailboxes.create(next))) return next;
  }
  throw changing(workflow);
}

/** Changes what is said of the mailbox and nothing else. */
export async function changeMailbox(
  { mailboxes }: Services,
  workflow: Workflow,
  change: Partial<MailboxSettings>,
): Promise<Mailbox> {
  for (let tries = 0; tries < TRIES; tries++) {
    const seen = await mailboxes.ofWorkflow(workflow.id);
    if (!seen) throw notFound('mailbox of workflow', workflow.id);
    const next = { ...seen, ...change };
    checkAllowed(next);
    if (await mailboxes.change(seen, next)) return next;
  }
  throw changing(workflow);
}

function checkAllowed({ permission, allowed }: MailboxSettings): void {
  if (permission === 'restricted' && allowed.length === 0)
    throw new Problem('invalid', 'The permission restricted needs at least one address or @domain in allowed.', [
      { name: 'allowed', value: 'must not be empty' },
    ]);
}

/** Gives the mailbox another address. Mail to the old one is turned away with a reason from now on. */
export async function rotateMailbox({ mailboxes, now }: Services, workflow: Workflow): Promise<Mailbox> {
  for (let tries = 0; tries < TRIES; tries++) {
    const old = await mailboxes.ofWorkflow(workflow.id);
    if (!old) throw notFound('mailbox of workflow', workflow.id);
    const next = { ...old, local: newLocal(workflow.name), createdAt: now().toISOString() };
    if (await mailboxes.rotate({ ...old, retiredAt: now().toISOString() }, next)) return next;
  }
  throw changing(workflow);
}

const changing = ({ name }: Workflow) =>
  new Problem('conflict', `The mailbox of workflow "${name}" is being changed by somebody else. Look at it and try again.`);

function newMailbox({ id: workflowId, workspace, project, name }: Workflow, now: Date): Mailbox {
  const createdAt = now.toISOString();
  return { id: newId(now.getTime()), workspace, project, workflowId, local: newLocal(name), createdAt, revision: 0, ...DEFAULTS };
}
