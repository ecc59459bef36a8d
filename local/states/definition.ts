import aslValidator from 'asl-validator';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';

/** Node.js timers end at 2^31 ms, and a longer one fires at once. */
const LONGEST_TIMER_SECONDS = 2_000_000;

/** A `Wait` throws this when more is to be waited than one timer can; its `Retry` comes back at once. */
export const WAIT_ON = 'Embedded.WaitOn';

export const WAIT_RESOURCE = 'embedded:wait';

const LAMBDA = /^arn:aws[^:]*:(lambda:[^:]+:[^:]+:function:.+|states:::lambda:invoke(\.waitForTaskToken)?)$/;

const record = z.record(z.string(), z.unknown());
const machine = z.looseObject({
  StartAt: z.string(),
  States: z.record(z.string(), record),
  TimeoutSeconds: z.number().optional(),
});

export type Definition = z.infer<typeof machine>;

/** What a definition asks of us, beside what the interpreter does with it. */
export interface Prepared {
  definition: Definition;
  /** `Resource` of every task, by the name of its state; names are unique in a machine. */
  resources: Map<string, string>;
  timeoutSeconds: number | undefined;
}

/** Refuses what Step Functions would refuse, and tasks that nobody here can do. */
export function checkDefinition(text: string): void {
  const refuse = (reason: string) => new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${reason}'`);
  let definition: unknown;
  try {
    definition = JSON.parse(text);
  } catch {
    throw refuse('INVALID_JSON_DESCRIPTION: The definition is not JSON');
  }
  const parsed = machine.safeParse(definition);
  if (!parsed.success) throw refuse('SCHEMA_VALIDATION_FAILED: StartAt and States are needed');
  const { isValid, errorsText } = aslValidator(parsed.data, { checkArn: true, checkPaths: true });
  if (!isValid) throw refuse(`SCHEMA_VALIDATION_FAILED: ${errorsText('; ')}`);
  for (const [name, resource] of prepare(parsed.data).resources) {
    if (resource !== WAIT_RESOURCE && !LAMBDA.test(resource)) {
      throw refuse(`SCHEMA_VALIDATION_FAILED: The embedded cloud does not serve the resource ${resource} at /States/${name}`);
    }
  }
}

/** The definition as the interpreter can take it: waits become tasks of our own, and no timer is longer than Node.js allows. */
export function prepare(source: unknown): Prepared {
  const resources = new Map<string, string>();

  const prepared = (part: Definition): Definition => ({
    ...part,
    States: Object.fromEntries(Object.entries(part.States).map(([name, state]) => [name, preparedState(name, state)])),
  });

  const preparedState = (name: string, state: Record<string, unknown>): Record<string, unknown> => {
    switch (state['Type']) {
      case 'Task': {
        resources.set(name, z.string().parse(state['Resource']));
        if (state['TimeoutSecondsPath'] !== undefined) return state;
        const seconds = z.number().default(LONGEST_TIMER_SECONDS).parse(state['TimeoutSeconds']);
        return { ...state, TimeoutSeconds: Math.min(seconds, LONGEST_TIMER_SECONDS) };
      }
      case 'Wait':
        resources.set(name, WAIT_RESOURCE);
        return waitTask(state);
      case 'Parallel':
        return { ...state, Branches: z.array(machine).parse(state['Branches']).map(prepared) };
      case 'Map': {
        const key = state['ItemProcessor'] ? 'ItemProcessor' : 'Iterator';
        return { ...state, [key]: prepared(machine.parse(state[key])) };
      }
      default:
        return state;
    }
  };

  const { TimeoutSeconds, ...definition } = prepared(machine.parse(source));
  return { definition, resources, timeoutSeconds: TimeoutSeconds };
}

/** A `Wait` as a task: the interpreter's own would wake at once when it has more to wait than a timer can. */
function waitTask({
  Seconds,
  Timestamp,
  SecondsPath,
  TimestampPath,
  ...state
}: Record<string, unknown>): Record<string, unknown> {
  return {
    ...state,
    Type: 'Task',
    Resource: WAIT_RESOURCE,
    Parameters: {
      'input.$': '$',
      ...(Seconds !== undefined && { seconds: Seconds }),
      ...(Timestamp !== undefined && { timestamp: Timestamp }),
      ...(SecondsPath !== undefined && { 'seconds.$': SecondsPath }),
      ...(TimestampPath !== undefined && { 'timestamp.$': TimestampPath }),
    },
    TimeoutSeconds: LONGEST_TIMER_SECONDS + 1000,
    Retry: [{ ErrorEquals: [WAIT_ON], IntervalSeconds: 0, MaxAttempts: Number.MAX_SAFE_INTEGER }],
  };
}
