import * as z from 'zod';
import { actor } from './actor.ts';

/** A legal hold: who has placed it, when and why. What is under it is not deleted and does not expire. */
export const hold = z.object({ actor, at: z.string(), reason: z.string().optional() });
export type Hold = z.infer<typeof hold>;

/** In seconds since 1970: the last second of the year 9999. */
export const FOREVER = 253_402_300_799;

export const holdSaid = ({ actor, at, reason }: Hold) =>
  `It is under a legal hold, placed by ${actor.name} at ${at}${reason === undefined ? '' : ` (${reason})`}.`;
