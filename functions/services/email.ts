import { DynamoKeys } from '../../shared/access/key.dynamo.ts';
import type { Keys } from '../../shared/access/key.ts';
import { dynamo, s3, ses } from '../../shared/aws/clients.ts';
import { logger } from '../../shared/aws/observe.ts';
import { env } from '../../shared/kernel/env.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { BucketValues } from '../../shared/run/store/values.s3.ts';
import { DynamoDeliveries } from '../../shared/trigger/delivery/delivery.dynamo.ts';
import { DynamoMailboxes } from '../../shared/trigger/email/mailbox.dynamo.ts';
import { BucketMails } from '../../shared/trigger/email/mails.s3.ts';
import { SesOutgoing } from '../../shared/trigger/email/outgoing.ses.ts';
import type { EmailServices, Members } from '../../shared/trigger/email/ports.ts';
import { DynamoReplies } from '../../shared/trigger/email/replies.dynamo.ts';
import type { ReplyServices } from '../../shared/trigger/email/reply.ts';
import { CachedDefinitions } from '../../shared/workflow/cached-definitions.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';
import { engineServices } from './engine.ts';

const PAGE = 100;

/** Whoever holds a key of the project, or of the whole workspace, and has said where mail reaches them. */
class KeyHolders implements Members {
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  async of(workspace: string, project: string): Promise<string[]> {
    const members: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#keys.list(workspace, PAGE, token);
      for (const key of page.items) {
        const inProject = key.project === undefined || key.project === project;
        if (key.email !== undefined && key.revokedAt === undefined && inProject) members.push(key.email);
      }
      token = page.next;
    } while (token !== undefined);
    return members;
  }
}

/** What answers to mails work with on AWS, once their runs have ended. */
export const replyServices = (): ReplyServices => ({
  runs: new DynamoRuns(dynamo, { table: env.runsTable() }),
  values: new BucketValues(s3, env.valuesBucket()),
  replies: new DynamoReplies(dynamo, env.triggersTable()),
  definitions: new CachedDefinitions(new DynamoWorkflows(dynamo, env.workflowsTable())),
  outgoing: new SesOutgoing(ses),
  now: () => new Date(),
  replyLost,
});

const replyLost = (error: unknown) => logger.warn('a reply was not sent', { error });

/** What incoming mail works with on AWS. */
export function emailServices(): EmailServices {
  const table = env.triggersTable();
  const engine = engineServices();
  return {
    ...engine,
    domain: env.mailDomain() ?? '',
    deliveries: new DynamoDeliveries(dynamo, { table, retentionDays: env.retentionDays() }),
    mailboxes: new DynamoMailboxes(dynamo, table),
    members: new KeyHolders(new DynamoKeys(dynamo, env.accessTable())),
    mails: new BucketMails(s3, env.valuesBucket()),
    outgoing: new SesOutgoing(ses),
    replies: new DynamoReplies(dynamo, table),
    replyLost,
  };
}
