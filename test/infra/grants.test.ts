import { expect, test } from 'vitest';
import { z } from 'zod';
import { runLists } from '../../infra/api-functions.ts';
import { type Found, installed, plain } from './installed.ts';

const { functions, ofType } = installed({
  mailDomain: 'mail.example.com',
  mailActive: true,
  assumableRoles: ['arn:aws:iam::111122223333:role/orders'],
});

/** Those that connections may name. */
const assumesRoles = { 'arn:aws:iam::111122223333:role/orders': ['sts:AssumeRole'] };

const oneOrMore = z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(z.unknown()));
const policy = z.object({
  Roles: z.array(z.unknown()),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.literal('Allow'), Action: oneOrMore, Resource: oneOrMore, Condition: z.unknown().optional() }),
    ),
  }),
});

/** `resource: actions` for every resource that the role of a function may touch. */
function grantsOf(role: unknown): Record<string, string[]> {
  const grants: Record<string, string[]> = {};
  for (const { Properties } of ofType('AWS::IAM::Policy')) {
    const { Roles, PolicyDocument } = policy.parse(Properties);
    if (!Roles.some((attached) => plain(attached) === plain(role).replace('.Arn', ''))) continue;
    for (const { Action, Resource } of PolicyDocument.Statement) {
      for (const one of Resource) grants[plain(one)] = [...(grants[plain(one)] ?? []), ...Action.map(String)].sort();
    }
  }
  return grants;
}

const entryOf = (fn: Found) => String(fn.Metadata['millrun:entry']);

const logs = (id: string) => ({ [`${id}Log.Arn`]: ['logs:CreateLogStream', 'logs:PutLogEvents'] });

type TableName =
  | 'Tasks'
  | 'Places'
  | 'Live'
  | 'Analytics'
  | 'Audit'
  | 'Runs'
  | 'Workflows'
  | 'Access'
  | 'Triggers'
  | 'Files'
  | 'Tests'
  | 'Connections'
  | 'Subscriptions'
  | 'Jobs';

/** The operations on rows, and the indexes that are queried. */
function table(name: TableName, rows: string, ...indexes: string[]) {
  const actions = rows.split(' ').filter(Boolean);
  return {
    ...(actions.length > 0 && { [`Stores${name}.Arn`]: actions.map((action) => `dynamodb:${action}`).sort() }),
    ...Object.fromEntries(indexes.map((index) => [`Stores${name}.Arn/index/${index}`, ['dynamodb:Query']])),
  };
}

const listsValues = { 'StoresValues.Arn': ['s3:ListBucket'] };
const readsValues = { ...listsValues, 'StoresValues.Arn/*': ['s3:GetObject'] };
const writesValues = { 'StoresValues.Arn/*': ['s3:PutObject'] };
const readsAndWritesValues = { ...listsValues, 'StoresValues.Arn/*': ['s3:GetObject', 's3:PutObject'] };

const runs = 'arn:aws:states:region:account:stateMachine:millrun-runs';
const longRuns = 'arn:aws:states:region:account:stateMachine:millrun-long-runs';
const jobs = 'arn:aws:states:region:account:stateMachine:millrun-jobs';
const startsJobs = { [jobs]: ['states:StartExecution'] };
const executions = { [runs]: ['states:StartExecution'], [longRuns]: ['states:StartExecution'] };

/** What people do is recorded. */
const records = table('Audit', 'PutItem');

/** Files of runs under a legal hold are put where nothing expires, and back. */
const holdsFiles = {
  ...table('Files', 'GetItem UpdateItem', 'by-run'),
  ...listsValues,
  'StoresValues.Arn/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
};

/** A run that begins takes its place. */
const enters = table('Places', 'GetItem PutItem Query UpdateItem');
/** Whoever ends runs makes room for the next. */
const letsIn = table('Places', 'DeleteItem GetItem PutItem Query UpdateItem');

