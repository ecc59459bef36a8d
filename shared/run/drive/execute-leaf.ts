import * as z from 'zod';
import { secondsOf } from '../../expression/duration.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import type { Template } from '../../expression/template.ts';
import { stepFiles } from '../../file/step-files.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../../kernel/limits.ts';
import { StepError } from '../../kernel/step-error.ts';
import { traceFrom } from '../../kernel/trace.ts';
import type { Executor, LeafKind } from '../../step/kind.ts';
import { partedSpec } from '../../step/late-keys.ts';
import { leafKind } from '../../step/registry.ts';
import { summedUsage, type Usage } from '../../usage/usage.ts';
import type { Journal } from '../journal/journal.ts';
import { maskedStepInput } from '../shown/masked.ts';
import { Line } from './line.ts';
import { isRecorded, recordedResult } from './recorded.ts';
import { resolvedSpec } from './resolved-spec.ts';
import { complete, evaluate, mayStillBegin, record, type Scene } from './scene.ts';
import type { Turn } from './take-turn.ts';
import { TimeLimit } from './time-limit.ts';

/** A step that ends sooner is written once, its start and its end together. */
const ANNOUNCE_AFTER_MS = 500;

/** Executes one leaf step, once. Throws `StepError` when this attempt has failed. Ends without a word of it when the step has to wait for its turn. */
export async function executeLeaf(scene: Scene, outer: AbortSignal): Promise<void> {
  const { journal, names, planned } = scene;
  const seconds = await timeoutSeconds(scene);
  const limit = new TimeLimit(seconds, outer, scene.services.now);
  const kind = leafKind(planned.step.kind);
  const { early, later } = partedSpec(kind, planned.step.spec);
  const evaluated = await inputOf(scene, early, limit);
  const input = kind.late ? Object.assign({}, evaluated, later) : evaluated;
  const spec = resolvedSpec(kind, planned.id, input);
  const { shown, secrets } = maskedStepInput(kind, input, await names.secrets());
  scene.secrets = secrets;
  scene.opened = [];
  const reaches = !kind.evaluate && !isRecorded(journal.run);
  const line = reaches ? await Line.of(scene, spec) : undefined;
  const turn = line && (await line.turn({ seconds, signal: limit.signal }));
  if (line && !turn) return;
  try {
    await executeNow(scene, { kind, spec, shown, limit, line, turn });
  } finally {
    await turn?.leave();
    await turn?.letOthersIn();
  }
}

interface Execution {
  kind: LeafKind;
  spec: unknown;
  shown: unknown;
  limit: TimeLimit;
  line: Line | undefined;
  turn: Turn | undefined;
}

async function executeNow(scene: Scene, { kind, spec, shown, limit, line, turn }: Execution): Promise<void> {
  const { services, journal, names, planned, key } = scene;
  const stored = await services.values.store(journal.run.id, `${key}.input`, shown);
  if (!kind.evaluate && !(await mayStillBegin(scene, limit.signal))) return;
  record(scene, { type: 'step_started', input: stored });
  // What may not be repeated says that it starts before it does.
  if (!planned.step.repeatable) await journal.flush();
  const announced = planned.step.repeatable && announce(journal);
  const attempt = (scene.step?.failures ?? 0) + 1;
  const context = {
    runId: journal.run.id,
    workspace: journal.run.workspace,
    project: journal.run.project,
    workflow: journal.run.workflowName,
    workflowId: journal.run.workflowId,
    trigger: journal.run.trigger,
    labels: journal.run.labels,
    stepKey: key,
    attempt,
    trace: traceFrom(journal.run, `${key} ${attempt}`),
    now: services.now,
    signal: limit.signal,
    connection: (name: string) => (line ?? new Line(scene, name, undefined)).open(),
    nextTurn: async () => line?.nextTurn(limit.signal),
    used: (usage: Usage) => {
      scene.used = summedUsage([scene.used ?? {}, usage]);
    },
    speech: async () =>
      services.speaker?.speechOf({
        runId: journal.run.id,
        name: key,
        attempt,
        secrets: () => scene.secrets ?? [],
        signal: limit.signal,
      }),
    files: stepFiles(services.files, journal.run, services.now),
    evaluate: (template: Template, field: string, over: unknown) =>
      names.with(planned, scene.scope, (values) => evaluateTemplate(template, values, { step: planned.id, field }, over, limit)),
  };
  try {
    if (!kind.evaluate && isRecorded(journal.run)) {
      const { full, made } = await recordedResult(scene);
      return await complete(scene, full, { limit, made });
    }
    const call = () => limit.count(() => kind.evaluate?.(spec) ?? executorOf(scene, kind.name).execute(spec, context));
    const full = await (line ? line.through(call) : call());
    await turn?.leave();
    await complete(scene, full, { limit });
  } finally {
    if (announced) clearTimeout(announced);
  }
}

/** What stands in the document, unless somebody has given it other input. */
async function inputOf(scene: Scene, early: Template, limit: TimeLimit): Promise<unknown> {
  const { journal, services, planned, step } = scene;
  const given = await journal.stored(step?.givenAt, 'given');
  return given ? services.values.read(given) : evaluate(scene, early, planned.step.kind, undefined, limit);
}

function executorOf({ services }: Scene, kind: string): Executor {
  const executor = services.executors[kind];
  if (!executor) throw new Error(`nobody executes steps of kind ${kind}`);
  return executor;
}

/** A failed courtesy write never aborts an outside call; who is replaced hears of it by the next append. */
const announce = (journal: Journal) => setTimeout(() => journal.flush().catch(() => undefined), ANNOUNCE_AFTER_MS);

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
