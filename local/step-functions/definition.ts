import * as z from 'zod';

const path = z.string().startsWith('$');

const retrier = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.number().min(1).default(1),
  BackoffRate: z.number().min(1).default(2),
  MaxAttempts: z.int().min(0).default(3),
  MaxDelaySeconds: z.number().positive().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
export type Retrier = z.infer<typeof retrier>;

const task = z.strictObject({
  Type: z.literal('Task'),
  Resource: z.literal('arn:aws:states:::lambda:invoke'),
  Parameters: z.strictObject({ FunctionName: z.string(), Payload: z.record(z.string(), z.json()) }),
  OutputPath: path.default('$'),
  Retry: z.array(retrier).default([]),
  Next: z.string(),
});

const choice = z.strictObject({
  Type: z.literal('Choice'),
  Choices: z.array(z.strictObject({ Variable: path, StringEquals: z.string(), Next: z.string() })).min(1),
});

const wait = z.strictObject({ Type: z.literal('Wait'), TimestampPath: path, Next: z.string() });
const succeed = z.strictObject({ Type: z.literal('Succeed') });
const fail = z.strictObject({ Type: z.literal('Fail'), ErrorPath: path, CausePath: path });

const state = z.discriminatedUnion('Type', [task, choice, wait, succeed, fail]);
export type State = z.infer<typeof state>;
export type TaskState = z.infer<typeof task>;

/** The part of the Amazon States Language that the machines of the stack are written in; anything else is refused. */
export const definition = z
  .strictObject({ StartAt: z.string(), States: z.record(z.string(), state) })
  .superRefine(({ StartAt, States }, context) => {
    const named = [StartAt, ...Object.values(States).flatMap(nextOf)];
    for (const name of named.filter((one) => !Object.hasOwn(States, one)))
      context.addIssue({ code: 'custom', message: `there is no state "${name}"` });
  });
export type Definition = z.infer<typeof definition>;

function nextOf(one: State): string[] {
  if (one.Type === 'Choice') return one.Choices.map(({ Next }) => Next);
  return 'Next' in one ? [one.Next] : [];
}
