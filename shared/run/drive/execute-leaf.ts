import * as z from 'zod';
import { secondsOf } from '../../expression/duration.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import type { Template } from '../../expression/template.ts';
import { stepFiles } from '../../file/step-files.ts';
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS } from '../../kernel/limits.ts';
import { StepError } from '../../kernel/step-error.ts';
import { traceFrom } from '../../kernel/trace.ts';
import type { Executor } from '../../step/kind.ts';
import { partedSpec } from '../../step/late-keys.ts';
import { leafKind } from '../../step/registry.ts';
import { summedUsage, type Usage } from '../../usage/usage.ts';
import type { Journal } from '../journal/journal.ts';
import { maskedStepInput } from '../shown/masked.ts';
import { isRecorded, recordedResult } from './recorded.ts';
import { resolvedSpec } from './resolved-spec.ts';
import { complete, evaluate, mayStillBegin, record, type Scene } from './scene.ts';
import { TimeLimit } from './time-limit.ts';

/** A step that ends sooner is written once, its start and its end together. */
const ANNOUNCE_AFTER_MS = 500;

/** Executes one leaf step, once. Throws `StepError` when this attempt has failed. */
export async function executeLeaf(scene: Scene, outer: AbortSignal): Promise<void> {
  const { services, journal, names, planned, key } = scene;
  const limit = new TimeLimit(await timeoutSeconds(scene), outer, services.now);
  const kind = leafKind(planned.step.kind);
  const { early, later } = partedSpec(kind, planned.step.spec);
  const evaluated = await inputOf(scene, early, limit);
  const input = kind.late ? Object.assign({}, evaluated, later) : evaluated;
  const spec = resolvedSpec(kind, planned.id, input);
  const { shown, secrets } = maskedStepInput(kind, input, await names.secrets());
  scene.secrets = secrets;
  scene.opened = [];
  const conceal = (secret: string) => {
    secrets.push(secret);
    scene.opened?.push(secret);
  };
  const stored = await services.values.store(journal.run.id, `${key}.input`, shown);
  if (!kind.evaluate && !(await mayStillBegin(scene, limit.signal))) return;
  record(scene, { type: 'step_started', input: stored });
  // What may not be repeated says that it starts before it does.
  if (!planned.step.repeatable) await journal.flush();
  let connection: string | undefined;
  const announced = planned.step.repeatable && announce(journal);
  const attempt = (scene.step?.failures ?? 0) + 1;
  const context = {
    runId: journal.run.id,
    workspace: journal.run.workspace,
    project: journal.run.project,
    workflow: journal.run.workflowName,
    stepKey: key,
    attempt,
    trace: traceFrom(journal.run, `${key} ${attempt}`),
    now: services.now,
    signal: limit.signal,
    connection: (name: string) => {
      connection = journal.run.connectionOverrides?.[name] ?? name;
      return services.openConnection(journal.run, name, conceal);
    },
    used: (usage: Usage) => {
      scene.used = summedUsage([scene.used ?? {}, usage]);
    },
    files: stepFiles(services.files, journal.run, services.now),
    evaluate: (template: Template, field: string, over: unknown) =>
      names.with(planned, scene.scope, (values) => evaluateTemplate(template, values, { step: planned.id, field }, over, limit)),
  };
  try {
    if (!kind.evaluate && isRecorded(journal.run)) {
      const { full, made } = await recordedResult(scene);
      return await complete(scene, full, { limit, made });
    }
    const full = await limit.count(() => kind.evaluate?.(spec) ?? executorOf(scene, kind.name).execute(spec, context));
    await complete(scene, full, { limit });
  } catch (error) {
    throw connection === undefined ? error : withConnection(error, connection);
  } finally {
    if (announced) clearTimeout(announced);
  }
}

/** Which connection was not taken: what people are asked about it is one question. */
function withConnection(error: unknown, connection: string): unknown {
  if (!(error instanceof StepError) || error.name !== 'CredentialRejected') return error;
  return new StepError(error.name, error.message, Object.assign({}, error.data, { connection }));
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
