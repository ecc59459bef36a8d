import * as z from 'zod';
import { event } from '../run/model/event.ts';
import { type Run, run as runSchema, stored } from '../run/model/run.ts';
import { isTerminal, RUN_STATUS, type RunStatus } from '../run/model/status.ts';
import type { LogEntry, StartKey } from '../run/ports.ts';
import { type StepRow, stepRow } from '../run/step-row.ts';
import { fromItem, type Item, toItem } from './items.ts';

export const runPk = (id: string) => `RUN#${id}`;
export const runKey = (id: string) => ({ pk: runPk(id), sk: 'RUN' });
export const stepSk = (key: string) => `STEP#${key}`;
export const stepKey = (id: string, key: string) => ({ pk: runPk(id), sk: stepSk(key) });
export const logKey = (id: string, name: string) => ({ pk: runPk(id), sk: `LOG#${name}` });
export const startItemKey = ({ workspace, hash }: StartKey) => ({ pk: `START#${workspace}#${hash}`, sk: 'START' });

/** A status that few runs are in stands in the index by state. */
export const stateKey = (workspace: string, status: RunStatus) =>
  RUN_STATUS[status].rare ? `${workspace}#${status}` : undefined;

/** Archived runs stand in partitions of their own, so that lists need no filter for them. */
const feed = (archived: boolean, partition: string) => (archived ? `${partition}#archived` : partition);
export const workspaceKey = (of: { workspace: string; archived?: boolean }) => feed(of.archived ?? false, of.workspace);
export const projectKey = (of: { workspace: string; project: string; archived?: boolean }) =>
  feed(of.archived ?? false, `${of.workspace}#${of.project}`);
export const workflowKey = (of: { workflowId: string; archived?: boolean }) => feed(of.archived ?? false, of.workflowId);

/** The run with the keys of every index it stands in. */
export function runItem(run: Run, expires: number): Item {
  return toItem({
    ...runKey(run.id),
    ...run,
    workspaceKey: workspaceKey(run),
    projectKey: projectKey(run),
    workflowKey: workflowKey(run),
    draftKey: run.stage === 'Draft' ? workflowKey(run) : undefined,
    stateKey: stateKey(run.workspace, run.status),
    parentKey: run.parent,
    dueKey: isTerminal(run.status) ? undefined : 'due',
    expires,
  });
}

export const parseRun = (item: Item): Run => runSchema.parse(fromItem(item));
export const stepItem = (runId: string, row: StepRow, expires: number): Item =>
  toItem({ ...stepKey(runId, row.key), ...row, expires });
export const parseStep = (item: Item): StepRow => stepRow.parse(fromItem(item));

const logItem = z.object({ logId: z.string(), events: z.array(event), key: z.string().optional(), output: stored.optional() });
export const parseLog = (item: Item): LogEntry => logItem.parse(fromItem(item));
