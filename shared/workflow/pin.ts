import { callsIn, type StepFinding } from './check-calls.ts';
import type { Document } from './document.ts';
import type { Pin, Plan } from './plan.ts';
import type { Workflows } from './workflows.ts';

export interface Pinned {
  /** By step id, what its `run` steps start. */
  pins: Record<string, Pin>;
  /** By step id, the documents of those that are there. */
  callees: Map<string, Document>;
  problems: StepFinding[];
}

/** Finds what the `run` steps of a document start, so that a later version of a callee changes nothing here. */
export async function pinsOf(
  workflows: Workflows,
  owner: { workspace: string; project: string; id: string },
  plan: Plan,
): Promise<Pinned> {
  const found: Pinned = { pins: {}, callees: new Map(), problems: [] };
  const documents = new Map<string, Document | undefined>();
  const documentOf = async ({ workflow, definition }: Pin) => {
    if (definition === 'self') return plan.document;
    if (!documents.has(definition)) documents.set(definition, (await workflows.checked(workflow, definition))?.document);
    return documents.get(definition);
  };
  for (const { id, workflow: name, version } of callsIn(plan)) {
    const step = name === plan.document.name ? SELF(owner.id) : await pin(workflows, owner, name, version);
    if (step) found.pins[id] = step;
    else found.problems.push(unknown(id, name, version));
    const document = step && (await documentOf(step));
    if (document) found.callees.set(id, document);
  }
  return found;
}

/** A workflow that calls itself follows its own definition, whatever that will be. */
const SELF = (id: string): Pin => ({ workflow: id, definition: 'self', version: null });

async function pin(
  workflows: Workflows,
  owner: { workspace: string; project: string },
  name: string,
  version: number | undefined,
): Promise<Pin | undefined> {
  const callee = await workflows.byName(owner.workspace, owner.project, name);
  if (version === undefined) return callee?.published && { workflow: callee.id, ...callee.published };
  const found = callee && (await workflows.version(callee.id, version));
  return found && { workflow: callee.id, definition: found.definition, version };
}

const unknown = (step: string, name: string, version: number | undefined): StepFinding => ({
  step,
  at: ['run', 'workflow'],
  message: `the project has no workflow "${name}" with ${version === undefined ? 'a published version' : `version ${version}`}`,
});
