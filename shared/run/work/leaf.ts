import * as z from 'zod';
import { stepFiles } from '../../file/step-files.ts';
import { maskOf } from '../../mask.ts';
import { leafKind } from '../../step/registry.ts';
import { StepError } from '../../step/step-error.ts';
import { conditionOf } from '../../workflow/condition.ts';
import { secondsOf } from '../../workflow/duration.ts';
import { DEFAULT_TIMEOUT_SECONDS, GRACE_SECONDS, MAX_TIMEOUT_SECONDS } from '../../workflow/limits.ts';
import { afterFailure } from '../after-failure.ts';
import { isDrained, isHalting } from '../control/halt.ts';
import { whenQuiet } from '../control/when-quiet.ts';
import { maskedError, maskedStepInput, secretsOfRun } from '../masked.ts';
import { StepEnded } from '../ports.ts';
import type { Stored } from '../run.ts';
import { settleRun } from '../settle-run.ts';
import { Control } from '../signal.ts';
import { isTerminal } from '../status.ts';
import { hasEnded, isPassed, type StepRow } from '../step-row.ts';
import { ValueTooLarge } from '../value.ts';
import { evaluate, lines, markRunning, type Scene } from './scene.ts';

/** A step that ends sooner is written once, started and completed together. */
const ANNOUNCE_AFTER_MS = 500;
/** While an outside call is longer in flight than this, the worker watches the run. */
const WATCH_EVERY_MS = 1000;

/**
 * Takes one leaf step through one execution. Returns when the step has passed, now or before; throws its error under its stable name when it
 * has failed for good, `StepRetry` when another attempt is due, `RunEnded` when the run goes on no more.
 */
export async function performLeaf(scene: Scene): Promise<void> {
  if (answered(scene.row)) return;
  const attempt = new Attempt(scene);
  if (await skippedByCondition(scene)) return;
  try {
    if (scene.row?.status === 'running' && !scene.planned.step.repeatable) {
      throw new StepError('StepInterrupted', 'The step was in flight when its worker stopped, and it says repeatable: false.');
    }
    await attempt.succeed(await execute(scene, attempt));
  } catch (error) {
    if (error instanceof Control || error instanceof StepEnded) throw error;
    throw await attempt.fail(asStepError(error));
  } finally {
    await attempt.close();
    if (attempt.seesHalt) await whenQuiet(scene.worker, scene.run.id);
  }
}

/** Whether the checkpoint answers for the step. Throws what it failed with. */
export function answered(row: StepRow | undefined): boolean {
  if (!row || !hasEnded(row)) return false;
  if (isPassed(row)) return true;
  if (row.status === 'failed' && row.error) throw quiet(row.error.name, row.id);
  throw new Control('RunEnded', 'The step was closed with its run.');
}

/** Evaluates `if`; false writes the step off as skipped. */
export async function skippedByCondition(scene: Scene): Promise<boolean> {
  const { worker, run, planned, scope, key, row } = scene;
  if (planned.step.if === undefined || row) return false;
  if (await condition(scene)) return false;

  const at = worker.now().toISOString();
  const events = lines(
    scene,
    [{ type: 'step_completed', message: 'Skipped: its condition was false.', skipped: true, reason: 'condition' }],
    [at],
  );
  const skipped: StepRow = {
    key,
    id: planned.id,
    scope,
    status: 'skipped',
    reason: 'condition',
    failures: 0,
    endedAt: at,
    logId: events[0]?.id,
    events,
  };
  await worker.runs.putStep(run.id, skipped);
  scene.outputs.learn([skipped]);
  return true;
}

async function condition(scene: Scene): Promise<boolean> {
  try {
    return conditionOf(await evaluate(scene, scene.planned.step.if, 'if'), `${scene.planned.id}.if`);
  } catch (error) {
    throw await new Attempt(scene).fail(asStepError(error));
  }
}

