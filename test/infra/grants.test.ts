import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Found, installed, plain } from './installed.ts';

const { functions, ofType } = installed();

const oneOrMore = z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(z.unknown()));
const policy = z.object({
  Roles: z.array(z.unknown()),
  PolicyDocument: z.object({
    Statement: z.array(z.object({ Effect: z.literal('Allow'), Action: oneOrMore, Resource: oneOrMore })),
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
};
type TableName = keyof typeof indexesOf;

const table = (name: TableName, actions: string[]) => ({
  [`Stores${name}.Arn`]: [...actions].sort(),
  ...Object.fromEntries(indexesOf[name].map((index) => [`Stores${name}.Arn/index/${index}`, ['dynamodb:Query']])),
});
const reads = (name: TableName) => table(name, read);
const readsAndWrites = (name: TableName) => table(name, [...read, ...write]);

const readsValues = { 'StoresValues.Arn/*': ['s3:GetObject'] };
const readsAndWritesValues = { 'StoresValues.Arn/*': ['s3:GetObject', 's3:PutObject'] };
const runsData = { ...readsAndWrites('Runs'), ...reads('Workflows'), ...readsAndWritesValues };

const machines = 'arn:aws:states:region:account:stateMachine:millrun-*';
const executions = 'arn:aws:states:region:account:execution:millrun-*';

const walks = {
  [machines]: ['states:SendTaskFailure', 'states:SendTaskSuccess', 'states:StartExecution'],
  [executions]: ['states:DescribeExecution', 'states:StopExecution'],
};

const expected: Record<string, Record<string, string[]>> = {
  'functions/http/authorize.ts': { ...logs('FunctionsAuthorize'), ...reads('Access') },
  'functions/http/read-runs.ts': { ...logs('FunctionsReadRuns'), ...reads('Runs'), ...reads('Workflows'), ...readsValues },
  'functions/http/start-runs.ts': {
    ...logs('FunctionsStartRuns'),
    ...runsData,
    ...walks,
  },
  'functions/http/read-workflows.ts': { ...logs('FunctionsReadWorkflows'), ...reads('Workflows') },
  'functions/http/write-workflows.ts': {
    ...logs('FunctionsWriteWorkflows'),
    ...readsAndWrites('Workflows'),
    [machines]: [
      'states:CreateStateMachine',
      'states:DeleteStateMachine',
      'states:DescribeStateMachine',
      'states:PublishStateMachineVersion',
      'states:TagResource',
      'states:UpdateStateMachine',
    ],
    'EngineMachineRole.Arn': ['iam:PassRole'],
  },
  'functions/http/api-keys.ts': { ...logs('FunctionsApiKeys'), ...readsAndWrites('Access') },
  'functions/http/docs.ts': logs('FunctionsDocs'),
  'functions/worker/perform-step.ts': { ...logs('EngineWorker'), ...runsData, ...walks },
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

test('the machine role is passed to Step Functions only', () => {
  const statements = ofType('AWS::IAM::Policy').flatMap(({ Properties }) => JSON.stringify(Properties));
  const passing = statements.filter((text) => text.includes('iam:PassRole'));
  expect(passing).toHaveLength(1);
  expect(passing[0]).toContain('"Condition":{"StringEquals":{"iam:PassedToService":"states.amazonaws.com"}}');
});
