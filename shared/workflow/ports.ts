import type { Compiled, Definition, Version, Workflow } from './workflow.ts';

export interface ListOf<T> {
  items: T[];
  next: string | undefined;
}

/** Workflows, their definitions and versions. */
export interface Workflows {
  /** Throws a conflict when the project has a workflow of that name. */
  create(workflow: Workflow, definition: Definition & Compiled): Promise<void>;
  get(id: string): Promise<Workflow | undefined>;
  /** The workflow of that name in the project. */
  byName(workspace: string, project: string, name: string): Promise<Workflow | undefined>;
  definition(workflowId: string, hash: string): Promise<Definition | undefined>;
  /** The same definition as the engine needs it. */
  compiled(workflowId: string, hash: string): Promise<Compiled | undefined>;
  /** Stores `next` unless the workflow has changed since `seen` was read: then throws a conflict. */
  replace(seen: Workflow, next: Workflow, also?: { definition?: Definition & Compiled; version?: Version }): Promise<void>;
  /** Frees the name; definitions stay, so that runs stay readable. */
  remove(seen: Workflow, at: string): Promise<void>;
  version(workflowId: string, number: number): Promise<Version | undefined>;
  versions(workflowId: string, limit: number, token?: string): Promise<ListOf<Version>>;
  list(workspace: string, project: string | undefined, limit: number, token?: string): Promise<ListOf<Workflow>>;
}

/** State machines, one per workflow, one version per definition. */
export interface Machines {
  /** Makes the machine and its first version. */
  create(workflowId: string, definition: object, tags: Record<string, string>): Promise<{ machine: string; version: string }>;
  /** Gives the machine another definition and answers its version. */
  update(machine: string, definition: object): Promise<{ version: string }>;
  remove(machine: string): Promise<void>;
}
