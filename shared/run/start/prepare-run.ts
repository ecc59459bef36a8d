import { createHash } from 'node:crypto';
import * as z from 'zod';
import { conditionOf } from '../../expression/condition.ts';
import { secondsOf } from '../../expression/duration.ts';
import { evaluateTemplate } from '../../expression/expression.ts';
import { secretsOf } from '../../expression/input-secrets.ts';
import type { Template } from '../../expression/template.ts';
import { fileInput, givenFiles } from '../../file/given-files.ts';
import { DEFAULT_RUN_SECONDS } from '../../kernel/limits.ts';
import { type Mask, maskOf } from '../../kernel/mask.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';
import { checkInputs } from '../../workflow/check-inputs.ts';
import { longestRunSeconds } from '../../workflow/longest-run.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import type { RunConcurrency } from '../model/concurrency.ts';
import type { Stage } from '../model/status.ts';
import type { StartRequest, StartServices } from './start-request.ts';

/** A start as it would be: the definition found, the inputs completed and checked, what the document asks of the whole run evaluated. */
export interface Prepared {
  plan: Plan;
  hash: string;
  version: number | null;
  inputs: Record<string, unknown>;
  name: string;
  reference: string | undefined;
  /** False when `runIf` is. */
  wanted: boolean;
  timeoutSeconds: number;
  connectionOverrides: Record<string, string> | undefined;
  concurrency: RunConcurrency | undefined;
}

/** The names that templates of the whole run may use. */
export type RunNames = { id: string; trigger: string; startedAt: string };

/** Resolves and evaluates all that a start stands on. Throws what the caller should hear; writes nothing. */
export async function prepareRun(
  services: StartServices,
  workflow: Workflow,
  request: StartRequest,
  run: RunNames,
): Promise<Prepared> {
  const target = await definitionOf(services, workflow, request);
  const plan = await services.definitions.planOf(workflow.id, target.definition);

  const saved = request.useStartDefaults ? workflow.startDefaults : undefined;
  const connectionOverrides = checkedOverrides(plan, { ...saved?.connectionOverrides, ...request.connectionOverrides });
  const files = await givenFiles(services.files, request.fileIds, workflow, services.now());
  const inputs = await checked(plan, { ...saved?.inputs, ...request.inputs }, files.map(fileInput));
  const name = request.name ?? saved?.name ?? workflow.title ?? workflow.name;
  const given = request.reference ?? saved?.reference;
  const mask = maskOf(secretsOf(plan.document.input, inputs));
  const says = evaluatorFor(inputs, { ...run, name, reference: given ?? null }, mask);
  return {
    plan,
    hash: target.definition,
    version: target.version,
    inputs,
    name,
    reference: given ?? (await says.reference(plan)),
    wanted: (request.rerunOf !== undefined && request.rerunOf.from !== 'start') || (await says.runIf(plan)),
    timeoutSeconds: await says.timeoutSeconds(plan, longestRunSeconds(services.retentionDays)),
    connectionOverrides: Object.keys(connectionOverrides).length > 0 ? connectionOverrides : undefined,
    concurrency: await concurrencyOf(plan, says, { workflow: workflow.id, stage: request.stage, mask }),
  };
}

const KEY_CHARACTERS = 200;

/** Of one workflow and stage, runs with the same key share a limit: those without one as well. */
async function concurrencyOf(
  { document: { concurrency } }: Plan,
  says: ReturnType<typeof evaluatorFor>,
  { workflow, stage, mask }: { workflow: string; stage: Stage; mask: Mask },
): Promise<RunConcurrency | undefined> {
  if (!concurrency) return undefined;
  const { limit, whenFull } = concurrency;
  const key = await says.concurrencyKey(concurrency.key);
  const hash = createHash('sha256').update(key).digest('base64url').slice(0, 22);
  const shown = mask.text(key).slice(0, KEY_CHARACTERS).toWellFormed();
  return { place: `${workflow}#${stage}#${hash}`, limit, whenFull, ...(key !== '' && { key: shown }) };
}

/** The workflow, if the request may start it. */
export async function startable({ workflows }: StartServices, request: StartRequest): Promise<Workflow> {
  const { workspace, project, workflowId, stage } = request;
  const workflow = await workflows.get(workflowId);
  if (
    !workflow ||
    workflow.deletedAt ||
    workflow.workspace !== workspace ||
    (project !== undefined && workflow.project !== project)
  ) {
    throw notFound('workflow', workflowId);
  }
  if (stage === 'Published' && !workflow.published)
    throw new Problem('not-found', `Workflow "${workflow.name}" has no published version.`);
  if (stage === 'Published' && !workflow.enabled)
    throw new Problem('conflict', `Workflow "${workflow.name}" is turned off. Turn it on to start runs.`);
  return workflow;
}

