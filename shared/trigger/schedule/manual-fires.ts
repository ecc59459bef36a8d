import type { Actor } from '../../kernel/actor.ts';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import { startable } from '../../run/start/prepare-run.ts';
import { throwRefusal } from '../delivery/receive.ts';
import { type Fire, firesBetween } from './fires.ts';
import type { ScheduleServices } from './ports.ts';
import { withFire } from './progress.ts';
import { write } from './save-schedule.ts';
import { type LedgerFire, type Schedule, timingOf } from './schedule.ts';
import { afterDelivery, deliver, fireKey, startRequestOf } from './start-fire.ts';

/** Fires that one backfill asks for at the most: as many as start within one request. */
const MOST_BACKFILLED = 100;
const AT_ONCE = 5;

/**
 * Starts a run now, whatever its state, its time and its overlap rule say. The same idempotency key starts one. What the workflow refuses is refused as at any
 * other start, and stands in the ledger.
 */
export async function triggerNow(
  services: ScheduleServices,
  schedule: Schedule,
  actor: Actor,
  idempotencyKey: string | undefined,
): Promise<LedgerFire> {
  const now = services.now();
  // Without a key of theirs every request is one of its own, however many arrive in one millisecond.
  const key = `${schedule.id} trigger ${idempotencyKey ?? newId(now.getTime())}`;
  const received = await deliver(services, schedule, now.toISOString(), key, actor);
  const { delivery } = received;
  const run = delivery.runId === undefined ? undefined : await services.runs.get(delivery.runId);
  const nominal = run?.createdAt ?? now.toISOString();
  const line = { ...newLine(schedule, nominal, 'manual', services.now()), trigger: delivery.runId ?? delivery.id };
  const fire = await services.schedules.claim(afterDelivery(line, delivery));
  await remember(services, schedule, [fire]);
  throwRefusal(received);
  return fire;
}

export interface Backfill {
  from: Date;
  to: Date;
  /** Leave fires alone whose run has succeeded. */
  skipSucceeded: boolean;
  actor: Actor;
}

/**
 * Starts the runs of fires of the past: of those that started none under their own name, so that nothing starts twice; of those that did once more. All at once,
 * whatever the overlap rule says.
 */
export async function backfill(
  services: ScheduleServices,
  schedule: Schedule,
  { from, to, skipSucceeded, actor }: Backfill,
): Promise<{ fires: LedgerFire[]; left: string[] }> {
  const now = services.now();
  if (to <= from) throw refused('to', 'The backfill ends before it begins.');
  if (to > now) throw refused('to', 'A backfill is of the past; "to" lies in the future.');
  const expected = few(firesBetween(timingOf(schedule), from.getTime(), to.getTime()));
  // A workflow that starts nothing would turn every one of them away.
  await startable(services, startRequestOf(schedule, ''));
  const fires: LedgerFire[] = [];
  const left: string[] = [];
  for (let at = 0; at < expected.length; at += AT_ONCE) {
    const some = expected.slice(at, at + AT_ONCE).map(({ at: instant }) => new Date(instant).toISOString());
    const done = await Promise.all(some.map((nominal) => again(services, schedule, nominal, { skipSucceeded, actor })));
    for (const [index, fire] of done.entries()) fire ? fires.push(fire) : left.push(some[index] ?? '');
  }
  await remember(services, schedule, fires);
  return { fires, left };
}

function few(expected: Iterable<Fire>): Fire[] {
  const found: Fire[] = [];
  for (const fire of expected) {
    if (found.push(fire) > MOST_BACKFILLED)
      throw refused('to', `More than ${MOST_BACKFILLED} fires lie between these times. Backfill fewer at once.`);
  }
  return found;
}

async function again(
  services: ScheduleServices,
  schedule: Schedule,
  nominal: string,
  { skipSucceeded, actor }: Pick<Backfill, 'skipSucceeded' | 'actor'>,
): Promise<LedgerFire | undefined> {
  const line = newLine(schedule, nominal, 'backfill', services.now());
  const seen = await services.schedules.claim({ ...line, outcome: 'starting' });
  const run = seen.runId === undefined ? undefined : await services.runs.get(seen.runId);
  if (seen.outcome === 'queued' || (skipSucceeded && run?.status === 'succeeded')) return undefined;
  const claimed = seen.outcome === 'starting' ? seen : await services.schedules.amend(seen, retried(seen, services.now()));
  if (claimed.outcome !== 'starting') return claimed;
  const { delivery } = await deliver(services, schedule, nominal, fireKey(schedule.id, nominal, claimed.attempt), actor);
  return services.schedules.amend(claimed, afterDelivery(claimed, delivery));
}

/** A fire that started no run has its own name left; one that did gets another. */
function retried({ reason: _, runId, deliveryId: __, count: ___, through: ____, ...seen }: LedgerFire, now: Date): LedgerFire {
  return {
    ...seen,
    ...late(seen.nominal, now),
    kind: 'backfill',
    outcome: 'starting',
    attempt: runId === undefined ? seen.attempt : seen.attempt + 1,
  };
}

const newLine = ({ id, workspace }: Schedule, nominal: string, kind: LedgerFire['kind'], now: Date): LedgerFire => ({
  scheduleId: id,
  workspace,
  nominal,
  kind,
  outcome: 'starting',
  attempt: 1,
  ...late(nominal, now),
});

const late = (nominal: string, now: Date) => ({
  at: now.toISOString(),
  lateBy: Math.max(0, Math.floor((now.getTime() - Date.parse(nominal)) / 1000)),
});

/** Their runs count for the overlap rule and for failures like any other. */
async function remember(services: ScheduleServices, { id }: Schedule, fires: LedgerFire[]): Promise<void> {
  if (!fires.some(({ outcome }) => outcome === 'started')) return;
  const started = fires.filter(({ outcome }) => outcome === 'started');
  await write(services, id, async (seen) => started.reduce((schedule, fire) => withFire(services, schedule, fire), seen));
}

const refused = (name: string, message: string) => new Problem('invalid', message, [{ name, value: message }]);
