import { REGION } from './aws/account.ts';

let taken = false;
/** What the SDK clients of this process were made for, if there are any. */
let firstAwsPort: number | undefined;

/** The environment of the functions, which is that of this process. */
export interface Environment {
  /** The port that the AWS endpoint must have. */
  awsPort: number;
  set(variables: Record<string, string>, endpoint: string, awsPort: number): void;
  release(): void;
}

/** Takes the process for one cloud until it is released. */
export function claimEnvironment(awsPort: number): Environment {
  if (taken)
    throw new Error('There is a cloud in this process already; close it first, or start the other in a process of its own.');
  taken = true;
  return {
    awsPort: awsPort === 0 ? (firstAwsPort ?? 0) : awsPort,
    set(variables, endpoint, realPort) {
      firstAwsPort ??= realPort;
      Object.assign(process.env, variables, {
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        POWERTOOLS_METRICS_DISABLED: 'true',
        POWERTOOLS_TRACE_ENABLED: 'false',
        POWERTOOLS_LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'WARN',
      });
      // A profile of the person who starts this must not reach AWS.
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_DEFAULT_REGION']) delete process.env[name];
    },
    release() {
      taken = false;
    },
  };
}
