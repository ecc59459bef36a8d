import { notFound, Problem } from '../problem.ts';
import type { Started } from '../run/start/start-run.ts';
import type { Payloads } from './payload.ts';
import type { Door, Receipt } from './receipt.ts';
import { type Receiver, receiveAgain } from './receive.ts';

/** How a door starts again what it turned away, from the raw payload if it kept one. Throws a `Problem` for what is to be turned away once more. */
export type Replay = (receipt: Receipt, raw: Buffer | undefined) => Promise<Started>;

export interface Replayer extends Receiver {
  payloads: Payloads;
  replays: Partial<Record<Door, Replay>>;
}

/** Gives a rejected receipt another chance at its own door. */
export async function replayReceipt(services: Replayer, seen: Receipt): Promise<Receipt> {
  const replay = services.replays[seen.door];
  if (!replay) throw new Problem('conflict', `What comes by ${seen.door} cannot be replayed.`);
  const raw = seen.payload === undefined ? undefined : await services.payloads.get(seen.payload);
  if (seen.payload !== undefined && !raw) throw notFound('payload of receipt', seen.id);
  return receiveAgain(services, seen, () => replay(seen, raw));
}
