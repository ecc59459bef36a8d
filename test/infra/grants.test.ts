import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Found, installed, plain } from './installed.ts';

const { functions, ofType } = installed();

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
const traces = { '*': ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'] };

const read = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const write = [
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
];
const indexesOf = {
  Runs: ['by-due', 'by-draft', 'by-parent', 'by-project', 'by-state', 'by-workflow', 'by-workspace', 'log'],
  Workflows: ['by-project', 'by-workspace'],
  Access: ['by-workspace'],
  Doors: ['by-due', 'by-workflow', 'by-workspace'],
};
type TableName = keyof typeof indexesOf;

const table = (name: TableName, actions: string[]) => ({
  [`Stores${name}.Arn`]: [...actions].sort(),
  ...Object.fromEntries(indexesOf[name].map((index) => [`Stores${name}.Arn/index/${index}`, ['dynamodb:Query']])),
});
const reads = (name: TableName) => table(name, read);
const readsAndWrites = (name: TableName) => table(name, [...read, ...write]);

const listsValues = { 'StoresValues.Arn': ['s3:ListBucket'] };
const readsValues = { ...listsValues, 'StoresValues.Arn/*': ['s3:GetObject'] };
const readsAndWritesValues = { ...listsValues, 'StoresValues.Arn/*': ['s3:GetObject', 's3:PutObject'] };
const runsData = { ...readsAndWrites('Runs'), ...reads('Workflows'), ...readsAndWritesValues };

const machines = 'arn:aws:states:region:account:stateMachine:millrun-*';
const executions = 'arn:aws:states:region:account:execution:millrun-*';

const walks = {
  [machines]: ['states:SendTaskFailure', 'states:SendTaskSuccess', 'states:StartExecution'],
  [executions]: ['states:DescribeExecution', 'states:StopExecution'],
};

/** What `startRun` needs. */
const starts = { ...runsData, ...readsAndWrites('Doors'), ...walks };
/** Only where a signature is verified. */
const opensSecrets = { 'StoresSealKey.Arn': ['kms:Decrypt'] };

/** Setting the alarm clocks of schedules, in their group only. */
const alarmClocks = {
  'arn:aws:scheduler:region:account:schedule/millrun/*': [
    'scheduler:CreateSchedule',
    'scheduler:DeleteSchedule',
    'scheduler:UpdateSchedule',
  ],
  'SchedulesRingRole.Arn': ['iam:PassRole'],
};

const publishing = {
  [machines]: [
    'states:CreateStateMachine',
    'states:DeleteStateMachine',
    'states:DescribeStateMachine',
    'states:PublishStateMachineVersion',
    'states:TagResource',
    'states:UpdateStateMachine',
  ],
  'EngineMachineRole.Arn': ['iam:PassRole'],
};

const expected: Record<string, Record<string, string[]>> = {
  'functions/http/authorize.ts': { ...logs('FunctionsAuthorize'), ...reads('Access') },
  'functions/http/read-runs.ts': {
    ...logs('FunctionsReadRuns'),
    ...reads('Runs'),
    ...reads('Workflows'),
    ...readsValues,
    'StoresValues.Arn/views/*': ['s3:PutObject'],
  },
  'functions/http/start-runs.ts': {
    ...logs('FunctionsStartRuns'),
    ...starts,
  },
  'functions/http/receipts.ts': { ...logs('FunctionsReceipts'), ...starts, ...reads('Access'), ...opensSecrets },
  'functions/http/webhooks.ts': {
    ...logs('FunctionsWebhooks'),
    ...reads('Workflows'),
    ...readsAndWrites('Doors'),
    'StoresSealKey.Arn': ['kms:Encrypt'],
  },
  'functions/webhook/receive-webhook.ts': { ...logs('FunctionsReceiveWebhook'), ...starts, ...opensSecrets },
  'functions/http/files.ts': {
    ...logs('FunctionsFiles'),
    ...readsAndWrites('Doors'),
    'StoresValues.Arn': ['s3:ListBucket'],
    'StoresValues.Arn/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
  },
  'functions/http/read-workflows.ts': { ...logs('FunctionsReadWorkflows'), ...reads('Workflows') },
  'functions/http/write-workflows.ts': {
    ...logs('FunctionsWriteWorkflows'),
    ...readsAndWrites('Workflows'),
    ...publishing,
  },
  'functions/http/api-keys.ts': { ...logs('FunctionsApiKeys'), ...readsAndWrites('Access') },
  'functions/http/mailboxes.ts': { ...logs('FunctionsMailboxes'), ...reads('Workflows'), ...readsAndWrites('Doors') },
  'functions/http/mail-canary.ts': {
    ...logs('FunctionsMailCanary'),
    ...readsAndWrites('Workflows'),
    ...readsAndWrites('Doors'),
    ...reads('Runs'),
    ...publishing,
  },
  'functions/http/docs.ts': logs('FunctionsDocs'),
  'functions/worker/perform-step.ts': { ...logs('EngineWorker'), ...starts },
  'functions/settle/execution-status.ts': {
    ...logs('SafetyNetSettle'),
    ...runsData,
    ...walks,
    'SafetyNetUndelivered.Arn': ['sqs:SendMessage'],
  },
  'functions/schedule/sweep-runs.ts': {
    ...logs('SafetyNetSweep'),
    ...runsData,
    ...walks,
  },
  'functions/schedule/fire-schedule.ts': {
    ...logs('SchedulesFire'),
    ...starts,
    ...alarmClocks,
    'SchedulesUndelivered.Arn': ['sqs:SendMessage'],
  },
  'functions/schedule/reconcile-fires.ts': { ...logs('SchedulesReconcile'), ...starts, ...alarmClocks },
  'functions/http/schedules.ts': { ...logs('SchedulesRoutes'), ...starts, ...alarmClocks },
  'functions/setup/first-key.ts': {
    ...logs('FirstKeyRegister'),
    ...readsAndWrites('Access'),
    FirstKeySecret: ['secretsmanager:GetSecretValue'],
  },
};

test.each(Object.entries(expected))('%s may do what it needs, and nothing else', (entry, grants) => {
  const fn = functions.find((one) => entryOf(one) === entry);
  expect(grantsOf(fn?.Properties['Role'])).toEqual({ ...grants, ...traces });
});

test('every function is in this list', () => {
  expect(functions.map(entryOf).sort()).toEqual(Object.keys(expected).sort());
});

test('no role has a managed policy, and no two functions share a role', () => {
  for (const { Properties } of ofType('AWS::IAM::Role')) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  const roles = functions.map((fn) => plain(fn.Properties['Role']));
  expect(new Set(roles).size).toBe(functions.length);
});

test('a role is passed to the service that it is for only', () => {
  const statements = ofType('AWS::IAM::Policy').flatMap(({ Properties }) => policy.parse(Properties).PolicyDocument.Statement);
  const passing = statements.filter(({ Action }) => Action.includes('iam:PassRole'));
  expect(passing.length).toBeGreaterThan(0);
  for (const { Resource, Condition } of passing) {
    const service = plain(Resource).includes('MachineRole') ? 'states.amazonaws.com' : 'scheduler.amazonaws.com';
    expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': service } });
  }
});
