import { newId } from '../../id.ts';
import { Problem } from '../../problem.ts';
import type { Runs } from '../../run/ports.ts';
import { type Author, createWorkflow, publish } from '../../workflow/save-workflow.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { putMailbox } from './change-mailbox.ts';
import { compose } from './compose.ts';
import { addressOf, type Mailbox, type Mailboxes } from './mailbox.ts';
import type { Outgoing } from './ports.ts';

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
const LOOK_EVERY_MS = 250;

export interface CanaryDoor extends Author {
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
export async function sendCanary(door: CanaryDoor, of: { workspace: string; project: string }, waitMs: number): Promise<Canary> {
  const { domain } = door;
  if (domain === undefined)
    throw new Problem('conflict', 'This installation receives no mail. Its owner can set mailDomain: docs/deploy.md says how.');
  const from = `canary@${domain}`;
  const workflow = await builtIn(door, of);
  const mailbox = await canaryMailbox(door, workflow, from);
  const sentAt = door.now().getTime();
  const id = `canary-${newId(sentAt)}`;
  const address = addressOf(mailbox, domain);
  const text = `Sent at ${new Date(sentAt).toISOString()} to see that mail arrives.`;
  await door.outgoing.send({ from, to: address, raw: compose({ from, to: address, subject: id, text, date: new Date(sentAt) }) });

  const canary = { id, address, workflowId: workflow.id };
  for (;;) {
    const { items } = await door.runs.list({ workspace: of.workspace, workflowId: workflow.id }, { limit: 25 });
    const run = items.find(({ reference }) => reference === id);
    if (run) return { ...canary, runId: run.id, seconds: (Date.parse(run.createdAt) - sentAt) / 1000 };
    if (door.now().getTime() - sentAt >= waitMs) return canary;
    await door.sleep(LOOK_EVERY_MS);
  }
}

async function builtIn(door: CanaryDoor, of: { workspace: string; project: string }): Promise<Workflow> {
  const found = await door.workflows.byName(of.workspace, of.project, NAME);
  const workflow = found ?? (await createWorkflow(door, { ...of, by: NAME }, DEFINITION)).workflow;
  if (!workflow.published) await publish(door, workflow, NAME);
  return workflow;
}

async function canaryMailbox(door: CanaryDoor, workflow: Workflow, from: string): Promise<Mailbox> {
  const found = await door.mailboxes.ofWorkflow(workflow.id);
  return found?.canary && found.enabled
    ? found
    : putMailbox(door, workflow, { permission: 'restricted', allowed: [from] }, { canary: true });
}
