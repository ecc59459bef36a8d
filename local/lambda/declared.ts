import * as z from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import { refuseForeignQueue } from '../sqs/declared.ts';
import { lambdaRetries, type RetryPolicy } from './retry-policy.ts';

/** A function of the stack whose source we have. */
export interface DeclaredFunction {
  name: string;
  arn: string;
  /** Path of the source from the root of the repository. */
  entry: string;
  exportName: string;
  timeoutMs: number;
  memoryMb: number;
  environment: Record<string, string>;
  /** Of asynchronous invocations. */
  retries: RetryPolicy;
  /** Where events go that it does not handle. */
  deadLetterArn: string | undefined;
}

const properties = z.object({
  Handler: z.string(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).default({}) }).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).default({}),
});

const invokeConfig = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: z.int().min(0).max(2).default(2),
  MaximumEventAgeInSeconds: z.int().min(60).max(21_600).default(21_600),
});

/** Functions that the CDK adds to a stack for its own ends have no entry; nothing here calls them. */
export function declaredFunctions(stack: Stack, toArn: (name: string) => string): DeclaredFunction[] {
  const configs = stack.ofType('AWS::Lambda::EventInvokeConfig').map((resource) => propertiesOf(resource, invokeConfig));
  return stack.ofType('AWS::Lambda::Function').flatMap((resource) => {
    const entry = z.string().optional().parse(resource.metadata['millrun:entry']);
    if (!entry) return [];
    const { Handler, Timeout, MemorySize, Environment, DeadLetterConfig } = properties.parse(resource.properties);
    const deadLetterArn = DeadLetterConfig.TargetArn;
    refuseForeignQueue(stack, resource, deadLetterArn);
    const config = configs.find(({ FunctionName }) => FunctionName === resource.name);
    return {
      name: resource.name,
      arn: toArn(resource.name),
      entry,
      exportName: Handler.split('.').at(-1) ?? 'handler',
      timeoutMs: Timeout * 1000,
      memoryMb: MemorySize,
      environment: Environment?.Variables ?? {},
      retries: lambdaRetries(config ?? { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 }),
      deadLetterArn,
    };
  });
}

const CONNECTIONS_URL = /^https:\/\/[^./]+\.execute-api\.[^/]+(?=\/)/;
const API_URL = /^https:\/\/[^./]+\.execute-api\.[^/]+$/;
const WEB_SOCKET_URL = /^wss:\/\/[^./]+\.execute-api\..+$/;

/** The addresses of the WebSocket API as they are here. */
export function addressesHere(variables: Record<string, string>, { aws, api, live }: { aws: string; api: string; live: string }) {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      value.replace(CONNECTIONS_URL, aws).replace(API_URL, api).replace(WEB_SOCKET_URL, live),
    ]),
  );
}

/** Set by Lambda or by Node.js when it starts; a running process cannot take them over. */
const OF_THE_PROCESS = new Set(['NODE_OPTIONS']);

/** One process has one environment: a name that means two things in two functions is refused. */
export function mergedEnvironment(functions: DeclaredFunction[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const { name: owner, environment } of functions) {
    for (const [name, value] of Object.entries(environment)) {
      if (OF_THE_PROCESS.has(name)) continue;
      if ((merged[name] ?? value) !== value) {
        throw new TemplateRefused(
          `${name} is "${merged[name]}" in one function and "${value}" in ${owner}; here they share one process`,
        );
      }
      merged[name] = value;
    }
  }
  return merged;
}
