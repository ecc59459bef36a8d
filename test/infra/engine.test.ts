import { describe, expect, test } from 'vitest';
import { installed, plain } from './installed.ts';

const { named, ofType } = installed({ prefix: 'acme', allowedNetworks: ['10.0.0.0/8', 'fd00::/8'] });
const variablesOf = (id: string) => Object(named(id).Properties['Environment']).Variables;

describe('the worker', () => {
  test('has as long as Lambda gives', () => {
    expect(named('EngineWorker').Properties).toMatchObject({ Timeout: 900 });
  });

  test('is called through its alias live, and machines are made with that', () => {
    const [alias] = ofType('AWS::Lambda::Alias');
    expect(alias?.Properties).toMatchObject({ Name: 'live', FunctionName: { Ref: named('EngineWorker').id } });
    expect(variablesOf('FunctionsWriteWorkflows')).toMatchObject({ WORKER_ARN: { Ref: alias?.id }, MACHINE_PREFIX: 'acme' });
  });

  test('may reach the private networks the owner allows', () => {
    expect(variablesOf('EngineWorker')).toMatchObject({ ALLOWED_NETWORKS: '10.0.0.0/8,fd00::/8' });
  });
});

describe('the role of the machines', () => {
  test('is taken by machines of this installation only', () => {
    const [statement] = Object(named('EngineMachineRole').Properties['AssumeRolePolicyDocument']).Statement;
    expect(statement.Principal).toEqual({ Service: 'states.amazonaws.com' });
    expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(plain(statement.Condition.ArnLike['aws:SourceArn'])).toBe('arn:aws:states:region:account:stateMachine:acme-*');
  });

  test('calls the alias of the worker and nothing else', () => {
    const { Statement } = Object(named('EngineMachineRoleDefaultPolicy').Properties['PolicyDocument']);
    expect(Statement).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: ofType('AWS::Lambda::Alias')[0]?.id } },
    ]);
  });
});

describe('the end of a walk', () => {
  const { EventPattern, Targets } = named('SafetyNetWalkEnded').Properties;

  test('is settled when it was not the end of its run', () => {
    const pattern = Object(EventPattern);
    expect(pattern).toMatchObject({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    expect(plain(pattern.detail.stateMachineArn[0].prefix)).toBe('arn:aws:states:region:account:stateMachine:acme-');
  });

  test('is not lost when it cannot be delivered or handled', () => {
    const queue = { 'Fn::GetAtt': [named('SafetyNetUndelivered').id, 'Arn'] };
    expect(Targets).toMatchObject([{ DeadLetterConfig: { Arn: queue }, RetryPolicy: { MaximumRetryAttempts: 185 } }]);
    expect(named('SafetyNetSettle').Properties['DeadLetterConfig']).toEqual({ TargetArn: queue });
  });
});

describe('the sweeper', () => {
  const { ScheduleExpression, Target } = named('SafetyNetEveryMinute').Properties;

  test('goes every minute', () => {
    expect(ScheduleExpression).toBe('rate(1 minute)');
    expect(Target).toMatchObject({
      Arn: { 'Fn::GetAtt': [named('SafetyNetSweep').id, 'Arn'] },
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 300 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [named('SafetyNetUndelivered').id, 'Arn'] } },
    });
  });

  test('is done before the next one', () => {
    expect(named('SafetyNetSweep').Properties).toMatchObject({ Timeout: 55 });
    expect(ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => Properties)).toContainEqual(
      expect.objectContaining({ FunctionName: { Ref: named('SafetyNetSweep').id }, MaximumRetryAttempts: 0 }),
    );
  });
});

describe('the first key', () => {
  test('is made by CloudFormation and registered for the workspace of the owner', () => {
    const { named: found } = installed({ firstKeyWorkspace: 'sales', firstKeyProject: 'orders' });
    expect(found('FirstKeySecret').Properties['GenerateSecretString']).toEqual({ PasswordLength: 48, ExcludePunctuation: true });
    expect(found('FirstKeyRegistration').Properties).toMatchObject({
      ServiceToken: { 'Fn::GetAtt': [found('FirstKeyRegister').id, 'Arn'] },
      Secret: { Ref: found('FirstKeySecret').id },
      Workspace: 'sales',
      Project: 'orders',
    });
  });

  test('opens the workspace main and all its projects when nothing is said', () => {
    const { Workspace, Project } = named('FirstKeyRegistration').Properties;
    expect({ Workspace, Project }).toEqual({ Workspace: 'main', Project: undefined });
  });
});
