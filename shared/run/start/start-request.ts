import type { Files } from '../../file/file.ts';
import type { Actor } from '../../kernel/actor.ts';
import type { Trace } from '../../kernel/trace.ts';
import type { Budget } from '../../usage/budget.ts';
import type { Workflows } from '../../workflow/workflows.ts';
import type { Run } from '../model/run.ts';
import type { Stage, Trigger } from '../model/status.ts';
import type { EngineServices } from '../ports.ts';

/** What every trigger asks for. */
export interface StartRequest {
  /** The id that it shall have. */
  id?: string | undefined;
  workspace: string;
  /** Set when the caller may see one project only, or names it. */
  project?: string | undefined;
  workflowId: string;
  stage: Stage;
  inputs: Record<string, unknown>;
  name?: string | undefined;
  reference?: string | undefined;
  labels?: string[] | undefined;
  fileIds: string[];
  trigger: Trigger;
  /** The mailbox, schedule, webhook or queue that it came by. */
  triggerId?: string | undefined;
  actor: Actor;
  /** A published version to start instead of the newest. */
  version?: number | undefined;
  /** The very definition to follow, when it is not for the stage to say. */
  definition?: { definition: string; version: number | null } | undefined;
  /** The saved start defaults stand under what the caller gives. */
  useStartDefaults?: boolean | undefined;
  connectionOverrides?: Record<string, string> | undefined;
  /** The run it runs again, and from where: `start`, `failed` or a step. */
  rerunOf?: { run: Run; from: string } | undefined;
  /** The test case that it runs. */
  test?: Run['test'];
  /** The run whose step starts it. */
  childOf?: { run: Run; stepKey: string } | undefined;
  /** What the caller says of itself, and its idempotency key: the same key and request give the first run back. */
  key?: RequestKey | undefined;
  /** The trace that the caller is in. */
  trace?: Trace | undefined;
  /** For how long the caller would wait for the end, in milliseconds. */
  waitMs?: number | undefined;
}

/** An idempotency key within the project. `asked` says what the same request is, when the request does not. */
export interface RequestKey {
  trigger: string;
  value: string;
  asked?: unknown;
}

/** What has been spent of budgets. */
export interface Spending {
  /** Credits in the day or month that it is now; as they were a minute ago at the most, unless they are asked for as they stand now. */
  spent(workspace: string, budget: Budget, asOf?: 'now'): Promise<number>;
}

export type StartServices = EngineServices & { workflows: Workflows; files: Files; spending: Spending };