/** What `startRun` needs of a run that another waits for. */
const startsWithin = {
  ...table('Runs', 'GetItem PutItem'),
  ...enters,
  ...table('Workflows', 'GetItem'),
  ...writesValues,
  ...executions,
};
/** And of others, which budgets may stand against. */
const starts = { ...startsWithin, ...table('Analytics', 'Query') };
/** To see the files that a start is given whole, and to hold them for the run. */
const filesOfStarts = { ...table('Files', 'GetItem PutItem UpdateItem'), ...readsAndWritesValues };
/** To see the settings of a trigger, and to keep a delivery. */
const deliveries = table('Triggers', 'GetItem PutItem');
/** What carrying a run on needs: reading its journal, appending to it, bringing its row up to date. */
const carriesOn = { ...table('Runs', 'GetItem PutItem Query UpdateItem'), ...readsAndWritesValues };
/** Whoever appends to journals shows what people are asked there. */
const showsTasks = table('Tasks', 'UpdateItem');
/** Who is told of what happens. */
const tellsSubscribers = table('Subscriptions', 'PutItem Query');
/** Only where a signature is verified. */
const opensSecrets = { 'StoresSecretsKey.Arn': ['kms:Decrypt'] };

/** Tokens of connections are opened, and others kept in their place. */
const renewsSecrets = { 'StoresSecretsKey.Arn': ['kms:Decrypt', 'kms:Encrypt'] };

/** Any connection of the one WebSocket API. */
const posts = { 'arn:aws:execute-api:region:account:LiveApi/live/*/@connections/*': ['execute-api:ManageConnections'] };

/** Hearing of every change of runs. */
const runStream = {
  'StoresRuns.StreamArn': ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
  'StoresRuns.Arn/stream/*': ['dynamodb:ListStreams'],
};

const sendsMail = { 'arn:aws:ses:region:account:identity/InboundMailDomain': ['ses:SendRawEmail'] };

/** Setting the timers of schedules, in their group only. */
const fireTimers = {
  'arn:aws:scheduler:region:account:schedule/millrun/*': [
    'scheduler:CreateSchedule',
    'scheduler:DeleteSchedule',
    'scheduler:UpdateSchedule',
  ],
  'SchedulesSchedulerInvokeRole.Arn': ['iam:PassRole'],
};

/** What Lambda does for a function that takes messages. */
const takesMessages = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
];