async function execute(scene: Scene, attempt: Attempt): Promise<{ input: unknown; output: unknown }> {
  const { planned } = scene;
  const kind = leafKind(planned.step.kind);
  const seconds = await timeoutSeconds(scene);
  attempt.limit(seconds);
  const input = await evaluate(scene, planned.step.spec, planned.step.kind, undefined, { signal: attempt.signal });
  const spec = kind.resolved.safeParse(input);
  if (!spec.success) {
    const [issue] = spec.error.issues;
    throw new StepError(
      'ExpressionError',
      `${planned.id}.${[planned.step.kind, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`,
    );
  }
  const { shown, secrets } = maskedStepInput(kind, input, await secretsOfRun(scene.worker, scene.run));
  await attempt.start(shown, secrets, seconds);
  const full = await kind.execute(spec.data, {
    runId: scene.run.id,
    stepKey: scene.key,
    attempt: attempt.number,
    now: scene.worker.now,
    signal: attempt.signal,
    files: stepFiles(scene.worker.files, scene.run, scene.worker.now),
  });
  const { output: template } = planned.step;
  const output = template === undefined ? full : await evaluate(scene, template, 'output', full, { signal: attempt.signal });
  return { input, output };
}

async function timeoutSeconds(scene: Scene): Promise<number> {
  const { timeout } = scene.planned.step;
  if (timeout === undefined) return DEFAULT_TIMEOUT_SECONDS;
  const seconds =
    secondsOf(timeout) ??
    z.coerce
      .number()
      .positive()
      .max(MAX_TIMEOUT_SECONDS)
      .safeParse(await evaluate(scene, timeout, 'timeout')).data;
  if (seconds === undefined)
    throw new StepError(
      'ExpressionError',
      `${scene.planned.id}.timeout must give seconds: more than 0 and at most ${MAX_TIMEOUT_SECONDS}.`,
    );
  return seconds;
}

/** One execution of a step: its timers, its row, its lines in the log. */
class Attempt {
  readonly number: number;
  readonly #scene: Scene;
  readonly #abort = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #startedAt: string;
  #announced: Promise<void> | undefined;
  #input: Stored | undefined;
  #secrets: string[] | undefined;
  #heldUntil: string | undefined;
  /** The run was seen to pause or drain: when this attempt is over, it may have been the last in flight. */
  seesHalt = false;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.number = (scene.row?.failures ?? 0) + 1;
    this.#startedAt = scene.worker.now().toISOString();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** From here on its time runs: that of its expressions counts. */
  limit(timeoutSeconds: number): void {
    const late = () => this.#abort.abort(new StepError('Timeout', `The step did not end within ${timeoutSeconds} s.`));
    this.#timers.push(setTimeout(late, timeoutSeconds * 1000));
  }

  /** From here on the step is in flight. */
  async start(input: unknown, secrets: string[], timeoutSeconds: number): Promise<void> {
    const { worker, run, key, planned } = this.#scene;
    this.#secrets = secrets;
    this.#input = await worker.values.store(run.id, `${key}.input`, input);
    this.#heldUntil = new Date(worker.now().getTime() + (timeoutSeconds + GRACE_SECONDS) * 1000).toISOString();
    if (!planned.step.repeatable) await this.#announce();
    else
      this.#timers.push(
        setTimeout(() => this.#announce().catch((error: unknown) => this.#abort.abort(error)), ANNOUNCE_AFTER_MS),
      );
    this.#timers.push(setInterval(() => void this.#watch(), WATCH_EVERY_MS));
  }

  async succeed({ output }: { output: unknown }): Promise<void> {
    const { worker, run, key } = this.#scene;
    const stored = await worker.values.store(run.id, `${key}.output`, output);
    await this.#end({ status: 'succeeded', output: stored }, { type: 'step_completed', message: 'Completed.', output: true });
  }

