import * as z from 'zod';
import { stepFiles } from '../../file/step-files.ts';
import { leafKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import { secondsOf } from '../../workflow/duration.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../../workflow/limits.ts';
import { maskedStepInput } from '../shown/masked.ts';
import { complete, evaluate, mayStillBegin, record, type Scene } from './scene.ts';

/** A step that ends sooner is written once, its start and its end together. */
const ANNOUNCE_AFTER_MS = 500;

/** Executes one leaf step, once. Throws `StepError` when this attempt has failed. */
export async function executeLeaf(scene: Scene, signal: AbortSignal): Promise<void> {
  const seconds = await timeoutSeconds(scene);
  const timer = new Timer(seconds, signal);
  try {
    await within(scene, timer);
  } finally {
    timer.clear();
  }
}

async function within(scene: Scene, timer: Timer): Promise<void> {
  const { services, journal, names, planned, key } = scene;
  const { signal } = timer;
  const kind = leafKind(planned.step.kind);
  const input = await evaluate(scene, planned.step.spec, planned.step.kind, undefined, { signal });
  const spec = kind.resolved.safeParse(input);
  if (!spec.success) {
    const [issue] = spec.error.issues;
    const field = [planned.step.kind, ...(issue?.path ?? [])].join('.');
    throw new StepError('ExpressionError', `${planned.id}.${field}: ${issue?.message}`);
  }
  const { shown, secrets } = maskedStepInput(kind, input, await names.secrets());
  scene.secrets = secrets;
  const stored = await services.values.store(journal.run.id, `${key}.input`, shown);
  if (!kind.isPure && !(await mayStillBegin(scene, signal))) return;
  record(scene, { type: 'step_started', input: stored });
  // What may not be repeated says that it starts before it does.
  if (!planned.step.repeatable) await journal.flush();
  else timer.announce(() => journal.flush());
  const full = await kind.execute(spec.data, {
    runId: journal.run.id,
    stepKey: key,
    attempt: (scene.step?.failures ?? 0) + 1,
    now: services.now,
    signal,
    files: stepFiles(services.files, journal.run, services.now),
  });
  await complete(scene, full, { signal });
}

/** Lets an attempt end in time, and be known when it takes long. */
class Timer {
  readonly signal: AbortSignal;
  readonly #timers: NodeJS.Timeout[];

  constructor(seconds: number, outer: AbortSignal) {
    const late = new AbortController();
    this.signal = AbortSignal.any([outer, late.signal]);
    const message = `The step did not end within ${seconds} s.`;
    this.#timers = [setTimeout(() => late.abort(new StepError('Timeout', message)), seconds * 1000)];
  }

  /** A failed courtesy write never aborts an outside call; who is replaced hears of it by the next append. */
  announce(write: () => Promise<void>): void {
    this.#timers.push(setTimeout(() => write().catch(() => undefined), ANNOUNCE_AFTER_MS));
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

async function timeoutSeconds(scene: Scene): Promise<number> {
  const { timeout } = scene.planned.step;
  if (timeout === undefined) return DEFAULT_TIMEOUT_SECONDS;
  const given = secondsOf(timeout) ?? (await evaluate(scene, timeout, 'timeout'));
  const seconds = z.coerce.number().positive().max(MAX_TIMEOUT_SECONDS).safeParse(given);
  if (seconds.success) return seconds.data;
  throw new StepError(
    'ExpressionError',
    `${scene.planned.id}.timeout must give seconds: more than 0 and at most ${MAX_TIMEOUT_SECONDS}.`,
  );
}
