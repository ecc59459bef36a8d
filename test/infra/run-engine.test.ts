import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { installed, plain } from './installed.ts';

const { named, ofType } = installed({ prefix: 'acme', allowedNetworks: ['10.0.0.0/8', 'fd00::/8'] });
const variablesOf = (id: string) => Object(named(id).Properties['Environment']).Variables;

const alias = ofType('AWS::Lambda::Alias')[0];

describe('the worker', () => {
  test('has as long as Lambda gives', () => {
    expect(named('RunEngineWorker').Properties).toMatchObject({ Timeout: 900 });
  });

  test('is called through its alias live', () => {
    expect(alias?.Properties).toMatchObject({ Name: 'live', FunctionName: { Ref: named('RunEngineWorker').id } });
  });

  test('may reach the private networks the owner allows', () => {
    expect(variablesOf('RunEngineWorker')).toMatchObject({ ALLOWED_NETWORKS: '10.0.0.0/8,fd00::/8' });
  });

  test('takes as many calls at a time as the account allows, and fewer when the owner says so', () => {
    expect(named('RunEngineWorker').Properties).not.toHaveProperty('ReservedConcurrentExecutions');
    const capped = installed({
      workerConcurrency: 200,
      authorizerConcurrency: 20,
      startConcurrency: '50',
      sweeperConcurrency: 2,
    });
    const reserved = Object.fromEntries(
      capped.functions.map(({ id, Properties }) => [id.slice(0, -8), Properties['ReservedConcurrentExecutions']]),
    );
    expect(reserved).toMatchObject({
      RunEngineWorker: 200,
      FunctionsAuthorize: 20,
      FunctionsStartRuns: 50,
      RunRecoverySweep: 2,
      FunctionsReadRuns: undefined,
    });
  });
});

const asl = z.object({
  StartAt: z.literal('Drive'),
  States: z.object({ Drive: z.record(z.string(), z.unknown()) }).catchall(z.record(z.string(), z.unknown())),
});

/** The definition of a machine of the stack, with the worker's alias in its place. */
const definitionOf = (id: string) => asl.parse(JSON.parse(plain(named(id).Properties['DefinitionString'])));
const drive = (id: string) => definitionOf(id).States.Drive;

describe.each([
  { id: 'RunEngineRuns', name: 'acme-runs', type: 'EXPRESS', express: true },
  { id: 'RunEngineLongRuns', name: 'acme-long-runs', type: undefined, express: false },
])('the machine $name', ({ id, name, type, express }) => {
  test('is in the stack, under that name', () => {
    const { StateMachineName, StateMachineType } = named(id).Properties;
    expect({ StateMachineName, StateMachineType }).toEqual({ StateMachineName: name, StateMachineType: type });
  });

  test('hands references on to the live worker, and no data', () => {
    expect(drive(id)).toMatchObject({
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: 'RunEngineWorkerAliaslive',
        Payload: {
          'run.$': '$.run',
          'execution.$': '$.execution',
          'turn.$': '$.turn',
          'id.$': '$$.Execution.Id',
          'startedAt.$': '$$.Execution.StartTime',
          express,
        },
      },
      OutputPath: '$.Payload',
    });
  });

  test('calls again whatever is wrong, for more than three hours, at most half a minute apart on average', () => {
    const [retry, ...others] = z.array(z.record(z.string(), z.unknown())).parse(drive(id)['Retry']);
    expect(others).toEqual([]);
    expect(retry).toMatchObject({ ErrorEquals: ['States.ALL'], MaxDelaySeconds: 60, JitterStrategy: 'FULL' });
    expect(Number(retry?.['MaxAttempts']) * 30).toBeGreaterThan(3 * 3600);
    expect(drive(id)).not.toHaveProperty('Catch');
  });

  test('goes where the worker says, in two transitions a call', () => {
    const { Drive, Next, ...rest } = definitionOf(id).States;
    expect(Drive['Next']).toBe('Next');
    expect(z.array(z.object({ StringEquals: z.string(), Next: z.string() })).parse(Next?.['Choices'])).toEqual([
      { StringEquals: 'done', Next: 'Done' },
      { StringEquals: 'failed', Next: 'Failed' },
      { StringEquals: 'again', Next: 'Drive' },
      { StringEquals: 'sleep', Next: 'Sleep' },
    ]);
    expect(rest).toEqual({
      Sleep: { Type: 'Wait', TimestampPath: '$.until', Next: 'Drive' },
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error', CausePath: '$.cause' },
    });
  });
});

