import { ZodError } from 'zod';
import { SenderGone } from './body.ts';

/** A refusal under the code that the AWS service gives it. */
export class AwsError extends Error {
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.status = status;
  }
}

/** What a service answers when something is thrown; `fault`: what it calls a fault of its own. */
export function asAwsError(error: unknown, fault: string): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof SenderGone) return new AwsError('SerializationException', 'The request ended too early');
  if (error instanceof ZodError) {
    const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    return new AwsError('ValidationException', `${error.issues.length} validation error detected: ${faults}`);
  }
  return new AwsError(fault, error instanceof Error ? error.message : 'The embedded cloud failed', 500);
}