  /** Writes the failure down and answers what to throw. */
  async fail(cause: StepError): Promise<Error> {
    const { planned, worker, run } = this.#scene;
    const error = maskedError(cause, maskOf(this.#secrets ?? (await secretsOfRun(worker, run))));
    const failure = { name: error.name, message: error.message, ...(error.data !== undefined && { data: error.data }) };
    if (afterFailure(error.name, this.number, planned.step.retry).kind === 'fail') {
      await this.#end(
        { status: 'failed', failures: this.number, error: failure },
        { type: 'step_failed', message: said(error), data: error.data },
      );
      return quiet(error.name, planned.id);
    }
    await this.close();
    const at = worker.now().toISOString();
    const events = this.#lines(
      { type: 'step_retrying', message: `${said(error)}; another attempt follows`, data: error.data },
      at,
    );
    await worker.runs.putStep(run.id, { ...this.#row(), status: 'pending', failures: this.number, error: failure }, { events });
    return new Control('StepRetry', `Step ${planned.id} is due for another attempt.`);
  }

  /** Lets no timer outlive the attempt. */
  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    await this.#announced?.catch(() => undefined);
  }

  async #end(change: Pick<StepRow, 'status'> & Partial<StepRow>, line: Parameters<typeof lines>[1][number]): Promise<void> {
    const { worker, run, outputs } = this.#scene;
    await this.close();
    const at = worker.now().toISOString();
    const events = this.#lines(line, at);
    const { heldUntil: _, ...base } = this.#row();
    const row: StepRow = { ...base, ...change, endedAt: at, logId: events.at(-1)?.id, events };
    await worker.runs.putStep(run.id, row);
    outputs.learn([row]);
    worker.watcher.stepEnded(row);
  }

  #announce(): Promise<void> {
    this.#announced ??= this.#sayStarted();
    return this.#announced;
  }

  async #sayStarted(): Promise<void> {
    const { worker, run } = this.#scene;
    const events = lines(this.#scene, [this.#started()], [this.#startedAt]);
    await Promise.all([worker.runs.putStep(run.id, { ...this.#row(), status: 'running' }, { events }), markRunning(worker, run)]);
  }

  async #watch(): Promise<void> {
    const { worker, run, key } = this.#scene;
    const seen = await worker.runs.load(run.id, [key]).catch(() => undefined);
    if (!seen) return;
    const row = seen.steps.get(key);
    if (row && hasEnded(row)) this.#abort.abort(new StepEnded(key));
    else if (seen.run && isDrained(seen.run, worker.now())) await settleRun(worker, seen.run, { kind: 'cancelled' });
    else if (seen.run && isHalting(seen.run) && !isTerminal(seen.run.status)) this.seesHalt = true;
    else if (!seen.run || isTerminal(seen.run.status) || seen.run.stop)
      this.#abort.abort(new Control('RunEnded', 'The run has ended.'));
  }

  #row(): StepRow {
    const { key, planned, scope, row } = this.#scene;
    const input = this.#input ?? row?.input;
    return {
      key,
      id: planned.id,
      scope,
      status: 'running',
      failures: this.number - 1,
      ...(this.#heldUntil !== undefined && { heldUntil: this.#heldUntil }),
      startedAt: row?.startedAt ?? this.#startedAt,
      ...(input && { input }),
    };
  }

  #started(): Parameters<typeof lines>[1][number] {
    return {
      type: 'step_started',
      message: this.number === 1 ? 'Started.' : `Started attempt ${this.number}.`,
      attempt: this.number,
    };
  }

  #lines(last: Parameters<typeof lines>[1][number], at: string) {
    const line = { ...last, attempt: this.number };
    return this.#announced
      ? lines(this.#scene, [line], [at])
      : lines(this.#scene, [this.#started(), line], [this.#startedAt, at]);
  }
}

const said = (error: StepError) => `${error.name}: ${error.message}`;

/** What reaches the execution history: the name, no customer data. The row has the whole message. */
export const quiet = (name: string, step: string) =>
  new StepError(name, `Step ${step} failed; its row in the run has the message.`);

export function asStepError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  if (error instanceof ValueTooLarge) return new StepError('OutputTooLarge', error.message);
  throw error;
}
