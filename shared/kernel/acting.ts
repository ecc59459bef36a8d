import { AsyncLocalStorage } from 'node:async_hooks';
import * as z from 'zod';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';

/** From where a request came. */
export const origin = z.object({ ip: z.string(), userAgent: z.string().optional() });
export type Origin = z.infer<typeof origin>;

/** What somebody is at: who, where from, and why. */
export interface Acting {
  /** Absent where it takes more than the route to tell. */
  act?: Act | undefined;
  actor: Actor;
  workspace: string;
  from?: Origin | undefined;
  reason?: string | undefined;
}

/** Gives a write that also writes down who makes it. */
export interface Recorder<Change = never> {
  recorded(acting: Acting, command: object, change: Change): object;
}

interface Scope {
  acting: Acting;
  recorder: Recorder | undefined;
  isOver: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Does something as an act of somebody: what it changes is written down with the change. */
export async function acting<T>(what: Acting, recorder: Recorder | undefined, act: () => Promise<T>): Promise<T> {
  const scope: Scope = { acting: what, recorder, isOver: false };
  try {
    return await scopes.run(scope, act);
  } finally {
    // What goes on after the answer is nobody's act.
    scope.isOver = true;
  }
}

/** What is being done, while it is. */
export function actingNow(): Acting | undefined {
  return scopeNow()?.acting;
}

export function scopeNow(): Omit<Scope, 'isOver'> | undefined {
  const scope = scopes.getStore();
  return scope?.isOver ? undefined : scope;
}

/** Does what is not the act itself: what goes before it, or follows from it. */
export const aside = <T>(work: () => Promise<T>): Promise<T> => scopes.exit(work);

/** What is kept of a request beside its actor: why and where from; what is said elsewhere of why comes first. */
export function askedNow(said?: string): { reason?: string; from?: Origin } {
  const { reason = undefined, from = undefined } = actingNow() ?? {};
  const why = said ?? reason;
  return { ...(why !== undefined && { reason: why }), ...(from && { from }) };
}
