import { Construct } from 'constructs';
import { AppFunction } from './app-function.ts';
import { allowRoles } from './assumable-roles.ts';
import { addConsole } from './bundling.ts';
import type { RunEngine } from './run-engine.ts';
import { callerRateOf, type Settings, signInOf } from './settings.ts';
import type { Stores } from './stores.ts';

export interface ApiFunctionsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
}

/** The indexes that lists of runs are read from. */
export const runLists = [
  'by-workspace',
  'by-project',
  'by-workflow',
  'by-state',
  'by-parent',
  'by-root',
  'by-reference-text',
  'by-label',
  'by-trigger',
  'by-trigger-id',
  'by-error',
];

/** The functions behind the API: grouped by what they may do, so that who shows cannot write, and who saves workflows cannot start runs. */
export class ApiFunctions extends Construct {
  readonly authorize: AppFunction;
  /** By the entry that routes name. */
  readonly byEntry: ReadonlyMap<string, AppFunction>;

  constructor(scope: Construct, id: string, { settings, stores, engine }: ApiFunctionsProps) {
    super(scope, id);
    const retention = { RETENTION_DAYS: String(settings.retentionDays) };

    const signIn = signInOf(settings);
    const rate = callerRateOf(settings);
    this.authorize = new AppFunction(this, 'Authorize', {
      settings,
      entry: 'api/authorize',
      description: 'Turns an API key or a token into a caller',
      environment: { ...(signIn && { SIGN_IN: JSON.stringify(signIn) }), ...(rate && { CALLER_RATE: JSON.stringify(rate) }) },
      concurrency: settings.authorizerConcurrency,
    });
    stores.access.allow(this.authorize, ['GetItem', 'Query']);

    const readRuns = new AppFunction(this, 'ReadRuns', {
      settings,
      entry: 'api/read-runs',
      description: 'Shows runs',
      environment: retention,
    });
    stores.runs.allow(readRuns, ['BatchGetItem', 'GetItem', 'Query'], runLists);
    stores.workflows.allow(readRuns, ['GetItem']);
    stores.analytics.allow(readRuns, ['Query']);
    stores.values.allowReads(readRuns);
    stores.values.allowViews(readRuns);
    stores.tasks.allow(readRuns, []);
    stores.places.allow(readRuns, ['Query']);
    stores.analytics.allow(readRuns, []);

    const startRuns = new AppFunction(this, 'StartRuns', {
      settings,
      entry: 'api/start-runs',
      description: 'Starts runs and steers them',
      concurrency: settings.startConcurrency,
      environment: retention,
    });
    allowStarts(startRuns, { stores, engine });
    allowFilesOfStarts(startRuns, stores);
    engine.allowStartsThatWait(startRuns);
    // Steering appends to the journal; the answer shows the run with its children. A label that goes takes its item along.
    stores.runs.allow(startRuns, ['BatchGetItem', 'DeleteItem', 'Query', 'UpdateItem'], ['by-parent']);
    stores.allowTasks(startRuns);
    stores.allowLettingIn(startRuns);

    const tasks = new AppFunction(this, 'Tasks', {
      settings,
      entry: 'api/tasks',
      description: 'Shows what people are asked, and takes their answers',
      environment: retention,
    });
    stores.tasks.allow(
      tasks,
      ['BatchGetItem', 'GetItem', 'UpdateItem'],
      ['by-workspace', 'by-project', 'by-workflow', 'by-group', 'by-run'],
    );
    allowAnswers(tasks, { stores, engine });

    const answerByLink = new AppFunction(this, 'AnswerByLink', {
      settings,
      entry: 'api/answer-by-link',
      description: 'Takes the answers of people who were asked by mail',
      environment: retention,
    });
    allowAnswers(answerByLink, { stores, engine });
    stores.tasks.allow(answerByLink, ['GetItem', 'UpdateItem']);
    stores.secretsKey.allowOpening(answerByLink, 'task');

    const comments = new AppFunction(this, 'Comments', {
      settings,
      entry: 'api/comments',
      description: 'Keeps what people say of runs',
      environment: retention,
    });
    stores.runs.allow(comments, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);

    const legalHolds = new AppFunction(this, 'LegalHolds', {
      settings,
      entry: 'api/legal-holds',
      description: 'Keeps what must not be deleted',
      environment: retention,
    });
    stores.runs.allow(legalHolds, ['BatchGetItem', 'GetItem', 'Query', 'UpdateItem'], ['by-workflow']);
    stores.workflows.allow(legalHolds, ['GetItem', 'PutItem']);
    stores.allowHolds(legalHolds);

    const tests = new AppFunction(this, 'Tests', {
      settings,
      entry: 'api/tests',
      description: 'Makes tests of runs, and runs them',
      environment: retention,
    });
    allowStarts(tests, { stores, engine });
    stores.tests.allow(tests, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
    stores.runs.allow(tests, ['BatchGetItem', 'Query']);
    stores.values.allowReads(tests);
    // Files that their runs were given are copied for tests, and go with them.
    stores.files.allow(tests, ['DeleteItem', 'GetItem', 'PutItem']);
    stores.values.allowDeletes(tests);

    const readWorkflows = new AppFunction(this, 'ReadWorkflows', {
      settings,
      entry: 'api/read-workflows',
      description: 'Shows workflows',
      environment: retention,
    });
    stores.workflows.allow(readWorkflows, ['GetItem', 'Query'], ['by-workspace', 'by-project']);

    const writeWorkflows = new AppFunction(this, 'WriteWorkflows', {
      settings,
      entry: 'api/write-workflows',
      description: 'Saves workflows',
      environment: retention,
    });
    stores.workflows.allow(writeWorkflows, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);

    const deleteWorkflow = new AppFunction(this, 'DeleteWorkflow', {
      settings,
      entry: 'api/delete-workflow',
      description: 'Deletes workflows with their tests',
      environment: retention,
    });
    stores.workflows.allow(deleteWorkflow, ['DeleteItem', 'GetItem', 'PutItem']);
    stores.tests.allow(deleteWorkflow, ['DeleteItem', 'Query', 'UpdateItem']);
    stores.files.allow(deleteWorkflow, ['DeleteItem']);
    stores.values.allowDeletes(deleteWorkflow);

    const publishWorkflow = new AppFunction(this, 'PublishWorkflow', {
      settings,
      entry: 'api/publish-workflow',
      description: 'Publishes workflows, and runs their tests first where it is asked to',
      environment: retention,
    });
    allowStarts(publishWorkflow, { stores, engine });
    stores.connections.allow(publishWorkflow, ['GetItem']);
    stores.workflows.allow(publishWorkflow, ['PutItem']);
    stores.tests.allow(publishWorkflow, ['GetItem', 'PutItem', 'Query', 'UpdateItem']);
    stores.runs.allow(publishWorkflow, ['BatchGetItem', 'Query']);
    stores.values.allowReads(publishWorkflow);

    const apiKeys = new AppFunction(this, 'ApiKeys', {
      settings,
      entry: 'api/api-keys',
      description: 'Issues and revokes API keys',
    });
    stores.access.allow(apiKeys, ['PutItem'], ['by-workspace']);

    const members = new AppFunction(this, 'Members', {
      settings,
      entry: 'api/members',
      description: 'Says who may do what',
    });
    stores.access.allow(members, ['DeleteItem', 'PutItem', 'Query', 'UpdateItem'], ['by-workspace']);

    const views = new AppFunction(this, 'Views', { settings, entry: 'api/views', description: 'Keeps filters of runs' });
    stores.access.allow(views, ['DeleteItem', 'PutItem', 'Query'], ['by-workspace']);
    stores.workflows.allow(views, ['GetItem']);

    const connections = new AppFunction(this, 'Connections', {
      settings,
      entry: 'api/connections',
      description: 'Keeps credentials that it cannot read',
    });
    stores.connections.allow(connections, ['DeleteItem', 'PutItem'], ['by-workspace']);
    stores.workflows.allow(connections, [], ['by-project']);
    stores.secretsKey.allowSealing(connections);

    const testConnection = new AppFunction(this, 'TestConnection', {
      settings,
      entry: 'worker/test-connection',
      description: 'Tries credentials',
      environment: { ALLOWED_NETWORKS: settings.allowedNetworks.join(',') },
    });
    stores.connections.allow(testConnection, ['GetItem', 'UpdateItem'], ['by-workspace']);
    stores.secretsKey.allowOpening(testConnection, 'connection');
    // Tokens that are renewed for it are kept.
    stores.secretsKey.allowSealing(testConnection);
    allowRoles(testConnection, settings);

    const authorizeConnection = new AppFunction(this, 'AuthorizeConnection', {
      settings,
      entry: 'worker/authorize-connection',
      description: 'Lets people authorize connections',
      environment: { ALLOWED_NETWORKS: settings.allowedNetworks.join(',') },
    });
    stores.connections.allow(authorizeConnection, ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'], ['by-workspace']);
    stores.secretsKey.allowOpening(authorizeConnection, 'connection');
    stores.secretsKey.allowSealing(authorizeConnection);

    const subscriptions = new AppFunction(this, 'Subscriptions', {
      settings,
      entry: 'api/subscriptions',
      description: 'Says who is told of what happens',
      environment: retention,
    });
    stores.subscriptions.allow(subscriptions, ['DeleteItem', 'GetItem', 'PutItem', 'Query']);
    stores.secretsKey.allowSealing(subscriptions);

    const deliveries = new AppFunction(this, 'Deliveries', {
      settings,
      entry: 'api/deliveries',
      description: 'Shows deliveries, and redelivers them',
      environment: retention,
    });
    allowStarts(deliveries, { stores, engine });
    allowDeliveries(deliveries, stores);
    allowFilesOfStarts(deliveries, stores);
    stores.triggers.allow(deliveries, ['BatchGetItem'], ['by-workspace', 'by-workflow']);
    stores.access.allow(deliveries, [], ['by-workspace']);
    stores.secretsKey.allowOpening(deliveries, 'webhook');

    const webhooks = new AppFunction(this, 'Webhooks', {
      settings,
      entry: 'api/webhooks',
      description: 'Makes webhooks and their secrets',
    });
    stores.workflows.allow(webhooks, ['GetItem']);
    stores.triggers.allow(webhooks, ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem'], ['by-workflow']);
    stores.secretsKey.allowSealing(webhooks);

    const files = new AppFunction(this, 'Files', {
      settings,
      entry: 'api/files',
      description: 'Takes files in, shows and deletes them',
      environment: retention,
    });
    stores.files.allow(files, ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem'], ['by-workspace']);
    stores.values.allowReads(files);
    stores.values.allowWrites(files);
    stores.values.allowDeletes(files);

    const queues = new AppFunction(this, 'Queues', {
      settings,
      entry: 'api/queues',
      description: 'Shows and changes the queues that start runs',
    });
    stores.workflows.allow(queues, ['GetItem']);
    stores.triggers.allow(queues, ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem'], ['by-workflow']);

    const eventRules = new AppFunction(this, 'EventRules', {
      settings,
      entry: 'api/event-rules',
      description: 'Shows and changes the rules by which events start runs',
    });
    stores.workflows.allow(eventRules, ['GetItem']);
    stores.triggers.allow(eventRules, ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem'], ['by-workflow', 'by-workspace']);

    const receiveWebhook = new AppFunction(this, 'ReceiveWebhook', {
      settings,
      entry: 'api/receive-webhook',
      description: 'Lets foreign systems in',
      environment: retention,
    });
    allowStarts(receiveWebhook, { stores, engine });
    allowDeliveries(receiveWebhook, stores);
    stores.secretsKey.allowOpening(receiveWebhook, 'webhook');

    const analytics = new AppFunction(this, 'Analytics', {
      settings,
      entry: 'api/analytics',
      description: 'Shows figures, and recounts them',
      environment: retention,
    });
    stores.tasks.allow(analytics, []);
    stores.places.allow(analytics, []);
    stores.analytics.allow(analytics, ['BatchGetItem', 'PutItem', 'Query', 'UpdateItem']);
    stores.runs.allow(analytics, ['BatchGetItem', 'Query'], runLists);
    stores.workflows.allow(analytics, ['GetItem', 'UpdateItem']);
    stores.values.allowReads(analytics);

    const inbox = new AppFunction(this, 'Inbox', {
      settings,
      entry: 'api/inbox',
      description: 'Shows what wants to be looked at',
    });
    stores.analytics.allow(inbox, ['Query']);
    stores.tasks.allow(inbox, ['BatchGetItem'], ['by-workspace', 'by-project']);
    stores.runs.allow(inbox, ['BatchGetItem'], ['by-workspace', 'by-project', 'by-state']);
    stores.workflows.allow(inbox, ['GetItem']);

    const mailboxes = new AppFunction(this, 'Mailboxes', {
      settings,
      entry: 'api/mailboxes',
      description: 'Gives workflows mail addresses',
    });
    stores.workflows.allow(mailboxes, ['GetItem']);
    stores.triggers.allow(mailboxes, ['GetItem', 'PutItem']);

    const mailCanary = new AppFunction(this, 'MailCanary', {
      settings,
      entry: 'api/mail-canary',
      description: 'Sends a mail to itself when asked to',
      environment: retention,
    });
    allowCanary(mailCanary, stores);

    const webConsole = new AppFunction(this, 'Console', {
      settings,
      entry: 'api/console',
      description: 'Serves the console',
      ...(signIn && { environment: { SIGN_IN: JSON.stringify(signIn) } }),
      addFiles: addConsole,
    });
    const audit = new AppFunction(this, 'Audit', {
      settings,
      entry: 'api/audit',
      description: 'Shows who did what',
      environment: { AUDIT_RETENTION_DAYS: String(settings.auditRetentionDays) },
    });
    stores.audit.allow(audit, ['Query'], ['by-project', 'by-object']);
    // A run is the record of its own start.
    stores.runs.allow(audit, ['BatchGetItem'], ['by-workspace', 'by-project']);

    const acting = [
      startRuns,
      tasks,
      comments,
      tests,
      legalHolds,
      writeWorkflows,
      deleteWorkflow,
      publishWorkflow,
      apiKeys,
      members,
      views,
      deliveries,
      webhooks,
      queues,
      eventRules,
      receiveWebhook,
      files,
      mailboxes,
      mailCanary,
      analytics,
      connections,
      testConnection,
      authorizeConnection,
      subscriptions,
    ];
    for (const fn of acting) stores.allowRecords(fn);

    const docs = new AppFunction(this, 'Docs', { settings, entry: 'api/docs', description: 'Serves the API description' });

    this.byEntry = new Map([
      ['api/read-runs', readRuns],
      ['api/start-runs', startRuns],
      ['api/tasks', tasks],
      ['api/answer-by-link', answerByLink],
      ['api/comments', comments],
      ['api/tests', tests],
      ['api/legal-holds', legalHolds],
      ['api/read-workflows', readWorkflows],
      ['api/write-workflows', writeWorkflows],
      ['api/delete-workflow', deleteWorkflow],
      ['api/publish-workflow', publishWorkflow],
      ['api/api-keys', apiKeys],
      ['api/members', members],
      ['api/views', views],
      ['api/connections', connections],
      ['worker/test-connection', testConnection],
      ['worker/authorize-connection', authorizeConnection],
      ['api/subscriptions', subscriptions],
      ['api/deliveries', deliveries],
      ['api/webhooks', webhooks],
      ['api/queues', queues],
      ['api/event-rules', eventRules],
      ['api/files', files],
      ['api/receive-webhook', receiveWebhook],
      ['api/analytics', analytics],
      ['api/inbox', inbox],
      ['api/mailboxes', mailboxes],
      ['api/mail-canary', mailCanary],
      ['api/console', webConsole],
      ['api/audit', audit],
      ['api/docs', docs],
    ]);
  }

  /** The function of an entry. */
  at(entry: string): AppFunction {
    const fn = this.byEntry.get(entry);
    if (!fn) throw new Error(`No function is made of functions/${entry}.`);
    return fn;
  }
}

/** What `startRun` needs: its run, the workflow, room for large inputs. */
export function allowStarts(fn: AppFunction, { stores, engine }: Pick<ApiFunctionsProps, 'stores' | 'engine'>): void {
  stores.runs.allow(fn, ['GetItem', 'PutItem']);
  // Its name alone: what starts runs is made of the same services as what carries them on.
  stores.tasks.allow(fn, []);
  stores.allowEntering(fn);
  // What has been spent of budgets.
  stores.analytics.allow(fn, ['Query']);
  stores.workflows.allow(fn, ['GetItem']);
  stores.values.allowWrites(fn);
  engine.allowStarts(fn);
}

/** What an answer needs: it is an entry of the journal, and lets the run go on. */
function allowAnswers(fn: AppFunction, { stores, engine }: Pick<ApiFunctionsProps, 'stores' | 'engine'>): void {
  stores.runs.allow(fn, ['GetItem', 'PutItem', 'Query', 'UpdateItem']);
  stores.workflows.allow(fn, ['GetItem']);
  stores.values.allowReads(fn);
  stores.values.allowWrites(fn);
  stores.allowLettingIn(fn);
  engine.allowStarts(fn);
}

/** What a trigger needs beside: to see its settings, and to keep a delivery. */
export function allowDeliveries(fn: AppFunction, stores: Stores): void {
  stores.triggers.allow(fn, ['GetItem', 'PutItem']);
}

/** What a start with files needs beside: to see them whole, and to hold them for its run. */
export function allowFilesOfStarts(fn: AppFunction, stores: Stores): void {
  stores.files.allow(fn, ['GetItem', 'PutItem', 'UpdateItem']);
  stores.values.allowReads(fn);
}

/** What a canary needs: to make and publish its own workflow once, and to see its runs. */
export function allowCanary(fn: AppFunction, stores: Stores): void {
  stores.workflows.allow(fn, ['GetItem', 'PutItem']);
  stores.triggers.allow(fn, ['GetItem', 'PutItem']);
  stores.runs.allow(fn, ['BatchGetItem'], ['by-workflow']);
}
