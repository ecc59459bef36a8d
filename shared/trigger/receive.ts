import { ulid } from 'ulid';
import { Problem } from '../problem.ts';
import type { Started } from '../run/start/start-run.ts';
import type { Receipt, Receipts } from './receipt.ts';

/** A knock before it is known what becomes of it. One that may be delivered again names its own receipt. */
export type Knock = Omit<Receipt, 'id' | 'at' | 'outcome' | 'reason' | 'runId' | 'replays'> & { id?: string };

export interface Receiver {
  receipts: Receipts;
  now: () => Date;
}

/**
 * Lets a knock in or turns it away, and writes down which. `start` throws a `Problem` for what is to be turned away; faults of ours go through, so that the
 * service that delivered the knock delivers it again.
 */
export async function receive(services: Receiver, knock: Knock, start: () => Promise<Started>): Promise<Receipt> {
  const now = services.now();
  const receipt: Receipt = { id: ulid(now.getTime()), ...knock, at: now.toISOString(), replays: 0, ...(await outcomeOf(start)) };
  await services.receipts.put(receipt);
  return receipt;
}

/** Gives a receipt that was rejected another chance. */
export async function receiveAgain(services: Receiver, seen: Receipt, start: () => Promise<Started>): Promise<Receipt> {
  if (seen.outcome !== 'rejected')
    throw new Problem('conflict', `Receipt ${seen.id} was not rejected: it is ${seen.outcome}.`, [
      { name: 'outcome', value: seen.outcome },
    ]);
  const { reason: _, ...rest } = seen;
  const receipt: Receipt = { ...rest, replays: seen.replays + 1, ...(await outcomeOf(start)) };
  await services.receipts.put(receipt);
  return receipt;
}

async function outcomeOf(start: () => Promise<Started>): Promise<Pick<Receipt, 'outcome' | 'reason' | 'runId'>> {
  try {
    const { run, isRepeat } = await start();
    if (isRepeat) return { outcome: 'duplicate', runId: run.id };
    if (run.status === 'skipped')
      return { outcome: 'skipped', runId: run.id, ...(run.reason !== undefined && { reason: run.reason }) };
    return { outcome: 'accepted', runId: run.id };
  } catch (error) {
    if (error instanceof Problem) return { outcome: 'rejected', reason: error.message.slice(0, 1000) };
    throw error;
  }
}
