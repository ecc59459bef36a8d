import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo, ses } from '../../shared/aws/clients.ts';
import { env } from '../../shared/kernel/env.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import type { CanaryServices } from '../../shared/trigger/email/canary.ts';
import { DynamoMailboxes } from '../../shared/trigger/email/mailbox.dynamo.ts';
import { SesOutgoing } from '../../shared/trigger/email/outgoing.ses.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';

/** What a canary works with on AWS. */
export const canaryServices = (): CanaryServices => ({
  domain: env.mailDomain(),
  workflows: new DynamoWorkflows(dynamo, env.workflowsTable()),
  retentionDays: env.retentionDays(),
  mailboxes: new DynamoMailboxes(dynamo, env.triggersTable()),
  runs: new DynamoRuns(dynamo, { table: env.runsTable() }),
  outgoing: new SesOutgoing(ses),
  now: () => new Date(),
  sleep,
});
