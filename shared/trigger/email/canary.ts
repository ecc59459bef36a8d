import type { Actor } from '../../kernel/actor.ts';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import { compose } from '../../mail/compose.ts';
import type { Outgoing } from '../../mail/outgoing.ts';
import type { Runs } from '../../run/ports.ts';
import { createWorkflow, type PublishServices, publish } from '../../workflow/save-workflow.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { putMailbox } from './change-mailbox.ts';
import { addressOf, type Mailbox, type Mailboxes } from './mailbox.ts';

/** The built-in workflow: it does nothing, and says under which reference it was asked to. */
const NAME = 'mail-canary';
const DEFINITION = `format: 1
name: ${NAME}
title: Mail canary
description: Started by a mail that Millrun sends to itself, to see that mail arrives. Made by the first canary.
reference: \${ $input.subject }
timeout: 1h
steps:
  - id: arrived
    set:
      subject: \${ $input.subject }
`;
const MILLRUN: Actor = { kind: 'system', id: NAME, name: NAME };
const LOOK_EVERY_MS = 250;

export interface CanaryServices extends PublishServices {
  domain: string | undefined;
  mailboxes: Mailboxes;
  outgoing: Outgoing;
  runs: Runs;
  sleep(ms: number): Promise<unknown>;
}

export interface Canary {
  id: string;
  address: string;
  workflowId: string;
  /** Undefined when the mail has not come back in time. */
  runId?: string;
  seconds?: number;
}

/** Sends a mail out and waits until it has come in and started a run. */
export async function sendCanary(
  services: CanaryServices,
  owner: { workspace: string; project: string },
  waitMs: number,
): Promise<Canary> {
  const { domain } = services;
  if (domain === undefined)
    throw new Problem('conflict', 'This installation receives no mail. Its owner can set mailDomain: docs/deploy.md says how.');
  const from = `canary@${domain}`;
  const workflow = await builtIn(services, owner);
  const mailbox = await canaryMailbox(services, workflow, from);
  const sentAt = services.now().getTime();
  const id = `canary-${newId(sentAt)}`;
  const address = addressOf(mailbox, domain);
  const text = `Sent at ${new Date(sentAt).toISOString()} to see that mail arrives.`;
  await services.outgoing.send({
    from,
    to: [address],
    raw: compose({ from, to: address, subject: id, text, date: new Date(sentAt) }),
  });

  const canary = { id, address, workflowId: workflow.id };
  for (;;) {
    const { items } = await services.runs.list({ workspace: owner.workspace, workflowId: workflow.id }, { limit: 25 });
    const run = items.find(({ reference }) => reference === id);
    if (run) return { ...canary, runId: run.id, seconds: (Date.parse(run.createdAt) - sentAt) / 1000 };
    if (services.now().getTime() - sentAt >= waitMs) return canary;
    await services.sleep(LOOK_EVERY_MS);
  }
}

async function builtIn(services: CanaryServices, owner: { workspace: string; project: string }): Promise<Workflow> {
  const found = await services.workflows.byName(owner.workspace, owner.project, NAME);
  const workflow = found ?? (await createWorkflow(services, { ...owner, actor: MILLRUN }, DEFINITION)).workflow;
  if (!workflow.published) await publish(services, workflow, MILLRUN);
  return workflow;
}

async function canaryMailbox(services: CanaryServices, workflow: Workflow, from: string): Promise<Mailbox> {
  const found = await services.mailboxes.ofWorkflow(workflow.id);
  return found?.canary && found.enabled
    ? found
    : putMailbox(services, workflow, { permission: 'restricted', allowed: [from] }, { canary: true });
}
