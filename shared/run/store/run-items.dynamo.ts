import * as z from 'zod';
import { fromItem, type Item, toItem } from '../../aws/items.ts';
import { shardOf } from '../../aws/shards.ts';
import { FOREVER } from '../../kernel/hold.ts';
import { sameCase } from '../list/filter.ts';
import { deadlineOf, NO_STEPS, type Projection, projection, type Run, run as runSchema } from '../model/run.ts';
import { isTerminal, RUN_STATUS, RUN_STATUSES, type RunStatus, type Stage, type Trigger } from '../model/status.ts';
import { LIVE_SHARDS, type StartKey } from '../ports.ts';
import { fieldsOf, rowText } from './row-text.dynamo.ts';

const ROW = 'RUN';
const RUN_PREFIX = 'RUN#';

export const runPk = (id: string) => RUN_PREFIX + id;
export const runKey = (id: string) => ({ pk: runPk(id), sk: ROW });
export const runIdOf = (pk: string) => pk.slice(RUN_PREFIX.length);
export const isRow = (item: Item) => item['sk']?.S === ROW;
export const startItemKey = ({ workspace, hash }: StartKey) => ({ pk: `START#${workspace}#${hash}`, sk: 'START' });

/** One key of an index takes 1,000 writes a second: in so many parts a workspace starts 3,000 runs. */
const FEED_SHARDS = 4;
/** Twice as many: a run that waits enters and leaves. */
const STATE_SHARDS = 8;

/** Every shard of a partition of an index. */
export const shardsOf = (index: string, partition: string) =>
  Array.from({ length: index === 'by-state' ? STATE_SHARDS : FEED_SHARDS }, (_, shard) => `${partition}#${shard}`);

export const inWorkspace = ({ workspace }: { workspace: string }) => workspace;
export const inProject = ({ workspace, project }: { workspace: string; project: string }) => `${workspace}#${project}`;
export const inWorkflow = ({ workflowId, stage }: { workflowId: string; stage: Stage }) => `${workflowId}#${stage}`;
export const inState = ({ workspace, status }: { workspace: string; status: RunStatus }) => `${workspace}#${status}`;

/** Where archived runs stand instead. */
export const archivedIn = (partition: string) => `${partition}#archived`;

/** The keys of the feeds: archived runs have feeds of their own, so that neither list reads what it does not show. */
export function feedKeys(run: Run, isArchived: boolean) {
  const shard = shardOf(run.id, FEED_SHARDS);
  const key = (partition: string) => `${isArchived ? archivedIn(partition) : partition}#${shard}`;
  return { workspaceKey: key(inWorkspace(run)), projectKey: key(inProject(run)), workflowKey: key(inWorkflow(run)) };
}

interface Labelled {
  workspace: string;
  label: string;
}

/** Most runs come by these: no index holds them. */
const EVERYDAY: readonly Trigger[] = ['api', 'manual'];
export const isEveryday = (trigger: Trigger) => EVERYDAY.includes(trigger);

export const withLabel = ({ workspace, label }: Labelled) => `${workspace}#${label}`;
export const withError = ({ workspace, error }: { workspace: string; error: string }) => `${workspace}#${error}`;
export const byTrigger = ({ workspace, trigger }: { workspace: string; trigger: Trigger }) => `${workspace}#${trigger}`;
export const byTriggerId = ({ workspace, triggerId }: { workspace: string; triggerId: string }) => `${workspace}#${triggerId}`;

/** References are found without regard to case, and by how they begin. */
export const referenceText = (reference: string) => sameCase(reference).toWellFormed();
/** Behind a reference as a whole: what is longer stands elsewhere. */
export const REFERENCE_END = '\u0000';

/** The keys of what only some runs have. A run is in the index of each, and costs a unit for it. */
function sparseKeys({ id, workspace, parent, root, reference, trigger, triggerId }: Run) {
  const shard = shardOf(id, FEED_SHARDS);
  return {
    parentKey: parent,
    rootKey: root,
    // A short name: rows are about a kilobyte, which costs one unit.
    ...(reference !== undefined && { ref: referenceText(reference) + REFERENCE_END + id }),
    ...(!isEveryday(trigger) && { triggerKey: `${byTrigger({ workspace, trigger })}#${shard}` }),
    ...(triggerId !== undefined && { triggerIdKey: `${byTriggerId({ workspace, triggerId })}#${shard}` }),
  };
}

export const errorKeyOf = ({ id, workspace }: Run, error: Run['error']) =>
  error && `${withError({ workspace, error: error.name })}#${shardOf(id, FEED_SHARDS)}`;

/** Before the journal, so that whoever loads a run reads none of it; beside the row, so that it goes and stays with it. */
const LABEL_PREFIX = 'BY-LABEL#';
export const labelItemKey = (id: string, label: string) => ({ pk: runPk(id), sk: LABEL_PREFIX + label });

