import type { Rate } from './limits.ts';

/** One step of a run that calls through a connection. */
export interface Call {
  runId: string;
  stepKey: string;
}

/** Its turn, by the time of its arrival: they sort in the order in which they have come. */
export const ticketOf = (arrival: string, { runId, stepKey }: Call) => `${arrival} ${runId} ${stepKey}`;

export const arrivalOf = (ticket: string) => ticket.split(' ', 1)[0] ?? '';

/** Whose turn it is. */
export function callOf(ticket: string): Call {
  const [, runId = '', ...rest] = ticket.split(' ');
  return { runId, stepKey: rest.join(' ') };
}

/** How many call through a connection, and how often. */
export interface Calls {
  /** The next instant at which its rate lets somebody call; it is the caller's, and nobody else's. */
  reserve(connection: string, rate: Rate): Promise<Date>;
  /**
   * Takes a place until then, unless so many have one, or others wait for one; whoever has one keeps it. `before`: how many wait. A place that nobody has
   * given back by its time is free.
   */
  enter(connection: string, call: Call, at: { limit: number; until: Date }): Promise<{ entered: boolean; before: number }>;
  /** Waits for a place; said once more it is said once. */
  wait(connection: string, ticket: string, limit: number): Promise<void>;
  /** Gives a place back. */
  leave(connection: string, call: Call): Promise<void>;
  /** Who has a place; `called`: tickets of those among them that may not know it yet. */
  look(connection: string): Promise<{ running: string[]; called: string[] }>;
  /** Who waits, in the order of arrival. */
  waiting(connection: string, most: number): Promise<{ id: string; limit: number }[]>;
  /** Gives a place to one that waits. False when there is none, or it waits no more. */
  call(connection: string, waiting: { id: string; limit: number }): Promise<boolean>;
  /** It knows that it was called. */
  heard(connection: string, ticket: string): Promise<void>;
}
