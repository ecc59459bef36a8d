import { expect, test } from 'vitest';
import { installed, plain } from './installed.ts';

const { ofType, named } = installed();

test('alarm clocks stand in a group of their own, which goes with the stack', () => {
  expect(named('SchedulesGroup')).toMatchObject({ Properties: { Name: 'millrun' }, DeletionPolicy: 'Delete' });
});

test('the function that alarm clocks call is known by its name, so that it can set the next one', () => {
  expect(named('SchedulesFire').Properties).toMatchObject({ FunctionName: 'millrun-fire-schedule', Timeout: 300 });
  const { Variables } = Object(named('SchedulesFire').Properties['Environment']);
  expect(plain(Variables.SCHEDULE_TARGET_ARN)).toBe('arn:aws:lambda:region:account:function:millrun-fire-schedule');
});

test('Scheduler may call that function and put what it cannot deliver into the queue of schedules, and nothing else', () => {
  const policies = ofType('AWS::IAM::Policy').filter(({ Properties }) =>
    plain(Properties['Roles']).includes('SchedulesSchedulerInvokeRole'),
  );
  expect(policies).toHaveLength(1);
  expect(policies[0]?.Properties['PolicyDocument']).toMatchObject({
    Statement: [{ Action: 'lambda:InvokeFunction' }, { Action: 'sqs:SendMessage' }],
  });
});

test('every minute somebody looks for fires that did not happen, and is done before the next look', () => {
  expect(named('SchedulesEveryMinute').Properties).toMatchObject({
    ScheduleExpression: 'rate(1 minute)',
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 } },
  });
  expect(named('SchedulesReconcile').Properties).toMatchObject({ Timeout: 55 });
});