async function definitionOf({ workflows }: StartServices, workflow: Workflow, { stage, version, definition }: StartRequest) {
  if (definition) return definition;
  if (version !== undefined) {
    if (stage === 'Draft')
      throw new Problem('invalid', 'A draft has no version. Leave the version out, or start the stage Published.', [
        { name: 'version', value: version },
      ]);
    const found = await workflows.version(workflow.id, version);
    if (!found) throw notFound('version', String(version));
    return { definition: found.definition, version };
  }
  const published = stage === 'Published' ? workflow.published : undefined;
  return { definition: published?.definition ?? workflow.draft.definition, version: published?.version ?? null };
}

const speaksOfFiles = z.looseObject({
  properties: z.looseObject({ files: z.unknown().refine((schema) => schema !== undefined) }),
});
const inputObject = z.record(z.string(), z.unknown());

/** Files join the inputs before the check where the schema speaks of them, else behind it: a schema that says nothing of them forbids none. */
async function checked(plan: Plan, inputs: Record<string, unknown>, files: object[]): Promise<Record<string, unknown>> {
  const listed = files.length > 0 ? { files } : {};
  const spoken = speaksOfFiles.safeParse(plan.document.input).success;
  const { inputs: completed, problems } = await checkInputs(plan.document, spoken ? { ...inputs, ...listed } : inputs);
  if (problems.length === 0) return { ...inputObject.parse(completed), ...listed };
  const [first, ...more] = problems.map(({ path, message }) => `${path.replace(/^\./, '') || 'they'} ${message}`);
  throw new Problem(
    'invalid',
    `The inputs do not fit the workflow: ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}.`,
    problems.map(({ path, message }) => ({ name: `inputs${path}`, value: message })),
  );
}

/** Overrides name connections, never secrets. */
function checkedOverrides({ document }: Plan, overrides: Record<string, string>): Record<string, string> {
  const unknown = Object.keys(overrides).filter((name) => !document.connections.includes(name));
  if (unknown.length === 0) return overrides;
  const known = document.connections.length > 0 ? `It uses: ${document.connections.join(', ')}.` : 'It uses none.';
  throw new Problem(
    'invalid',
    `The workflow uses no connection "${unknown[0]}". ${known}`,
    unknown.map((value) => ({ name: 'connection_overrides', value })),
  );
}

/** Evaluates what the document asks of the whole run, before there is one. */
function evaluatorFor(input: Record<string, unknown>, run: Record<string, unknown>, mask: Mask) {
  const ask = async <T>(template: Template, field: string, read: (value: unknown) => T): Promise<T> => {
    try {
      return read(await evaluateTemplate(template, { input, run }, { step: null, field }));
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      const message = mask.text(error.message);
      throw new Problem('invalid', `${field} cannot be evaluated: ${message}`, [{ name: field, value: message }]);
    }
  };
  return {
    async reference({ document }: Plan): Promise<string | undefined> {
      const value = document.reference === undefined ? null : await ask(document.reference, 'reference', (given) => given);
      if (value === null || value === '') return undefined;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return mask.text(text).slice(0, 200).toWellFormed();
    },
    async concurrencyKey(key: Template | undefined): Promise<string> {
      const value = key === undefined ? '' : await ask(key, 'concurrency.key', (given) => given ?? '');
      return typeof value === 'string' ? value : JSON.stringify(value);
    },
    async runIf({ document }: Plan): Promise<boolean> {
      return document.runIf === undefined || ask(document.runIf, 'runIf', (value) => conditionOf(value, 'runIf'));
    },
    async timeoutSeconds({ document: { timeout } }: Plan, longest: number): Promise<number> {
      const seconds =
        timeout === undefined ? DEFAULT_RUN_SECONDS : (secondsOf(timeout) ?? (await ask(timeout, 'timeout', Number)));
      if (seconds > 0 && seconds <= longest) return seconds;
      const message = `timeout gives ${seconds} seconds; it must be more than 0 and at most ${longest}, since no run goes on for more than 365 days, nor for longer than runs are kept here (the setting retentionDays).`;
      throw new Problem('invalid', message, [{ name: 'timeout', value: message }]);
    },
  };
}
