import * as z from 'zod';
import { runRef } from '../run.ts';

const place = { run: runRef, scope: z.string() };

/** What a state machine says to the worker. */
export const workMessage = z.discriminatedUnion('op', [
  z.object({ op: z.literal('step'), step: z.string(), last: z.boolean().default(false), ...place }),
  z.object({ op: z.literal('call'), step: z.string(), token: z.string().optional(), ...place }),
  z.object({ op: z.literal('enter'), step: z.string(), ...place }),
  z.object({ op: z.literal('exit'), step: z.string(), ...place }),
  z.object({
    op: z.literal('caught'),
    step: z.string(),
    handler: z.int(),
    error: z.object({ Error: z.string(), Cause: z.string().optional() }),
    ...place,
  }),
  z.object({ op: z.literal('succeed'), ...place }),
  z.object({ op: z.literal('fail'), error: z.object({ Error: z.string(), Cause: z.string().optional() }), ...place }),
]);
export type WorkMessage = z.infer<typeof workMessage>;
export type MessageOf<Op extends WorkMessage['op']> = Extract<WorkMessage, { op: Op }>;
