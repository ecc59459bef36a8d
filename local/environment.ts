import { availableParallelism } from 'node:os';
import { REGION } from './aws/account.ts';

/** On AWS a function has a process to itself; here all share one, so what takes long needs another thread. */
const EXPRESSION_THREADS = Math.max(2, availableParallelism() - 1);

let taken = false;
/** What the SDK clients of this process were made for, if there are any. */
let firstAwsPort: number | undefined;

/** The environment of the functions, which is that of this process. */
export interface Environment {
  /** The port that the AWS endpoint must have. */
  awsPort: number;
  set(variables: Record<string, string>, endpoint: string, awsPort: number): void;
  /** Keeps http steps away from where this process and its emulator answer; what begins with the path of one stays open. */
  reserve(endpoints: string[]): void;
  release(): void;
}

/** Takes the process for one cloud until it is released. */
export function claimEnvironment(awsPort: number): Environment {
  if (taken)
    throw new Error('There is a cloud in this process already; close it first, or start the other in a process of its own.');
  taken = true;
  // What is kept here is read by nobody else: databases of libraries and the files of the emulator, our child, included.
  const umask = process.umask(0o077);
  const before = { ...process.env };
  return {
    awsPort: awsPort === 0 ? (firstAwsPort ?? 0) : awsPort,
    set(variables, endpoint, realPort) {
      firstAwsPort ??= realPort;
      Object.assign(process.env, variables, {
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: REGION,
        EXPRESSION_THREADS: String(EXPRESSION_THREADS),
        POWERTOOLS_METRICS_DISABLED: process.env['POWERTOOLS_METRICS_DISABLED'] ?? 'true',
        POWERTOOLS_TRACE_ENABLED: 'false',
        POWERTOOLS_LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'WARN',
      });
      // A profile of the person who starts this must not reach AWS.
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_DEFAULT_REGION']) delete process.env[name];
    },
    reserve(endpoints) {
      process.env['RESERVED_ENDPOINTS'] = endpoints.join(',');
    },
    release() {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
      process.umask(umask);
      taken = false;
    },
  };
}
