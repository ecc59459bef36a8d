import { callKind, kindOf } from '../step/registry.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Pin, Plan } from './plan.ts';
import type { Workflows } from './workflows.ts';

/** Finds what the `run` steps of a document start, so that a later version of a callee changes nothing here. */
export async function pinsOf(
  workflows: Workflows,
  of: { workspace: string; project: string; id: string },
  plan: Plan,
): Promise<{ pins: Record<string, Pin>; problems: Diagnostic[] }> {
  const pins: Record<string, Pin> = {};
  const problems: Diagnostic[] = [];
  for (const { id, step } of plan.steps.values()) {
    if (kindOf(step.kind).shape !== 'call') continue;
    const { workflow: name, version } = callKind(step.kind).callee(step.spec);
    const found = name === plan.document.name ? SELF(of.id) : await pin(workflows, of, name, version);
    if (found) pins[id] = found;
    else problems.push(unknown(id, name, version));
  }
  return { pins, problems };
}

/** A workflow that calls itself follows its own definition, whatever that will be. */
const SELF = (id: string): Pin => ({ workflow: id, definition: 'self', version: null });

async function pin(
  workflows: Workflows,
  of: { workspace: string; project: string },
  name: string,
  version: number | undefined,
): Promise<Pin | undefined> {
  const callee = await workflows.byName(of.workspace, of.project, name);
  if (version === undefined) return callee?.published && { workflow: callee.id, ...callee.published };
  const found = callee && (await workflows.version(callee.id, version));
  return found && { workflow: callee.id, definition: found.definition, version };
}

const unknown = (id: string, name: string, version: number | undefined): Diagnostic => ({
  path: `steps.${id}.run.workflow`,
  line: 1,
  column: 1,
  message: `steps.${id}.run.workflow: the project has no workflow "${name}" with ${version === undefined ? 'a published version' : `version ${version}`}`,
  severity: 'error',
});
