import type { Retry } from '../step/kind.ts';

/** One state of Amazon States Language. */
export type State = Record<string, unknown>;
export type States = Record<string, State>;

/** A state machine, or a branch of one. */
export interface Machine {
  Comment?: string;
  TimeoutSeconds?: number;
  StartAt: string;
  States: States;
}

const LAMBDA_FAULTS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
];

/** The worker was not reached, or what it works with was not. */
const PASSING = [...LAMBDA_FAULTS, 'WorkerFault'];

/** The worker died without an answer. */
const INTERRUPTIONS = [...PASSING, 'Runtime.ExitError', 'Runtime.OutOfMemory', 'Sandbox.Timedout'];

const AGAIN = {
  ErrorEquals: PASSING,
  IntervalSeconds: 1,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
};

/** What a task says to the worker beside `run` and `scope`; a key that ends in `.$` is a path. */
export interface Message {
  op: 'step' | 'call' | 'enter' | 'exit' | 'caught' | 'succeed' | 'fail';
  step?: string;
  last?: true;
  handler?: number;
  'error.$'?: string;
  'token.$'?: string;
}

/** A call of the worker. */
export function workerTask(workerArn: string, message: Message, timeoutSeconds: number, retriers: State[] = []): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: workerArn, Payload: { ...message, 'run.$': '$.run', 'scope.$': '$.scope' } },
    TimeoutSeconds: timeoutSeconds,
    Retry: [...retriers, AGAIN],
  };
}

/** Tries again after errors with these names. The worker counts attempts itself; the machine only waits and calls. */
export function retrier(errors: string[], { attempts, delaySeconds, backoff, maxDelaySeconds, jitter }: Retry): State {
  return {
    ErrorEquals: errors,
    IntervalSeconds: delaySeconds,
    MaxAttempts: attempts - 1,
    BackoffRate: backoff,
    ...(maxDelaySeconds !== undefined && { MaxDelaySeconds: maxDelaySeconds }),
    JitterStrategy: jitter ? 'FULL' : 'NONE',
  };
}

/** Takes errors with these names to another state, which finds the error in `$.error`. */
export function catcher(errors: string[], next: string): State {
  return { ErrorEquals: errors, ResultPath: '$.error', Next: next };
}

/**
 * The names by which the machine knows the errors an author means. Never `States.ALL`: the control names of the worker must reach
 * the end of the machine. Without `on`, every error of a step.
 */
export function machineErrors(on: string[] | undefined, known: string[]): string[] {
  const wanted = on ?? known;
  return [
    ...new Set([
      ...wanted,
      ...(wanted.includes('Timeout') ? ['States.Timeout'] : []),
      ...(wanted.includes('StepInterrupted') ? INTERRUPTIONS : []),
    ]),
  ];
}
