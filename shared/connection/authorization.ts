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
  /** SHA-256 of what the browser keeps that has begun it; absent until one has. */
  browser: z.string().optional(),
  until: z.string(),
});
export type Authorization = z.infer<typeof authorization>;

export interface Authorizations {
  /** Keeps what was begun, under its state. */
  begin(state: string, started: Authorization, connection: { name: string; project: string }): Promise<void>;
  /** Binds it to the first browser that opens it. Undefined when there is none, its time is over, or another browser has opened it. */
  open(state: string, browser: string, now: Date): Promise<Authorization | undefined>;
  /** Takes it out, for the browser that has opened it: a state is good once. Undefined when there is none, or its time is over. */
  take(state: string, browser: string, now: Date): Promise<Authorization | 'of another browser' | undefined>;
}
