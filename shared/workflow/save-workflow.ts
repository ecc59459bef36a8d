import { createHash } from 'node:crypto';
import type { Actor } from '../kernel/actor.ts';
import { holdSaid } from '../kernel/hold.ts';
import { newId } from '../kernel/id.ts';
import { notFound, Problem } from '../kernel/problem.ts';
import { refuseLargeText } from '../kernel/row-text.ts';
import { checkDocument } from './check.ts';
import { checkCalls } from './check-calls.ts';
import { checkRetention } from './check-retention.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Document } from './document.ts';
import { isMap } from './parse-steps.ts';
import { pinsOf } from './pin.ts';
import { checkDays, type Retention } from './retention.ts';
import type { Definition, Version, Workflow } from './workflow.ts';
import type { Workflows } from './workflows.ts';

/** The row has a name, a title and a description beside them. */
const START_DEFAULTS_LIMIT_BYTES = 256 * 1024;

/** A document that has problems: all of them, each with its place. */
class DocumentRefused extends Problem {
  constructor(diagnostics: Diagnostic[]) {
    const first = diagnostics.find(({ severity }) => severity === 'error');
    const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
    super(
      'document',
      `The workflow document has ${diagnostics.length === 1 ? 'a problem' : 'problems'}: ${first?.message}${more}`,
      diagnostics.map(({ path, line, column, message }) => ({ name: path, value: `${line}:${column} ${message}` })),
    );
  }
}

/** Which connections a project has. */
export interface ConnectionNames {
  byName(workspace: string, project: string, name: string): Promise<object | undefined>;
}

export interface WorkflowServices {
  workflows: Workflows;
  /** How long what a run leaves behind is kept. */
  retentionDays: number;
  now: () => Date;
}

/** What publishing works with: by then the connections that a document names must be there. */
export type PublishServices = WorkflowServices & { connections: ConnectionNames };

export interface Saved {
  workflow: Workflow;
  definition: Definition;
  warnings: Diagnostic[];
}

/** An object is as good as a text: the text is what is kept, byte for byte. */
export const textOf = (definition: string | Record<string, unknown>) =>
  typeof definition === 'string' ? definition : JSON.stringify(definition, null, 2);

/** What makes a definition: its text, and what its `run` steps are pinned to. */
const hashOf = (source: string, pins: Definition['pins']) =>
  createHash('sha256')
    .update(Object.keys(pins).length === 0 ? source : `${source}\n${JSON.stringify(pins)}`)
    .digest('hex');

type Checked = Extract<ReturnType<typeof checkDocument>, { ok: true }>;

function check(source: string): Checked {
  const checked = checkDocument(source);
  if (!checked.ok) throw new DocumentRefused(checked.diagnostics);
  return checked;
}

/** Pins the document's `run` steps as they are now. Throws for a callee that is not there, or that will not take what it is given. */
async function resolvePins(
  author: WorkflowServices,
  owner: { workspace: string; project: string; id: string },
  { plan, inStep }: Checked,
): Promise<{ pins: Definition['pins']; warnings: Diagnostic[] }> {
  const { pins, callees, problems } = await pinsOf(author.workflows, owner, plan);
  const diagnostics = [...problems, ...checkCalls(plan, callees)].map(inStep);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new DocumentRefused(diagnostics);
  return { pins, warnings: diagnostics };
}

/** Steps that use a connection which their project does not have. */
async function unknownConnections(
  { connections }: PublishServices,
  { workspace, project }: Pick<Workflow, 'workspace' | 'project'>,
  { document, plan, inStep }: Checked,
): Promise<Diagnostic[]> {
  const rows = await Promise.all(document.connections.map((name) => connections.byName(workspace, project, name)));
  const unknown = new Set(document.connections.filter((_, index) => !rows[index]));
  return [...plan.steps.values()].flatMap(({ id, step }) => {
    const name = connectionIn(step.spec);
    if (name === undefined || !unknown.has(name)) return [];
    return [inStep({ step: id, at: [step.kind, 'connection'], message: `project "${project}" has no connection "${name}"` })];
  });
}

const connectionIn = (spec: unknown): string | undefined => {
  const name: unknown = isMap(spec) ? spec['connection'] : undefined;
  return typeof name === 'string' ? name : undefined;
};

const words = ({ name, title, description, connections }: Document) => ({
  name,
  ...(connections.length > 0 && { connections }),
  ...(title !== undefined && { title }),
  ...(description !== undefined && { description }),
});

/** A new workflow with its draft. */
export async function createWorkflow(
  author: WorkflowServices,
  owner: { workspace: string; project: string; actor: Actor },
  source: string,
): Promise<Saved> {
  const checked = check(source);
  const { document } = checked;
  const now = author.now();
  const at = now.toISOString();
  const id = newId(now.getTime());
  const { pins, warnings } = await resolvePins(author, { ...owner, id }, checked);
  const definition = { hash: hashOf(source, pins), source, pins, document };
  const workflow: Workflow = {
    id,
    workspace: owner.workspace,
    project: owner.project,
    ...words(document),
    enabled: true,
    draft: { definition: definition.hash, savedAt: at, savedBy: owner.actor },
    createdAt: at,
    updatedAt: at,
  };
  if (!(await author.workflows.create(workflow, definition)))
    throw new Problem('conflict', `Project "${workflow.project}" has a workflow named "${workflow.name}".`, [
      { name: 'name', value: workflow.name },
    ]);
  return {
    workflow,
    definition,
    warnings: [...checked.warnings, ...warnings, ...checkRetention(source, document, author.retentionDays)],
  };
}

