/** Whatever is wrong with Lambda or our tables: a job waits, and the sweeper starts the next execution of one that has waited for hours. */
const workAgain = {
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 1,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 500,
  JitterStrategy: 'FULL',
};

/** The definition of the machine of jobs: calls the worker, which works on a job for as long as it can, until it says that there is nothing left to do. */
export function jobMachine(workerArn: string): object {
  return {
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: {
          FunctionName: workerArn,
          Payload: { 'job.$': '$.job', 'execution.$': '$.execution', 'turn.$': '$.turn' },
        },
        OutputPath: '$.Payload',
        Retry: [workAgain],
        Next: 'Next',
      },
      Next: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.next', StringEquals: 'done', Next: 'Done' },
          { Variable: '$.next', StringEquals: 'again', Next: 'Work' },
          { Variable: '$.next', StringEquals: 'sleep', Next: 'Sleep' },
        ],
      },
      Sleep: { Type: 'Wait', TimestampPath: '$.until', Next: 'Work' },
      Done: { Type: 'Succeed' },
    },
  };
}
