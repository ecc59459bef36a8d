import { setTimeout as sleep } from 'node:timers/promises';
import { callOf, ticketOf } from '../../connection/calls.ts';
import { passageOf } from '../../connection/circuit.ts';
import type { Connection } from '../../connection/connection.ts';
import type { Rate } from '../../connection/limits.ts';
import { newId } from '../../kernel/id.ts';
import type { Entry } from '../model/entry.ts';
import { letIn } from '../place/let-in.ts';
import { tell } from '../tell/tell.ts';
import type { Scene } from './scene.ts';

/** Slept through in the driver: a turn that is further off is waited for without one. */
const SHORT_WAIT_MS = 2_000;
/** Whoever gives its place back calls who is next; who has not been called by then looks again. */
const LOOK_AGAIN_MS = 15 * 60_000;
/** Longer than the time limit of the step, whatever its driver is busy with. */
const LEASE_GRACE_MS = 60_000;

/** What a step has that may call. */
export interface Turn {
  /** Gives its place back. What fails here is no reason to lose what came of the call: the place is free by itself a while later. */
  leave(): Promise<void>;
  /** Lets in whoever is next. */
  letOthersIn(): Promise<void>;
}

/** Of what has no limit. */
export const FREE: Turn = { leave: async () => {}, letOthersIn: async () => {} };

/**
 * The turn of a step that is to call through a connection, by its limits; undefined when it has to wait, which is recorded then. One whose circuit is open
 * hears that at once. The order is that of arrival, across runs; a step whose turn was taken and whose driver has died keeps it.
 */
export async function takeTurn(
  scene: Scene,
  connection: Connection,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<Turn | undefined> {
  const { id, name, limits: { concurrency, rate } = {} } = connection;
  const { services, key, step, journal } = scene;
  if (passageOf(connection, services.now(), step?.retriedAt) === 'open') return FREE;
  const call = { runId: journal.run.id, stepKey: key };
  const turn = concurrency === undefined ? FREE : turnOf(scene, id);
  if (concurrency !== undefined) {
    const until = new Date(services.now().getTime() + seconds * 1000 + LEASE_GRACE_MS);
    const { entered, before } = await services.calls.enter(id, call, { limit: concurrency, until });
    if (!entered) {
      await waitForPlace(scene, connection, { limit: concurrency, before });
      return undefined;
    }
  }
  if (rate === undefined || step?.queued?.slot) return turn;
  const slot = await services.calls.reserve(id, rate);
  const waitMs = slot.getTime() - services.now().getTime();
  if (waitMs <= SHORT_WAIT_MS) {
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    return turn;
  }
  // A place is for those who call.
  await turn.leave();
  queue(scene, {
    until: slot,
    slot: true,
    reason: `connection "${name}" takes ${inWords(rate)}; its turn is at ${slot.toISOString()}`,
  });
  await turn.letOthersIn();
  return undefined;
}

/** Waits until the rate lets a step call once more that is calling already: a further page. Throws the reason of the signal. */
export async function nextTurn(
  { calls, now }: Pick<Scene['services'], 'calls' | 'now'>,
  { id, limits: { rate } = {} }: Connection,
  signal: AbortSignal,
): Promise<void> {
  if (rate === undefined) return;
  const waitMs = (await calls.reserve(id, rate)).getTime() - now().getTime();
  if (waitMs <= 0) return;
  await sleep(waitMs, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
}

const inWords = ({ count, per }: Rate) => `${count} call${count === 1 ? '' : 's'} in ${per}`;

/** First the journal says that it waits: whoever calls it finds it so. */
async function waitForPlace(scene: Scene, { id, name }: Connection, { limit, before }: { limit: number; before: number }) {
  const { services, journal, step, key } = scene;
  const now = services.now().getTime();
  const ticket = step?.queued?.ticket ?? ticketOf(newId(now), { runId: journal.run.id, stepKey: key });
  const slot = step?.queued?.slot;
  const reason = `connection "${name}" takes ${limit} call${limit === 1 ? '' : 's'} at once, and ${before} wait${before === 1 ? 's' : ''} before it`;
  queue(scene, { until: new Date(now + LOOK_AGAIN_MS), ticket, reason, ...(slot && { slot }) });
  await journal.flush();
  await services.calls.wait(id, ticket, limit);
  await letCallsIn(scene, id);
}

function queue(
  { journal, services, key }: Scene,
  { until, ...why }: { until: Date; ticket?: string; slot?: boolean; reason: string },
) {
  journal.record({ type: 'step_queued', at: services.now().toISOString(), key, until: until.toISOString(), ...why });
}

function turnOf(scene: Scene, connection: string): Turn {
  const { services, journal, key } = scene;
  const lost = (error: unknown) => services.watcher.placeLost(journal.run, error);
  let hasPlace = true;
  return {
    leave: async () => {
      if (!hasPlace) return;
      hasPlace = false;
      await services.calls.leave(connection, { runId: journal.run.id, stepKey: key }).catch(lost);
    },
    letOthersIn: () => letCallsIn(scene, connection).catch(lost),
  };
}

/** Gives places to those who wait, in the order of their arrival, as far as there are some. */
async function letCallsIn(scene: Scene, connection: string): Promise<void> {
  const { services } = scene;
  let isStale = true;
  // Who does not wait any more makes room at once.
  while (isStale) {
    isStale = false;
    await letIn({ places: services.calls, watcher: services.watcher }, connection, async (ticket) => {
      if (await isTold(scene, ticket)) return;
      isStale = true;
      await services.calls.leave(connection, callOf(ticket));
    });
  }
}

/** Says to a step that it is its turn; false when it waits no more. A step of this very run hears of it here. */
async function isTold({ services, journal }: Scene, ticket: string): Promise<boolean> {
  const { runId, stepKey: key } = callOf(ticket);
  const entry = (): Entry => ({ type: 'step_admitted', at: services.now().toISOString(), key, ticket });
  if (runId === journal.run.id) {
    if (journal.state.step(key)?.queued?.ticket !== ticket) return false;
    journal.record(entry());
    await journal.flush();
    return true;
  }
  let isWaiting = false;
  await tell(services, runId, (state) => {
    isWaiting = !state.ended && !state.stop && state.step(key)?.queued?.ticket === ticket;
    return isWaiting ? [entry()] : [];
  });
  return isWaiting;
}