test('errors of Express executions are logged, without data', () => {
  expect(named('RunEngineRuns').Properties['LoggingConfiguration']).toMatchObject({
    Level: 'ERROR',
    IncludeExecutionData: false,
  });
  expect(named('RunEngineRunsLog').Properties).toMatchObject({ RetentionInDays: 30 });
});

test('machines are made by the stack alone, so that no workflow can be too many', () => {
  expect(ofType('AWS::StepFunctions::StateMachine')).toHaveLength(3);
  const policies = JSON.stringify(ofType('AWS::IAM::Policy'));
  for (const action of ['CreateStateMachine', 'DeleteStateMachine', 'UpdateStateMachine', 'StopExecution', 'DescribeExecution']) {
    expect(policies).not.toContain(`states:${action}`);
  }
});

describe('the role of the machines', () => {
  test('is taken by these two only', () => {
    const [statement] = Object(named('RunEngineMachineRole').Properties['AssumeRolePolicyDocument']).Statement;
    expect(statement.Principal).toEqual({ Service: 'states.amazonaws.com' });
    expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(statement.Condition.ArnEquals['aws:SourceArn'].map(plain)).toEqual([
      'arn:aws:states:region:account:stateMachine:acme-runs',
      'arn:aws:states:region:account:stateMachine:acme-long-runs',
    ]);
  });

  test('calls the alias of the worker, has logs delivered, and nothing else', () => {
    const { Statement } = Object(named('RunEngineMachineRoleDefaultPolicy').Properties['PolicyDocument']);
    expect(Statement).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: alias?.id } },
      { Effect: 'Allow', Action: expect.arrayContaining(['logs:CreateLogDelivery']), Resource: '*' },
    ]);
    expect(Statement[1].Action.filter((action: string) => !action.startsWith('logs:'))).toEqual([]);
  });
});

describe('the sweeper', () => {
  const { ScheduleExpression, Target } = named('RunRecoveryEveryMinute').Properties;

  test('goes every minute', () => {
    expect(ScheduleExpression).toBe('rate(1 minute)');
    expect(Target).toMatchObject({
      Arn: { 'Fn::GetAtt': [named('RunRecoverySweep').id, 'Arn'] },
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 300 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [named('RunRecoveryUndelivered').id, 'Arn'] } },
    });
  });

  test('is done before the next one', () => {
    expect(named('RunRecoverySweep').Properties).toMatchObject({ Timeout: 59 });
    expect(ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => Properties)).toContainEqual(
      expect.objectContaining({ FunctionName: { Ref: named('RunRecoverySweep').id }, MaximumRetryAttempts: 0 }),
    );
  });
});

describe('the first key', () => {
  test('is made by CloudFormation and registered for the workspace of the owner', () => {
    const { named: found } = installed({ bootstrapWorkspace: 'sales', bootstrapProject: 'orders' });
    expect(found('BootstrapApiKeySecret').Properties['GenerateSecretString']).toEqual({
      PasswordLength: 48,
      ExcludePunctuation: true,
    });
    expect(found('BootstrapApiKeyRegistration').Properties).toMatchObject({
      ServiceToken: { 'Fn::GetAtt': [found('BootstrapApiKeyRegister').id, 'Arn'] },
      Secret: { Ref: found('BootstrapApiKeySecret').id },
      Workspace: 'sales',
      Project: 'orders',
    });
  });

  test('opens the workspace main and all its projects when nothing is said', () => {
    const { Workspace, Project } = named('BootstrapApiKeyRegistration').Properties;
    expect({ Workspace, Project }).toEqual({ Workspace: 'main', Project: undefined });
  });
});