/** Replaces the draft. The same text again changes nothing but the time. */
export async function saveDraft(author: WorkflowServices, seen: Workflow, source: string, actor: Actor): Promise<Saved> {
  const checked = check(source);
  const { document } = checked;
  const { pins, warnings } = await resolvePins(author, seen, checked);
  const definition = { hash: hashOf(source, pins), source, pins, document };
  const at = author.now().toISOString();
  const { title: _, description: __, connections: ___, ...kept } = seen;
  const workflow = {
    ...kept,
    ...words(document),
    draft: { definition: definition.hash, savedAt: at, savedBy: actor },
    updatedAt: later(at, seen.updatedAt),
  };
  unlessMoved(seen, await author.workflows.replace(seen, workflow, { definition }));
  return {
    workflow,
    definition,
    warnings: [...checked.warnings, ...warnings, ...checkRetention(source, document, author.retentionDays)],
  };
}

/** A draft that was written on top of another one than stands there. */
export interface DraftMoved {
  workflow: Workflow;
  given: string;
  current: Definition;
  /** The text on which it was written, where that is known. */
  base: Definition | undefined;
}

/** What stands in the way of a text that was written on top of one of these; the draft that says the very same does not: the answer to it was lost. */
export async function draftMoved(
  { workflows }: Pick<WorkflowServices, 'workflows'>,
  workflow: Workflow,
  given: string,
  basedOn: string[] | undefined,
): Promise<DraftMoved | undefined> {
  const { definition: hash } = workflow.draft;
  if (basedOn === undefined || basedOn.includes(hash)) return undefined;
  const [current, base] = await Promise.all([
    workflows.definition(workflow.id, hash),
    basedOn[0] === undefined ? undefined : workflows.definition(workflow.id, basedOn[0]),
  ]);
  if (!current) throw notFound('definition', hash);
  return current.source === given ? undefined : { workflow, given, current, base };
}

/** Makes the draft the next version. */
export async function publish(
  author: PublishServices,
  seen: Workflow,
  actor: Actor,
  note?: string,
): Promise<{ version: Version; warnings: Diagnostic[] }> {
  const draft = await author.workflows.definition(seen.id, seen.draft.definition);
  if (!draft) throw notFound('definition', seen.draft.definition);
  const checked = check(draft.source);
  const { document } = checked;
  const outliving = checkRetention(draft.source, document, author.retentionDays);
  if (outliving.length > 0) throw new DocumentRefused(outliving);
  const unknown = await unknownConnections(author, seen, checked);
  if (unknown.length > 0) throw new DocumentRefused(unknown);
  const { pins, warnings } = await resolvePins(author, seen, checked);
  const definition = { ...draft, hash: hashOf(draft.source, pins), pins, document };
  const at = author.now().toISOString();
  const number = (seen.published?.version ?? 0) + 1;
  const version = {
    number,
    definition: definition.hash,
    publishedAt: at,
    publishedBy: actor,
    ...(note !== undefined && { note }),
  };
  const next = { ...seen, published: { version: number, definition: definition.hash }, updatedAt: later(at, seen.updatedAt) };
  unlessMoved(seen, await author.workflows.replace(seen, next, { definition, version }));
  return { version, warnings: [...checked.warnings, ...warnings] };
}

/** Turns it on or off, or gives it another title. */
export async function updateWorkflow(
  author: WorkflowServices,
  seen: Workflow,
  change: Partial<Pick<Workflow, 'enabled' | 'title' | 'startDefaults'>> & { retention?: Retention | null },
): Promise<Workflow> {
  const { enabled = seen.enabled, title = seen.title, startDefaults = seen.startDefaults, retention = seen.retention } = change;
  checkDays(change.retention, author.retentionDays);
  refuseLargeText('start_defaults', change.startDefaults, START_DEFAULTS_LIMIT_BYTES);
  const next = {
    ...seen,
    enabled,
    ...(title !== undefined && { title }),
    ...(startDefaults && { startDefaults }),
    retention: retention ?? undefined,
    updatedAt: later(author.now().toISOString(), seen.updatedAt),
  };
  unlessMoved(seen, await author.workflows.replace(seen, next));
  return next;
}

export type RemoveWorkflowServices = Pick<WorkflowServices, 'workflows' | 'now'>;

/** Throws `conflict` for one that is under a legal hold. */
export function refuseHeld({ name, hold }: Workflow): void {
  if (hold)
    throw new Problem('conflict', `Workflow "${name}" cannot be deleted. ${holdSaid(hold)}`, [
      { name: 'legal_hold', value: hold.at },
    ]);
}

/** Its runs stay readable, and those that are still going end on their own. */
export async function removeWorkflow({ workflows, now }: RemoveWorkflowServices, seen: Workflow): Promise<void> {
  refuseHeld(seen);
  unlessMoved(seen, await workflows.remove(seen, now().toISOString()));
}

/** The time of the change is also what a writer compares, so two changes never share one. */
const later = (at: string, than: string) => (at > than ? at : new Date(Date.parse(than) + 1).toISOString());

function unlessMoved({ name }: Workflow, won: boolean): void {
  if (!won) throw new Problem('conflict', `Workflow "${name}" has been changed by somebody else meanwhile. Read it again.`);
}