const expected: Record<string, Record<string, string[]>> = {
  'functions/api/authorize.ts': { ...logs('FunctionsAuthorize'), ...table('Access', 'GetItem Query') },
  'functions/api/read-runs.ts': {
    ...logs('FunctionsReadRuns'),
    ...table('Runs', 'BatchGetItem GetItem Query', ...runLists),
    ...table('Workflows', 'GetItem'),
    ...table('Analytics', 'Query'),
    ...table('Places', 'Query'),
    ...readsValues,
    'StoresValues.Arn/views/*': ['s3:PutObject'],
  },
  'functions/api/start-runs.ts': {
    ...logs('FunctionsStartRuns'),
    ...records,
    ...starts,
    ...filesOfStarts,
    ...table('Runs', 'BatchGetItem DeleteItem GetItem PutItem Query UpdateItem', 'by-parent'),
    [runs]: ['states:StartExecution', 'states:StartSyncExecution'],
    ...showsTasks,
    ...letsIn,
  },
  'functions/api/tasks.ts': {
    ...logs('FunctionsTasks'),
    ...records,
    ...carriesOn,
    ...letsIn,
    ...table('Workflows', 'GetItem'),
    ...executions,
    ...table('Tasks', 'BatchGetItem GetItem UpdateItem', 'by-workspace', 'by-project', 'by-workflow', 'by-group', 'by-run'),
  },
  'functions/api/answer-by-link.ts': {
    ...logs('FunctionsAnswerByLink'),
    ...carriesOn,
    ...letsIn,
    ...table('Workflows', 'GetItem'),
    ...executions,
    ...table('Tasks', 'GetItem UpdateItem'),
    ...opensSecrets,
  },
  'functions/mail/send-task-mails.ts': {
    ...logs('TaskMailsSend'),
    ...table('Tasks', 'PutItem UpdateItem', 'by-mail'),
    'StoresTasks.StreamArn': ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    'StoresTasks.Arn/stream/*': ['dynamodb:ListStreams'],
    ...readsValues,
    'StoresSecretsKey.Arn': ['kms:Encrypt'],
    ...sendsMail,
  },
  'functions/api/jobs.ts': {
    ...logs('JobsRoutes'),
    ...records,
    ...table('Jobs', 'BatchGetItem GetItem PutItem Query', 'by-workspace'),
    ...table('Tasks', 'BatchGetItem GetItem', 'by-group'),
    ...table('Triggers', 'BatchGetItem', 'by-workspace', 'by-workflow'),
    ...table('Runs', 'BatchGetItem GetItem Query', ...runLists),
    ...table('Workflows', 'GetItem'),
    ...table('Tests', 'Query'),
    ...readsValues,
    ...startsJobs,
  },
  'functions/worker/work-job.ts': {
    ...logs('JobsWorker'),
    ...records,
    ...starts,
    ...filesOfStarts,
    ...table('Files', 'DeleteItem GetItem PutItem UpdateItem'),
    ...table('Tests', 'DeleteItem GetItem PutItem Query UpdateItem'),
    ...table('Jobs', 'GetItem PutItem'),
    ...table('Tasks', 'GetItem UpdateItem'),
    ...deliveries,
    ...table('Access', '', 'by-workspace'),
    ...opensSecrets,
    ...letsIn,
    ...table('Runs', 'BatchGetItem DeleteItem GetItem PutItem Query UpdateItem', 'by-parent'),
    'StoresValues.Arn/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
    ...startsJobs,
  },
  'functions/timer/sweep-jobs.ts': { ...logs('JobsSweep'), ...table('Jobs', 'GetItem PutItem', 'live'), ...startsJobs },
  'functions/api/comments.ts': {
    ...logs('FunctionsComments'),
    ...records,
    ...table('Runs', 'DeleteItem GetItem PutItem Query UpdateItem'),
  },
  'functions/api/tests.ts': {
    ...logs('FunctionsTests'),
    ...records,
    ...starts,
    ...listsValues,
    'StoresValues.Arn/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
    ...table('Files', 'DeleteItem GetItem PutItem'),
    ...table('Tests', 'DeleteItem GetItem PutItem Query UpdateItem'),
    ...table('Runs', 'BatchGetItem GetItem PutItem Query'),
  },
  'functions/api/legal-holds.ts': {
    ...logs('FunctionsLegalHolds'),
    ...records,
    ...table('Runs', 'BatchGetItem GetItem Query UpdateItem', 'by-workflow'),
    ...table('Workflows', 'GetItem PutItem'),
    ...holdsFiles,
  },
  'functions/api/inbox.ts': {
    ...logs('FunctionsInbox'),
    ...table('Tasks', 'BatchGetItem', 'by-workspace', 'by-project'),
    ...table('Analytics', 'Query'),
    ...table('Runs', 'BatchGetItem', 'by-workspace', 'by-project', 'by-state'),
    ...table('Workflows', 'GetItem'),
  },
  'functions/api/analytics.ts': {
    ...logs('FunctionsAnalytics'),
    ...records,
    ...table('Analytics', 'BatchGetItem PutItem Query UpdateItem'),
    ...table('Runs', 'BatchGetItem Query', ...runLists),
    ...table('Workflows', 'GetItem UpdateItem'),
    ...readsValues,
  },
  'functions/api/deliveries.ts': {
    ...logs('FunctionsDeliveries'),
    ...records,
    ...starts,
    ...filesOfStarts,
    ...table('Triggers', 'BatchGetItem GetItem PutItem', 'by-workspace', 'by-workflow'),
    ...table('Access', '', 'by-workspace'),
    ...opensSecrets,
  },
  'functions/api/webhooks.ts': {
    ...logs('FunctionsWebhooks'),
    ...records,
    ...table('Workflows', 'GetItem'),
    ...table('Triggers', 'BatchGetItem DeleteItem GetItem PutItem', 'by-workflow'),
    'StoresSecretsKey.Arn': ['kms:Encrypt'],
  },
  'functions/api/receive-webhook.ts': {
    ...logs('FunctionsReceiveWebhook'),
    ...records,
    ...starts,
    ...deliveries,
    ...opensSecrets,
  },
  'functions/api/queues.ts': {
    ...logs('FunctionsQueues'),
    ...records,
    ...table('Workflows', 'GetItem'),
    ...table('Triggers', 'BatchGetItem DeleteItem GetItem PutItem', 'by-workflow'),
  },
  'functions/api/event-rules.ts': {
    ...logs('FunctionsEventRules'),
    ...records,
    ...table('Workflows', 'GetItem'),
    ...table('Triggers', 'BatchGetItem DeleteItem GetItem PutItem', 'by-workflow', 'by-workspace'),
  },
  'functions/event/receive-events.ts': {
    ...logs('InboundEventsReceive'),
    ...starts,
    ...table('Triggers', 'BatchGetItem GetItem PutItem', 'by-workspace'),
    'InboundEvents.Arn': takesMessages,
  },
  'functions/queue/receive-messages.ts': {
    ...logs('InboundQueuesReceive'),
    ...starts,
    ...deliveries,
    'InboundQueuesInbox.Arn': takesMessages,
    'InboundQueuesFifoInbox.Arn': takesMessages,
  },
  'functions/api/files.ts': {
    ...logs('FunctionsFiles'),
    ...records,
    ...table('Files', 'BatchGetItem DeleteItem GetItem PutItem', 'by-workspace'),
    ...listsValues,
    'StoresValues.Arn/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
  },
  'functions/api/read-workflows.ts': {
    ...logs('FunctionsReadWorkflows'),
    ...table('Workflows', 'GetItem Query', 'by-project', 'by-workspace'),
  },
  'functions/api/write-workflows.ts': {
    ...logs('FunctionsWriteWorkflows'),
    ...records,
    ...table('Workflows', 'DeleteItem GetItem PutItem Query UpdateItem'),
  },
  'functions/api/delete-workflow.ts': {
    ...logs('FunctionsDeleteWorkflow'),
    ...records,
    ...table('Workflows', 'DeleteItem GetItem PutItem'),
    ...table('Tests', 'DeleteItem Query UpdateItem'),
    ...table('Files', 'DeleteItem'),
    'StoresValues.Arn/*': ['s3:DeleteObject'],
  },
  'functions/api/publish-workflow.ts': {
    ...logs('FunctionsPublishWorkflow'),
    ...records,
    ...starts,
    ...readsAndWritesValues,
    ...table('Workflows', 'GetItem PutItem'),
    ...table('Connections', 'GetItem'),
    ...table('Tests', 'GetItem PutItem Query UpdateItem'),
    ...table('Runs', 'BatchGetItem GetItem PutItem Query'),
  },
  'functions/api/connections.ts': {
    ...logs('FunctionsConnections'),
    ...records,
    ...table('Connections', 'DeleteItem PutItem', 'by-workspace'),
    ...table('Workflows', '', 'by-project'),
    'StoresSecretsKey.Arn': ['kms:Encrypt'],
  },
  'functions/worker/test-connection.ts': {
    ...logs('FunctionsTestConnection'),
    ...records,
    ...table('Connections', 'GetItem UpdateItem', 'by-workspace'),
    ...renewsSecrets,
    ...assumesRoles,
  },
  'functions/worker/authorize-connection.ts': {
    ...logs('FunctionsAuthorizeConnection'),
    ...records,
    ...table('Connections', 'DeleteItem GetItem PutItem UpdateItem', 'by-workspace'),
    ...renewsSecrets,
  },
  'functions/api/subscriptions.ts': {
    ...logs('FunctionsSubscriptions'),
    ...records,
    ...table('Subscriptions', 'DeleteItem GetItem PutItem Query'),
    'StoresSecretsKey.Arn': ['kms:Encrypt'],
  },
  'functions/worker/send-notifications.ts': {
    ...logs('SubscriptionsSend'),
    ...table('Subscriptions', 'GetItem PutItem Query', 'due'),
    ...sendsMail,
    'StoresSubscriptions.StreamArn': ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    'StoresSubscriptions.Arn/stream/*': ['dynamodb:ListStreams'],
    ...opensSecrets,
    'WorkflowEventsBus.Arn': ['events:PutEvents'],
  },
  'functions/api/api-keys.ts': { ...logs('FunctionsApiKeys'), ...records, ...table('Access', 'PutItem', 'by-workspace') },
  'functions/api/members.ts': {
    ...logs('FunctionsMembers'),
    ...records,
    ...table('Access', 'DeleteItem PutItem Query UpdateItem', 'by-workspace'),
  },
  'functions/api/views.ts': {
    ...logs('FunctionsViews'),
    ...records,
    ...table('Access', 'DeleteItem PutItem Query', 'by-workspace'),
    ...table('Workflows', 'GetItem'),
  },
  'functions/api/mailboxes.ts': {
    ...logs('FunctionsMailboxes'),
    ...records,
    ...table('Workflows', 'GetItem'),
    ...table('Triggers', 'GetItem PutItem'),
  },
  'functions/api/mail-canary.ts': {
    ...logs('FunctionsMailCanary'),
    ...records,
    ...table('Workflows', 'GetItem PutItem'),
    ...table('Triggers', 'GetItem PutItem'),
    ...table('Runs', 'BatchGetItem', 'by-workflow'),
    ...sendsMail,
  },
  'functions/timer/send-canary.ts': {
    ...logs('InboundMailCanary'),
    ...table('Workflows', 'GetItem PutItem'),
    ...table('Triggers', 'GetItem PutItem'),
    ...table('Runs', 'BatchGetItem', 'by-workflow'),
    ...sendsMail,
  },
  'functions/mail/receive-mail.ts': {
    ...logs('InboundMailReceive'),
    ...starts,
    ...deliveries,
    ...filesOfStarts,
    ...table('Access', '', 'by-workspace'),
    ...sendsMail,
    'RunRecoveryUndelivered.Arn': ['sqs:SendMessage'],
  },
  'functions/timer/send-results.ts': {
    ...logs('InboundMailResults'),
    ...table('Runs', 'GetItem'),
    // Which inputs are secret, and not to be sent.
    ...table('Workflows', 'GetItem'),
    ...table('Triggers', 'BatchGetItem DeleteItem UpdateItem', 'by-workspace'),
    ...readsValues,
    ...sendsMail,
  },
  'functions/setup/active-rule-set.ts': {
    ...logs('InboundMailActivate'),
    '*': ['ses:DescribeActiveReceiptRuleSet', 'ses:SetActiveReceiptRuleSet'],
  },
  'functions/api/audit.ts': {
    ...logs('FunctionsAudit'),
    ...table('Audit', 'Query', 'by-project', 'by-object'),
    ...table('Runs', 'BatchGetItem', 'by-workspace', 'by-project'),
  },
  'functions/api/docs.ts': logs('FunctionsDocs'),
  'functions/api/console.ts': logs('FunctionsConsole'),
  'functions/worker/drive-run.ts': {
    ...logs('RunEngineWorker'),
    ...showsTasks,
    ...table('Tests', 'Query'),
    ...startsWithin,
    ...carriesOn,
    ...letsIn,
    ...table('Files', 'GetItem PutItem'),
    ...table('Connections', 'GetItem UpdateItem'),
    ...renewsSecrets,
    ...assumesRoles,
    ...tellsSubscribers,
    // What steps say is heard by whoever listens, and still may.
    ...table('Live', 'GetItem Query'),
    ...table('Access', 'GetItem Query'),
    ...posts,
    ...sendsMail,
    'WorkflowEventsBus.Arn': ['events:PutEvents'],
  },
  'functions/timer/sweep-runs.ts': {
    ...showsTasks,
    ...letsIn,
    ...logs('RunRecoverySweep'),
    ...table('Runs', 'GetItem PutItem Query UpdateItem', 'live'),
    ...table('Workflows', 'GetItem'),
    ...readsValues,
    ...executions,
  },
  'functions/live/serve-connections.ts': {
    ...logs('LiveApiServe'),
    ...table('Live', 'DeleteItem GetItem PutItem UpdateItem'),
    ...table('Access', 'GetItem Query'),
    ...table('Runs', 'GetItem Query'),
    ...posts,
  },
  'functions/stream/count-runs.ts': {
    ...logs('RunStreamCount'),
    'StoresRuns.Arn': ['dynamodb:Query'],
    'StoresRuns.StreamArn': runStream['StoresRuns.StreamArn'],
    'StoresRuns.Arn/stream/*': runStream['StoresRuns.Arn/stream/*'],
    ...table('Analytics', 'PutItem Query UpdateItem'),
    ...tellsSubscribers,
    ...table('Workflows', 'GetItem'),
    ...readsValues,
    'RunStreamUndelivered.Arn': ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
  },
  'functions/stream/follow-runs.ts': {
    ...logs('RunStreamFollow'),
    ...runStream,
    ...table('Live', 'DeleteItem GetItem Query UpdateItem'),
    ...table('Access', 'GetItem Query'),
    ...posts,
    ...records,
    ...table('Subscriptions', 'PutItem Query'),
    // What an expired run leaves behind goes with it, what belongs to one under a legal hold stays.
    ...table('Runs', 'DeleteItem GetItem Query UpdateItem'),
    ...holdsFiles,
    'RunStreamUndelivered.Arn': ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
  },
  'functions/timer/fire-schedule.ts': {
    ...logs('SchedulesFire'),
    ...starts,
    ...deliveries,
    ...showsTasks,
    ...carriesOn,
    ...letsIn,
    ...fireTimers,
    ...tellsSubscribers,
    'SchedulesUndelivered.Arn': ['sqs:SendMessage'],
  },
  'functions/timer/reconcile-fires.ts': {
    ...logs('SchedulesReconcile'),
    ...starts,
    ...showsTasks,
    ...carriesOn,
    ...letsIn,
    ...table('Triggers', 'GetItem PutItem', 'by-due'),
    ...fireTimers,
    ...tellsSubscribers,
  },
  'functions/api/schedules.ts': {
    ...logs('SchedulesRoutes'),
    ...records,
    ...starts,
    ...showsTasks,
    ...carriesOn,
    ...letsIn,
    ...table('Triggers', 'BatchGetItem GetItem PutItem Query', 'by-workspace', 'by-workflow'),
    ...fireTimers,
    ...tellsSubscribers,
  },
  'functions/setup/bootstrap-api-key.ts': {
    ...logs('BootstrapApiKeyRegister'),
    ...table('Access', 'GetItem PutItem'),
    BootstrapApiKeySecret: ['secretsmanager:GetSecretValue'],
  },
};

