import * as z from 'zod';
import type { Caller } from './role.ts';

/** Who did it: an API key, a member who has signed in, a trigger (whoever sent the mail, or the webhook), a run (of its child), Millrun itself. */
export const actor = z.object({
  kind: z.enum(['key', 'member', 'trigger', 'run', 'system']),
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
});
export type Actor = z.infer<typeof actor>;

/** Whether it is a person or a program of theirs, whose doings are acts. */
export const isPerson = ({ kind }: Actor) => kind === 'key' || kind === 'member';

export const actorOf = ({ kind, id, name, email }: Caller): Actor => ({ kind, id, name, ...(email !== undefined && { email }) });
