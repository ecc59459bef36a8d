import type { Page, PageOf } from '../kernel/page.ts';
import type { Budget } from '../usage/budget.ts';
import type { Maintenance } from './maintenance.ts';
import type { Plan } from './plan.ts';
import type { Retention } from './retention.ts';
import type { CheckedDefinition, Definition, Version, Workflow } from './workflow.ts';

export interface WorkflowFilter {
  workspace: string;
  project?: string | undefined;
  /** Of that id, or with it in their name, title or description, in any case. */
  q?: string | undefined;
}

/** Workflows, their definitions and versions. */
export interface Workflows {
  /** False when the project has a workflow of that name. */
  create(workflow: Workflow, definition: Definition & CheckedDefinition): Promise<boolean>;
  get(id: string): Promise<Workflow | undefined>;
  /** The workflow of that name in the project. */
  byName(workspace: string, project: string, name: string): Promise<Workflow | undefined>;
  definition(workflowId: string, hash: string): Promise<Definition | undefined>;
  /** The same definition as the engine goes by it. */
  checked(workflowId: string, hash: string): Promise<CheckedDefinition | undefined>;
  /** Stores `next`. False when the workflow has changed since `seen` was read. */
  replace(
    seen: Workflow,
    next: Workflow,
    also?: { definition?: Definition & CheckedDefinition; version?: Version },
  ): Promise<boolean>;
  /** Frees the name; definitions stay, so that runs stay readable. False when it has changed since it was read. */
  remove(seen: Workflow, at: string): Promise<boolean>;
  /** For how long runs of the workspace are kept; as it was a minute ago at the most, unless it is asked for as it stands now. */
  retention(workspace: string, asOf?: 'now'): Promise<Retention | undefined>;
  /** The last word on it stands. */
  keepFor(workspace: string, retention: Retention): Promise<void>;
  /** When runs of the workspace do not begin; as it was a minute ago at the most, unless it is asked for as it stands now. */
  maintenance(workspace: string, asOf?: 'now'): Promise<Maintenance | undefined>;
  /** The last word on it stands; undefined for no window. */
  maintain(workspace: string, window: Maintenance | undefined): Promise<void>;
  /** What may be spent; as it was a minute ago at the most, unless it is asked for as it stands now. */
  budgets(workspace: string, asOf?: 'now'): Promise<Budget[]>;
  /** The last word on them stands. */
  setBudgets(workspace: string, budgets: Budget[]): Promise<void>;
  version(workflowId: string, number: number): Promise<Version | undefined>;
  versions(workflowId: string, limit: number, token?: string): Promise<Page<Version>>;
  /** Newest first. */
  list(filter: WorkflowFilter, page: PageOf): Promise<Page<Workflow>>;
}

/** Checked definitions by their hash. */
export interface Definitions {
  planOf(workflowId: string, definition: string): Promise<Plan>;
}