test.each(Object.entries(expected))('%s may do what it needs, and nothing else', (entry, grants) => {
  const fn = functions.find((one) => entryOf(one) === entry);
  expect(grantsOf(fn?.Properties['Role'])).toEqual(grants);
});

test('every function is in this list', () => {
  expect(functions.map(entryOf).sort()).toEqual(Object.keys(expected).sort());
});

test('no role has a managed policy, and no two functions share a role', () => {
  for (const { Properties } of ofType('AWS::IAM::Role')) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  const roles = functions.map((fn) => plain(fn.Properties['Role']));
  expect(new Set(roles).size).toBe(functions.length);
});

test('no function may scan a table: what nobody may do, no list does', () => {
  const actions = functions.flatMap((fn) => Object.values(grantsOf(fn.Properties['Role'])).flat());
  expect(actions.filter((action) => action === 'dynamodb:Query').length).toBeGreaterThan(20);
  expect(actions.filter((action) => /scan|dynamodb:\*/i.test(action))).toEqual([]);
});

test('a role is passed to Scheduler and to nothing else', () => {
  const statements = ofType('AWS::IAM::Policy').flatMap(({ Properties }) => policy.parse(Properties).PolicyDocument.Statement);
  const passing = statements.filter(({ Action }) => Action.includes('iam:PassRole'));
  expect(passing.length).toBeGreaterThan(0);
  for (const { Condition } of passing) {
    expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
  }
});
