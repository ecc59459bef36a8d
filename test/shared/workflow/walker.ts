import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { z } from 'zod';
import { compile } from '../../../shared/workflow/compile.ts';
import type { Plan } from '../../../shared/workflow/plan.ts';
import { planOfSteps } from './documents.ts';

const call = z.object({
  FunctionName: z.string(),
  Payload: z.looseObject({ op: z.string(), step: z.string().optional(), run: z.string(), scope: z.string() }),
});

type Message = z.infer<typeof call>['Payload'];

/** What a worker answers to one message: more for the next state input, or an error to throw by name. */
export type Answer = Record<string, unknown> | { throws: string } | undefined;

export interface Walk {
  /** `op step@scope`, in the order in which the worker was called. */
  calls: string[];
  /** Calls as they began and ended: `+a`, `-a`. */
  edges: string[];
  failed: string | undefined;
  messages: Message[];
}

const definition = z.custom<StateMachineDefinition>((value) => typeof value === 'object' && value !== null);

/** Runs the machine of a plan in the interpreter; waits and retries take no time. */
export async function walk(plan: Plan, answer: (message: Message) => Answer = () => undefined): Promise<Walk> {
  const { machine } = compile(plan, { workerArn: 'arn:aws:lambda:eu-west-1:123456789012:function:worker:live' });
  // The interpreter's timer knows 24 days at most.
  const { TimeoutSeconds: _, ...walked } = machine;
  const seen: Walk = { calls: [], edges: [], failed: undefined, messages: [] };
  const work = async (input: unknown) => {
    const { Payload: message } = call.parse(input);
    const { op, step, scope, run } = message;
    const name = `${op}${step ? ` ${step}` : ''}${scope ? `@${scope}` : ''}`;
    seen.calls.push(name);
    seen.messages.push(message);
    seen.edges.push(`+${step}`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.edges.push(`-${step}`);
    const answered = answer(message);
    if (answered && 'throws' in answered) throw Object.assign(new Error('quiet'), { name: answered['throws'] });
    return { Payload: { run, scope, ...answered } };
  };
  const names = namesIn(machine);
  const execution = new StateMachine(definition.parse(walked), { validationOptions: { checkArn: true, checkPaths: true } }).run(
    { run: 'r1', scope: '' },
    {
      overrides: {
        taskResourceLocalHandlers: Object.fromEntries(
          names.map((name) => [name, async (input: unknown) => z.json().parse(await work(input))]),
        ),
        waitTimeOverrides: Object.fromEntries(names.map((name) => [name, 0])),
        retryIntervalOverrides: Object.fromEntries(names.map((name) => [name, 0])),
      },
    },
  );
  await execution.result.catch((error: unknown) => {
    seen.failed = error instanceof Error ? error.message : String(error);
  });
  return seen;
}

export function walkSteps(steps: unknown[], answer?: (message: Message) => Answer): Promise<Walk> {
  return walk(planOfSteps(...steps), answer);
}

/** Names of all states, nested ones too. */
export function namesIn(machine: unknown): string[] {
  if (typeof machine !== 'object' || machine === null) return [];
  const own =
    'States' in machine && typeof machine.States === 'object' && machine.States !== null ? Object.keys(machine.States) : [];
  return [...own, ...Object.values(machine).flatMap(namesIn)];
}
