import * as z from 'zod';

const seconds = z.number();

/** What CreateSchedule, UpdateSchedule and the template say of a schedule for a Lambda function; anything else is refused by name. */
export const scheduleInput = z.strictObject({
  ScheduleExpression: z.string().max(256),
  ScheduleExpressionTimezone: z.string().max(50).default('UTC'),
  FlexibleTimeWindow: z.strictObject({ Mode: z.enum(['OFF', 'FLEXIBLE']), MaximumWindowInMinutes: z.int().optional() }),
  Target: z.strictObject({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().optional(),
    DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
    RetryPolicy: z
      .strictObject({
        MaximumEventAgeInSeconds: z.int().min(60).max(86_400).default(86_400),
        MaximumRetryAttempts: z.int().min(0).max(185).default(185),
      })
      .prefault({}),
  }),
  GroupName: z.string().default('default'),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  StartDate: seconds.optional(),
  EndDate: seconds.optional(),
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  Description: z.string().max(512).optional(),
});
export type ScheduleInput = z.infer<typeof scheduleInput>;
