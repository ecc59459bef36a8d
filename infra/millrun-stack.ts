import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { routes } from '../shared/api/routes.ts';
import { consolePages } from '../shared/console/operations.http.ts';
import { Alarms } from './alarms.ts';
import { ApiFunctions } from './api-functions.ts';
import { BootstrapApiKey } from './bootstrap-api-key.ts';
import { InboundEvents } from './inbound-events.ts';
import { InboundMail } from './inbound-mail.ts';
import { InboundQueues } from './inbound-queues.ts';
import { Jobs } from './jobs.ts';
import { LiveApi } from './live-api.ts';
import { OperationsDashboard } from './operations-dashboard.ts';
import { RunEngine } from './run-engine.ts';
import { RunRecovery } from './run-recovery.ts';
import { RunStream } from './run-stream.ts';
import { RunsApi } from './runs-api.ts';
import { Schedules } from './schedules.ts';
import type { Settings } from './settings.ts';
import { Stores } from './stores.ts';
import { Subscriptions } from './subscriptions.ts';
import { TaskMails } from './task-mails.ts';
import { WorkflowEvents } from './workflow-events.ts';

export interface MillrunStackProps extends StackProps {
  readonly settings: Settings;
}

/** One installation of Millrun: the same in every account and region. */
export class MillrunStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: MillrunStackProps) {
    super(scope, id, { stackName: settings.prefix, description: 'Millrun: runs workflows on Step Functions', ...props });

    const stores = new Stores(this, 'Stores', settings);
    const engine = new RunEngine(this, 'RunEngine', { settings, stores });
    const events = new WorkflowEvents(this, 'WorkflowEvents', settings);
    events.allowEvents(engine.worker);
    const runRecovery = new RunRecovery(this, 'RunRecovery', { settings, stores, engine });
    const subscriptions = new Subscriptions(this, 'Subscriptions', { settings, stores, events, runRecovery });
    const runStream = new RunStream(this, 'RunStream', { settings, stores });
    const functions = new ApiFunctions(this, 'Functions', { settings, stores, engine });
    const schedules = new Schedules(this, 'Schedules', { settings, stores, engine });
    const jobs = new Jobs(this, 'Jobs', { settings, stores, engine, runRecovery });
    const runsApi = new RunsApi(this, 'RunsApi', {
      settings,
      routes: [...routes, ...Object.values(consolePages)],
      functions: new Map([...functions.byEntry, ...schedules.byEntry, ...jobs.byEntry]),
      authorize: functions.authorize,
    });
    const liveApi = new LiveApi(this, 'LiveApi', { settings, stores, follow: runStream.follow, worker: engine.worker });
    for (const entry of ['api/members', 'api/console']) functions.byEntry.get(entry)?.addEnvironment('LIVE_URL', liveApi.url);
    const queues = new InboundQueues(this, 'InboundQueues', { settings, stores, engine, functions });
    const inboundEvents = new InboundEvents(this, 'InboundEvents', { settings, stores, engine, events });
    const { mailDomain } = settings;
    const mail =
      mailDomain === undefined
        ? undefined
        : new InboundMail(this, 'InboundMail', { settings, domain: mailDomain, stores, engine, runRecovery, functions });
    if (mailDomain !== undefined && mail) {
      // Digests, and who is told that a subscription was turned off.
      subscriptions.send.addEnvironment('MAIL_DOMAIN', mailDomain);
      mail.allowSending(subscriptions.send);
    }
    // What a mail has no room for is shown there.
    subscriptions.send.addEnvironment('API_URL', runsApi.api.apiEndpoint);
    const taskMails =
      mailDomain === undefined || mail === undefined
        ? undefined
        : new TaskMails(this, 'TaskMails', { settings, domain: mailDomain, stores, runsApi, mail });
    const { secret } = new BootstrapApiKey(this, 'BootstrapApiKey', { settings, access: stores.access });

    new Alarms(this, 'Alarms', {
      settings,
      stores,
      engine,
      runRecovery,
      runStream,
      runsApi,
      schedules,
      queues,
      inboundEvents,
      mail,
    });
    new OperationsDashboard(this, 'OperationsDashboard', {
      settings,
      stores,
      machines: [engine.runs, engine.longRuns],
      runsApi,
      runStream,
      functions: [
        engine.worker,
        runRecovery.sweep,
        runStream.follow,
        subscriptions.send,
        liveApi.serve,
        runStream.count,
        functions.authorize,
        ...functions.byEntry.values(),
        queues.receive,
        inboundEvents.receive,
        jobs.worker,
        jobs.sweep,
        ...jobs.byEntry.values(),
        ...(mail?.functions ?? []),
        ...(taskMails ? [taskMails.send] : []),
      ],
    });

    new CfnOutput(this, 'ApiUrl', { value: runsApi.api.apiEndpoint, description: 'Where the API answers' });
    new CfnOutput(this, 'LiveUrl', { value: liveApi.url, description: 'Where clients listen to what happens to runs' });
    new CfnOutput(this, 'BootstrapApiKeySecret', {
      value: secret.secretArn,
      description: 'The Secrets Manager secret that holds the first API key',
    });
  }
}
