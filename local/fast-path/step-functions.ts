import * as sdk from '@aws-sdk/client-sfn';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Serve } from './intercept.ts';

const OPERATIONS = new Set(['StartExecution', 'StartSyncExecution']);
const INSTANTS = ['startDate', 'stopDate'];

/** Starts of executions without a connection from this process to itself. */
export const serveStepFunctions =
  (operations: JsonOperations): Serve =>
  async (operation, input) => {
    const serve = OPERATIONS.has(operation) ? operations[operation] : undefined;
    if (!serve) return undefined;
    try {
      const answer = Object.entries(Object(await serve(input)));
      const $metadata = { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 };
      return { $metadata, ...Object.fromEntries(answer.map(([name, value]) => [name, asInstant(name, value)])) };
    } catch (error) {
      // What is wrong with a request the long way says better.
      if (!(error instanceof AwsError)) return undefined;
      throw exceptionOf(error);
    }
  };

const asInstant = (name: string, value: unknown) => (INSTANTS.includes(name) ? new Date(Number(value) * 1000) : value);

/** The SDK's own class, so that `instanceof` tells errors apart. */
function exceptionOf({ name, message, status }: AwsError): Error {
  const Exception: unknown = Reflect.get(sdk, name);
  const options = { message, $metadata: { httpStatusCode: status, attempts: 1, totalRetryDelay: 0 } };
  return isException(Exception) ? new Exception(options) : new sdk.SFNServiceException({ name, $fault: 'client', ...options });
}

function isException(value: unknown): value is new (options: { message: string; $metadata: object }) => Error {
  return typeof value === 'function' && value.prototype instanceof sdk.SFNServiceException;
}
