import { conditionOf } from '../../expression/condition.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import { kindOf, timerKind } from '../../step/registry.ts';
import { type PlannedStep, plannedIn } from '../../workflow/plan.ts';
import { type Begin, isPure } from '../decide/decide.ts';
import { failed } from '../decide/failures.ts';
import type { Journal } from '../journal/journal.ts';
import type { Failure } from '../model/entry.ts';
import { parseKey } from '../model/scope.ts';
import { ValueTooLarge } from '../model/value.ts';
import { maskedFailure } from '../shown/masked.ts';
import { approvalResult, openApproval } from './approvals.ts';
import { childResult, startChild, startLostChild } from './children.ts';
import type { DriveServices } from './drive-services.ts';
import { executeLeaf } from './execute-leaf.ts';
import { closeGroup, openGroup } from './group.ts';
import type { Names } from './names.ts';
import { isRecorded } from './recorded.ts';
import { resolvedSpec } from './resolved-spec.ts';
import { complete, evaluate, record, recordEntry, type Scene } from './scene.ts';

/** Begins what was decided, and records what comes of it. */
export class Beginner {
  readonly #services: DriveServices;
  readonly #journal: Journal;
  readonly #names: Names;

  constructor(services: DriveServices, journal: Journal, names: Names) {
    this.#services = services;
    this.#journal = journal;
    this.#names = names;
  }

  /** What reaches nothing outside is done at once and before anything is written; the rest is in flight. */
  sort(begins: Begin[]): [pure: Begin[], outside: Begin[]] {
    return [begins.filter(isPure), begins.filter((begin) => !isPure(begin))];
  }

  /** Takes a step through. What it fails with is recorded; what is thrown is a fault of ours. */
  async act(begin: Begin, signal: AbortSignal): Promise<void> {
    const { kind, planned, scope } = begin;
    const scene = this.#sceneOf(planned, scope, isPure(begin) ? this.#journal.revision : undefined);
    await this.#recorded(scene, signal, async () => {
      if (kind === 'start') await start(scene, signal);
      else if (kind === 'close') await closeGroup(scene);
      else await complete(scene, await finished(scene));
    });
  }

  /** The journal names a run that was never started. */
  async startLostChild(key: string, signal: AbortSignal): Promise<void> {
    const { id, scope } = parseKey(key);
    const scene = this.#sceneOf(plannedIn(this.#journal.state.plan, id), scope, undefined);
    await this.#recorded(scene, signal, () => startLostChild(scene));
  }

  #sceneOf(planned: PlannedStep, scope: string, revision: number | undefined): Scene {
    const key = scope + planned.id;
    const step = this.#journal.state.step(key);
    return {
      services: this.#services,
      journal: this.#journal,
      names: this.#names,
      planned,
      scope,
      key,
      revision,
      step: step && { ...step },
    };
  }

  async #recorded(scene: Scene, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      // It was given up: whoever did that has said why.
      if (signal.aborted && !(signal.reason instanceof StepError)) return;
      const failure = failureOf(error);
      this.#recordFailure(scene, maskedFailure(failure, maskOf(scene.secrets ?? (await this.#names.secrets()))));
    }
  }

  #recordFailure(scene: Scene, error: Failure): void {
    const { planned, key, step: before, used } = scene;
    const step = this.#journal.state.step(key) ?? { key, failures: 0 };
    // Another driver has counted this attempt already.
    if (step.failures !== (before?.failures ?? 0)) return;
    const failure = failed(planned, step, error, { now: this.#services.now(), random: this.#services.random });
    const entry = used ? { ...failure, usage: used } : failure;
    const atOnce = entry.type === 'step_retrying' && isRecorded(scene.journal.run);
    recordEntry(scene, atOnce ? { ...entry, dueAt: entry.at } : entry);
  }
}

async function start(scene: Scene, signal: AbortSignal): Promise<void> {
  if (await isSkipped(scene)) return record(scene, { type: 'step_skipped', reason: 'condition' });
  switch (kindOf(scene.planned.step.kind).shape) {
    case 'leaf':
      return executeLeaf(scene, signal);
    case 'group':
      return openGroup(scene);
    case 'timer':
      return startTimer(scene);
    case 'call':
      return startChild(scene, signal);
    case 'ask':
      return openApproval(scene);
  }
}

/** Evaluates `if`, once: a further attempt of a step has passed it before. */
async function isSkipped(scene: Scene): Promise<boolean> {
  const { planned, step } = scene;
  if (planned.step.if === undefined || step?.startedAt !== undefined) return false;
  return !conditionOf(await evaluate(scene, planned.step.if, 'if'), `${planned.id}.if`);
}

/** Fixes the instant of a wait, once. */
async function startTimer(scene: Scene): Promise<void> {
  const { planned, services } = scene;
  const kind = timerKind(planned.step.kind);
  const spec = resolvedSpec(kind, planned.id, await evaluate(scene, planned.step.spec, planned.step.kind));
  // What is answered from the record waits for nothing.
  const until = isRecorded(scene.journal.run) ? services.now() : kind.until(spec, services.now());
  record(scene, { type: 'step_started', until: until.toISOString() });
}

/** The result of a wait that is over, of a run that has ended, of a question that was answered. */
async function finished(scene: Scene): Promise<unknown> {
  const { step } = scene;
  if (step?.answeredAt !== undefined) return approvalResult(scene, step.answeredAt);
  if (step?.child === undefined) return { until: step?.until ?? null };
  return childResult(scene, step);
}

function failureOf(error: unknown): Failure {
  if (error instanceof ValueTooLarge) return { name: 'OutputTooLarge', message: error.message };
  if (!(error instanceof StepError)) throw error;
  return { name: error.name, message: error.message, ...(error.data !== undefined && { data: error.data }) };
}
