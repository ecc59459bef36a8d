import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import * as change from '../../shared/trigger/email/change-mailbox.ts';
import { mailboxView } from '../../shared/trigger/email/mailbox.http.ts';
import type { Mailboxes } from '../../shared/trigger/email/mailbox.ts';
import { mail as mailOperations } from '../../shared/trigger/email/operations.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { mailboxes, now, recorder, workflows } from '../adapters.ts';

interface Services {
  workflows: Workflows;
  mailboxes: Mailboxes;
  domain: string | undefined;
  now: () => Date;
}

export async function putMailbox({ params, body, caller }: RequestOf<'putMailbox'>, services: Services) {
  const domain = domainOf(services);
  const workflow = await workflowOf(services, caller, params.workflow_id);
  return ok(mailboxView(await change.putMailbox(services, workflow, settingsOf(body)), domain));
}

export async function changeMailbox({ params, body, caller }: RequestOf<'changeMailbox'>, services: Services) {
  const domain = domainOf(services);
  const workflow = await workflowOf(services, caller, params.workflow_id);
  return ok(mailboxView(await change.changeMailbox(services, workflow, settingsOf(body)), domain));
}

const settingsOf = ({ maxSize, ...settings }: RequestOf<'changeMailbox'>['body']) => ({
  ...settings,
  ...(maxSize !== undefined && { maxBytes: maxSize }),
});

export async function getMailbox({ params, caller }: RequestOf<'getMailbox'>, services: Services) {
  const domain = domainOf(services);
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const mailbox = await services.mailboxes.ofWorkflow(workflow.id);
  if (!mailbox) throw notFound('mailbox of workflow', workflow.id);
  return ok(mailboxView(mailbox, domain));
}

export async function rotateMailbox({ params, caller }: RequestOf<'rotateMailbox'>, services: Services) {
  const domain = domainOf(services);
  return ok(mailboxView(await change.rotateMailbox(services, await workflowOf(services, caller, params.workflow_id)), domain));
}

function domainOf({ domain }: Services): string {
  if (domain !== undefined) return domain;
  throw new Problem('conflict', 'This installation receives no mail. Its owner can set mailDomain: docs/deploy.md says how.');
}

export const handler = http(
  mailOperations,
  { putMailbox, changeMailbox, getMailbox, rotateMailbox },
  () => ({
    workflows: workflows(),
    mailboxes: mailboxes(),
    domain: env.mailDomain(),
    now,
  }),
  recorder,
);
