import { Construct } from 'constructs';
import { AppFunction } from './app-function.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface ApiFunctionsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: Engine;
}

/** The functions behind the API: grouped by what they may do, so that a reader cannot write and only the publisher can make machines. */
export class ApiFunctions extends Construct {
  readonly authorize: AppFunction;
  /** By the entry that routes name. */
  readonly byEntry: ReadonlyMap<string, AppFunction>;

  constructor(scope: Construct, id: string, { settings, stores, engine }: ApiFunctionsProps) {
    super(scope, id);
    const retention = { RETENTION_DAYS: String(settings.retentionDays) };

    this.authorize = new AppFunction(this, 'Authorize', {
      settings,
      entry: 'http/authorize',
      description: 'Turns an API key into a caller',
    });
    stores.access.allowReads(this.authorize);

    const readRuns = new AppFunction(this, 'ReadRuns', {
      settings,
      entry: 'http/read-runs',
      description: 'Shows runs',
      environment: retention,
    });
    stores.runs.allowReads(readRuns);
    stores.workflows.allowReads(readRuns);
    stores.values.allowReads(readRuns);
    stores.values.allowViews(readRuns);

    const startRuns = new AppFunction(this, 'StartRuns', {
      settings,
      entry: 'http/start-runs',
      description: 'Starts runs and steers them',
      environment: retention,
    });
    allowStarts(startRuns, { stores, engine });

    const readWorkflows = new AppFunction(this, 'ReadWorkflows', {
      settings,
      entry: 'http/read-workflows',
      description: 'Shows workflows',
    });
    stores.workflows.allowReads(readWorkflows);

    const writeWorkflows = new AppFunction(this, 'WriteWorkflows', {
      settings,
      entry: 'http/write-workflows',
      description: 'Saves and publishes workflows',
    });
    stores.workflows.allowReadsAndWrites(writeWorkflows);
    engine.allowPublishing(writeWorkflows);

    const apiKeys = new AppFunction(this, 'ApiKeys', {
      settings,
      entry: 'http/api-keys',
      description: 'Issues and revokes API keys',
    });
    stores.access.allowReadsAndWrites(apiKeys);

    const receipts = new AppFunction(this, 'Receipts', {
      settings,
      entry: 'http/receipts',
      description: 'Shows what knocked at a door, and gives it another chance',
      environment: retention,
    });
    allowStarts(receipts, { stores, engine });
    stores.sealKey.allowOpening(receipts);

    const webhooks = new AppFunction(this, 'Webhooks', {
      settings,
      entry: 'http/webhooks',
      description: 'Makes webhooks and their secrets',
    });
    stores.workflows.allowReads(webhooks);
    stores.doors.allowReadsAndWrites(webhooks);
    stores.sealKey.allowSealing(webhooks);

    const files = new AppFunction(this, 'Files', {
      settings,
      entry: 'http/files',
      description: 'Takes files in, shows and deletes them',
      environment: retention,
    });
    stores.doors.allowReadsAndWrites(files);
    stores.values.allowReadsAndWrites(files);
    stores.values.allowDeletes(files);

    const receiveWebhook = new AppFunction(this, 'ReceiveWebhook', {
      settings,
      entry: 'webhook/receive-webhook',
      description: 'Lets foreign systems in',
      environment: retention,
    });
    allowStarts(receiveWebhook, { stores, engine });
    stores.sealKey.allowOpening(receiveWebhook);
    stores.access.allowReads(receipts);

    const mailboxes = new AppFunction(this, 'Mailboxes', {
      settings,
      entry: 'http/mailboxes',
      description: 'Gives workflows mail addresses',
    });
    stores.workflows.allowReads(mailboxes);
    stores.doors.allowReadsAndWrites(mailboxes);

    const mailCanary = new AppFunction(this, 'MailCanary', {
      settings,
      entry: 'http/mail-canary',
      description: 'Sends a mail to itself when asked to',
      environment: retention,
    });
    allowCanary(mailCanary, { stores, engine });

    const docs = new AppFunction(this, 'Docs', { settings, entry: 'http/docs', description: 'Serves the API description' });

    this.byEntry = new Map([
      ['http/read-runs', readRuns],
      ['http/start-runs', startRuns],
      ['http/read-workflows', readWorkflows],
      ['http/write-workflows', writeWorkflows],
      ['http/api-keys', apiKeys],
      ['http/receipts', receipts],
      ['http/webhooks', webhooks],
      ['http/files', files],
      ['webhook/receive-webhook', receiveWebhook],
      ['http/mailboxes', mailboxes],
      ['http/mail-canary', mailCanary],
      ['http/docs', docs],
    ]);
  }
}

/** What `startRun` needs. */
export function allowStarts(fn: AppFunction, { stores, engine }: Pick<ApiFunctionsProps, 'stores' | 'engine'>): void {
  stores.runs.allowReadsAndWrites(fn);
  stores.workflows.allowReads(fn);
  stores.values.allowReadsAndWrites(fn);
  stores.doors.allowReadsAndWrites(fn);
  engine.allowWalks(fn);
}

/** What a canary needs: to make and publish its own workflow once, and to see its runs. */
export function allowCanary(fn: AppFunction, { stores, engine }: Pick<ApiFunctionsProps, 'stores' | 'engine'>): void {
  stores.workflows.allowReadsAndWrites(fn);
  stores.doors.allowReadsAndWrites(fn);
  stores.runs.allowReads(fn);
  engine.allowPublishing(fn);
}
