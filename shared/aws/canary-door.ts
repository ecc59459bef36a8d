import { setTimeout as sleep } from 'node:timers/promises';
import { env } from '../env.ts';
import type { CanaryServices } from '../trigger/mail/canary.ts';
import { dynamo, ses } from './clients.ts';
import { DynamoMailboxes } from './dynamo-mailboxes.ts';
import { DynamoRuns } from './dynamo-runs.ts';
import { DynamoWorkflows } from './dynamo-workflows.ts';
import { SesOutgoing } from './ses-outgoing.ts';

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