/** A run has several labels, and a row is in an index once: each label has an item, by which it is found. */
export const labelItem = ({ id, workspace }: Pick<Run, 'id' | 'workspace'>, label: string): Item =>
  toItem({ ...labelItemKey(id, label), labelKey: `${withLabel({ workspace, label })}#${shardOf(id, FEED_SHARDS)}` });

export const liveKey = (shard: number) => `live#${shard}`;
const liveKeyOf = (id: string) => liveKey(shardOf(id, LIVE_SHARDS));

/** A run that has come so far, or whose next projection may be so far away, no list looks for at the top of a feed. */
const YOUNG_MS = 25_000;
/** Runs so young are looked for at the top of a feed when they are not in the index by state. */
export const YOUNG_LIST_MS = 60_000;

/**
 * The key in the index by state. Most runs are pending and running for a moment only: they enter it when they may not be young any more by the time the
 * row is written again.
 */
export function stateKeyOf(run: Run, status: RunStatus, now: Date, nextLook: string | undefined): string | undefined {
  if (!RUN_STATUS[status].rare) return undefined;
  const createdMs = Date.parse(run.createdAt);
  const isYoung =
    now.getTime() - createdMs < YOUNG_MS && !(nextLook !== undefined && Date.parse(nextLook) - createdMs > YOUNG_LIST_MS);
  const isFleeting = status === 'pending' || status === 'running';
  return isFleeting && isYoung ? undefined : `${inState({ workspace: run.workspace, status })}#${shardOf(run.id, STATE_SHARDS)}`;
}

/**
 * The run with the keys of every index that it is born into. What readers alone need is one text: every attribute costs time wherever it passes, and
 * storage is what most of a run costs.
 */
export function runItem(run: Run): Item {
  const { id, archived, labels, hold, workflowHold, dueAt } = run;
  return toItem({
    ...runKey(id),
    ...projectionItem(run, run),
    archived,
    hold,
    workflowHold,
    heldUntil: hold || workflowHold ? FOREVER : undefined,
    labels: labels.length > 0 ? labels : undefined,
    dueAt,
    ...feedKeys(run, archived !== undefined),
    ...sparseKeys(run),
    errorKey: errorKeyOf(run, run.error),
    // One that waits to be let in may do so for long.
    stateKey: stateKeyOf(run, run.status, new Date(run.createdAt), run.queued && run.deadline),
    liveKey: isTerminal(run.status) ? undefined : liveKeyOf(id),
  });
}

/** What follows from the journal: what others than readers need for itself, the rest in the text, with what the run was created as. */
export function projectionItem(run: Run, { seen, status, snapshot, ...next }: Projection) {
  return { seen, status, text: rowText({ ...createdAs(run), ...followed(run, next) }), snapshot };
}

/** What never changes. What says nothing is left out. */
function createdAs({ id, archived, labels, hold, workflowHold, dueAt, fileIds, depth, attempt, ...rest }: Run) {
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => !(name in projection.shape))),
    ...(fileIds.length > 0 && { fileIds }),
    ...(depth > 0 && { depth }),
    ...(attempt > 1 && { attempt }),
  };
}

function followed(run: Run, { steps, execution, deadline, ...next }: Omit<Projection, 'seen' | 'status' | 'snapshot'>) {
  return {
    ...Object.fromEntries(Object.entries(next).filter(([name]) => name in projection.shape)),
    ...(deadline !== firstDeadline(run) && { deadline }),
    steps: Object.fromEntries(Object.entries(steps).filter(([, count]) => count > 0)),
    ...(execution > 1 && { execution }),
  };
}

/** The deadline of a run that was never paused and never waited to be let in. */
const firstDeadline = (run: Pick<Run, 'createdAt' | 'timeoutSeconds'>) => deadlineOf(run).toISOString();

const words = z.object({ S: z.string() });
const statusText = z.object({ S: z.enum(RUN_STATUSES) });

// What followers of the table ask of every row: it is not parsed for that.
export const workspaceOf = (item: Item) => words.parse(item['workspaceKey']).S.split('#')[0] ?? '';
export const statusOf = (item: Item) => statusText.parse(item['status']).S;
export const isHeld = (item: Item) => item['heldUntil'] !== undefined;

/**
 * What a row says: enough to see whether it is looked for. A list reads hundreds of rows: what the schema of runs checks is not looked through here, and
 * nothing is checked by a schema of its own.
 */
export function rowOf(item: Item): Record<string, unknown> {
  const { text, ...stored } = item;
  // What was changed since the run was created stands beside the text.
  const row: Record<string, unknown> = Object.assign({}, fieldsOf(text), fromItem(stored));
  row['deadline'] ??= firstDeadline({ createdAt: String(row['createdAt']), timeoutSeconds: Number(row['timeoutSeconds']) });
  row['steps'] = { ...NO_STEPS, ...Object(row['steps']) };
  row['id'] = runIdOf(String(row['pk']));
  return row;
}

/** The run that a row holds. */
export const parseRun = (item: Item): Run => runSchema.parse(rowOf(item));
