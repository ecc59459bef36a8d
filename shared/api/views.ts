import type { ApiKey } from '../access/key.ts';
import { jsonNumber } from '../kernel/json.ts';
import { actionsOf } from '../run/control/actions.ts';
import type { Run } from '../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../run/model/status.ts';
import { cutFields, cutValue, SHOWN_BYTES } from '../run/shown/cut-value.ts';
import { wholeOf } from '../run/shown/shown-values.ts';
import type { DryRun } from '../run/start/dry-run.ts';
import type { Diagnostic } from '../workflow/diagnostic.ts';
import { maskedInputs } from '../workflow/input-secrets.ts';
import type { Definition, Version, Workflow } from '../workflow/workflow.ts';
import { firstWords } from './resources.ts';

export const pageView = <T, V>({ items, next }: { items: T[]; next: string | undefined }, view: (item: T) => V) => ({
  items: items.map(view),
  continuation_token: next ?? null,
});

/** A run in the v2 dialect. */
export const runV2View = (run: Run) => ({
  id: run.id,
  name: firstWords(run.name, 100),
  process_id: run.workflowId,
  agent_id: run.project,
  stage: run.stage,
  status: RUN_STATUS[run.status].v2,
  created_at: run.createdAt,
});

/** The contract knows whole values only, so they are cut as late as can be. */
const V2_OUTPUTS_BYTES = 2.5 * 1024 * 1024;
const V2_START_CHARS = 1000;

/** Numbers and strings as they are, anything else as JSON text. Values that no answer could hold are cut, and say so. */
export function outputsV2View(outputs: object, whole: string) {
  const listed = Object.entries(outputs).map(([name, value]: [string, unknown]) => ({
    name: firstWords(name, 100),
    value: typeof value === 'string' || jsonNumber.safeParse(value).success ? value : JSON.stringify(value ?? null),
  }));
  const share = V2_OUTPUTS_BYTES / Math.max(1, listed.length);
  const cut = ({ name, value }: (typeof listed)[number]) => {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    if (bytes <= share) return { name, value };
    return { name, value: `${firstWords(String(value), V2_START_CHARS)}... (cut: ${bytes} bytes; the whole: ${whole})` };
  };
  return Buffer.byteLength(JSON.stringify(listed)) <= V2_OUTPUTS_BYTES ? listed : listed.map(cut);
}

export const processV2View = (workflow: Workflow) => ({
  id: workflow.id,
  name: workflow.title ?? workflow.name,
  agent_id: workflow.project,
  description: workflow.description ?? null,
  created_at: workflow.createdAt,
});

export const runEntryView = (run: Run) => ({
  id: run.id,
  name: run.name,
  reference: run.reference ?? null,
  workflow_id: run.workflowId,
  workflow_name: run.workflowName,
  project_id: run.project,
  stage: run.stage,
  version: run.version,
  status: RUN_STATUS[run.status].v1,
  trigger: run.trigger,
  archived: run.archived,
  created_at: run.createdAt,
  started_at: run.startedAt ?? null,
  ended_at: run.endedAt ?? null,
  error: run.error ? { name: run.error.name, message: run.error.message, step: run.error.step ?? null } : null,
  parent: run.parent ?? null,
  attempt: run.attempt,
});

export interface RunDetail {
  inputs: unknown;
  outputs: unknown;
  chain: string[];
  children: Run[];
}

/** Values of a run within what an answer holds. */
const shown = (value: unknown, whole: string | null) =>
  isMap(value) ? cutFields(value, SHOWN_BYTES, whole) : cutValue(value, SHOWN_BYTES, whole);

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const runDetailView = (run: Run, more: RunDetail) => ({
  ...runEntryView(run),
  definition: run.definition,
  inputs: shown(more.inputs, wholeOf(run.id, 'inputs')),
  outputs: shown(more.outputs, wholeOf(run.id, 'outputs')),
  file_ids: run.fileIds,
  deadline: run.deadline,
  steps: run.steps,
  reason: run.reason ?? null,
  stop: run.stop ? { ...run.stop, until: run.stop.until ?? null, reason: run.stop.reason ?? null } : null,
  pause: run.pause ? { by: run.pause.by, at: run.pause.at, reason: run.pause.reason ?? null } : null,
  started_by: run.startedBy ?? null,
  pausing: run.pause !== undefined && run.status !== 'paused' && !isTerminal(run.status),
  parent_step: run.parentStep ?? null,
  root: run.root ?? null,
  chain: more.chain,
  children: more.children.map(({ id, status, trigger }) => ({ id, status: RUN_STATUS[status].v1, trigger })),
  connection_overrides: run.connectionOverrides ?? {},
  actions: actionsOf(run),
});

const startDefaultsView = ({ startDefaults }: Workflow) => {
  if (!startDefaults) return null;
  const { connectionOverrides, ...rest } = startDefaults;
  return { ...rest, ...(connectionOverrides && { connection_overrides: connectionOverrides }) };
};

export const dryRunView = ({ prepared, steps, problems }: DryRun) => ({
  dry_run: true,
  would_start: prepared.wanted,
  name: prepared.name,
  reference: prepared.reference ?? null,
  version: prepared.version,
  definition: prepared.hash,
  inputs: shown(maskedInputs(prepared.plan.document.input, prepared.inputs), null),
  steps,
  problems,
});

export const versionView = (version: Version) => ({
  version: version.number,
  definition: version.definition,
  note: version.note ?? null,
  published_at: version.publishedAt,
  published_by: version.publishedBy,
});

export const workflowView = (workflow: Workflow) => ({
  id: workflow.id,
  project_id: workflow.project,
  name: workflow.name,
  title: workflow.title ?? null,
  description: workflow.description ?? null,
  enabled: workflow.enabled,
  published_version: workflow.published?.version ?? null,
  created_at: workflow.createdAt,
  updated_at: workflow.updatedAt,
});

export const warningView = ({ path, line, column, message }: Diagnostic) => ({ path, line, column, message });

export const workflowDetailView = (workflow: Workflow, draft: Definition, versions: Version[], warnings?: Diagnostic[]) => ({
  ...workflowView(workflow),
  draft: { definition: draft.hash, source: draft.source, saved_at: workflow.draft.savedAt },
  versions: versions.map(versionView),
  start_defaults: startDefaultsView(workflow),
  ...(warnings && { warnings: warnings.map(warningView) }),
});

export const keyView = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  project_id: key.project ?? null,
  email: key.email ?? null,
  created_at: key.createdAt,
  revoked_at: key.revokedAt ?? null,
});
