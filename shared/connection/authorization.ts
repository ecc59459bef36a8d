import * as z from 'zod';
import { actor } from '../kernel/actor.ts';

/** An authorization that somebody has begun: the provider sends them back with its state. */
export const authorization = z.object({
  workspace: z.string(),
  connectionId: z.string(),
  /** Who began it: it is completed in their name. */
  actor,
  redirectUri: z.string(),
  /** The verifier of PKCE, sealed. */
  verifier: z.string(),
  until: z.string(),
});
export type Authorization = z.infer<typeof authorization>;

export interface Authorizations {
  /** Keeps what was begun, under its state. */
  begin(state: string, started: Authorization, connection: { name: string; project: string }): Promise<void>;
  /** Takes it out: a state is good once. Undefined when there is none, or its time is over. */
  take(state: string, now: Date): Promise<Authorization | undefined>;
}
