/** `Drive` tries again for hours, whatever is wrong with Lambda or with our tables: no fault of infrastructure is a reason to fail a run. */
const driveAgain = {
  // All but States.DataLimitExceeded and States.Runtime, which would be the same again: the sweeper starts the next execution.
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 1,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 500,
  JitterStrategy: 'FULL',
};

/**
 * The definition of both machines: calls the worker, which drives a run for as long as it can, until it says that there is nothing left to do.
 * Each state costs on Standard: `Drive` and `Next` are two, and one more ends it. Only references pass, so no history holds data of customers.
 */
export function runMachine(workerArn: string, { express }: { express: boolean }): object {
  return {
    StartAt: 'Drive',
    States: {
      Drive: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: {
          FunctionName: workerArn,
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
        Retry: [driveAgain],
        Next: 'Next',
      },
      Next: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.next', StringEquals: 'done', Next: 'Done' },
          { Variable: '$.next', StringEquals: 'failed', Next: 'Failed' },
          { Variable: '$.next', StringEquals: 'again', Next: 'Drive' },
          { Variable: '$.next', StringEquals: 'sleep', Next: 'Sleep' },
        ],
      },
      Sleep: { Type: 'Wait', TimestampPath: '$.until', Next: 'Drive' },
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error', CausePath: '$.cause' },
    },
  };
}
