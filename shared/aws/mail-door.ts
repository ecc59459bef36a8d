import type { Keys } from '../access/key.ts';
import { env } from '../env.ts';
import { logger } from '../observe.ts';
import type { EmailServices, Members } from '../trigger/mail/ports.ts';
import type { ReplyServices } from '../trigger/mail/reply.ts';
import { CachedDefinitions } from './cached-definitions.ts';
import { dynamo, s3, ses } from './clients.ts';
import { DynamoDeliveries } from './dynamo-deliveries.ts';
import { DynamoKeys } from './dynamo-keys.ts';
import { DynamoMailboxes } from './dynamo-mailboxes.ts';
import { DynamoReplies } from './dynamo-replies.ts';
import { DynamoRuns } from './dynamo-runs.ts';
import { DynamoWorkflows } from './dynamo-workflows.ts';
import { BucketMails } from './mail-bucket.ts';
import { engineServices } from './services.ts';
import { SesOutgoing } from './ses-outgoing.ts';
import { BucketValues } from './values.ts';

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
